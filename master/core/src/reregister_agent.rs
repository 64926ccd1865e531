//! An agent returns with its id, its executors and its tasks.

use std::collections::{BTreeMap, BTreeSet};

use libprocess_core::time::Time;
use libprocess_core::upid::Upid;
use mesos::Resources;
use mesos::ids::{AgentId, ExecutorId, FrameworkId, TaskId};
use mesos_proto::v0::{self, internal, task_status};
use tracing::{info, warn};

use crate::accept::master_status;
use crate::effect::{Effect, Effects, Ticket, ToAgent};
use crate::reconcile::add_latest;
use crate::register_agent::{Registration, turn_away};
use crate::registry::Operation;
use crate::state::{Connection, Framework, Master, Pending, Task};

/// An agent that is being admitted again.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Return {
    pub pid: Upid,
    pub id: AgentId,
    pub message: internal::ReregisterSlaveMessage,
    /// Everything it has, with its reservations and volumes.
    pub total: Resources,
}

impl Master {
    /// ReregisterSlaveMessage: the agent was here before, or with an earlier master.
    ///
    /// Mesos: `Master::reregisterSlave` and its continuations.
    pub(crate) fn reregister_agent(
        &mut self,
        now: Time,
        from: Upid,
        message: internal::ReregisterSlaveMessage,
        effects: &mut Effects,
    ) {
        self.metrics.bump("messages_reregister_slave");
        let Some(id) = message.slave.id.as_deref().map(AgentId::from) else {
            warn!(%from, "agent returned without an id");
            return;
        };
        let checkpointed = &message.checkpointed_resources;
        let total = match self.check_agent(&message.slave, checkpointed, message.version.as_deref()) {
            Ok(total) => total,
            Err(reason) => {
                warn!(%from, reason, "agent re-registration ignored");
                return;
            }
        };
        let is_return = |pending: &Pending| matches!(pending, Pending::ReregisterAgent(_));
        if self.pending.any_of(&id, is_return) {
            return;
        }
        if self.is_down(&message.slave, &from) {
            turn_away(from, effects);
            return;
        }
        if self.gone.contains(&id) {
            let shutdown = internal::ShutdownMessage {
                message: Some("Agent has been marked gone".to_owned()),
                ..Default::default()
            };
            effects.push(Effect::Send(from, ToAgent::Shutdown(shutdown)));
            return;
        }
        if let Some(agent) = self.agents.get(&id) {
            let moved = agent.pid.ip() != from.ip() || agent.info.hostname != message.slave.hostname;
            if moved {
                warn!(agent_id = %id, %from, "agent returned from another address");
                let shutdown = internal::ShutdownMessage {
                    message: Some(
                        "Unexpected attempt to re-register with a different IP or hostname".to_owned(),
                    ),
                    ..Default::default()
                };
                effects.push(Effect::Send(from, ToAgent::Shutdown(shutdown)));
                return;
            }
            self.reregister_known_agent(now, &id, from, message, total, effects);
            return;
        }
        info!(agent_id = %id, pid = %from, "agent returning");
        let ticket = Ticket(self.ids.ticket());
        effects.push(Effect::Store(
            ticket,
            Operation::MarkReachable(Box::new(message.slave.clone())),
        ));
        self.pending.insert(
            ticket,
            Pending::ReregisterAgent(Box::new(Return {
                pid: from,
                id,
                message,
                total,
            })),
        );
    }

    /// The registry holds the agent as reachable: what it brings is taken into the books.
    pub(crate) fn reregister_agent_admitted(&mut self, now: Time, returned: Return, effects: &mut Effects) {
        let Return {
            pid,
            id,
            message,
            total,
        } = returned;
        self.metrics.bump("slave_reregistrations");
        let was_unreachable = self.unreachable.contains_key(&id);
        let was_recovered = self.recovered.contains_key(&id);
        let registration = Registration {
            id: id.clone(),
            pid: pid.clone(),
            info: message.slave.clone(),
            version: message.version.clone().unwrap_or_default(),
            capabilities: message.agent_capabilities.clone(),
            resource_version: message.resource_version_uuid.as_deref().cloned(),
            total,
        };
        self.add_agent(now, registration, effects);
        if let Some(agent) = self.agents.get_mut(&id) {
            agent.reregistered = Some(now);
        }
        self.take_in(now, &id, &message, !was_recovered, was_unreachable, effects);
        self.add_to_allocator(now, &id);
        self.take_in_completed(&id, &message.completed_frameworks);
        let reply = internal::SlaveReregisteredMessage {
            slave_id: id.to_proto(),
            connection: Some(Box::new(self.connection_message())),
            ..Default::default()
        };
        effects.push(Effect::Send(pid, ToAgent::Reregistered(reply)));
        self.start_pings(&id, effects);
        self.end_completed(&id, &message, effects);
        self.agent_added_event(&id);
        info!(agent_id = %id, tasks = message.tasks.len(), "agent returned");
    }

