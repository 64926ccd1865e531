//! Amounts of scalars by name, and what an operation turns into what.

use std::collections::BTreeMap;

use mesos::{Resources, Scalar};

/// So much of each scalar; nothing of those that are not named.
pub type Quantities = BTreeMap<String, Scalar>;

/// At most so much of each scalar; any amount of those that are not named.
pub type Limits = BTreeMap<String, Scalar>;

/// What an operation takes away and what it puts in its place.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Conversion {
    /// What must be there, and is not there after.
    pub consumed: Resources,
    /// What is there instead.
    pub converted: Resources,
}
