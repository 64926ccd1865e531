//! Questions about tasks and operations.

use mesos_proto::v0::framework_info::capability::Type as Capability;
use mesos_proto::v0::{FrameworkInfo, OperationState, TaskInfo, TaskState};

use crate::capabilities;

pub use crate::capabilities::framework_has;

/// Tells whether a task in this state has ended for good.
///
/// Mesos: src/common/protobuf_utils.cpp, isTerminalState(const TaskState&)
pub fn is_terminal(state: TaskState) -> bool {
    match state {
        TaskState::TaskFinished
        | TaskState::TaskFailed
        | TaskState::TaskKilled
        | TaskState::TaskLost
        | TaskState::TaskError
        | TaskState::TaskDropped
        | TaskState::TaskGone
        | TaskState::TaskGoneByOperator => true,
        TaskState::TaskKilling
        | TaskState::TaskStaging
        | TaskState::TaskStarting
        | TaskState::TaskRunning
        | TaskState::TaskUnreachable
        | TaskState::TaskUnknown => false,
    }
}

/// Tells whether an operation in this state has ended for good.
///
/// Mesos: src/common/protobuf_utils.cpp, isTerminalState(const OperationState&)
pub fn is_operation_terminal(state: OperationState) -> bool {
    match state {
        OperationState::OperationDropped
        | OperationState::OperationError
        | OperationState::OperationFailed
        | OperationState::OperationFinished
        | OperationState::OperationGoneByOperator => true,
        OperationState::OperationPending
        | OperationState::OperationRecovering
        | OperationState::OperationUnknown
        | OperationState::OperationUnreachable
        | OperationState::OperationUnsupported => false,
    }
}

/// The state a framework is told: one that is not PARTITION_AWARE knows a single word for all the ways a
/// task can be lost.
///
/// Mesos: src/master/master.cpp, the choice of TASK_LOST in Master::_markUnreachable and Master::drop
pub fn told_state(state: TaskState, info: &FrameworkInfo) -> TaskState {
    match state {
        TaskState::TaskDropped
        | TaskState::TaskUnreachable
        | TaskState::TaskGone
        | TaskState::TaskGoneByOperator
        | TaskState::TaskUnknown
            if !capabilities::framework_has(info, Capability::PartitionAware) =>
        {
            TaskState::TaskLost
        }
        other => other,
    }
}

/// Tells whether a task brings its command only, and the agent supplies the executor.
pub fn is_command_task(task: &TaskInfo) -> bool {
    task.command.is_some() && task.executor.is_none()
}
