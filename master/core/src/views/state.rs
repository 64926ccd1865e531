//! `/state`, `/flags`.

use mesos::model::Object;
use mesos_proto::v0::master_info::capability;

use crate::state::Master;

/// What the program says of its own making.
#[derive(Debug, Clone, Copy)]
pub struct Build {
    /// The version it is compatible with.
    pub version: &'static str,
    /// The day it was made.
    pub date: &'static str,
    /// The same in seconds since 1970.
    pub time: f64,
    /// Who made it.
    pub user: &'static str,
    /// The commit it was made from.
    pub git_sha: &'static str,
    /// The tag it was made from.
    pub git_tag: &'static str,
}

impl Master {
    /// `/state`: everything.
    ///
    /// Mesos: `src/master/readonly_handler.cpp`, `Master::ReadOnlyHandler::state`.
    pub fn state(&self, build: &Build) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.size_hint());
        let hosts = self.hosts();
        Object::write(&mut out, |object| {
            object.string("version", build.version);
            object.string("git_sha", build.git_sha);
            object.string("git_tag", build.git_tag);
            object.string("build_date", build.date);
            object.number("build_time", build.time);
            object.string("build_user", build.user);
            object.number("start_time", self.started.secs_f64());
            if let Some(elected) = self.elected {
                object.number("elected_time", elected.secs_f64());
            }
            let pid = self.info.pid.as_deref().unwrap_or_default();
            let hostname = self.info.hostname.as_deref().unwrap_or_default();
            object.string("id", &self.info.id);
            object.string("pid", pid);
            object.string("hostname", hostname);
            object.array("capabilities", |array| {
                for capability in self
                    .info
                    .capabilities
                    .iter()
                    .filter_map(|capability| capability.r#type)
                {
                    if capability != capability::Type::Unknown {
                        array.string(capability.as_str_name());
                    }
                }
            });
            let (active, inactive, unreachable) = self.agent_counts();
            object.number("activated_slaves", count(active));
            object.number("deactivated_slaves", count(inactive));
            object.number("unreachable_slaves", count(unreachable));
            if let Some(domain) = self.info.domain.as_deref() {
                object.message("domain", domain);
            }
            if let Some(cluster) = &self.options.cluster {
                object.string("cluster", cluster);
            }
            object.string("leader", pid);
            object.object("leader_info", |object| {
                object.string("id", &self.info.id);
                object.string("pid", pid);
                object.integer("port", i64::from(self.info.port));
                object.string("hostname", hostname);
                if let Some(domain) = self.info.domain.as_deref() {
                    object.message("domain", domain);
                }
            });
            self.flags_members(object);
            object.array("slaves", |array| {
                for agent in self.agents.values() {
                    array.object(|object| self.agent_full(object, agent));
                }
            });
            object.array("recovered_slaves", |array| {
                for info in self.recovered.values() {
                    array.object(|object| mesos::model::agent_info(object, info));
                }
            });
            object.array("frameworks", |array| {
                for framework in self.frameworks.values() {
                    array.object(|object| self.framework_full(object, framework, &hosts));
                }
            });
            object.array("completed_frameworks", |array| {
                for framework in &self.completed {
                    array.object(|object| self.framework_full(object, framework, &hosts));
                }
            });
            object.array("orphan_tasks", |_| {});
            object.array("unregistered_frameworks", |_| {});
        });
        out
    }

    /// `/flags`: what the master was started with.
    pub fn flags(&self) -> Vec<u8> {
        let mut out = Vec::new();
        Object::write(&mut out, |object| self.flags_members(object));
        out
    }

    fn flags_members(&self, object: &mut Object<'_>) {
        object.object("flags", |object| {
            for (name, value) in &self.options.shown {
                object.string(name, value);
            }
        });
    }

    /// Roughly how long the JSON of everything is, so that the body grows once.
    pub(super) fn size_hint(&self) -> usize {
        let tasks = |framework: &crate::state::Framework| {
            framework.tasks.len() + framework.unreachable_tasks.len() + framework.completed_tasks.len()
        };
        let tasks: usize = self.frameworks.values().chain(&self.completed).map(tasks).sum();
        8192 + tasks * 1100 + self.agents.len() * 1024
    }
}

/// A count as Mesos shows it: a number with a fraction.
pub(super) fn count(n: usize) -> f64 {
    f64::from(u32::try_from(n).unwrap_or(u32::MAX))
}
