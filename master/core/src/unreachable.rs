//! An agent is given up for the time being.

use libprocess_core::time::Time;
use mesos::ids::{AgentId, FrameworkId};
use mesos_proto::v0::{TaskState, scheduler, task_status};
use tracing::warn;

use crate::effect::{Effect, Effects, Ticket};
use crate::reconcile::time_info;
use crate::registry::Operation;
use crate::state::{Master, Pending};

impl Master {
    /// First the registry, then the word: no scheduler hears of a loss that a next master would not know of.
    ///
    /// Mesos: `Master::markUnreachable`.
    pub(crate) fn mark_unreachable(&mut self, now: Time, agent_id: &AgentId, effects: &mut Effects) {
        let busy = self.is_pending(|pending| match pending {
            Pending::MarkUnreachable(id, _) | Pending::RemoveAgent(id, _) => id == agent_id,
            Pending::ReregisterAgent(returned) => returned.id == *agent_id,
            Pending::RegisterAgent(_) => false,
        });
        if busy {
            return;
        }
        let ticket = Ticket(self.ids.ticket());
        self.pending
            .insert(ticket, Pending::MarkUnreachable(agent_id.clone(), now));
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
        effects: &mut Effects,
    ) {
        warn!(%agent_id, "agent is unreachable");
        self.metrics.bump("slave_unreachable_completed");
        self.metrics.bump("slave_removals");
        self.metrics.bump("slave_removals/reason_unhealthy");
        self.recovered.remove(agent_id);
        self.unreachable.insert(agent_id.clone(), when);
        self.forget_agent(now, agent_id, "", effects, |aware| {
            let state = if aware {
                TaskState::TaskUnreachable
            } else {
                TaskState::TaskLost
            };
            (state, task_status::Reason::ReasonSlaveRemoved)
        });
    }

    /// Takes an agent and everything on it out of the books and tells all frameworks.
    pub(crate) fn forget_agent(
        &mut self,
        now: Time,
        agent_id: &AgentId,
        why: &str,
        effects: &mut Effects,
        outcome: impl Fn(bool) -> (TaskState, task_status::Reason),
    ) {
        let Some(agent) = self.agents.get(agent_id) else {
            return;
        };
        let message = if why.is_empty() {
            format!(
                "Agent {} is unreachable: health check timed out",
                agent.info.hostname
            )
        } else {
            format!("Agent {} removed: {why}", agent.info.hostname)
        };
        for offer_id in agent.offers.clone() {
            self.rescind_offer(now, &offer_id, effects);
        }
        let frameworks: Vec<FrameworkId> = self.frameworks.keys().cloned().collect();
        for framework_id in &frameworks {
            let aware = self
                .frameworks
                .get(framework_id)
                .is_some_and(|framework| framework.is_partition_aware());
            let (state, reason) = outcome(aware);
            self.lose_tasks(now, agent_id, framework_id, state, &message, reason, effects);
        }
        self.return_freed(now);
        self.allocator.remove_agent(agent_id);
        self.agents.remove(agent_id);
        effects.push(Effect::StopObserver(agent_id.clone()));
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
        self.agent_removed_event(agent_id);
    }
}
