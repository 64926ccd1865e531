//! The allocator's view of one framework.

use std::collections::BTreeSet;

/// Which roles a framework is in and what it can handle.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Framework {
    /// The roles the framework is subscribed to.
    pub roles: BTreeSet<String>,
    /// The roles for which it wants no offers at present.
    pub suppressed: BTreeSet<String>,
    /// False while the framework is disconnected or deactivated.
    pub active: bool,
    /// Capability `GPU_RESOURCES`: the framework is shown agents with GPUs.
    pub gpu_aware: bool,
}

impl Framework {
    /// True when the framework wants offers for `role`.
    pub fn wants(&self, role: &str) -> bool {
        self.active && self.roles.contains(role) && !self.suppressed.contains(role)
    }
}
