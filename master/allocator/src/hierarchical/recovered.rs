//! Resources come back.

use std::time::Duration;

use libprocess_core::time::Time;
use mesos::Resources;
use mesos::ids::{AgentId, FrameworkId};
use mesos_proto::v0;

use super::Hierarchical;
use super::books::{by_role, one_role};
use super::filters::refused_for;
use super::parts::Parts;

/// What came back, and how.
struct Back {
    now: Time,
    agent: u32,
    /// How long it is refused.
    time: Duration,
    is_allocated: bool,
}

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
        let Some(framework) = self.any_framework_number(framework_id) else {
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
        let before = self.agent(agent);
        let had_nothing = before.available.is_empty() && !before.is_overdrawn();
        self.with_agent(agent, |agent, names| agent.free(framework, resources, names));
        if !self.agent(agent).held.has(framework) {
            self.framework_mut(framework).agents.unset(agent);
        }
        let time = filters.map(refused_for).unwrap_or_default();
        let back = Back {
            now,
            agent,
            time,
            is_allocated,
        };
        if !known {
            // It holds nothing in any role.
        } else if let Some(role) = one_role(resources) {
            if had_nothing && self.agent(agent).is_plain_and_covered() {
                // What came back is all there is.
                let parts = self.agent(agent).parts.clone();
                self.recovered_in(&back, framework, role, &parts, None);
            } else {
                let parts = Parts::of(resources, &mut self.names);
                self.recovered_in(&back, framework, role, &parts, Some(resources));
            }
        } else {
            for (role, part) in by_role(resources) {
                let parts = Parts::of(&part, &mut self.names);
                self.recovered_in(&back, framework, &role, &parts, Some(&part));
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
        let Some(framework) = self.any_framework_number(framework_id) else {
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

    /// The part of one role came back; `None` is all that is available now.
    fn recovered_in(
        &mut self,
        back: &Back,
        framework: u32,
        role: &str,
        parts: &Parts,
        part: Option<&Resources>,
    ) {
        let Some(pair) = self.pair_of(framework, role) else {
            return;
        };
        self.unbook(back.agent, pair, parts);
        // A framework that has left the role may be gone from it now.
        let node = self.tree.find(role);
        let there = node.and_then(|node| self.framework(framework).pairs.get(&node));
        if there != Some(&pair) {
            return;
        }
        if !back.time.is_zero() {
            if self.framework(framework).active {
                let bare = part.map(|part| part.clone().unallocated());
                self.add_filter(back.now, back.agent, pair, bare, back.time);
            }
        } else if !back.is_allocated && self.options.event_driven {
            self.rest_pair(back.agent, pair);
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
