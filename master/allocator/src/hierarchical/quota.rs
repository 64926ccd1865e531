//! Quota and weights of roles.

use tracing::info;

use crate::Quota;

use super::Hierarchical;

impl Hierarchical {
    /// Mesos: `updateQuota`. No run follows by itself.
    pub(super) fn set_quota(&mut self, role: &str, quota: Quota) {
        info!(role, guarantees = %quota.guarantees, limits = %quota.limits, "quota updated");
        let default = quota.is_default();
        let node = self.tree.set_quota(role, quota, &mut self.names);
        if default {
            self.quota_roles.remove(&node);
            self.tree.try_remove(node);
        } else {
            self.quota_roles.insert(node);
        }
        self.quota_dirty = true;
        self.wake_all();
    }

    /// Mesos: `updateWeights`. The next run sees them.
    pub(super) fn set_weights(&mut self, weights: &[(String, f64)]) {
        for (role, weight) in weights {
            info!(role, weight, "weight updated");
            let node = self.tree.make(role);
            self.tree.node_mut(node).weight = *weight;
            self.tree.try_remove(node);
        }
        // All shares are to be reckoned anew.
        self.pool.epoch += 1;
    }
}
