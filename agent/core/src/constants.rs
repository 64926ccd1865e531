//! Numbers, with unit, reason and source.

use std::time::Duration;

/// Longest wait between two tries to register. Mesos: src/slave/constants.hpp, `REGISTER_RETRY_INTERVAL_MAX`.
pub const REGISTER_RETRY_INTERVAL_MAX: Duration = Duration::from_secs(60);

/// First wait for the acknowledgement of a status update.
/// Mesos: src/slave/constants.hpp, `STATUS_UPDATE_RETRY_INTERVAL_MIN`.
pub const STATUS_UPDATE_RETRY_INTERVAL_MIN: Duration = Duration::from_secs(10);

/// Longest wait for the acknowledgement of a status update.
/// Mesos: src/slave/constants.hpp, `STATUS_UPDATE_RETRY_INTERVAL_MAX`.
pub const STATUS_UPDATE_RETRY_INTERVAL_MAX: Duration = Duration::from_secs(600);

/// Without a ping for this long the master counts as gone, unless it told another figure at registration.
/// Mesos: src/master/constants.hpp, 5 pings of 15 s.
pub const DEFAULT_MASTER_PING_TIMEOUT: Duration = Duration::from_secs(75);

/// Time between two heartbeats to an executor.
/// Mesos: src/slave/constants.hpp, `DEFAULT_EXECUTOR_HEARTBEAT_INTERVAL`.
pub const EXECUTOR_HEARTBEAT_INTERVAL: Duration = Duration::from_secs(30 * 60);

/// The least time between two looks at the load: Mesos' default of none keeps its agent busy with nothing else.
pub const QOS_CORRECTION_INTERVAL_MIN: Duration = Duration::from_secs(1);

/// Completed frameworks that stay visible. Mesos: src/slave/constants.hpp, `MAX_COMPLETED_FRAMEWORKS`.
pub const MAX_COMPLETED_FRAMEWORKS: usize = 50;

/// Completed tasks that stay visible per executor.
/// Mesos: src/slave/constants.hpp, `MAX_COMPLETED_TASKS_PER_EXECUTOR`.
pub const MAX_COMPLETED_TASKS_PER_EXECUTOR: usize = 200;

/// CPUs added for the executor of a command task. Mesos: src/slave/constants.hpp, `DEFAULT_EXECUTOR_CPUS`.
pub const DEFAULT_EXECUTOR_CPUS: f64 = 0.1;

/// Megabytes added for the executor of a command task. Mesos: src/slave/constants.hpp, `DEFAULT_EXECUTOR_MEM`.
pub const DEFAULT_EXECUTOR_MEM_MB: f64 = 32.0;

/// Added to a task's own kill grace to get its executor's: a second to reap, a second to spare.
/// Mesos: src/slave/slave.cpp, `Slave::getExecutorInfo`.
pub const KILL_GRACE_MARGIN: Duration = Duration::from_secs(2);

/// File name of the command executor below `launcher_dir`.
pub const COMMAND_EXECUTOR: &str = "mesos-executor";

/// The release whose behaviour and wire this agent speaks: what registration messages and `/version` say.
pub const VERSION: &str = "1.11.0";
