//! `/state` as dashboards and scripts read it.
//!
//! Mesos: src/slave/http.cpp, `Http::state`; src/common/http.cpp.

use mesos::{Resources, attributes, capabilities::agent_capabilities};
use mesos_proto::{
    Dialect, Message,
    json::write_string,
    v0::{
        CommandInfo, ContainerStatus, Labels, Resource, Task, TaskInfo, TaskStatus, executor_info,
        framework_info::capability,
    },
};

use super::{Daemon, VersionValue, json::Object};
use crate::{core::AgentCore, executor::Executor, framework::Framework};

impl AgentCore {
    /// The body of `/state`.
    #[must_use]
    pub fn state_json(&self, daemon: &Daemon) -> Vec<u8> {
        let mut out = Vec::with_capacity(16 * 1024);
        Object::write(&mut out, |state| {
            for (name, value) in &daemon.version {
                match value {
                    VersionValue::Text(text) => state.text(name, text),
                    VersionValue::Number(number) => state.number(name, *number),
                }
            }
            state.number("start_time", self.start_time.secs_f64());
            state.text("id", self.agent_id.as_ref().map_or("", |id| id.as_str()));
            state.text("pid", &self.config.pid.to_string());
            state.text("hostname", &self.info.hostname);
            let named = agent_capabilities()
                .into_iter()
                .filter_map(|capability| capability.r#type);
            state.list("capabilities", named, |out, capability| {
                write_string(out, capability.as_str_name())
            });
            self.write_resources(state);
            state.list("resource_providers", std::iter::empty::<()>(), |_, ()| {});
            state.raw("attributes", |out| {
                attributes::write_json(&self.info.attributes, out)
            });
            if let Some(hostname) = &daemon.master_hostname {
                state.text("master_hostname", hostname);
            }
            if let Some(log_dir) = &daemon.log_dir {
                state.text("log_dir", log_dir);
            }
            if let Some(file) = &daemon.external_log_file {
                state.text("external_log_file", file);
            }
            state.object("flags", |flags| {
                for (name, value) in &daemon.flags {
                    flags.text(name, value);
                }
            });
            state.list("frameworks", self.frameworks.values(), write_framework);
            state.list(
                "completed_frameworks",
                &self.completed_frameworks,
                write_framework,
            );
        });
        out
    }

    fn write_resources(&self, state: &mut Object<'_>) {
        let total = Resources::from_valid_protos(&self.info.resources);
        let executors = self
            .frameworks
            .values()
            .flat_map(|framework| framework.executors.values());
        let allocated: Vec<Resource> = executors.flat_map(Executor::allocated).cloned().collect();
        let allocated = Resources::from_valid_protos(&allocated);
        let by_role = |object: &mut Object<'_>, resources: &Resources| {
            for (role, part) in resources.reservations() {
                object.raw(&role, |out| part.write_summary_json(out));
            }
        };
        state.raw("resources", |out| total.write_summary_json(out));
        state.object("reserved_resources", |object| by_role(object, &total));
        state.raw("unreserved_resources", |out| {
            total.unreserved().write_summary_json(out)
        });
        state.object("reserved_resources_full", |object| {
            for (role, part) in total.reservations() {
                object.list(&role, part.to_endpoint_protos(), |out, resource| {
                    resource.write_json(out, Dialect::V0)
                });
            }
        });
        let unreserved = total.unreserved().to_endpoint_protos();
        state.list("unreserved_resources_full", unreserved, |out, resource| {
            resource.write_json(out, Dialect::V0)
        });
        state.object("reserved_resources_allocated", |object| {
            by_role(object, &allocated)
        });
        state.raw("unreserved_resources_allocated", |out| {
            allocated.unreserved().write_summary_json(out)
        });
    }
}

fn write_framework(out: &mut Vec<u8>, framework: &Framework) {
    let info = &framework.info;
    Object::write(out, |object| {
        object.text("id", framework.id.as_str());
        object.text("name", &info.name);
        object.text("user", &info.user);
        object.number("failover_timeout", info.failover_timeout.unwrap_or(0.0));
        object.boolean("checkpoint", framework.checkpoints());
        object.text("hostname", info.hostname.as_deref().unwrap_or_default());
        if let Some(principal) = &info.principal {
            object.text("principal", principal);
        }
        if mesos::capabilities::framework_has(info, capability::Type::MultiRole) {
            object.list("roles", &info.roles, |out, role| write_string(out, role));
        } else {
            object.text("role", info.role.as_deref().unwrap_or("*"));
        }
        object.list("executors", framework.executors.values(), write_executor);
        object.list(
            "completed_executors",
            &framework.completed_executors,
            write_executor,
        );
    });
}