    /// Books the executors and tasks an agent brings, and tells schedulers that what was lost runs after all.
    fn take_in(
        &mut self,
        now: Time,
        id: &AgentId,
        message: &internal::ReregisterSlaveMessage,
        report: bool,
        was_unreachable: bool,
        effects: &mut Effects,
    ) {
        for info in &message.frameworks {
            let Some(framework_id) = info.id.as_deref().map(FrameworkId::from) else {
                continue;
            };
            if !self.is_completed(&framework_id) && !self.frameworks.contains_key(&framework_id) {
                let mut framework = Framework::new(framework_id.clone(), info.clone(), now);
                framework.known_to_allocator = true;
                let (none, options) = (
                    BTreeMap::new(),
                    framework.allocator_options(self.options.allocator.regex_limits),
                );
                self.allocator
                    .add_framework(now, &framework_id, &framework.info, &none, false, options);
                self.frameworks.insert(framework_id.clone(), framework);
                self.adopt_operations(&framework_id);
                // Before its tasks, so that operators know whose they are.
                self.framework_added(&framework_id);
            }
        }
        for executor in &message.executor_infos {
            let Some(framework_id) = executor.framework_id.as_deref().map(FrameworkId::from) else {
                continue;
            };
            if self.frameworks.contains_key(&framework_id) {
                self.add_executor(id, &framework_id, executor.clone());
            }
        }
        let why = if was_unreachable {
            "Unreachable agent re-reregistered"
        } else {
            "Unknown agent reregistered"
        };
        // What it does not bring is not out of reach any more, it is no more.
        for framework in self.frameworks.values_mut() {
            framework.unreachable_tasks.retain(|task| task.agent_id() != *id);
        }
        for task in &message.tasks {
            let task = Task::new(task.clone());
            let (framework_id, task_id) = (task.framework_id(), task.id());
            let Some(framework) = self.frameworks.get_mut(&framework_id) else {
                continue;
            };
            framework.completed_tasks.retain(|known| known.id() != task_id);
            let status = report.then(|| {
                let reason = task_status::Reason::ReasonSlaveReregistered;
                let message = &task.message;
                let mut status = master_status(
                    now,
                    message.task_id.clone(),
                    Some(message.slave_id.clone()),
                    message.state,
                    why,
                    reason,
                );
                status.executor_id = message.executor_id.clone();
                add_latest(&mut status, message);
                status
            });
            self.add_task(task);
            if let Some(status) = status {
                self.send_event(&framework_id, *crate::effect::status_event(status), effects);
            }
        }
    }

    /// Remembers what frameworks ran on a returning agent that runs nothing of them any more.
    ///
    /// A framework is completed for an agent when it has no executor there, and for the master when its scheduler has
    /// ended: one that is unknown here may subscribe any time, so it is no completed framework, and its tasks are
    /// forgotten.
    ///
    /// Differs from Mesos: a task the master remembers already is not remembered twice.
    ///
    /// Mesos: `Master::addSlave`.
    fn take_in_completed(&mut self, id: &AgentId, archived: &[internal::archive::Framework]) {
        let max = self.options.max_completed_tasks_per_framework;
        for archived in archived {
            let framework_id = archived.framework_info.id.as_deref().map(FrameworkId::from);
            let known = framework_id.and_then(|framework_id| self.frameworks.get_mut(&framework_id));
            let Some(framework) = known else {
                if !archived.tasks.is_empty() {
                    warn!(agent_id = %id, tasks = archived.tasks.len(), "possibly orphaned completed tasks");
                }
                continue;
            };
            for task in archived.tasks.iter().cloned().map(Task::new) {
                let same = |known: &Task| known.id() == task.id() && known.agent_id() == *id;
                let known = framework.tasks.get(&task.id()).is_some_and(&same)
                    || framework.completed_tasks.iter().any(same);
                if !known {
                    framework.complete_task(task, max);
                }
            }
        }
    }

