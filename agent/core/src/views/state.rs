//! `/state` as dashboards and scripts read it.
//!
//! Mesos: src/slave/http.cpp, `Http::state`; src/common/http.cpp.

use mesos::{
    Resources,
    capabilities::agent_capabilities,
    model::{self, Array, Object},
};
use mesos_proto::v0::{Resource, TaskInfo, executor_info, framework_info::capability};

use super::{Daemon, VersionValue};
use crate::{core::AgentCore, executor::Executor, framework::Framework};

impl AgentCore {
    /// The body of `/state`.
    #[must_use]
    pub fn state_json(&self, daemon: &Daemon) -> Vec<u8> {
        let mut out = Vec::with_capacity(16 * 1024);
        Object::write(&mut out, |state| {
            for (name, value) in &daemon.version {
                match value {
                    VersionValue::Text(text) => state.string(name, text),
                    VersionValue::Number(number) => state.number(name, *number),
                }
            }
            state.number("start_time", self.start_time.secs_f64());
            state.string("id", self.agent_id.as_ref().map_or("", |id| id.as_str()));
            state.string("pid", &self.config.pid.to_string());
            state.string("hostname", &self.info.hostname);
            state.array("capabilities", |list| {
                let named = agent_capabilities()
                    .into_iter()
                    .filter_map(|capability| capability.r#type);
                named.for_each(|capability| list.string(capability.as_str_name()));
            });
            if let Some(domain) = self.info.domain.as_deref() {
                state.message("domain", domain);
            }
            self.write_resources(state);
            state.array("resource_providers", |_| {});
            model::attributes(state, &self.info.attributes);
            if let Some(hostname) = &daemon.master_hostname {
                state.string("master_hostname", hostname);
            }
            if let Some(log_dir) = &daemon.log_dir {
                state.string("log_dir", log_dir);
            }
            if let Some(file) = &daemon.external_log_file {
                state.string("external_log_file", file);
            }
            state.object("flags", |flags| {
                for (name, value) in &daemon.flags {
                    flags.string(name, value);
                }
            });
            state.array("frameworks", |list| {
                self.frameworks
                    .values()
                    .for_each(|one| write_framework(list, one))
            });
            state.array("completed_frameworks", |list| {
                self.completed_frameworks
                    .iter()
                    .for_each(|one| write_framework(list, one));
            });
        });
        out
    }

    fn write_resources(&self, state: &mut Object<'_>) {
        let total = &self.operations.total;
        let executors = self
            .frameworks
            .values()
            .flat_map(|framework| framework.executors.values());
        let allocated = sum(executors.flat_map(Executor::allocated));
        let by_role = |object: &mut Object<'_>, resources: &Resources| {
            for (role, part) in resources.reservations() {
                object.resources(&role, &part);
            }
        };
        let full = |list: &mut Array<'_>, resources: &Resources| {
            resources
                .to_endpoint_protos()
                .iter()
                .for_each(|resource| list.message(resource));
        };
        state.resources("resources", total);
        state.object("reserved_resources", |object| by_role(object, total));
        state.resources("unreserved_resources", &total.unreserved());
        state.object("reserved_resources_full", |object| {
            for (role, part) in total.reservations() {
                object.array(&role, |list| full(list, &part));
            }
        });
        state.array("unreserved_resources_full", |list| {
            full(list, &total.unreserved())
        });
        state.object("reserved_resources_allocated", |object| {
            by_role(object, &allocated)
        });
        state.resources("unreserved_resources_allocated", &allocated.unreserved());
    }
}

fn sum<'a>(resources: impl Iterator<Item = &'a Resource>) -> Resources {
    let list: Vec<Resource> = resources.cloned().collect();
    Resources::from_valid_protos(&list)
}

fn write_framework(list: &mut Array<'_>, framework: &Framework) {
    let info = &framework.info;
    list.object(|object| {
        object.string("id", framework.id.as_str());
        object.string("name", &info.name);
        object.string("user", &info.user);
        object.number("failover_timeout", info.failover_timeout.unwrap_or(0.0));
        object.bool("checkpoint", framework.checkpoints());
        object.string("hostname", info.hostname.as_deref().unwrap_or_default());
        if let Some(principal) = &info.principal {
            object.string("principal", principal);
        }
        if mesos::capabilities::framework_has(info, capability::Type::MultiRole) {
            object.array("roles", |list| {
                info.roles.iter().for_each(|role| list.string(role))
            });
        } else {
            object.string("role", info.role.as_deref().unwrap_or("*"));
        }
        object.array("executors", |list| {
            framework
                .executors
                .values()
                .for_each(|one| write_executor(list, one))
        });
        object.array("completed_executors", |list| {
            framework
                .completed_executors
                .iter()
                .for_each(|one| write_executor(list, one));
        });
    });
}

fn write_executor(list: &mut Array<'_>, executor: &Executor) {
    let info = &executor.info;
    list.object(|object| {
        object.string("id", executor.id.as_str());
        object.string("name", info.name.as_deref().unwrap_or_default());
        object.string("source", info.source.as_deref().unwrap_or_default());
        object.string("container", executor.container_id.as_str());
        object.string("directory", &executor.directory);
        object.resources("resources", &sum(executor.allocated()));
        if let Some(first) = info.resources.first() {
            object.string("role", role_of(first));
        }
        if let Some(labels) = &info.labels {
            model::labels(object, labels);
        }
        if let Some(r#type) = info.r#type {
            object.string("type", executor_info::Type::as_str_name(r#type));
        }
        object.array("tasks", |list| {
            executor.launched.values().for_each(|task| write_task(list, task))
        });
        object.array("queued_tasks", |list| {
            executor
                .queued
                .values()
                .for_each(|task| write_queued_task(list, task))
        });
        object.array("completed_tasks", |list| {
            executor
                .completed
                .iter()
                .chain(executor.terminated.values())
                .for_each(|task| write_task(list, task));
        });
    });
}

fn write_task(list: &mut Array<'_>, task: &mesos_proto::v0::Task) {
    list.object(|object| model::task(object, task, &sum(task.resources.iter())));
}

fn write_queued_task(list: &mut Array<'_>, task: &TaskInfo) {
    list.object(|object| {
        object.string("id", &task.task_id.value);
        object.string("name", &task.name);
        object.string("slave_id", &task.slave_id.value);
        object.resources("resources", &sum(task.resources.iter()));
        object.string("role", task.resources.first().map_or("", role_of));
        if let Some(command) = &task.command {
            object.object("command", |object| model::command(object, command));
        }
        if let Some(executor) = &task.executor {
            object.string("executor_id", &executor.executor_id.value);
        }
        if let Some(discovery) = task.discovery.as_deref() {
            object.message("discovery", discovery);
        }
    });
}

fn role_of(resource: &Resource) -> &str {
    resource
        .allocation_info
        .as_ref()
        .and_then(|allocation| allocation.role.as_deref())
        .unwrap_or_default()
}
