//! `/slaves`, and agents within `/state`.

use std::collections::BTreeMap;

use mesos::Resources;
use mesos::ids::AgentId;
use mesos::model::{self, Array, Object};
use mesos_proto::v0;

use crate::state::{Agent, Master};

impl Master {
    /// `/slaves`: registered and recovered agents; only the one asked for when there is one.
    pub fn slaves(&self, only: Option<&str>) -> Vec<u8> {
        let mut out = Vec::new();
        let wanted = |id: &AgentId| only.is_none_or(|only| only == id.as_str());
        Object::write(&mut out, |object| {
            object.array("slaves", |slaves| {
                for agent in self.agents.values().filter(|agent| wanted(&agent.id)) {
                    slaves.object(|object| {
                        self.agent_full(object, agent);
                        self.resources_full(object, agent);
                    });
                }
            });
            object.array("recovered_slaves", |slaves| {
                for (_, info) in self.recovered.iter().filter(|(id, _)| wanted(id)) {
                    slaves.object(|object| model::agent_info(object, info));
                }
            });
        });
        out
    }

    pub(super) fn agent_full(&self, object: &mut Object<'_>, agent: &Agent) {
        model::agent_info(object, &agent.info);
        object.string("pid", &agent.pid.to_string());
        object.number("registered_time", agent.registered.secs_f64());
        if let Some(reregistered) = agent.reregistered {
            object.number("reregistered_time", reregistered.secs_f64());
        }
        object.resources("resources", &agent.total);
        object.resources("used_resources", &agent.used_total());
        object.resources("offered_resources", &self.offered_of(agent));
        object.object("reserved_resources", |object| {
            for (role, resources) in agent.total.reservations() {
                object.resources(&role, &resources);
            }
        });
        object.resources("unreserved_resources", &agent.total.unreserved());
        object.bool("active", agent.is_connected());
        object.bool("deactivated", false);
        object.string("version", &agent.version);
        object.array("capabilities", |array| {
            for capability in agent
                .capabilities
                .iter()
                .filter_map(|capability| capability.r#type)
            {
                array.string(capability.as_str_name());
            }
        });
    }

    fn resources_full(&self, object: &mut Object<'_>, agent: &Agent) {
        object.object("reserved_resources_full", |object| {
            for (role, resources) in agent.total.reservations() {
                object.array(&role, |array| messages(array, &resources));
            }
        });
        object.array("unreserved_resources_full", |array| {
            messages(array, &agent.total.unreserved())
        });
        object.array("used_resources_full", |array| {
            messages(array, &agent.used_total())
        });
        object.array("offered_resources_full", |array| {
            messages(array, &self.offered_of(agent))
        });
    }

    pub(super) fn offered_of(&self, agent: &Agent) -> Resources {
        let mut offered = Resources::default();
        for offer in agent.offers.iter().filter_map(|id| self.offers.get(id)) {
            offered += &offer.resources;
        }
        offered
    }

    /// How many agents are (active, inactive, unreachable).
    pub(super) fn agent_counts(&self) -> (usize, usize, usize) {
        let active = self.agents.values().filter(|agent| agent.is_connected()).count();
        (active, self.agents.len() - active, self.unreachable.len())
    }
}

fn messages(array: &mut Array<'_>, resources: &Resources) {
    resources
        .to_endpoint_protos()
        .iter()
        .for_each(|resource| array.message(resource));
}

/// The tasks of an agent or framework, counted by state.
pub(super) fn count_states<'a>(tasks: impl Iterator<Item = &'a v0::Task>) -> BTreeMap<v0::TaskState, i64> {
    let mut counts = BTreeMap::new();
    for task in tasks {
        *counts.entry(task.state).or_default() += 1;
    }
    counts
}
