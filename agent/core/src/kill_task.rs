//! The master wants a task to end.

use libprocess_core::time::Time;
use mesos::ids::{ExecutorId, FrameworkId, TaskId};
use mesos_proto::v0::{
    TaskState,
    executor::{Event, event},
    internal::KillTaskMessage,
    task_status::Reason,
};
use tracing::{info, warn};

use crate::{
    core::{AgentCore, AgentState, Effects, Origin},
    effect::Effect,
    executor::ExecutorState,
    executor_subscribe::event_of,
    executor_update::AgentUpdate,
    framework::FrameworkState,
    resources::dropped,
};

impl AgentCore {
    /// A task that its executor has is killed by the executor; one that still waits is killed here; one nobody
    /// knows is reported as lost.
    ///
    /// Mesos: src/slave/slave.cpp, `Slave::killTask` and `Slave::kill`.
    pub(crate) fn kill_task(&mut self, now: Time, message: &KillTaskMessage, out: &mut Effects) {
        let framework_id = FrameworkId::from(&message.framework_id);
        let task_id = TaskId::from(&message.task_id);
        info!(%framework_id, %task_id, "asked to kill a task");
        if matches!(self.state, AgentState::Recovering | AgentState::Terminating) {
            warn!(%framework_id, %task_id, state = ?self.state, "cannot kill a task in this state of the agent");
            return;
        }
        let framework = self.frameworks.get(&framework_id);
        let Some(framework) = framework.filter(|framework| framework.state == FrameworkState::Running) else {
            warn!(%framework_id, %task_id, "ignoring the kill of a task of an unknown or terminating framework");
            return;
        };
        let Some(executor) = framework.executor_of(&task_id) else {
            let state = dropped(&framework.info);
            self.kill_here(
                now,
                &framework_id,
                None,
                &task_id,
                state,
                Reason::ReasonExecutorTerminated,
                "Cannot find executor",
                out,
            );
            return;
        };
        let executor_id = executor.id.clone();
        let queued = executor.queued.contains_key(&task_id);
        match executor.state {
            ExecutorState::Terminating | ExecutorState::Terminated => {
                warn!(%framework_id, %task_id, "ignoring the kill of a task whose executor is ending");
            }
            ExecutorState::Registering | ExecutorState::Running if queued => {
                self.kill_queued(now, &framework_id, &executor_id, &task_id, out);
            }
            ExecutorState::Registering => {
                warn!(%framework_id, %task_id, "the executor of the task has not come back yet");
                let state = TaskState::TaskKilled;
                let text = "Killed before delivery to the executor";
                self.kill_here(
                    now,
                    &framework_id,
                    Some(&executor_id),
                    &task_id,
                    state,
                    Reason::ReasonTaskKilledDuringLaunch,
                    text,
                    out,
                );
            }
            ExecutorState::Running => match executor.connection {
                Some(connection) => {
                    let kill = event::Kill {
                        task_id: message.task_id.clone(),
                        kill_policy: message.kill_policy.clone(),
                        ..event::Kill::default()
                    };
                    let event = Event {
                        kill: Some(Box::new(kill)),
                        ..event_of(event::Type::Kill)
                    };
                    out.push(Effect::Event {
                        connection,
                        event: Box::new(event),
                    });
                }
                None => {
                    warn!(%framework_id, %task_id, "cannot pass on a kill to an executor that is not connected")
                }
            },
        }
    }

    /// A task its executor has not seen is killed here, and with it the group it belongs to.
    fn kill_queued(
        &mut self,
        now: Time,
        framework_id: &FrameworkId,
        executor_id: &ExecutorId,
        task_id: &TaskId,
        out: &mut Effects,
    ) {
        let executor = &self.frameworks[framework_id].executors[executor_id];
        let registering = executor.state == ExecutorState::Registering;
        let group = executor.queued_group(task_id).cloned();
        let text = if group.is_some() && registering {
            "A task within the task group was killed before delivery to the executor"
        } else {
            "Killed before delivery to the executor"
        };
        let tasks = match group {
            Some(group) => group
                .tasks
                .iter()
                .map(|task| TaskId::from(&task.task_id))
                .collect(),
            None => vec![task_id.clone()],
        };
        for task_id in tasks {
            let reason = Reason::ReasonTaskKilledDuringLaunch;
            self.kill_here(
                now,
                framework_id,
                Some(executor_id),
                &task_id,
                TaskState::TaskKilled,
                reason,
                text,
                out,
            );
        }
        let idle = self
            .frameworks
            .get(framework_id)
            .and_then(|framework| framework.executors.get(executor_id))
            .is_some_and(|executor| {
                executor.state == ExecutorState::Running
                    && !executor.ever_sent_task()
                    && executor.queued.is_empty()
            });
        if idle {
            warn!(%framework_id, %executor_id, "ending an executor that has nothing to do any more");
            self.end_executor(now, framework_id, executor_id, out);
        }
    }

    #[allow(clippy::too_many_arguments)]
    fn kill_here(
        &mut self,
        now: Time,
        framework_id: &FrameworkId,
        executor_id: Option<&ExecutorId>,
        task_id: &TaskId,
        state: TaskState,
        reason: Reason,
        message: &str,
        out: &mut Effects,
    ) {
        let update = self.agent_update(
            now,
            &AgentUpdate {
                framework_id,
                executor_id,
                task_id,
                state,
                reason,
                message,
            },
        );
        self.status_update(now, update, Origin::Agent, out);
    }
}
