//! Executors, frameworks and the agent end.

use libprocess_core::duration::format_duration;
use libprocess_core::time::Time;
use mesos::ids::{ContainerId, ExecutorId, FrameworkId};
use mesos_proto::v0::{
    TaskState,
    executor::event::Type,
    internal::{ShutdownExecutorMessage, ShutdownFrameworkMessage},
    task_status::Reason,
};
use tracing::{info, warn};

use crate::{
    core::{AgentCore, AgentState, Effects},
    effect::Effect,
    executor::{ExecutorState, Termination},
    executor_subscribe::event_of,
    framework::FrameworkState,
    timers::Timer,
};

impl AgentCore {
    /// The master says that a framework is over: all its executors end.
    ///
    /// Mesos: src/slave/slave.cpp, `Slave::shutdownFramework`.
    pub(crate) fn shutdown_framework(
        &mut self,
        now: Time,
        message: &ShutdownFrameworkMessage,
        out: &mut Effects,
    ) {
        if matches!(self.state, AgentState::Recovering | AgentState::Disconnected) {
            warn!("ignoring the end of a framework because the agent is not registered");
            return;
        }
        self.end_framework(now, &FrameworkId::from(&message.framework_id), out);
    }

    fn end_framework(&mut self, now: Time, framework_id: &FrameworkId, out: &mut Effects) {
        let Some(framework) = self.frameworks.get_mut(framework_id) else {
            // Updates of tasks that never had an executor here are all that can be left.
            self.drop_updates(framework_id);
            return;
        };
        if framework.state == FrameworkState::Terminating {
            warn!(%framework_id, "ignoring the end of a framework that is terminating");
            return;
        }
        info!(%framework_id, "shutting down framework");
        framework.state = FrameworkState::Terminating;
        let executors: Vec<(ExecutorId, ExecutorState)> = framework
            .executors
            .values()
            .map(|executor| (executor.id.clone(), executor.state))
            .collect();
        for (executor_id, state) in executors {
            match state {
                ExecutorState::Registering | ExecutorState::Running => {
                    self.end_executor(now, framework_id, &executor_id, out)
                }
                ExecutorState::Terminated => self.remove_executor_if_done(framework_id, &executor_id, out),
                ExecutorState::Terminating => {}
            }
        }
        self.remove_framework_if_idle(framework_id, out);
    }

    /// The master wants one executor to end.
    ///
    /// Mesos: src/slave/slave.cpp, `Slave::shutdownExecutor`.
    pub(crate) fn shutdown_executor(
        &mut self,
        now: Time,
        message: &ShutdownExecutorMessage,
        out: &mut Effects,
    ) {
        let (Some(framework_id), Some(executor_id)) = (&message.framework_id, &message.executor_id) else {
            return;
        };
        let (framework_id, executor_id) = (
            FrameworkId::from(&**framework_id),
            ExecutorId::from(&**executor_id),
        );
        if matches!(self.state, AgentState::Recovering | AgentState::Disconnected) {
            warn!(%framework_id, %executor_id, "ignoring the end of an executor because the agent is not registered");
            return;
        }
        let framework = self
            .frameworks
            .get(&framework_id)
            .filter(|framework| framework.state == FrameworkState::Running);
        match framework
            .and_then(|framework| framework.executors.get(&executor_id))
            .map(|executor| executor.state)
        {
            Some(ExecutorState::Registering | ExecutorState::Running) => {
                self.end_executor(now, &framework_id, &executor_id, out)
            }
            Some(state @ (ExecutorState::Terminating | ExecutorState::Terminated)) => {
                warn!(%framework_id, %executor_id, ?state, "ignoring the end of an executor that is ending");
            }
            None => warn!(%framework_id, %executor_id, "ignoring the end of an unknown executor"),
        }
    }

    /// Asks an executor to end, and destroys its container when it takes too long.
    ///
    /// Mesos: src/slave/slave.cpp, `Slave::_shutdownExecutor`.
    pub(crate) fn end_executor(
        &mut self,
        now: Time,
        framework_id: &FrameworkId,
        executor_id: &ExecutorId,
        out: &mut Effects,
    ) {
        let Some(framework) = self.frameworks.get(framework_id) else {
            return;
        };
        let Some(executor) = framework.executors.get(executor_id) else {
            return;
        };
        info!(%framework_id, %executor_id, "shutting down executor");
        let (container_id, connection) = (executor.container_id.clone(), executor.connection);
        let timer = self.timers.insert(
            now + self.shutdown_grace(executor),
            Timer::ExecutorShutdown(container_id.clone()),
        );
        let Some(executor) = self.executor_in(&container_id) else {
            return;
        };
        executor.state = ExecutorState::Terminating;
        if let Some(old) = executor.timer.replace(timer) {
            self.timers.cancel(old);
        }
        match connection {
            Some(connection) => {
                out.push(Effect::Event {
                    connection,
                    event: Box::new(event_of(Type::Shutdown)),
                });
            }
            // It cannot be asked: one that was never connected has nothing to lose.
            None => self.destroy(now, &container_id, out),
        }
    }

    /// An executor was asked to end and did not.
    pub(crate) fn executor_shutdown_timed_out(
        &mut self,
        now: Time,
        container_id: &ContainerId,
        out: &mut Effects,
    ) {
        let Some(executor) = self.executor_in(container_id) else {
            return;
        };
        executor.timer = None;
        if executor.state == ExecutorState::Terminating {
            info!(executor_id = %executor.id, %container_id, "killing an executor that does not end");
            self.destroy(now, container_id, out);
        }
    }

    /// An executor was started and did not subscribe.
    ///
    /// Mesos: src/slave/slave.cpp, `Slave::registerExecutorTimeout`.
    pub(crate) fn executor_registration_timed_out(
        &mut self,
        now: Time,
        container_id: &ContainerId,
        out: &mut Effects,
    ) {
        let timeout = format_duration(self.config.executor_registration_timeout);
        let Some(executor) = self.executor_in(container_id) else {
            return;
        };
        executor.timer = None;
        if executor.state != ExecutorState::Registering {
            return;
        }
        warn!(executor_id = %executor.id, %container_id, "killing an executor that did not register");
        executor.state = ExecutorState::Terminating;
        executor.pending_termination = Some(Termination {
            state: TaskState::TaskFailed,
            reason: Reason::ReasonExecutorRegistrationTimeout,
            message: format!("Executor did not register within {timeout}"),
        });
        self.destroy(now, container_id, out);
    }

    /// The agent ends: its executors first.
    ///
    /// Mesos: src/slave/slave.cpp, `Slave::shutdown`.
    pub(crate) fn shutdown(&mut self, now: Time, reason: &str, out: &mut Effects) {
        info!(reason, "shutting down the agent");
        self.state = AgentState::Terminating;
        self.pause_updates();
        self.pause_operations();
        let frameworks: Vec<FrameworkId> = self.frameworks.keys().cloned().collect();
        for framework_id in &frameworks {
            self.end_framework(now, framework_id, out);
        }
        if frameworks.is_empty() {
            out.push(Effect::Terminate { error: None });
        }
    }
}
