//! An agent is removed for good.

use libprocess_core::time::Time;
use mesos::ids::AgentId;
use tracing::info;

use crate::constants::REMOVED_AGENTS_MAX;
use crate::effect::{Effect, Effects, Ticket};
use crate::registry::Operation;
use crate::state::{Master, Pending};

impl Master {
    /// Asks the registry to forget the agent. Mesos: `Master::removeSlave`.
    pub(crate) fn remove_agent(&mut self, agent_id: &AgentId, why: &'static str, effects: &mut Effects) {
        let is_removal = |pending: &Pending| matches!(pending, Pending::RemoveAgent(..));
        if self.pending.any_of(agent_id, is_removal) {
            return;
        }
        let ticket = Ticket(self.ids.ticket());
        self.pending
            .insert(ticket, Pending::RemoveAgent(agent_id.clone(), why));
        effects.push(Effect::Store(ticket, Operation::Remove(agent_id.to_proto())));
    }

    /// The registry has forgotten the agent: its tasks are lost. Mesos: `Master::__removeSlave`.
    pub(crate) fn remove_agent_stored(
        &mut self,
        now: Time,
        agent_id: &AgentId,
        why: &'static str,
        effects: &mut Effects,
    ) {
        info!(%agent_id, why, "agent removed");
        self.metrics.bump("slave_removals");
        self.metrics.bump("slave_removals/reason_unregistered");
        let hostname = self
            .agents
            .get(agent_id)
            .map(|agent| agent.info.hostname.as_str());
        let why = format!("Agent {} removed: {why}", hostname.unwrap_or_default());
        self.forget_agent(now, agent_id, why, None, effects);
        self.removed.push_back(agent_id.clone());
        if self.removed.len() > REMOVED_AGENTS_MAX {
            self.removed.pop_front();
        }
    }
}
