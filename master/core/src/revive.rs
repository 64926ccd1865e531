//! A scheduler wants offers again, or none for now.

use std::collections::BTreeSet;

use libprocess_core::time::Time;
use mesos::ids::FrameworkId;
use tracing::warn;

use crate::state::Master;

impl Master {
    /// REVIVE: offers for these roles (all when empty) resume and refusals are forgotten. Mesos: `Master::revive`.
    pub(crate) fn revive(&mut self, now: Time, framework_id: &FrameworkId, roles: &[String]) {
        self.metrics.bump("messages_revive_offers");
        if !self.are_roles_of(framework_id, roles) {
            return;
        }
        let roles: BTreeSet<String> = roles.iter().cloned().collect();
        if let Some(framework) = self.frameworks.get_mut(framework_id) {
            if roles.is_empty() {
                framework.suppressed.clear();
            } else {
                framework.suppressed.retain(|role| !roles.contains(role));
            }
        }
        self.allocator.revive_offers(now, framework_id, &roles);
    }

    /// SUPPRESS: no offers for these roles (all when empty) until REVIVE. Mesos: `Master::suppress`.
    pub(crate) fn suppress(&mut self, now: Time, framework_id: &FrameworkId, roles: &[String]) {
        self.metrics.bump("messages_suppress_offers");
        if !self.are_roles_of(framework_id, roles) {
            return;
        }
        if let Some(framework) = self.frameworks.get_mut(framework_id) {
            let all = framework.roles.iter().cloned().collect::<Vec<_>>();
            let suppressed = if roles.is_empty() { &all } else { roles };
            framework.suppressed.extend(suppressed.iter().cloned());
        }
        self.allocator
            .suppress_offers(now, framework_id, &roles.iter().cloned().collect());
    }

    /// A call that names a role the framework is not in is dropped whole.
    fn are_roles_of(&self, framework_id: &FrameworkId, roles: &[String]) -> bool {
        let Some(framework) = self.frameworks.get(framework_id) else {
            return false;
        };
        match roles.iter().find(|role| !framework.roles.contains(*role)) {
            Some(role) => {
                warn!(%framework_id, %role, "call names a role the framework is not in");
                false
            }
            None => true,
        }
    }
}
