//! Who wants offers, and for which roles.

use std::collections::BTreeSet;

use libprocess_core::time::Time;
use mesos::ids::FrameworkId;
use tracing::info;

use super::Hierarchical;
use super::trigger::Candidates;

impl Hierarchical {
    /// Mesos: `suppressOffers`.
    pub(super) fn suppress(&mut self, id: &FrameworkId, roles: &BTreeSet<String>) {
        let Some(number) = self.framework_number(id) else {
            return;
        };
        let roles = self.roles_meant(number, roles);
        self.suppress_roles(number, &roles);
        info!(framework_id = %id, roles = roles.len(), "offers suppressed");
    }

    /// Mesos: `reviveOffers`.
    pub(super) fn revive(&mut self, now: Time, id: &FrameworkId, roles: &BTreeSet<String>) {
        let Some(number) = self.framework_number(id) else {
            return;
        };
        let roles = self.roles_meant(number, roles);
        self.revive_roles(number, &roles);
        info!(framework_id = %id, roles = roles.len(), "offers revived");
        self.want(now, Candidates::All);
    }

    /// No roles stand for all.
    fn roles_meant(&self, number: u32, roles: &BTreeSet<String>) -> BTreeSet<String> {
        if roles.is_empty() {
            self.framework(number).roles.clone()
        } else {
            roles.clone()
        }
    }

    /// Mesos: `suppressRoles`.
    pub(super) fn suppress_roles(&mut self, number: u32, roles: &BTreeSet<String>) {
        let framework = self.framework_mut(number);
        framework.suppressed.extend(roles.iter().cloned());
        self.settle_activity(number);
    }

    /// Mesos: `reviveRoles`: what was refused in these roles is forgotten, and every refusal of inverse offers.
    pub(super) fn revive_roles(&mut self, number: u32, roles: &BTreeSet<String>) {
        let framework = self.framework_mut(number);
        framework.inverse_filters.clear();
        framework.suppressed.retain(|role| !roles.contains(role));
        let pairs: Vec<u32> = roles
            .iter()
            .filter_map(|role| self.pair_of(number, role))
            .collect();
        self.forget_filters(&pairs);
        self.settle_activity(number);
        self.wake_all();
    }

    /// The pair of a framework and a role it is tracked in.
    pub(super) fn pair_of(&self, framework: u32, role: &str) -> Option<u32> {
        let node = self.tree.find(role)?;
        self.framework(framework).pairs.get(&node).copied()
    }

    /// Makes each pair of a framework want offers or not, as the framework is now.
    pub(super) fn settle_activity(&mut self, number: u32) {
        let pairs: Vec<(u32, u32)> = self
            .framework(number)
            .pairs
            .iter()
            .map(|(node, pair)| (*node, *pair))
            .collect();
        let mut woken = false;
        for (node, pair) in pairs {
            let wants = self.framework(number).wants(&self.tree.node(node).path);
            woken |= wants && !self.pair(pair).active;
            self.set_pair_active(pair, wants);
        }
        if woken {
            self.wake_all();
        }
    }
}
