//! What a framework wishes for beside what its `FrameworkInfo` says.

use std::collections::BTreeSet;

use crate::OfferConstraints;

/// Wishes of a framework; each update replaces all of them.
#[derive(Debug, Clone, Default)]
pub struct FrameworkOptions {
    /// The roles for which it wants no offers at present.
    pub suppressed: BTreeSet<String>,
    /// Which agents it wants to hear of, by role.
    pub constraints: OfferConstraints,
}
