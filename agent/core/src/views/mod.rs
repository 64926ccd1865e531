//! What the agent shows of itself: `/state`, the reading calls of the operator API, metrics, containers.

mod metrics;
mod operator;
mod state;

use mesos::ids::{ContainerId, ExecutorId, FrameworkId};
use mesos_proto::v0::{ContainerStatus, Resource};

use crate::{
    core::AgentCore,
    executor::{ContainerState, Executor},
    framework::Framework,
};

/// What the shell knows about the daemon and `/state` shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Daemon {
    /// Members of `/version`, name and value, in the order of `/state`; numbers are written as such.
    pub version: Vec<(String, VersionValue)>,
    /// Flags that have a value, by name.
    pub flags: Vec<(String, String)>,
    /// Host name of the master.
    pub master_hostname: Option<String>,
    /// `--log_dir`.
    pub log_dir: Option<String>,
    /// `--external_log_file`.
    pub external_log_file: Option<String>,
}

/// A member of `/version`.
#[derive(Clone, Debug, PartialEq)]
pub enum VersionValue {
    /// A text.
    Text(String),
    /// A number.
    Number(f64),
}

/// A container that runs, as `/containers` and `/monitor/statistics` show it.
#[derive(Clone, Debug, PartialEq)]
pub struct ContainerView {
    /// Its framework.
    pub framework_id: FrameworkId,
    /// Its executor.
    pub executor_id: ExecutorId,
    /// The executor's name.
    pub executor_name: String,
    /// Where the executor comes from; empty when it does not say.
    pub source: String,
    /// The container.
    pub container_id: ContainerId,
    /// Its first process.
    pub pid: u32,
    /// CPUs allotted to it.
    pub cpus: f64,
    /// Bytes of memory allotted to it.
    pub memory_bytes: u64,
}

impl ContainerView {
    /// What is known of the container without asking the system.
    #[must_use]
    pub fn status(&self) -> ContainerStatus {
        ContainerStatus {
            container_id: Some(Box::new(self.container_id.to_proto())),
            executor_pid: Some(self.pid),
            ..ContainerStatus::default()
        }
    }
}

impl AgentCore {
    /// The containers that run.
    #[must_use]
    pub fn containers(&self) -> Vec<ContainerView> {
        let executors = self
            .frameworks
            .values()
            .flat_map(|framework| framework.executors.values());
        executors
            .filter_map(|executor| {
                let ContainerState::Running(pid) = executor.container else {
                    return None;
                };
                let allotted = |name: &str| sum(executor.allocated(), name, false);
                // Megabytes of one host fit a double's whole numbers.
                #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
                let memory_bytes = (allotted("mem") * 1024.0 * 1024.0) as u64;
                Some(ContainerView {
                    framework_id: executor.framework_id.clone(),
                    executor_id: executor.id.clone(),
                    executor_name: executor.info.name.clone().unwrap_or_default(),
                    source: executor.info.source.clone().unwrap_or_default(),
                    container_id: executor.container_id.clone(),
                    pid,
                    cpus: allotted("cpus"),
                    memory_bytes,
                })
            })
            .collect()
    }

    /// All frameworks, the running ones first.
    fn all_frameworks(&self) -> impl Iterator<Item = &Framework> {
        self.frameworks.values().chain(&self.completed_frameworks)
    }

    /// All executors, the running ones of a framework first.
    fn all_executors(&self) -> impl Iterator<Item = &Executor> {
        self.all_frameworks()
            .flat_map(|framework| framework.executors.values().chain(&framework.completed_executors))
    }
}

/// The sum of one scalar resource, revocable or not, in thousandths as Mesos adds them.
fn sum<'a>(resources: impl Iterator<Item = &'a Resource>, name: &str, revocable: bool) -> f64 {
    let mut total = mesos::Scalar::from_f64(0.0);
    for resource in
        resources.filter(|resource| resource.name == name && resource.revocable.is_some() == revocable)
    {
        if let Some(scalar) = &resource.scalar {
            total += mesos::Scalar::from_f64(scalar.value);
        }
    }
    total.to_f64()
}
