//! The connection to an agent breaks, and the time it has to come back.

use libprocess_core::time::Time;
use libprocess_core::upid::Upid;
use mesos::ids::{AgentId, FrameworkId};
use mesos_proto::v0::{TaskState, task_status};
use tracing::{info, warn};

use crate::accept::master_status;
use crate::effect::{Effect, Effects, Timer, status_event};
use crate::state::{Connection, Master};

impl Master {
    /// The socket to a linked process broke. The agent may well be alive.
    ///
    /// Its offers are rescinded; frameworks that do not checkpoint lose its tasks at once, since its executors die
    /// with the connection. Mesos: `Master::exited(const UPID&)`, `Master::disconnect(Slave*)`.
    pub(crate) fn agent_exited(&mut self, now: Time, pid: &Upid, effects: &mut Effects) {
        let Some(agent) = self
            .agents
            .values_mut()
            .find(|agent| agent.pid == *pid && agent.is_connected())
        else {
            return;
        };
        let epoch = self.ids.epoch();
        agent.connection = Connection::Disconnected(epoch);
        let agent_id = agent.id.clone();
        info!(%agent_id, "agent disconnected");
        for offer_id in agent.offers.clone() {
            self.rescind_offer(now, &offer_id, effects);
        }
        self.allocator.set_agent_active(&agent_id, false);
        let timer = Timer::AgentReregister(agent_id.clone(), epoch);
        effects.push(Effect::Delay(timer, self.options.agent_reregister_timeout));
        self.lose_unprotected(now, &agent_id, effects);
    }

    /// Frameworks that do not checkpoint: their tasks on the agent are gone.
    fn lose_unprotected(&mut self, now: Time, agent_id: &AgentId, effects: &mut Effects) {
        let Some(agent) = self.agents.get(agent_id) else {
            return;
        };
        let lost: Vec<FrameworkId> = agent
            .tasks
            .keys()
            .chain(agent.executors.keys())
            .filter(|id| {
                self.frameworks
                    .get(*id)
                    .is_some_and(|framework| framework.info.checkpoint != Some(true))
            })
            .cloned()
            .collect();
        for framework_id in lost {
            warn!(%agent_id, %framework_id, "tasks of a framework without checkpoints are lost");
            let why = task_status::Reason::ReasonSlaveDisconnected;
            self.lose_tasks(
                now,
                agent_id,
                &framework_id,
                TaskState::TaskLost,
                "Agent disconnected",
                why,
                effects,
            );
        }
    }

    /// The framework's tasks on an agent end in `state`, its executors there are forgotten, its scheduler is told.
    #[allow(clippy::too_many_arguments, reason = "all of it goes into the statuses")]
    pub(crate) fn lose_tasks(
        &mut self,
        now: Time,
        agent_id: &AgentId,
        framework_id: &FrameworkId,
        state: TaskState,
        message: &str,
        reason: task_status::Reason,
        effects: &mut Effects,
    ) {
        let Some(agent) = self.agents.get(agent_id) else {
            return;
        };
        let tasks: Vec<_> = agent
            .tasks
            .get(framework_id)
            .into_iter()
            .flatten()
            .cloned()
            .collect();
        let executors: Vec<_> = agent
            .executors
            .get(framework_id)
            .into_iter()
            .flat_map(|executors| executors.keys().cloned())
            .collect();
        for task_id in tasks {
            let held = self.finish_task_state(framework_id, &task_id, state);
            let executor_id = self
                .frameworks
                .get(framework_id)
                .and_then(|framework| framework.tasks.get(&task_id))
                .and_then(|task| task.message.executor_id.clone());
            let mut status = master_status(
                now,
                task_id.to_proto(),
                Some(agent_id.to_proto()),
                state,
                message,
                reason,
            );
            status.executor_id = executor_id;
            if state == TaskState::TaskUnreachable {
                status.unreachable_time = Some(Box::new(crate::reconcile::time_info(now)));
            }
            if held {
                self.metrics
                    .task_state(state, task_status::Source::SourceMaster, Some(reason));
                self.note_master_status(framework_id, &task_id, &status);
                self.send_event(framework_id, *status_event(status), effects);
            }
            self.remove_task(now, framework_id, &task_id);
        }
        for executor_id in executors {
            self.remove_executor(now, agent_id, framework_id, &executor_id);
        }
    }

    /// Writes a status the master made itself into the task's history.
    fn note_master_status(
        &mut self,
        framework_id: &FrameworkId,
        task_id: &mesos::ids::TaskId,
        status: &mesos_proto::v0::TaskStatus,
    ) {
        let task = self
            .frameworks
            .get_mut(framework_id)
            .and_then(|framework| framework.tasks.get_mut(task_id));
        if let Some(task) = task {
            task.message.statuses.push(status.clone());
        }
        self.task_updated_event(framework_id, task_id, status.clone());
    }

    /// A disconnected agent did not return in time.
    pub(crate) fn agent_reregister_timeout(
        &mut self,
        now: Time,
        agent_id: AgentId,
        epoch: u64,
        effects: &mut Effects,
    ) {
        let connection = self.agents.get(&agent_id).map(|agent| agent.connection);
        if connection == Some(Connection::Disconnected(epoch)) {
            self.mark_unreachable(now, &agent_id, effects);
        }
    }
}
