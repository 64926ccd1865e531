//! A container ended.

use libprocess_core::time::Time;
use mesos::ids::{ContainerId, ExecutorId, FrameworkId, TaskId};
use mesos_proto::v0::{TaskState, internal::ExitedExecutorMessage, task_status::Reason};
use tracing::{debug, info};

use crate::{
    core::{AgentCore, AgentState, Effects, Origin},
    effect::{Effect, Outgoing},
    executor::{ContainerState, ExecutorState, Termination},
    executor_update::AgentUpdate,
    framework::FrameworkState,
    input::ContainerEnd,
};

impl AgentCore {
    /// The first process of a container ended.
    pub(crate) fn container_exited(
        &mut self,
        now: Time,
        container_id: &ContainerId,
        end: ContainerEnd,
        out: &mut Effects,
    ) {
        let Some(executor) = self.executor_in(container_id) else {
            debug!(%container_id, "a container that is not ours any more ended");
            return;
        };
        executor.container = ContainerState::Gone;
        self.executor_terminated(now, container_id, end.wait_status, out);
    }

    /// An executor is gone, or never came to be: its unfinished tasks end with it.
    ///
    /// Mesos: src/slave/slave.cpp, `Slave::executorTerminated`.
    pub(crate) fn executor_terminated(
        &mut self,
        now: Time,
        container_id: &ContainerId,
        status: Option<i32>,
        out: &mut Effects,
    ) {
        let Some((framework_id, executor_id)) = self.containers.remove(container_id) else {
            return;
        };
        let Some(framework) = self.frameworks.get_mut(&framework_id) else {
            return;
        };
        let running = framework.state == FrameworkState::Running;
        let Some(executor) = framework.executors.get_mut(&executor_id) else {
            return;
        };
        info!(%framework_id, %executor_id, %container_id, ?status, "executor terminated");
        self.counters.executors_terminated += 1;
        executor.state = ExecutorState::Terminated;
        let command_task = executor.command_task;
        if let Some(timer) = executor.timer.take() {
            self.timers.cancel(timer);
        }
        if let Some(connection) = executor.connection.take() {
            self.connections.remove(&connection);
            out.push(Effect::CloseStream { connection });
        }
        let end = executor
            .pending_termination
            .take()
            .unwrap_or_else(|| Termination {
                state: TaskState::TaskFailed,
                reason: Reason::ReasonExecutorTerminated,
                message: "Executor terminated".to_owned(),
            });
        let unfinished: Vec<TaskId> = executor
            .launched
            .keys()
            .chain(executor.queued.keys())
            .cloned()
            .collect();
        if running {
            for task_id in unfinished {
                let update = self.agent_update(
                    now,
                    &AgentUpdate {
                        framework_id: &framework_id,
                        executor_id: Some(&executor_id),
                        task_id: &task_id,
                        state: end.state,
                        reason: end.reason,
                        message: &end.message,
                    },
                );
                self.status_update(now, update, Origin::Agent, out);
            }
        } else {
            // The framework is gone for the master as well: nobody would take the updates.
            let launched = std::mem::take(&mut executor.launched);
            executor.terminated.extend(launched);
        }
        if !command_task {
            self.send_exited_executor(&framework_id, &executor_id, status, out);
        }
        self.remove_executor_if_done(&framework_id, &executor_id, out);
        self.remove_framework_if_idle(&framework_id, out);
    }

    /// Tells the master that an executor is gone.
    pub(crate) fn send_exited_executor(
        &self,
        framework_id: &FrameworkId,
        executor_id: &ExecutorId,
        status: Option<i32>,
        out: &mut Effects,
    ) {
        let Some(master) = self
            .master
            .clone()
            .filter(|_| self.state != AgentState::Recovering)
        else {
            return;
        };
        let message = ExitedExecutorMessage {
            slave_id: self.id().to_proto(),
            framework_id: framework_id.to_proto(),
            executor_id: executor_id.to_proto(),
            status: status.unwrap_or(-1),
            ..ExitedExecutorMessage::default()
        };
        out.push(Effect::Send {
            to: master,
            message: Outgoing::new(&message),
        });
    }
}
