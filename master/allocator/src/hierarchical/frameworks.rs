//! Frameworks come, change, and go.

use std::collections::{BTreeMap, BTreeSet};

use libprocess_core::time::Time;
use mesos::Resources;
use mesos::ids::{AgentId, FrameworkId};
use mesos_proto::v0;
use tracing::info;

use crate::FrameworkOptions;

use super::Hierarchical;
use super::framework::Framework;
use super::trigger::Candidates;

/// Up to so many roles that come at once take their places one by one.
const ROLES_FEW: usize = 64;

impl Hierarchical {
    /// Mesos: `addFramework`.
    pub(super) fn framework_added(
        &mut self,
        now: Time,
        id: &FrameworkId,
        info: &v0::FrameworkInfo,
        used: &BTreeMap<AgentId, Resources>,
        active: bool,
        options: FrameworkOptions,
    ) {
        if self.framework_number(id).is_some() {
            return;
        }
        let number = self.intern_framework(id);
        let framework = self.framework_mut(number);
        framework.known = true;
        framework.active = active;
        framework.set_info(info);
        framework.suppressed = options.suppressed;
        framework.constraints = options.constraints;
        let roles = framework.roles.clone();
        self.expect_roles(roles.len());
        for role in roles {
            self.make_pair(number, &role);
        }
        for (agent_id, resources) in used {
            self.take_up_use(agent_id, number, resources);
        }
        self.settle_minima(number);
        self.settle_activity(number);
        info!(framework_id = %id, "framework added to the allocator");
        if active {
            self.want(now, Candidates::All);
        }
    }

    /// Many roles come at once: sorting all later costs less than finding the place of each.
    fn expect_roles(&mut self, count: usize) {
        if count > ROLES_FEW {
            self.pool.epoch += 1;
        }
    }

    /// What a framework uses of an agent that announced it already, or did not.
    fn take_up_use(&mut self, agent_id: &AgentId, framework: u32, resources: &Resources) {
        let Some(agent) = self.agent_number(agent_id) else {
            return;
        };
        let held = self.agent(agent).held.get(framework).cloned().unwrap_or_default();
        if !held.contains(resources) {
            // The agent came without word of it.
            let missing = resources.clone() - &held;
            self.with_agent(agent, |agent, names| {
                agent.take_up(framework, &missing, names);
            });
        }
        self.book_all(agent, framework, resources);
        self.count_used(resources, true);
    }

    /// Mesos: `removeFramework`.
    pub(super) fn framework_removed(&mut self, now: Time, id: &FrameworkId) {
        let Some(number) = self.framework_number(id) else {
            return;
        };
        let agents: Vec<u32> = self.framework(number).agents.iter().collect();
        for agent in agents {
            let Some(held) = self.agent(agent).held.get(number).cloned() else {
                continue;
            };
            // None of it is used any more: all of that was recovered.
            self.with_agent(agent, |agent, names| {
                agent.free(number, &held, names);
            });
            self.unbook_all(agent, number, &held);
            self.want_soon(now, agent);
        }
        for agent in self.maintained.clone() {
            if let Some(maintenance) = &mut self.agent_mut(agent).maintenance {
                maintenance.outstanding.remove(&number);
            }
        }
        let pairs: Vec<u32> = self.framework(number).pairs.values().copied().collect();
        self.framework_mut(number).roles.clear();
        self.try_drop_pairs(&pairs);
        *self.framework_mut(number) = Framework::default();
        self.framework_numbers.remove(id);
        self.framework_index.remove(id.as_str(), number);
        self.vacant_frameworks.push(number);
        info!(framework_id = %id, "framework removed from the allocator");
    }

    /// Mesos: `activateFramework`.
    pub(super) fn framework_activated(&mut self, now: Time, id: &FrameworkId) {
        let Some(number) = self.framework_number(id) else {
            return;
        };
        self.framework_mut(number).active = true;
        self.settle_activity(number);
        self.want(now, Candidates::All);
    }

    /// Mesos: `deactivateFramework`.
    pub(super) fn framework_deactivated(&mut self, id: &FrameworkId) {
        let Some(number) = self.framework_number(id) else {
            return;
        };
        let framework = self.framework_mut(number);
        framework.active = false;
        framework.inverse_filters.clear();
        let pairs: Vec<u32> = framework.pairs.values().copied().collect();
        self.settle_activity(number);
        self.forget_filters(&pairs);
    }

    /// Mesos: `updateFramework`. No run follows by itself.
    pub(super) fn framework_updated(
        &mut self,
        id: &FrameworkId,
        info: &v0::FrameworkInfo,
        options: FrameworkOptions,
    ) {
        let Some(number) = self.framework_number(id) else {
            return;
        };
        let framework = self.framework_mut(number);
        let (old_roles, old_suppressed) = (framework.roles.clone(), framework.suppressed.clone());
        let before = (framework.can, framework.minima.clone());
        framework.set_info(info);
        let changed = before != (framework.can, framework.minima.clone())
            || !framework.constraints.is_empty()
            || !options.constraints.is_empty();
        framework.constraints = options.constraints;
        let roles = framework.roles.clone();
        framework.suppressed.retain(|role| roles.contains(role));
        self.expect_roles(roles.difference(&old_roles).count());
        for role in roles.difference(&old_roles) {
            self.make_pair(number, role);
        }
        let left = old_roles.difference(&roles);
        let left: Vec<u32> = left.filter_map(|role| self.pair_of(number, role)).collect();
        for pair in &left {
            self.set_pair_active(*pair, false);
        }
        self.forget_filters(&left);
        self.try_drop_pairs(&left);
        self.settle_minima(number);
        let suppressed: BTreeSet<String> = options.suppressed.difference(&old_suppressed).cloned().collect();
        self.suppress_roles(number, &suppressed);
        let revived: BTreeSet<String> = old_suppressed
            .difference(&options.suppressed)
            .filter(|role| roles.contains(*role))
            .cloned()
            .collect();
        self.revive_roles(number, &revived);
        if changed {
            let pairs: Vec<u32> = self.framework(number).pairs.values().copied().collect();
            self.clear_marks(&pairs);
            self.wake_all();
        }
    }

    /// Gives each pair of a framework the minima that the framework asks for.
    fn settle_minima(&mut self, number: u32) {
        let pairs: Vec<(u32, u32)> = self
            .framework(number)
            .pairs
            .iter()
            .map(|(node, pair)| (*node, *pair))
            .collect();
        for (node, pair) in pairs {
            let path = self.tree.node(node).path.clone();
            let minima = self.framework(number).minima.get(&*path).cloned();
            self.set_pair_minima(pair, minima);
        }
    }
}
