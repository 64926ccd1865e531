//! How Mesos shows its things in the JSON of the v0 endpoints.
//!
//! Not the JSON of the messages: `/state` and its relatives name fields after what operators call them, leave some
//! out and sum others up. Master and agent share these forms. Everything is written straight into the body.
//!
//! Mesos: `src/common/http.cpp`.

mod writer;

use mesos_proto::v0;
use mesos_proto::{Dialect, Message};

pub use self::writer::{Array, Object};
use crate::Resources;

/// The form of a task, the same everywhere.
pub fn task(object: &mut Object<'_>, task: &v0::Task, resources: &Resources) {
    object.string("id", &task.task_id.value);
    object.string("name", &task.name);
    object.string("framework_id", &task.framework_id.value);
    object.string(
        "executor_id",
        task.executor_id.as_deref().map_or("", |id| id.value.as_str()),
    );
    object.string("slave_id", &task.slave_id.value);
    object.string("state", task.state.as_str_name());
    object.resources("resources", resources);
    if !task.limits.is_empty() {
        object.object("limits", |limits| {
            for (name, limit) in &task.limits {
                if limit.value.is_finite() {
                    limits.number(name, limit.value);
                } else {
                    limits.string(name, "infinity");
                }
            }
        });
    }
    object.string("role", role_of(&task.resources));
    object.array("statuses", |statuses| {
        for one in &task.statuses {
            statuses.object(|object| status(object, one));
        }
    });
    if let Some(user) = &task.user {
        object.string("user", user);
    }
    if let Some(of_task) = &task.labels {
        labels(object, of_task);
    }
    if let Some(discovery) = task.discovery.as_deref() {
        object.message("discovery", discovery);
    }
    if let Some(container) = task.container.as_deref() {
        object.message("container", container);
    }
    if let Some(check) = task.health_check.as_deref() {
        object.message("health_check", check);
    }
}

/// The form of a task's status.
pub fn status(object: &mut Object<'_>, status: &v0::TaskStatus) {
    object.string("state", status.state.as_str_name());
    object.number("timestamp", status.timestamp.unwrap_or(0.0));
    if let Some(of_status) = &status.labels {
        labels(object, of_status);
    }
    if let Some(container) = status.container_status.as_deref() {
        object.object("container_status", |object| container_status(object, container));
    }
    if let Some(healthy) = status.healthy {
        object.bool("healthy", healthy);
    }
}

fn container_status(object: &mut Object<'_>, status: &v0::ContainerStatus) {
    if let Some(id) = status.container_id.as_deref() {
        object.message("container_id", id);
    }
    if !status.network_infos.is_empty() {
        object.array("network_infos", |infos| {
            for info in &status.network_infos {
                infos.object(|object| network_info(object, info));
            }
        });
    }
    if let Some(cgroup) = status.cgroup_info.as_deref() {
        object.message("cgroup_info", cgroup);
    }
}

fn network_info(object: &mut Object<'_>, info: &v0::NetworkInfo) {
    if !info.groups.is_empty() {
        object.array("groups", |groups| {
            info.groups.iter().for_each(|group| groups.string(group))
        });
    }
    if let Some(of_network) = &info.labels {
        labels(object, of_network);
    }
    if !info.ip_addresses.is_empty() {
        object.array("ip_addresses", |ips| {
            info.ip_addresses.iter().for_each(|ip| ips.message(ip))
        });
    }
    if let Some(name) = &info.name {
        object.string("name", name);
    }
    if !info.port_mappings.is_empty() {
        object.array("port_mappings", |ports| {
            info.port_mappings.iter().for_each(|port| ports.message(port))
        });
    }
}

/// The field `labels`: a list of keys and values.
pub fn labels(object: &mut Object<'_>, labels: &v0::Labels) {
    object.array("labels", |array| {
        labels.labels.iter().for_each(|label| array.message(label))
    });
}

/// The form of an executor.
pub fn executor_info(object: &mut Object<'_>, info: &v0::ExecutorInfo) {
    object.string("executor_id", &info.executor_id.value);
    object.string("name", info.name.as_deref().unwrap_or_default());
    object.string(
        "framework_id",
        info.framework_id.as_deref().map_or("", |id| id.value.as_str()),
    );
    object.object("command", |object| {
        if let Some(of_executor) = info.command.as_deref() {
            command(object, of_executor);
        } else {
            command(object, &v0::CommandInfo::default());
        }
    });
    object.resources(
        "resources",
        &Resources::from_protos(&info.resources).unwrap_or_default(),
    );
    if !info.resources.is_empty() {
        object.string("role", role_of(&info.resources));
    }
    if let Some(of_executor) = &info.labels {
        labels(object, of_executor);
    }
    if let Some(kind) = info.r#type {
        object.string("type", kind.as_str_name());
    }
}

/// The form of a command.
pub fn command(object: &mut Object<'_>, command: &v0::CommandInfo) {
    if let Some(shell) = command.shell {
        object.bool("shell", shell);
    }
    if let Some(value) = &command.value {
        object.string("value", value);
    }
    object.array("argv", |argv| {
        command
            .arguments
            .iter()
            .for_each(|argument| argv.string(argument))
    });
    if let Some(environment) = command.environment.as_deref() {
        object.message("environment", environment);
    }
    object.array("uris", |uris| {
        for uri in &command.uris {
            uris.object(|object| {
                object.string("value", &uri.value);
                object.bool("executable", uri.executable.unwrap_or(false));
            });
        }
    });
}

/// The fields every form of an agent begins with.
pub fn agent_info(object: &mut Object<'_>, info: &v0::SlaveInfo) {
    object.string("id", info.id.as_deref().map_or("", |id| id.value.as_str()));
    object.string("hostname", &info.hostname);
    object.integer("port", i64::from(info.port.unwrap_or(5051)));
    attributes(object, &info.attributes);
    if let Some(domain) = info.domain.as_deref() {
        object.message("domain", domain);
    }
}

/// The field `attributes`: one member for each, a number or its text.
pub fn attributes(object: &mut Object<'_>, attributes: &[v0::Attribute]) {
    object.raw("attributes", |out| crate::attributes::write_json(attributes, out));
}

/// Tasks and executors have all their resources from one role.
fn role_of(resources: &[v0::Resource]) -> &str {
    resources
        .first()
        .and_then(|resource| resource.allocation_info.as_deref())
        .and_then(|info| info.role.as_deref())
        .unwrap_or_default()
}

/// Appends a message in the JSON of the v0 API.
pub(crate) fn append<M: Message>(out: &mut Vec<u8>, message: &M) {
    message.write_json(out, Dialect::V0);
}
