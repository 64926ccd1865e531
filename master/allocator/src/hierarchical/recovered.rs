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
        self.with_agent(agent, |agent, names| agent.free(framework, resources, names));
        if !self.agent(agent).held.contains_key(&framework) {
            self.framework_mut(framework).agents.remove(&agent);
        }
        for (role, part) in by_role(resources) {
            let pair = self.pair_of(framework, &role);
            let Some(pair) = pair.filter(|_| known) else {
                continue;
            };
            let parts = Parts::of(&part, &mut self.names);
            self.unbook(agent, pair, &parts);
            if let Some(filters) = filters
                && self.pair_of(framework, &role) == Some(pair)
            {
                self.refuse(now, agent, pair, &part, filters);
            }
        }
        self.want_soon(now, agent);
    }

    /// A framework does not want what it was offered for some time; at least until the next regular run.
    fn refuse(&mut self, now: Time, agent: u32, pair: u32, refused: &Resources, filters: &v0::Filters) {
        let time = refused_for(filters);
        if !time.is_zero() {
            if self.framework(self.pair(pair).framework).active {
                self.add_filter(now, agent, pair, refused, time);
            }
        } else if self.options.event_driven {
            // A framework that refuses for no time is asked again by the next regular run, as in Mesos. The runs in
            // between are for the others.
            self.agent_mut(agent).block(pair);
            self.pair_mut(pair).marked = true;
            self.rests.push((agent, pair));
        }
    }
}
