//! Everything that can happen to an agent.

use libprocess_core::upid::Upid;
use mesos::ids::ContainerId;
use mesos_proto::v0;

use crate::{effect::Ticket, oversubscription::Load, recover::RecoveredState};

/// How a container ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContainerEnd {
    /// The status as `wait` encodes it; `None` when nobody could learn it.
    pub wait_status: Option<i32>,
}

/// A call on the executor API, read but not yet judged.
#[derive(Clone, Debug, PartialEq)]
pub struct ExecutorRequest {
    /// Names the request, and the stream when the call is a subscription.
    pub request: u64,
    /// The call.
    pub call: v0::executor::Call,
}

/// A message only the master may send.
#[derive(Clone, Debug, PartialEq)]
pub enum FromMaster {
    /// The first registration was accepted.
    Registered(v0::internal::SlaveRegisteredMessage),
    /// A registration under a known id was accepted.
    Reregistered(v0::internal::SlaveReregisteredMessage),
    /// Run a task.
    RunTask(Box<v0::internal::RunTaskMessage>),
    /// Run a group of tasks, all or none.
    RunTaskGroup(Box<v0::internal::RunTaskGroupMessage>),
    /// Kill a task.
    KillTask(v0::internal::KillTaskMessage),
    /// End all executors of a framework.
    ShutdownFramework(v0::internal::ShutdownFrameworkMessage),
    /// End an executor.
    ShutdownExecutor(v0::internal::ShutdownExecutorMessage),
    /// A framework changed its address or its description.
    UpdateFramework(Box<v0::internal::UpdateFrameworkMessage>),
    /// A scheduler has seen a status update.
    Acknowledgement(v0::internal::StatusUpdateAcknowledgementMessage),
    /// Do something to the agent's resources.
    ApplyOperation(Box<v0::internal::ApplyOperationMessage>),
    /// The end of an operation has been seen.
    OperationAcknowledged(v0::internal::AcknowledgeOperationStatusMessage),
    /// What became of these operations?
    ReconcileOperations(v0::internal::ReconcileOperationsMessage),
    /// These are the agent's reservations and volumes; said by masters that know no operations on agents.
    CheckpointResources(v0::internal::CheckpointResourcesMessage),
    /// End all executors and stop.
    Shutdown(v0::internal::ShutdownMessage),
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// The agent has started and its state on disk was read.
    Recover(Box<RecoveredState>),
    /// The leading master was found, or there is none.
    MasterDetected(Option<Upid>),
    /// A message that only counts when its sender is the master.
    FromMaster {
        /// Who sent it.
        from: Upid,
        /// What it says.
        message: FromMaster,
    },
    /// The master, through one of its observers, asks whether we live.
    Ping {
        /// Who asks.
        from: Upid,
        /// What it says.
        message: v0::internal::PingSlaveMessage,
    },
    /// A scheduler sends bytes to its executor.
    FrameworkMessage(v0::internal::FrameworkToExecutorMessage),
    /// A linked process is gone.
    Exited(Upid),
    /// An executor calls.
    Executor(Box<ExecutorRequest>),
    /// An executor's stream broke.
    ExecutorDisconnected {
        /// The stream.
        connection: u64,
    },
    /// A container was started, or could not be.
    ContainerLaunched {
        /// The ticket of the request.
        ticket: Ticket,
        /// Its first process, or why there is none.
        result: Result<u32, String>,
    },
    /// A container's first process ended.
    ContainerExited {
        /// The container.
        container_id: ContainerId,
        /// How.
        end: ContainerEnd,
    },
    /// What was to be written is on disk. A shell that cannot write does not say so: it ends the agent.
    Stored(Ticket),
    /// A volume could not be linked into a sandbox.
    VolumesNotLinked {
        /// The ticket of the request.
        ticket: Ticket,
        /// Why.
        reason: String,
    },
    /// The load asked for with `MeasureLoad`.
    LoadMeasured(Load),
    /// The time asked for with `WakeAfter` has come.
    Wake,
    /// The operator wants the agent to unregister, end its executors and stop (SIGUSR1).
    Unregister {
        /// What the log shall say.
        reason: String,
    },
}
