//! Resources come back.

use libprocess_core::time::Time;
use mesos::Resources;
use mesos::ids::{AgentId, FrameworkId};
use mesos_proto::v0;

use super::Hierarchical;
use super::books::by_role;
use super::filters::refused_for;
use super::parts::Parts;

impl Hierarchical {
    /// Mesos: `recoverResources`.
    ///
    /// Differs from Mesos: resources of several roles are taken back as well, each with a filter of its own; and what a
    /// framework that was never added used of an agent is free then, too.
    pub(super) fn recovered(
        &mut self,
        now: Time,
        framework_id: &FrameworkId,
        agent_id: &AgentId,
        resources: &Resources,
        filters: Option<&v0::Filters>,
        is_allocated: bool,
    ) {
        let Some(agent) = self.agent_number(agent_id) else {
            return;
        };
        if resources.is_empty() {
            return;
        }
        let Some(framework) = self.framework_numbers.get(framework_id).copied() else {
            return;
        };
        let known = self.framework(framework).known;
        if is_allocated {
            if known {
                self.mark_used(agent, resources, false);
            } else {
                self.agent_mut(agent).allocated -= resources;
            }
        }
        let bare = self.with_agent(agent, |agent, names| agent.free(framework, resources, names));
        if !self.agent(agent).held.contains_key(&framework) {
            self.framework_mut(framework).agents.remove(&agent);
        }
        let roles = by_role(resources);
        let one_role = roles.len() == 1;
        for (role, part) in roles {
            let pair = self.pair_of(framework, &role);
            let Some(pair) = pair.filter(|_| known) else {
                continue;
            };
            let parts = Parts::of(&part, &mut self.names);
            self.unbook(agent, pair, &parts);
            if self.pair_of(framework, &role) == Some(pair) {
                let time = filters.map(refused_for).unwrap_or_default();
                if !time.is_zero() {
                    if self.framework(framework).active {
                        let refused = if one_role {
                            bare.clone()
                        } else {
                            part.unallocated()
                        };
                        self.add_filter(now, agent, pair, refused, time);
                    }
                } else if !is_allocated && self.options.event_driven {
                    self.rest_pair(agent, pair);
                }
            }
        }
        if is_allocated {
            // Something new is there, for everybody.
            self.agent_mut(agent).resting.clear();
        }
        self.want_soon(now, agent);
    }

    /// A part of an offer is used. What was left of it came back before, and need not rest: the framework whose turn it
    /// is by its share may be the same again, else turns would count and not shares.
    ///
    /// Mesos: `transitionOfferedToAllocated`, which is not told the framework.
    pub(super) fn used(
        &mut self,
        now: Time,
        framework_id: &FrameworkId,
        agent_id: &AgentId,
        resources: &Resources,
    ) {
        let Some(agent) = self.agent_number(agent_id) else {
            return;
        };
        self.mark_used(agent, resources, true);
        let Some(framework) = self.framework_numbers.get(framework_id).copied() else {
            return;
        };
        for (role, _) in by_role(resources) {
            if let Some(pair) = self.pair_of(framework, &role)
                && self.agent_mut(agent).resting.unset(pair)
            {
                self.want_soon(now, agent);
            }
        }
    }

    /// A framework that gives back an offer and refuses nothing is asked again by the next regular run, as in Mesos. The
    /// runs in between are for the others.
    fn rest_pair(&mut self, agent: u32, pair: u32) {
        self.pair_mut(pair).marked = true;
        let entry = self.agent_mut(agent);
        if entry.resting.is_empty() {
            self.rests.push(agent);
        }
        self.agent_mut(agent).resting.set(pair);
    }
}
