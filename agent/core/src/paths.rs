//! Where things lie below the work directory, exactly where Mesos puts them.
//!
//! ```text
//! work_dir
//! ├─ slaves/<agent>/frameworks/<framework>/executors/<executor>/runs/{latest,<container>}      sandboxes
//! ├─ volumes/roles/<role>/<persistence id>                                                     persistent volumes
//! └─ meta
//!    ├─ boot_id
//!    ├─ resources/{resources.info,resources_and_operations.state}
//!    └─ slaves/{latest,<agent>}
//!       ├─ slave.info
//!       ├─ operations/<operation>/operation.updates
//!       └─ frameworks/<framework>/{framework.info,framework.pid}
//!          └─ executors/<executor>/{executor.info,runs/{latest,<container>}}
//!             └─ executor.sentinel · http.marker · pids/forked.pid · tasks/<task>/{task.info,task.updates}
//! ```
//!
//! Mesos: src/slave/paths.cpp.

use mesos::{
    Resource,
    ids::{AgentId, ContainerId, ExecutorId, FrameworkId, TaskId},
};
use mesos_proto::v0::resource::disk_info::source;

/// The directory of checkpointed state.
#[must_use]
pub fn meta_root(work_dir: &str) -> String {
    join(work_dir, "meta")
}

/// The note of which boot of the host the state belongs to.
#[must_use]
pub fn boot_id(work_dir: &str) -> String {
    format!("{}/boot_id", meta_root(work_dir))
}

/// The link to the agent whose state is to be recovered; `root` is the work directory or its `meta`.
#[must_use]
pub fn latest_agent(root: &str) -> String {
    join(root, "slaves/latest")
}

/// The directory of one agent id; `root` is the work directory or its `meta`.
#[must_use]
pub fn agent(root: &str, agent_id: &AgentId) -> String {
    join(root, &format!("slaves/{agent_id}"))
}

/// The checkpointed `SlaveInfo`.
#[must_use]
pub fn agent_info(work_dir: &str, agent_id: &AgentId) -> String {
    format!("{}/slave.info", agent(&meta_root(work_dir), agent_id))
}

/// The checkpointed reservations and persistent volumes, one record each.
#[must_use]
pub fn resources_info(work_dir: &str) -> String {
    format!("{}/resources/resources.info", meta_root(work_dir))
}

/// What [`resources_info`] is about to become, while volumes are made and removed.
#[must_use]
pub fn resources_target(work_dir: &str) -> String {
    format!("{}/resources/resources.target", meta_root(work_dir))
}

/// The checkpointed `ResourceState`: the same resources with the operations that are not done with.
#[must_use]
pub fn resource_state(work_dir: &str) -> String {
    format!("{}/resources/resources_and_operations.state", meta_root(work_dir))
}

/// What [`resource_state`] is about to become.
#[must_use]
pub fn resource_state_target(work_dir: &str) -> String {
    format!(
        "{}/resources/resources_and_operations.target",
        meta_root(work_dir)
    )
}

/// The directory of the updates of all operations.
#[must_use]
pub fn operations(work_dir: &str, agent_id: &AgentId) -> String {
    format!("{}/operations", agent(&meta_root(work_dir), agent_id))
}

/// The directory of the updates of one operation, named by the text of its uuid.
#[must_use]
pub fn operation(work_dir: &str, agent_id: &AgentId, uuid: &str) -> String {
    format!("{}/{uuid}", operations(work_dir, agent_id))
}

/// The checkpointed updates and acknowledgements of an operation.
#[must_use]
pub fn operation_updates(work_dir: &str, agent_id: &AgentId, uuid: &str) -> String {
    format!("{}/operation.updates", operation(work_dir, agent_id, uuid))
}

/// Where the data of a persistent volume is; `None` for a resource that is none.
///
/// The slashes of a role become spaces, which no role has.
///
/// Mesos: src/slave/paths.cpp, `getPersistentVolumePath`.
#[must_use]
pub fn persistent_volume(work_dir: &str, volume: &Resource) -> Option<String> {
    let disk = volume.disk()?;
    let id = &disk.persistence.as_ref()?.id;
    let role = volume.reservation_role()?.replace('/', " ");
    let below = |root: &str| {
        // A relative root is meant to be below the work directory.
        if root.starts_with('/') {
            root.to_owned()
        } else {
            join(work_dir, root)
        }
    };
    let managed = |root: &str| join(root, &format!("volumes/roles/{role}/{id}"));
    let Some(source) = &disk.source else {
        return Some(managed(work_dir));
    };
    match source.r#type {
        source::Type::Path => Some(managed(&below(source.path.as_ref()?.root.as_deref()?))),
        source::Type::Mount => Some(below(source.mount.as_ref()?.root.as_deref()?)),
        source::Type::Unknown | source::Type::Block | source::Type::Raw => None,
    }
}

/// The directory of a framework.
#[must_use]
pub fn framework(root: &str, agent_id: &AgentId, framework_id: &FrameworkId) -> String {
    format!("{}/frameworks/{framework_id}", agent(root, agent_id))
}

/// The checkpointed `FrameworkInfo`.
#[must_use]
pub fn framework_info(work_dir: &str, agent_id: &AgentId, framework_id: &FrameworkId) -> String {
    format!(
        "{}/framework.info",
        framework(&meta_root(work_dir), agent_id, framework_id)
    )
}

/// The checkpointed address of the scheduler.
#[must_use]
pub fn framework_pid(work_dir: &str, agent_id: &AgentId, framework_id: &FrameworkId) -> String {
    format!(
        "{}/framework.pid",
        framework(&meta_root(work_dir), agent_id, framework_id)
    )
}

