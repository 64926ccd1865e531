//! What the agent was told at its start.

use std::time::Duration;

use libprocess_core::upid::Upid;
use mesos_proto::v0;

use crate::oversubscription::Oversubscription;

/// The settings the core needs; the shell makes them from the flags and from the host.
#[derive(Clone, Debug)]
pub struct Config {
    /// The agent's own address, `slave(1)@ip:port`.
    pub pid: Upid,
    /// What the agent offers, without an id.
    pub info: v0::SlaveInfo,
    /// Root of sandboxes and metadata (`--work_dir`).
    pub work_dir: String,
    /// Where the helper binaries are (`--launcher_dir`).
    pub launcher_dir: String,
    /// The command executor with all links followed, or why it cannot be found.
    pub command_executor: Result<String, String>,
    /// Whether executors may run as another user (`--switch_user`).
    pub switch_user: bool,
    /// `LIBPROCESS_IP` of the agent, handed on to executors.
    pub libprocess_ip: Option<String>,
    /// Variables every executor gets (`--executor_environment_variables`).
    pub executor_environment: Vec<(String, String)>,
    /// Bound of the first wait before registering (`--registration_backoff_factor`).
    pub registration_backoff_factor: Duration,
    /// How long an executor may take to subscribe (`--executor_registration_timeout`).
    pub executor_registration_timeout: Duration,
    /// How long recovered executors may take to come back (`--executor_reregistration_timeout`).
    pub executor_reregistration_timeout: Duration,
    /// How long an executor may take to end (`--executor_shutdown_grace_period`).
    pub executor_shutdown_grace_period: Duration,
    /// How long a checkpointing executor waits for its agent (`--recovery_timeout`).
    pub recovery_timeout: Duration,
    /// Completed executors that stay visible per framework (`--max_completed_executors_per_framework`).
    pub max_completed_executors_per_framework: usize,
    /// What is offered beyond what the agent has, and when it is taken back.
    pub oversubscription: Oversubscription,
    /// End recovered executors instead of taking them back (`--recover=cleanup`).
    pub recover_cleanup: bool,
}
