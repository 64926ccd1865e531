//! An agent is given up for the time being.

use libprocess_core::time::Time;
use mesos::ids::{AgentId, FrameworkId};
use mesos_proto::v0::{OperationState, TaskState, scheduler, task_status};
use tracing::warn;

use crate::disconnect_agent::Loss;
use crate::effect::{Effect, Effects, Ticket};
use crate::reconcile::time_info;
use crate::registry::Operation;
use crate::state::{Master, Pending};

impl Master {
    /// First the registry, then the word: no scheduler hears of a loss that a next master would not know of.
    ///
    /// Mesos: `Master::markUnreachable`.
    pub(crate) fn mark_unreachable(
        &mut self,
        now: Time,
        agent_id: &AgentId,
        why: String,
        effects: &mut Effects,
    ) {
        if self.pending.any_of(agent_id, |_| true) {
            return;
        }
        let ticket = Ticket(self.ids.ticket());
        self.pending
            .insert(ticket, Pending::MarkUnreachable(agent_id.clone(), now, why));
        effects.push(Effect::Store(
            ticket,
            Operation::MarkUnreachable(agent_id.to_proto(), time_info(now)),
        ));
    }

    /// The registry holds the agent as unreachable: its tasks are, too. Mesos: `Master::_markUnreachable`.
    pub(crate) fn unreachable_stored(
        &mut self,
        now: Time,
        agent_id: &AgentId,
        when: Time,
        why: String,
        effects: &mut Effects,
    ) {
        warn!(%agent_id, why, "agent is unreachable");
        self.metrics.bump("slave_removals");
        self.metrics.bump("slave_removals/reason_unhealthy");
        self.unreachable.insert(agent_id.clone(), when);
        if self.recovered.remove(agent_id).is_some() {
            // Nobody knows what ran there; that the agent is lost is all there is to tell.
            self.metrics.bump("recovery_slave_removals");
            self.tell_agent_lost(agent_id, effects);
            return;
        }
        self.metrics.bump("slave_unreachable_completed");
        let state = OperationState::OperationUnreachable;
        self.lose_operations(agent_id, state, "Agent was marked unreachable", effects);
        self.forget_agent(now, agent_id, why, Some(when), effects);
    }

    /// Takes an agent and everything on it out of the books and tells all frameworks.
    ///
    /// Mesos: `Master::__removeSlave`.
    pub(crate) fn forget_agent(
        &mut self,
        now: Time,
        agent_id: &AgentId,
        why: String,
        unreachable_since: Option<Time>,
        effects: &mut Effects,
    ) {
        let Some(agent) = self.agents.get(agent_id) else {
            return;
        };
        for offer_id in agent.offers.clone() {
            self.rescind_offer(now, &offer_id, effects);
        }
        self.rescind_inverse_offers_of_agent(now, agent_id, effects);
        let mut loss = Loss {
            state: TaskState::TaskLost,
            reason: task_status::Reason::ReasonSlaveRemoved,
            message: why,
            unreachable_since,
        };
        let frameworks: Vec<FrameworkId> = self.frameworks.keys().cloned().collect();
        for framework_id in &frameworks {
            let aware = self
                .frameworks
                .get(framework_id)
                .is_some_and(|framework| framework.is_partition_aware());
            loss.state = if aware && unreachable_since.is_some() {
                TaskState::TaskUnreachable
            } else {
                TaskState::TaskLost
            };
            self.lose_tasks(now, agent_id, framework_id, &loss, effects);
        }
        self.return_freed(now);
        let operations: Vec<_> = self
            .agents
            .get(agent_id)
            .into_iter()
            .flat_map(|agent| agent.operations.keys().copied())
            .collect();
        for uuid in operations {
            self.remove_operation(agent_id, &uuid);
        }
        self.allocator.remove_agent(now, agent_id);
        if let Some(agent) = self.agents.remove(agent_id) {
            self.addresses.remove(&(agent.pid, agent.id));
        }
        effects.push(Effect::StopObserver(agent_id.clone()));
        self.tell_agent_lost(agent_id, effects);
        self.agent_removed_event(agent_id);
    }

    /// Mesos: `Master::sendSlaveLost`.
    fn tell_agent_lost(&mut self, agent_id: &AgentId, effects: &mut Effects) {
        let frameworks: Vec<FrameworkId> = self.frameworks.keys().cloned().collect();
        for framework_id in &frameworks {
            let failure = scheduler::event::Failure {
                slave_id: Some(Box::new(agent_id.to_proto())),
                ..Default::default()
            };
            let event = scheduler::Event {
                r#type: Some(scheduler::event::Type::Failure),
                failure: Some(Box::new(failure)),
                ..Default::default()
            };
            self.send_event(framework_id, event, effects);
        }
    }
}