fn write_executor(out: &mut Vec<u8>, executor: &Executor) {
    let info = &executor.info;
    Object::write(out, |object| {
        object.text("id", executor.id.as_str());
        object.text("name", info.name.as_deref().unwrap_or_default());
        object.text("source", info.source.as_deref().unwrap_or_default());
        object.text("container", executor.container_id.as_str());
        object.text("directory", &executor.directory);
        object.resources("resources", executor.allocated());
        if let Some(first) = info.resources.first() {
            object.text("role", role_of(first));
        }
        write_labels(object, info.labels.as_deref());
        if let Some(r#type) = info.r#type {
            object.text("type", executor_info::Type::as_str_name(r#type));
        }
        object.list("tasks", executor.launched.values(), write_task);
        object.list("queued_tasks", executor.queued.values(), write_queued_task);
        object.list(
            "completed_tasks",
            executor.completed.iter().chain(executor.terminated.values()),
            write_task,
        );
    });
}

fn write_task(out: &mut Vec<u8>, task: &Task) {
    Object::write(out, |object| {
        object.text("id", &task.task_id.value);
        object.text("name", &task.name);
        object.text("framework_id", &task.framework_id.value);
        object.text(
            "executor_id",
            task.executor_id.as_ref().map_or("", |id| &id.value),
        );
        object.text("slave_id", &task.slave_id.value);
        object.text("state", task.state.as_str_name());
        object.resources("resources", &task.resources);
        if !task.limits.is_empty() {
            object.object("limits", |limits| {
                for (name, limit) in &task.limits {
                    limits.number(name, limit.value);
                }
            });
        }
        object.text("role", task.resources.first().map_or("", role_of));
        object.list("statuses", &task.statuses, write_status);
        if let Some(user) = &task.user {
            object.text("user", user);
        }
        write_labels(object, task.labels.as_deref());
        if let Some(discovery) = &task.discovery {
            object.message("discovery", &**discovery);
        }
        if let Some(container) = &task.container {
            object.message("container", &**container);
        }
        if let Some(check) = &task.health_check {
            object.message("health_check", &**check);
        }
    });
}

fn write_queued_task(out: &mut Vec<u8>, task: &TaskInfo) {
    Object::write(out, |object| {
        object.text("id", &task.task_id.value);
        object.text("name", &task.name);
        object.text("slave_id", &task.slave_id.value);
        object.resources("resources", &task.resources);
        object.text("role", task.resources.first().map_or("", role_of));
        if let Some(command) = &task.command {
            object.raw("command", |out| write_command(out, command));
        }
        if let Some(executor) = &task.executor {
            object.text("executor_id", &executor.executor_id.value);
        }
        if let Some(discovery) = &task.discovery {
            object.message("discovery", &**discovery);
        }
    });
}

fn write_command(out: &mut Vec<u8>, command: &CommandInfo) {
    Object::write(out, |object| {
        if let Some(shell) = command.shell {
            object.boolean("shell", shell);
        }
        if let Some(value) = &command.value {
            object.text("value", value);
        }
        object.list("argv", &command.arguments, |out, argument| {
            write_string(out, argument)
        });
        if let Some(environment) = &command.environment {
            object.message("environment", &**environment);
        }
        object.list("uris", &command.uris, |out, uri| {
            Object::write(out, |object| {
                object.text("value", &uri.value);
                object.boolean("executable", uri.executable.unwrap_or(false));
            });
        });
    });
}

fn write_status(out: &mut Vec<u8>, status: &TaskStatus) {
    Object::write(out, |object| {
        object.text("state", status.state.as_str_name());
        object.number("timestamp", status.timestamp.unwrap_or(0.0));
        write_labels(object, status.labels.as_deref());
        if let Some(container) = &status.container_status {
            object.raw("container_status", |out| write_container_status(out, container));
        }
        if let Some(healthy) = status.healthy {
            object.boolean("healthy", healthy);
        }
    });
}

fn write_container_status(out: &mut Vec<u8>, status: &ContainerStatus) {
    Object::write(out, |object| {
        if let Some(id) = &status.container_id {
            object.message("container_id", &**id);
        }
        if !status.network_infos.is_empty() {
            object.list("network_infos", &status.network_infos, |out, network| {
                network.write_json(out, Dialect::V0)
            });
        }
        if let Some(cgroup) = &status.cgroup_info {
            object.message("cgroup_info", &**cgroup);
        }
    });
}

fn write_labels(object: &mut Object<'_>, labels: Option<&Labels>) {
    if let Some(labels) = labels {
        object.list("labels", &labels.labels, |out, label| {
            label.write_json(out, Dialect::V0)
        });
    }
}

fn role_of(resource: &Resource) -> &str {
    resource
        .allocation_info
        .as_ref()
        .and_then(|allocation| allocation.role.as_deref())
        .unwrap_or_default()
}
