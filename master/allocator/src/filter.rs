//! What was refused, where, and until when.

use std::collections::BTreeMap;
use std::time::Duration;

use libprocess_core::time::Time;
use mesos::Resources;
use mesos::ids::{AgentId, FrameworkId};

/// A framework refused these resources of one agent in one role until a time.
#[derive(Debug, Clone)]
struct Refusal {
    resources: Resources,
    until: Time,
}

/// All refusals in force, by framework, role and agent.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filters {
    refusals: BTreeMap<FrameworkId, BTreeMap<String, BTreeMap<AgentId, Vec<Refusal>>>>,
}

/// The longest a refusal lasts. Mesos: `include/mesos/allocator/allocator.hpp` and `hierarchical.cpp`, 365 days.
pub(crate) const REFUSE_MAX: Duration = Duration::from_secs(365 * 24 * 3600);

impl Filters {
    /// Remembers that `framework` does not want `resources` of `agent` in `role` before `until`.
    pub fn refuse(
        &mut self,
        framework: &FrameworkId,
        role: &str,
        agent: &AgentId,
        resources: Resources,
        until: Time,
    ) {
        self.refusals
            .entry(framework.clone())
            .or_default()
            .entry(role.to_owned())
            .or_default()
            .entry(agent.clone())
            .or_default()
            .push(Refusal { resources, until });
    }

    /// True when a refusal in force covers all of `resources`. Drops the refusals that have run out.
    pub fn covers(
        &mut self,
        framework: &FrameworkId,
        role: &str,
        agent: &AgentId,
        resources: &Resources,
        now: Time,
    ) -> bool {
        let Some(refusals) = self
            .refusals
            .get_mut(framework)
            .and_then(|roles| roles.get_mut(role))
            .and_then(|agents| agents.get_mut(agent))
        else {
            return false;
        };
        refusals.retain(|refusal| refusal.until > now);
        refusals
            .iter()
            .any(|refusal| refusal.resources.contains(resources))
    }

    /// Forgets all refusals of a framework in the given roles (all roles when empty).
    pub fn revive(&mut self, framework: &FrameworkId, roles: &[String]) {
        if roles.is_empty() {
            self.refusals.remove(framework);
        } else if let Some(of_roles) = self.refusals.get_mut(framework) {
            of_roles.retain(|role, _| !roles.contains(role));
        }
    }

    /// How many refusals are remembered in a role, run out or not.
    pub fn count(&self, role: &str) -> usize {
        self.refusals
            .values()
            .filter_map(|roles| roles.get(role))
            .flat_map(|agents| agents.values())
            .map(Vec::len)
            .sum()
    }

    /// Forgets what was refused of an agent that is gone.
    pub fn forget_agent(&mut self, agent: &AgentId) {
        for roles in self.refusals.values_mut() {
            for agents in roles.values_mut() {
                agents.remove(agent);
            }
        }
    }
}