/// The directory of an executor.
#[must_use]
pub fn executor(
    root: &str,
    agent_id: &AgentId,
    framework_id: &FrameworkId,
    executor_id: &ExecutorId,
) -> String {
    format!(
        "{}/executors/{executor_id}",
        framework(root, agent_id, framework_id)
    )
}

/// One run of an executor: its sandbox below the work directory, its checkpoints below `meta`.
#[derive(Clone, Copy, Debug)]
pub struct Run<'a> {
    /// The agent's work directory.
    pub work_dir: &'a str,
    /// The agent.
    pub agent_id: &'a AgentId,
    /// The framework.
    pub framework_id: &'a FrameworkId,
    /// The executor.
    pub executor_id: &'a ExecutorId,
    /// The container of this run.
    pub container_id: &'a ContainerId,
}

impl Run<'_> {
    fn below(&self, root: &str, rest: &str) -> String {
        format!(
            "{}/{rest}",
            executor(root, self.agent_id, self.framework_id, self.executor_id)
        )
    }

    fn meta(&self, rest: &str) -> String {
        self.below(
            &meta_root(self.work_dir),
            &format!("runs/{}{rest}", self.container_id),
        )
    }

    /// The executor's directory below the work directory.
    #[must_use]
    pub fn executor_directory(&self) -> String {
        executor(self.work_dir, self.agent_id, self.framework_id, self.executor_id)
    }

    /// The executor's directory below `meta`.
    #[must_use]
    pub fn executor_meta_directory(&self) -> String {
        executor(
            &meta_root(self.work_dir),
            self.agent_id,
            self.framework_id,
            self.executor_id,
        )
    }

    /// The sandbox.
    #[must_use]
    pub fn sandbox(&self) -> String {
        self.below(self.work_dir, &format!("runs/{}", self.container_id))
    }

    /// The link to the executor's latest sandbox.
    #[must_use]
    pub fn latest_sandbox(&self) -> String {
        self.below(self.work_dir, "runs/latest")
    }

    /// The name under which `/files` shows the latest sandbox.
    #[must_use]
    pub fn virtual_sandbox(&self) -> String {
        format!(
            "/frameworks/{}/executors/{}/runs/latest",
            self.framework_id, self.executor_id
        )
    }

    /// The run's directory below `meta`.
    #[must_use]
    pub fn meta_directory(&self) -> String {
        self.meta("")
    }

    /// The link to the executor's latest run below `meta`.
    #[must_use]
    pub fn latest_meta(&self) -> String {
        self.below(&meta_root(self.work_dir), "runs/latest")
    }

    /// The checkpointed `ExecutorInfo`.
    #[must_use]
    pub fn executor_info(&self) -> String {
        self.below(&meta_root(self.work_dir), "executor.info")
    }

    /// Whether the agent made the executor for a command task, as the text `0` or `1`.
    #[must_use]
    pub fn generated_for_command_task(&self) -> String {
        self.below(&meta_root(self.work_dir), "executor_generated_for_command_task")
    }

    /// The mark that the run is over.
    #[must_use]
    pub fn sentinel(&self) -> String {
        self.meta("/executor.sentinel")
    }

    /// The mark that the executor speaks the v1 API.
    #[must_use]
    pub fn http_marker(&self) -> String {
        self.meta("/http.marker")
    }

    /// The pid of the executor's first process.
    #[must_use]
    pub fn forked_pid(&self) -> String {
        self.meta("/pids/forked.pid")
    }

    /// The directory of a task below `meta`.
    #[must_use]
    pub fn task(&self, task_id: &TaskId) -> String {
        self.meta(&format!("/tasks/{task_id}"))
    }

    /// The checkpointed `Task`.
    #[must_use]
    pub fn task_info(&self, task_id: &TaskId) -> String {
        format!("{}/task.info", self.task(task_id))
    }

    /// The checkpointed status updates and acknowledgements of a task.
    #[must_use]
    pub fn task_updates(&self, task_id: &TaskId) -> String {
        format!("{}/task.updates", self.task(task_id))
    }
}

fn join(root: &str, rest: &str) -> String {
    format!("{}/{rest}", root.trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_lies_where_mesos_puts_it() {
        let (agent, framework) = (AgentId::new("S0"), FrameworkId::new("F-0000"));
        let (executor, container, task) = (ExecutorId::new("e"), ContainerId::new("c1"), TaskId::new("t"));
        let run = Run {
            work_dir: "/var/lib/a/",
            agent_id: &agent,
            framework_id: &framework,
            executor_id: &executor,
            container_id: &container,
        };
        for (found, expected) in [
            (
                run.sandbox(),
                "/var/lib/a/slaves/S0/frameworks/F-0000/executors/e/runs/c1",
            ),
            (
                run.latest_sandbox(),
                "/var/lib/a/slaves/S0/frameworks/F-0000/executors/e/runs/latest",
            ),
            (
                run.virtual_sandbox(),
                "/frameworks/F-0000/executors/e/runs/latest",
            ),
            (
                run.executor_info(),
                "/var/lib/a/meta/slaves/S0/frameworks/F-0000/executors/e/executor.info",
            ),
            (
                run.forked_pid(),
                "/var/lib/a/meta/slaves/S0/frameworks/F-0000/executors/e/runs/c1/pids/forked.pid",
            ),
            (
                run.task_updates(&task),
                "/var/lib/a/meta/slaves/S0/frameworks/F-0000/executors/e/runs/c1/tasks/t/task.updates",
            ),
            (
                agent_info("/var/lib/a", &agent),
                "/var/lib/a/meta/slaves/S0/slave.info",
            ),
            (boot_id("/var/lib/a"), "/var/lib/a/meta/boot_id"),
            (latest_agent("/var/lib/a/meta"), "/var/lib/a/meta/slaves/latest"),
        ] {
            assert_eq!(found, expected);
        }
    }
}
