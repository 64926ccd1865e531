//! What a role is owed, and what it may have at most.

use mesos::{Limits, Quantities};

/// The quota of a role. [`Quota::default`] is that of a role without one.
///
/// Mesos: `include/mesos/quota/quota.hpp`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Quota {
    /// What the role is owed, of each resource named; nothing of the others.
    pub guarantees: Quantities,
    /// What the role may have, of each resource named; any amount of the others.
    pub limits: Limits,
}

impl Quota {
    /// True when it neither guarantees nor limits anything.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}
