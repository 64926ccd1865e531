//! What the core waits for. All timers live here; the shell is asked for one wake-up at a time.

use mesos::ids::{ContainerId, FrameworkId, TaskId};

use crate::operations::OperationUuid;

/// One wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Timer {
    /// Try to register (again).
    Register,
    /// The master sent no ping for too long.
    PingTimeout,
    /// The executor in this container had its time to subscribe.
    ExecutorRegistration(ContainerId),
    /// The executor in this container had its time to end.
    ExecutorShutdown(ContainerId),
    /// Executors of checkpointing frameworks had their time to come back after a restart.
    ExecutorReregistration,
    /// Tell all executors that we live.
    ExecutorHeartbeat,
    /// A status update was not acknowledged.
    UpdateRetry(FrameworkId, TaskId),
    /// Time to say what can be spared.
    Oversubscription,
    /// Time to look whether the host is overloaded.
    QosCorrections,
    /// The end of an operation was not acknowledged.
    OperationRetry(OperationUuid),
}
