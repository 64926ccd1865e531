//! Status updates, from executors and from the agent itself.

use bytes::Bytes;
use libprocess_core::time::Time;
use mesos::ids::{ExecutorId, FrameworkId, TaskId};
use mesos_proto::v0::{
    NetworkInfo, TaskState, TaskStatus,
    internal::StatusUpdate,
    network_info::IPAddress,
    task_status::{Reason, Source},
};
use tracing::{error, info, warn};

use crate::{
    core::{AgentCore, Effects, Origin},
    effect::{Effect, Since},
    executor::ContainerState,
    framework::FrameworkState,
    launch::run_of,
    resources::is_terminal,
    status_updates::Key,
};

/// An update the agent makes itself.
#[derive(Debug)]
pub(crate) struct AgentUpdate<'a> {
    pub framework_id: &'a FrameworkId,
    pub executor_id: Option<&'a ExecutorId>,
    pub task_id: &'a TaskId,
    pub state: TaskState,
    pub reason: Reason,
    pub message: &'a str,
}

impl AgentCore {
    /// Builds an update of the agent's own, with a new uuid.
    pub(crate) fn agent_update(&mut self, now: Time, update: &AgentUpdate<'_>) -> StatusUpdate {
        let uuid = Bytes::copy_from_slice(&self.random.uuid());
        let agent_id = Box::new(self.id().to_proto());
        let executor_id = update.executor_id.map(|id| Box::new(id.to_proto()));
        StatusUpdate {
            framework_id: update.framework_id.to_proto(),
            executor_id: executor_id.clone(),
            slave_id: Some(agent_id.clone()),
            timestamp: now.secs_f64(),
            uuid: Some(uuid.clone()),
            status: TaskStatus {
                task_id: update.task_id.to_proto(),
                state: update.state,
                slave_id: Some(agent_id),
                executor_id,
                source: Some(Source::SourceSlave),
                reason: Some(update.reason),
                message: Some(update.message.to_owned()),
                timestamp: Some(now.secs_f64()),
                uuid: Some(uuid),
                ..TaskStatus::default()
            },
            ..StatusUpdate::default()
        }
    }

    /// An update arrives: complete it, record it with its task, and hand it to the streams.
    ///
    /// Mesos: src/slave/slave.cpp, `Slave::statusUpdate`.
    pub(crate) fn status_update(
        &mut self,
        now: Time,
        mut update: StatusUpdate,
        origin: Origin,
        out: &mut Effects,
    ) {
        let framework_id = FrameworkId::from(&update.framework_id);
        let task_id = TaskId::from(&update.status.task_id);
        let known = self.frameworks.get(&framework_id);
        let Some(framework) = known.filter(|framework| framework.state == FrameworkState::Running) else {
            warn!(%framework_id, %task_id, "ignoring a status update for an unknown or terminating framework");
            self.counters.invalid_status_updates += 1;
            return;
        };
        self.counters.valid_status_updates += 1;
        update.status.uuid.clone_from(&update.uuid);
        update.status.source = Some(match origin {
            Origin::Agent => Source::SourceSlave,
            Origin::Executor(_) => Source::SourceExecutor,
        });
        if update.executor_id.is_some() {
            update.status.executor_id.clone_from(&update.executor_id);
        }
        let key: Key = (framework_id.clone(), task_id.clone());
        let uuid = update.uuid.clone().unwrap_or_default();
        let duplicate = self
            .updates
            .stream(&key)
            .is_some_and(|stream| stream.knows(&uuid));
        let Some(executor_id) = framework.tasks.get(&task_id).cloned() else {
            if origin == Origin::Agent {
                self.receive_update(now, update, origin, None, out);
                return;
            }
            // The task is over and done, or was never here. Differs from Mesos, which passes such updates on: no
            // task shall be reported to have ended in two ways.
            warn!(%framework_id, %task_id, "dropping an executor's status update for a task it does not have");
            self.acknowledge_to_executor(&key, &uuid, &origin, out);
            return;
        };
        info!(%framework_id, %task_id, state = update.status.state.as_str_name(), "handling status update");
        if !duplicate && !self.record_update(&framework_id, &executor_id, &task_id, &mut update) {
            self.acknowledge_to_executor(&key, &uuid, &origin, out);
            return;
        }
        if is_terminal(update.status.state) {
            self.unlink_volumes(&framework_id, &executor_id, &task_id, out);
        }
        let executor = &self.frameworks[&framework_id].executors[&executor_id];
        let file = executor
            .checkpoint
            .then(|| run_of(&self.config.work_dir, self.id(), executor).task_updates(&task_id));
        self.receive_update(now, update, origin, file, out);
    }

