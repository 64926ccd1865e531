//! A scheduler asks what became of its tasks.

use libprocess_core::time::Time;
use mesos::ids::{AgentId, FrameworkId, TaskId};
use mesos_proto::v0::{self, TaskState, scheduler, task_status};
use tracing::info;

use crate::accept::master_status;
use crate::effect::{Effects, status_event};
use crate::state::{Master, Task};

impl Master {
    /// RECONCILE: one update for each task asked about, or for every known task when none is named.
    ///
    /// A task of an agent that may yet return gets no answer. Mesos: `Master::reconcile`.
    pub(crate) fn reconcile(
        &mut self,
        now: Time,
        framework_id: &FrameworkId,
        reconcile: &scheduler::call::Reconcile,
        effects: &mut Effects,
    ) {
        self.metrics.bump("messages_reconcile_tasks");
        let Some(framework) = self.frameworks.get(framework_id) else {
            return;
        };
        info!(%framework_id, tasks = reconcile.tasks.len(), "reconciling tasks");
        let statuses: Vec<v0::TaskStatus> = if reconcile.tasks.is_empty() {
            framework
                .tasks
                .values()
                .map(|task| latest_status(now, task))
                .collect()
        } else {
            reconcile
                .tasks
                .iter()
                .filter_map(|asked| self.reconciled(now, framework_id, asked))
                .collect()
        };
        for status in statuses {
            self.send_event(framework_id, *status_event(status), effects);
        }
    }

    fn reconciled(
        &self,
        now: Time,
        framework_id: &FrameworkId,
        asked: &scheduler::call::reconcile::Task,
    ) -> Option<v0::TaskStatus> {
        let framework = self.frameworks.get(framework_id)?;
        if let Some(task) = framework.tasks.get(&TaskId::from(&asked.task_id)) {
            return Some(latest_status(now, task));
        }
        let agent_id = asked.slave_id.as_deref().map(AgentId::from);
        let may_return = match &agent_id {
            Some(id) => self.recovered.contains_key(id),
            None => !self.recovered.is_empty(),
        };
        if may_return {
            return None;
        }
        let mut unreachable_since = None;
        let (state, message) = match &agent_id {
            Some(id) if self.agents.contains_key(id) => (
                TaskState::TaskGone,
                "Reconciliation: Task is unknown to the agent",
            ),
            Some(id) if self.unreachable.contains_key(id) => {
                unreachable_since = self.unreachable.get(id).copied();
                (TaskState::TaskUnreachable, "Reconciliation: Task is unreachable")
            }
            Some(id) if self.gone.contains(id) => {
                (TaskState::TaskGoneByOperator, "Reconciliation: Task is gone")
            }
            _ => (TaskState::TaskUnknown, "Reconciliation: Task is unknown"),
        };
        let state = if framework.is_partition_aware() {
            state
        } else {
            TaskState::TaskLost
        };
        let reason = task_status::Reason::ReasonReconciliation;
        let mut status = master_status(
            now,
            asked.task_id.clone(),
            asked.slave_id.as_deref().cloned(),
            state,
            message,
            reason,
        );
        status.unreachable_time = unreachable_since.map(|since| Box::new(time_info(since)));
        Some(status)
    }
}

/// What is known of a task, as reconciliation reports it.
fn latest_status(now: Time, task: &Task) -> v0::TaskStatus {
    let reason = task_status::Reason::ReasonReconciliation;
    let mut status = master_status(
        now,
        task.message.task_id.clone(),
        Some(task.message.slave_id.clone()),
        task.reported_state(),
        "Reconciliation: Latest task state",
        reason,
    );
    status.executor_id = task.message.executor_id.clone();
    add_latest(&mut status, &task.message);
    status
}

/// What the last update said of the task's health and container goes with a status that stands in for it.
pub(crate) fn add_latest(status: &mut v0::TaskStatus, task: &v0::Task) {
    let last = task.statuses.last();
    status.healthy = last.and_then(|last| last.healthy);
    status.check_status = last.and_then(|last| last.check_status.clone());
    let container = |status: &v0::TaskStatus| status.container_status.clone();
    status.container_status = task.statuses.iter().rev().find_map(container);
}

/// A time as messages carry it.
pub(crate) fn time_info(time: Time) -> v0::TimeInfo {
    v0::TimeInfo {
        nanoseconds: i64::try_from(time.nanos()).unwrap_or(i64::MAX),
        ..Default::default()
    }
}
