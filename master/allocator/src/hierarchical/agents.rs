//! Agents come, change, and go.

use std::collections::{BTreeMap, BTreeSet};

use libprocess_core::time::Time;
use mesos::Resources;
use mesos::ids::{AgentId, FrameworkId};
use tracing::{info, warn};

use crate::{AgentUpdate, NewAgent};

use super::Hierarchical;
use super::agent::{Agent, Maintenance, without_resources};
use super::held::Held;
use super::trigger::Candidates;

impl Hierarchical {
    /// Mesos: `addSlave`.
    pub(super) fn agent_added(&mut self, now: Time, new: NewAgent) {
        if self.agent_number(&new.id).is_some() {
            return;
        }
        let held: Held = new
            .used
            .into_iter()
            .filter(|(_, resources)| !resources.is_empty())
            .map(|(framework, resources)| (self.intern_framework(&framework), resources))
            .collect();
        let mut agent = Agent::new(new.id.clone(), new.total, held.clone(), &mut self.names);
        agent.set_info(&new.info, self.options.domain.as_ref());
        agent.set_capabilities(&new.capabilities);
        let maintained = new.unavailability.is_some();
        agent.maintenance = new.unavailability.map(|unavailability| Maintenance {
            unavailability,
            statuses: BTreeMap::new(),
            outstanding: BTreeSet::new(),
        });
        self.revocable.add(agent.parts.revocable());
        let total = agent.total.clone();
        let lot = agent.lot;
        let number = match self.vacant_agents.pop() {
            Some(number) => {
                self.agents[number as usize] = Some(agent);
                self.lots[number as usize] = lot;
                number
            }
            None => {
                self.agents.push(Some(agent));
                self.lots.push(lot);
                u32::try_from(self.agents.len() - 1).expect("there are fewer than 2^32 agents")
            }
        };
        self.agent_index.insert(new.id.as_str(), number);
        self.agent_numbers.insert(new.id.clone(), number);
        self.pending.push(number);
        if maintained {
            self.maintained.insert(number);
        }
        self.change_total(&Resources::new(), &total);
        for (framework, resources) in held {
            // What an unknown framework uses counts from when it is added.
            if self.framework(framework).known {
                self.book_all(number, framework, &resources);
                self.count_used(&resources, true);
            }
        }
        self.recovery_agent_added();
        info!(agent_id = %new.id, %total, "agent added to the allocator");
        self.want(now, Candidates::One(number));
    }

    /// Mesos: `removeSlave`.
    pub(super) fn agent_removed(&mut self, id: &AgentId) {
        let Some(number) = self.agent_number(id) else {
            return;
        };
        self.forget_filters_of_agent(number);
        let held = std::mem::take(&mut self.agent_mut(number).held);
        let mut used = std::mem::take(&mut self.agent_mut(number).allocated);
        for (framework, resources) in held.iter() {
            if !self.framework(framework).known {
                // All of it is used, and none of it was counted.
                used -= resources;
            }
        }
        self.count_used(&used, false);
        for (framework, resources) in held {
            if self.framework(framework).known {
                self.framework_mut(framework).agents.unset(number);
                self.unbook_all(number, framework, &resources);
            }
        }
        let agent = self.agents[number as usize]
            .take()
            .expect("numbers of agents are those of agents");
        self.revocable.sub(agent.parts.revocable());
        self.change_total(&agent.total, &Resources::new());
        self.agent_numbers.remove(id);
        self.agent_index.remove(id.as_str(), number);
        self.vacant_agents.push(number);
        self.maintained.remove(&number);
        self.trigger.some.retain(|other| *other != number);
        self.pending.retain(|other| *other != number);
        self.quota_held.retain(|other| *other != number);
        self.rests.retain(|other| *other != number);
        info!(agent_id = %id, "agent removed from the allocator");
    }

    /// Mesos: `updateSlave`.
    pub(super) fn agent_updated(&mut self, now: Time, id: &AgentId, update: AgentUpdate) {
        let Some(number) = self.agent_number(id) else {
            return;
        };
        let info = without_resources(&update.info);
        let before = &self.agent(number).info;
        let attributes_changed = !mesos::attributes::same(&info.attributes, &before.attributes);
        let mut changed = attributes_changed || *before != info;
        if attributes_changed {
            // A framework may have refused the agent for what it was.
            self.forget_filters_of_agent(number);
        }
        let domain = self.options.domain.clone();
        let agent = self.agent_mut(number);
        if changed {
            agent.set_info(&info, domain.as_ref());
        }
        if let Some(capabilities) = update.capabilities {
            changed |= agent.set_capabilities(&capabilities);
        }
        if let Some(total) = update.total {
            changed |= self.set_agent_total(number, total);
        }
        if changed {
            self.agent_mut(number).blocked.clear();
            self.wake_agent(number);
            self.want(now, Candidates::One(number));
        }
    }

    /// Replaces the total of an agent; true when that is a change.
    pub(super) fn set_agent_total(&mut self, number: u32, total: Resources) -> bool {
        let before = self.agent(number).total.clone();
        if before == total {
            return false;
        }
        self.with_agent(number, |agent, names| agent.set_total(total.clone(), names));
        self.change_total(&before, &total);
        true
    }

    /// Mesos: `addResourceProvider`.
    pub(super) fn provider_added(
        &mut self,
        id: &AgentId,
        total: &Resources,
        used: &BTreeMap<FrameworkId, Resources>,
    ) {
        let Some(number) = self.agent_number(id) else {
            return;
        };
        let total = self.agent(number).total.clone() + total;
        self.set_agent_total(number, total);
        for (framework, resources) in used {
            let framework = self.intern_framework(framework);
            self.with_agent(number, |agent, names| {
                agent.take_up(framework, resources, names);
            });
            if self.framework(framework).known {
                self.book_all(number, framework, resources);
                self.count_used(resources, true);
            }
        }
    }

    /// Mesos: `activateSlave`, `deactivateSlave`. No run follows by itself.
    pub(super) fn set_agent_active(&mut self, id: &AgentId, active: bool) {
        if let Some(number) = self.agent_number(id) {
            self.agent_mut(number).active = active;
            self.wake_agent(number);
            info!(agent_id = %id, active, "agent activity changed");
        }
    }

    /// Mesos: `updateWhitelist`.
    pub(super) fn set_whitelist(&mut self, hosts: Option<BTreeSet<String>>) {
        if hosts.as_ref().is_some_and(BTreeSet::is_empty) {
            warn!("whitelist is empty, no offers will be made");
        }
        self.whitelist = hosts;
        self.wake_all();
    }
}