    /// Adds what the agent knows of the container and records the new state with the task; `false` when the task
    /// cannot have come to this state.
    fn record_update(
        &mut self,
        framework_id: &FrameworkId,
        executor_id: &ExecutorId,
        task_id: &TaskId,
        update: &mut StatusUpdate,
    ) -> bool {
        let ip = self.config.pid.ip().to_string();
        let Some(framework) = self.frameworks.get_mut(framework_id) else {
            return false;
        };
        let Some(executor) = framework.executors.get_mut(executor_id) else {
            return false;
        };
        // Tasks that were never sent, or that the executor never saw, ran in no container.
        let unsent = executor.queued.contains_key(task_id)
            || (update.status.source == Some(Source::SourceSlave)
                && matches!(update.status.state, TaskState::TaskDropped | TaskState::TaskLost));
        let own = executor.container_id.to_proto();
        let named = update
            .status
            .container_status
            .as_ref()
            .and_then(|status| status.container_id.as_deref());
        let nested = named.is_some_and(|id| *id != own);
        if let ContainerState::Running(pid) = executor.container
            && !unsent
            && !nested
        {
            let status = update.status.container_status.get_or_insert_default();
            status.container_id = Some(Box::new(own));
            status.executor_pid = Some(pid);
            if status.network_infos.is_empty() {
                let address = IPAddress {
                    ip_address: Some(ip),
                    ..IPAddress::default()
                };
                status.network_infos.push(NetworkInfo {
                    ip_addresses: vec![address],
                    ..NetworkInfo::default()
                });
            }
        }
        if let Err(reason) = executor.update_task(&update.status) {
            error!(%framework_id, %task_id, state = update.status.state.as_str_name(), reason, "refusing a status update");
            return false;
        }
        if is_terminal(update.status.state) {
            match update.status.state {
                TaskState::TaskFinished => self.counters.tasks_finished += 1,
                TaskState::TaskFailed => self.counters.tasks_failed += 1,
                TaskState::TaskKilled => self.counters.tasks_killed += 1,
                TaskState::TaskLost => self.counters.tasks_lost += 1,
                TaskState::TaskGone => self.counters.tasks_gone += 1,
                _ => {}
            }
        }
        true
    }

    /// The scheduler has seen the end of a task: the task becomes history, and so may its executor.
    ///
    /// Mesos: src/slave/slave.cpp, `Slave::_statusUpdateAcknowledgement`.
    pub(crate) fn task_completed(&mut self, key: &Key, out: &mut Effects) {
        let Some(framework) = self.frameworks.get_mut(&key.0) else {
            return;
        };
        if let Some(executor_id) = framework.tasks.remove(&key.1) {
            let completed = framework
                .executors
                .get_mut(&executor_id)
                .is_some_and(|executor| executor.complete_task(&key.1));
            if completed {
                let agent_id = self.agent_id.as_ref().expect("an agent with tasks has an id");
                let executor = &framework.executors[&executor_id];
                if executor.checkpoint {
                    let path = run_of(&self.config.work_dir, agent_id, executor).task(&key.1);
                    let since = Since::Now;
                    out.push(Effect::Collect { path, since });
                }
            }
            self.remove_executor_if_done(&key.0, &executor_id, out);
        }
        self.remove_framework_if_idle(&key.0, out);
    }
}
