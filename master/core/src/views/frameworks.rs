//! `/frameworks`, and frameworks within `/state`.

use std::collections::BTreeMap;

use mesos::ids::FrameworkId;
use mesos::model::{self, Object};
use mesos_proto::v0::{framework_info::capability, resource};

use crate::state::{Agent, Framework, FrameworkState, Master, Task};

impl Master {
    /// `/frameworks`: all of them; only the one asked for when there is one.
    pub fn frameworks(&self, only: Option<&str>) -> Vec<u8> {
        let mut out = Vec::new();
        let hosts = self.hosts();
        let wanted = |id: &FrameworkId| only.is_none_or(|only| only == id.as_str());
        Object::write(&mut out, |object| {
            object.array("frameworks", |array| {
                for framework in self.frameworks.values().filter(|framework| wanted(&framework.id)) {
                    array.object(|object| self.framework_full(object, framework, &hosts));
                }
            });
            object.array("completed_frameworks", |array| {
                for framework in self.completed.iter().filter(|framework| wanted(&framework.id)) {
                    array.object(|object| self.framework_full(object, framework, &hosts));
                }
            });
            object.array("unregistered_frameworks", |_| {});
        });
        out
    }

    /// What `/state-summary` and all fuller forms begin with. Mesos: `json(Summary<Framework>)`.
    pub(super) fn framework_summary(&self, object: &mut Object<'_>, framework: &Framework) {
        let info = &framework.info;
        object.string("id", framework.id.as_str());
        object.string("name", &info.name);
        object.resources("used_resources", &framework.used);
        object.resources("offered_resources", &framework.offered);
        object.array("capabilities", |array| {
            for capability in info
                .capabilities
                .iter()
                .filter_map(|capability| capability.r#type)
            {
                array.string(capability.as_str_name());
            }
        });
        object.string("hostname", info.hostname.as_deref().unwrap_or_default());
        object.string("webui_url", info.webui_url.as_deref().unwrap_or_default());
        object.bool("active", framework.is_connected());
        object.bool("connected", framework.is_connected());
        object.bool("recovered", framework.state == FrameworkState::Recovered);
    }

    pub(super) fn framework_full(&self, object: &mut Object<'_>, framework: &Framework, hosts: &Hosts<'_>) {
        self.framework_summary(object, framework);
        let info = &framework.info;
        object.string("user", &info.user);
        object.number("failover_timeout", info.failover_timeout.unwrap_or(0.0));
        object.bool("checkpoint", info.checkpoint.unwrap_or(false));
        object.number("registered_time", framework.registered.secs_f64());
        object.number(
            "unregistered_time",
            framework.unregistered.map_or(0.0, |time| time.secs_f64()),
        );
        if let Some(principal) = &info.principal {
            object.string("principal", principal);
        }
        let mut resources = framework.used.clone();
        resources += &framework.offered;
        object.resources("resources", &resources);
        if let Some(reregistered) = framework.reregistered {
            object.number("reregistered_time", reregistered.secs_f64());
        }
        if framework.can(capability::Type::MultiRole) {
            object.array("roles", |array| {
                info.roles.iter().for_each(|role| array.string(role))
            });
        } else {
            object.string("role", info.role.as_deref().unwrap_or("*"));
        }
        tasks(object, "tasks", framework.tasks.values());
        tasks(object, "unreachable_tasks", framework.unreachable_tasks.iter());
        tasks(object, "completed_tasks", framework.completed_tasks.iter());
        self.framework_offers(object, framework);
        framework_executors(object, framework, hosts);
        if let Some(labels) = &info.labels {
            model::labels(object, labels);
        }
        match &framework.constraints {
            Some(constraints) => object.message("offer_constraints", constraints),
            None => object.object("offer_constraints", |_| {}),
        }
    }

    fn framework_offers(&self, object: &mut Object<'_>, framework: &Framework) {
        object.array("offers", |array| {
            for offer in framework.offers.iter().filter_map(|id| self.offers.get(id)) {
                array.object(|object| {
                    object.string("id", offer.id.as_str());
                    object.string("framework_id", offer.framework_id.as_str());
                    let info = resource::AllocationInfo {
                        role: Some(offer.role.clone()),
                        ..Default::default()
                    };
                    object.message("allocation_info", &info);
                    object.string("slave_id", offer.agent_id.as_str());
                    object.resources("resources", &offer.resources);
                });
            }
        });
    }

    /// On which agents frameworks have executors: one walk over the agents, however many frameworks are shown.
    pub(super) fn hosts(&self) -> Hosts<'_> {
        let mut hosts = Hosts::new();
        for agent in self.agents.values() {
            for framework_id in agent.executors.keys() {
                hosts.entry(framework_id).or_default().push(agent);
            }
        }
        hosts
    }
}

/// The agents on which each framework has executors, in the order of their ids.
pub(super) type Hosts<'a> = BTreeMap<&'a FrameworkId, Vec<&'a Agent>>;

fn framework_executors(object: &mut Object<'_>, framework: &Framework, hosts: &Hosts<'_>) {
    object.array("executors", |array| {
        for agent in hosts.get(&framework.id).into_iter().flatten() {
            let executors = agent.executors.get(&framework.id).into_iter().flatten();
            for (_, executor) in executors {
                array.object(|object| {
                    model::executor_info(object, executor);
                    object.string("slave_id", agent.id.as_str());
                });
            }
        }
    });
}

fn tasks<'a>(object: &mut Object<'_>, key: &str, tasks: impl Iterator<Item = &'a Task>) {
    object.array(key, |array| {
        for task in tasks {
            array.object(|object| model::task(object, &task.message, &task.resources));
        }
    });
}