    /// An agent that was never given up returns: both sides are made to agree.
    ///
    /// Mesos: `Master::reconcileKnownSlave`.
    fn reregister_known_agent(
        &mut self,
        now: Time,
        id: &AgentId,
        from: Upid,
        message: internal::ReregisterSlaveMessage,
        total: Resources,
        effects: &mut Effects,
    ) {
        self.metrics.bump("slave_reregistrations");
        info!(agent_id = %id, pid = %from, "known agent returned");
        let brought: BTreeMap<FrameworkId, BTreeSet<TaskId>> =
            message.tasks.iter().fold(BTreeMap::new(), |mut brought, task| {
                let tasks: &mut BTreeSet<TaskId> =
                    brought.entry(FrameworkId::from(&task.framework_id)).or_default();
                tasks.insert(TaskId::from(&task.task_id));
                brought
            });
        let reply = internal::SlaveReregisteredMessage {
            slave_id: id.to_proto(),
            reconciliations: self.missing_tasks(now, id, &brought),
            connection: Some(Box::new(self.connection_message())),
            ..Default::default()
        };
        if let Some(agent) = self.agents.get_mut(id) {
            let before = std::mem::replace(&mut agent.pid, from.clone());
            self.addresses.remove(&(before, id.clone()));
            self.addresses.insert((from.clone(), id.clone()));
            agent.info = message.slave.clone();
            agent.version = message.version.clone().unwrap_or_default();
            agent.capabilities = message.agent_capabilities.clone();
            agent.resource_version = message.resource_version_uuid.as_deref().cloned();
            agent.reregistered = Some(now);
            agent.connection = Connection::Connected;
            agent.missed_pings = 0;
        }
        self.take_total(now, id, total, effects);
        self.tell_allocator_of_return(now, id);
        effects.push(Effect::Link(from.clone()));
        effects.push(Effect::Send(from.clone(), ToAgent::Reregistered(reply)));
        self.drop_missing_executors(now, id, &message);
        self.repeat_kills(id, &from, &message, effects);
        self.end_completed(id, &message, effects);
        self.tell_frameworks_of(&from, &message, effects);
    }

    /// The agent knows best what it has: offers of what it has not are void.
    ///
    /// Agents of old do not tell of operations that they missed, so they are told what they have instead.
    fn take_total(&mut self, now: Time, id: &AgentId, total: Resources, effects: &mut Effects) {
        let Some(agent) = self.agents.get_mut(id) else {
            return;
        };
        if !agent.can(v0::slave_info::capability::Type::ResourceProvider) {
            let message = internal::CheckpointResourcesMessage {
                resources: agent.checkpointed_for_agent(),
                ..Default::default()
            };
            effects.push(Effect::Send(
                agent.pid.clone(),
                ToAgent::CheckpointResources(message),
            ));
            return;
        }
        let total = total + &agent.total.revocable();
        if agent.total == total {
            return;
        }
        agent.set_total(total);
        for offer_id in agent.offers.clone() {
            self.rescind_offer(now, &offer_id, effects);
        }
    }

    /// Tasks the agent does not know of; it answers for each of them.
    fn missing_tasks(
        &self,
        now: Time,
        id: &AgentId,
        brought: &BTreeMap<FrameworkId, BTreeSet<TaskId>>,
    ) -> Vec<internal::ReconcileTasksMessage> {
        let Some(agent) = self.agents.get(id) else {
            return Vec::new();
        };
        let mut messages = Vec::new();
        for (framework_id, tasks) in &agent.tasks {
            let Some(framework) = self.frameworks.get(framework_id) else {
                continue;
            };
            let missing = tasks
                .iter()
                .filter(|task_id| {
                    !brought
                        .get(framework_id)
                        .is_some_and(|tasks| tasks.contains(*task_id))
                })
                .filter_map(|task_id| framework.tasks.get(task_id));
            let statuses: Vec<v0::TaskStatus> = missing
                .map(|task| {
                    master_status(
                        now,
                        task.message.task_id.clone(),
                        Some(task.message.slave_id.clone()),
                        task.reported_state(),
                        "Reconciliation request",
                        task_status::Reason::ReasonReconciliation,
                    )
                })
                .collect();
            if !statuses.is_empty() {
                messages.push(internal::ReconcileTasksMessage {
                    framework_id: framework_id.to_proto(),
                    statuses,
                    framework: Some(Box::new(framework.info.clone())),
                    ..Default::default()
                });
            }
        }
        messages
    }

