//! The connection to an agent breaks, and the time it has to come back.

use libprocess_core::duration::format_duration;
use libprocess_core::time::Time;
use libprocess_core::upid::Upid;
use mesos::ids::{AgentId, FrameworkId};
use mesos_proto::v0::{TaskState, task_status};
use tracing::{info, warn};

use crate::accept::master_status;
use crate::add_task::Remembered;
use crate::effect::{Effect, Effects, Timer, status_event};
use crate::reconcile::time_info;
use crate::state::{Agent, Connection, Master};

/// How the tasks of an agent that has gone are accounted for.
pub(crate) struct Loss {
    /// What they are now.
    pub state: TaskState,
    /// Why, for programs.
    pub reason: task_status::Reason,
    /// Why, for people.
    pub message: String,
    /// When the agent was given up, if it may yet return.
    pub unreachable_since: Option<Time>,
}

impl Master {
    /// The socket to a linked process broke. The agent may well be alive.
    ///
    /// Its offers are rescinded; frameworks that do not checkpoint lose its tasks at once, since its executors die
    /// with the connection. Mesos: `Master::exited(const UPID&)`, `Master::disconnect(Slave*)`.
    pub(crate) fn agent_exited(&mut self, now: Time, pid: &Upid, effects: &mut Effects) {
        let connected = |id: &&AgentId| self.agents.get(*id).is_some_and(Agent::is_connected);
        let found = self.agents_at(pid).find(connected).cloned();
        let Some(agent) = found.and_then(|id| self.agents.get_mut(&id)) else {
            return;
        };
        let epoch = self.ids.epoch();
        agent.connection = Connection::Disconnected(epoch);
        let agent_id = agent.id.clone();
        info!(%agent_id, "agent disconnected");
        for offer_id in agent.offers.clone() {
            self.rescind_offer(now, &offer_id, effects);
        }
        self.rescind_inverse_offers_of_agent(now, &agent_id, effects);
        self.allocator.deactivate_agent(now, &agent_id);
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
        let loss = Loss {
            state: TaskState::TaskLost,
            reason: task_status::Reason::ReasonSlaveDisconnected,
            message: format!("Agent {} disconnected", agent.info.hostname),
            unreachable_since: None,
        };
        for framework_id in lost {
            warn!(%agent_id, %framework_id, "tasks of a framework without checkpoints are lost");
            self.lose_tasks(now, agent_id, &framework_id, &loss, effects);
        }
    }

    /// The framework's tasks on an agent are lost, its executors there are forgotten, its scheduler is told.
    ///
    /// It is told of tasks that had ended, too: it may never have heard of that, and now it never will.
    /// Mesos: `Master::__removeSlave`, `Master::removeFramework(Slave*, Framework*)`.
    pub(crate) fn lose_tasks(
        &mut self,
        now: Time,
        agent_id: &AgentId,
        framework_id: &FrameworkId,
        loss: &Loss,
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
            let held = self.finish_task_state(framework_id, &task_id, loss.state);
            let executor_id = self
                .frameworks
                .get(framework_id)
                .and_then(|framework| framework.tasks.get(&task_id))
                .and_then(|task| task.message.executor_id.clone());
            let mut status = master_status(
                now,
                task_id.to_proto(),
                Some(agent_id.to_proto()),
                loss.state,
                &loss.message,
                loss.reason,
            );
            status.executor_id = executor_id;
            status.unreachable_time = loss.unreachable_since.map(|since| Box::new(time_info(since)));
            if held {
                self.metrics
                    .task_state(loss.state, task_status::Source::SourceMaster, Some(loss.reason));
            }
            self.note_master_status(framework_id, &task_id, &status);
            self.send_event(framework_id, *status_event(status), effects);
            let remembered = if loss.unreachable_since.is_some() {
                Remembered::Unreachable
            } else {
                Remembered::Completed
            };
            self.remove_task(now, framework_id, &task_id, remembered);
        }
        for executor_id in executors {
            self.remove_executor(now, agent_id, framework_id, &executor_id);
        }
    }

    /// Writes a status the master made itself into the task's history.
    pub(crate) fn note_master_status(
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
            if task
                .message
                .statuses
                .last()
                .is_some_and(|last| last.state == status.state)
            {
                task.message.statuses.pop();
                task.message.statuses.push(status.clone());
                return;
            }
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
            self.metrics.bump("slave_unreachable_scheduled");
            let timeout = format_duration(self.options.agent_reregister_timeout);
            let why = format!("agent did not reregister within {timeout} after disconnecting");
            self.mark_unreachable(now, &agent_id, why, effects);
        }
    }
}
