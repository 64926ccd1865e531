//! An agent reports what became of a task.

use libprocess_core::time::Time;
use libprocess_core::upid::Upid;
use mesos::ids::{AgentId, FrameworkId, TaskId};
use mesos_proto::v0::{TaskState, internal, task_status};
use tracing::{info, warn};

use crate::effect::{Effects, status_event};
use crate::state::Master;

impl Master {
    /// Passes an update on to the scheduler and takes note of it.
    ///
    /// What frees the resources is the latest state the agent knows; what the scheduler is told is the update at the
    /// head of the agent's queue, which may be older. Trip 12/14. Mesos: `Master::statusUpdate`, `Master::forward`.
    pub(crate) fn status_update(
        &mut self,
        now: Time,
        from: &Upid,
        message: internal::StatusUpdateMessage,
        effects: &mut Effects,
    ) {
        self.metrics.bump("messages_status_update");
        let update = message.update;
        let framework_id = FrameworkId::from(&update.framework_id);
        let task_id = TaskId::from(&update.status.task_id);
        let agent_id = update.slave_id.as_deref().map(AgentId::from);
        let known = agent_id.as_ref().and_then(|id| self.agents.get(id));
        if known.is_none_or(|agent| agent.pid != *from)
            || update.uuid.as_ref().is_none_or(|uuid| uuid.len() != 16)
        {
            warn!(%framework_id, %task_id, %from, "status update ignored");
            self.metrics.bump("invalid_status_updates");
            return;
        }
        info!(trip = 12, %framework_id, %task_id, state = update.status.state.as_str_name(), "status update");
        let listens = self
            .frameworks
            .get(&framework_id)
            .is_some_and(|framework| framework.is_connected());
        if listens {
            self.forward(&framework_id, &task_id, &update, effects);
        } else {
            warn!(%framework_id, %task_id, "status update for a framework that is not there");
        }
        let valid = self.note_update(now, &framework_id, &task_id, update) && listens;
        self.metrics.bump(if valid {
            "valid_status_updates"
        } else {
            "invalid_status_updates"
        });
    }

    /// Tells the scheduler. Mesos: `src/internal/evolve.cpp` for what the event carries.
    fn forward(
        &mut self,
        framework_id: &FrameworkId,
        task_id: &TaskId,
        update: &internal::StatusUpdate,
        effects: &mut Effects,
    ) {
        let task = self
            .frameworks
            .get_mut(framework_id)
            .and_then(|framework| framework.tasks.get_mut(task_id));
        if let Some(task) = task {
            task.message.status_update_state = Some(update.status.state);
            task.message.status_update_uuid = update.uuid.clone();
        }
        let mut status = update.status.clone();
        status.slave_id = update.slave_id.clone().or(status.slave_id);
        status.executor_id = update.executor_id.clone().or(status.executor_id);
        status.timestamp = Some(update.timestamp);
        status.uuid = update.uuid.clone();
        let event = status_event(status);
        self.send_event(framework_id, *event, effects);
    }

    /// Takes note of an update; frees the resources of a task that ended. Returns whether the task is known.
    ///
    /// Mesos: `Master::updateTask`.
    fn note_update(
        &mut self,
        now: Time,
        framework_id: &FrameworkId,
        task_id: &TaskId,
        update: internal::StatusUpdate,
    ) -> bool {
        let latest = update.latest_state.unwrap_or(update.status.state);
        let Some(framework) = self.frameworks.get_mut(framework_id) else {
            return false;
        };
        let Some(task) = framework.tasks.get_mut(task_id) else {
            return false;
        };
        let ends = task.holds_resources()
            && (mesos::task::is_terminal(latest) || latest == TaskState::TaskUnreachable);
        if !ends && !mesos::task::is_terminal(task.message.state) {
            task.message.state = latest;
        }
        let mut status = update.status;
        let check = matches!(
            status.reason,
            Some(
                task_status::Reason::ReasonTaskCheckStatusUpdated
                    | task_status::Reason::ReasonTaskHealthCheckStatusUpdated
            )
        );
        let repeats = task
            .message
            .statuses
            .last()
            .is_some_and(|last| last.state == status.state);
        if repeats {
            task.message.statuses.pop();
        }
        // Data may be large and nobody is shown it. Mesos: MESOS-1746.
        status.data = None;
        task.message.statuses.push(status.clone());
        if ends {
            self.finish_task_state(framework_id, task_id, latest);
            self.return_freed(now);
            let source = status.source.unwrap_or(task_status::Source::SourceSlave);
            self.metrics.task_state(status.state, source, status.reason);
        }
        if check || !repeats {
            self.task_updated_event(framework_id, task_id, status);
        }
        true
    }
}