    fn drop_missing_executors(
        &mut self,
        now: Time,
        id: &AgentId,
        message: &internal::ReregisterSlaveMessage,
    ) {
        let brought: BTreeSet<(FrameworkId, ExecutorId)> = message
            .executor_infos
            .iter()
            .filter_map(|executor| {
                let framework_id = executor.framework_id.as_deref().map(FrameworkId::from)?;
                Some((framework_id, ExecutorId::from(&executor.executor_id)))
            })
            .collect();
        let Some(agent) = self.agents.get(id) else { return };
        let missing: Vec<(FrameworkId, ExecutorId)> = agent
            .executors
            .iter()
            .flat_map(|(framework_id, executors)| {
                executors
                    .keys()
                    .map(|executor_id| (framework_id.clone(), executor_id.clone()))
            })
            .filter(|executor| !brought.contains(executor))
            .collect();
        for (framework_id, executor_id) in missing {
            warn!(%framework_id, %executor_id, agent_id = %id, "executor unknown to its agent");
            self.remove_executor(now, id, &framework_id, &executor_id);
        }
    }

    /// Kills that the agent may have missed are told again.
    fn repeat_kills(
        &self,
        id: &AgentId,
        to: &Upid,
        message: &internal::ReregisterSlaveMessage,
        effects: &mut Effects,
    ) {
        let Some(agent) = self.agents.get(id) else { return };
        for task in &message.tasks {
            let wanted = agent
                .killed
                .get(&FrameworkId::from(&task.framework_id))
                .is_some_and(|killed| killed.contains(&TaskId::from(&task.task_id)));
            if wanted && !mesos::task::is_terminal(task.state) {
                let kill = internal::KillTaskMessage {
                    framework_id: task.framework_id.clone(),
                    task_id: task.task_id.clone(),
                    ..Default::default()
                };
                effects.push(Effect::Send(to.clone(), ToAgent::KillTask(kill)));
            }
        }
    }

    /// Frameworks that ended while the agent was away are ended there too.
    fn end_completed(&self, id: &AgentId, message: &internal::ReregisterSlaveMessage, effects: &mut Effects) {
        let Some(agent) = self.agents.get(id) else { return };
        // A framework may have an executor there that runs no task.
        let frameworks = message
            .frameworks
            .iter()
            .filter_map(|info| info.id.as_deref().map(FrameworkId::from));
        let brought: BTreeSet<FrameworkId> = message
            .tasks
            .iter()
            .map(|task| FrameworkId::from(&task.framework_id))
            .chain(frameworks)
            .collect();
        for framework_id in brought
            .iter()
            .filter(|framework_id| self.is_completed(framework_id))
        {
            let message = internal::ShutdownFrameworkMessage {
                framework_id: framework_id.to_proto(),
                ..Default::default()
            };
            effects.push(Effect::Send(
                agent.pid.clone(),
                ToAgent::ShutdownFramework(message),
            ));
        }
    }

    fn tell_frameworks_of(
        &self,
        to: &Upid,
        message: &internal::ReregisterSlaveMessage,
        effects: &mut Effects,
    ) {
        for info in &message.frameworks {
            let Some(framework_id) = info.id.as_deref().map(FrameworkId::from) else {
                continue;
            };
            let Some(framework) = self.frameworks.get(&framework_id) else {
                continue;
            };
            let message = internal::UpdateFrameworkMessage {
                framework_id: framework_id.to_proto(),
                pid: Some("@0.0.0.0:0".to_owned()),
                framework_info: Some(Box::new(framework.info.clone())),
                ..Default::default()
            };
            effects.push(Effect::Send(
                to.clone(),
                ToAgent::UpdateFramework(Box::new(message)),
            ));
        }
    }
}
