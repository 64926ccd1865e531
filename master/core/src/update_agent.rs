//! An agent reports its totals.

use libprocess_core::time::Time;
use mesos::Resources;
use mesos::ids::AgentId;
use mesos_allocator::AgentUpdate;
use mesos_proto::v0::internal;
use tracing::warn;

use crate::effect::Effects;
use crate::state::Master;

impl Master {
    /// UpdateSlaveMessage: the version of its resources and what it can spare beyond them.
    ///
    /// Mesos: `Master::updateSlave`.
    pub(crate) fn update_agent(
        &mut self,
        now: Time,
        message: internal::UpdateSlaveMessage,
        effects: &mut Effects,
    ) {
        self.metrics.bump("messages_update_slave");
        let agent_id = AgentId::from(&message.slave_id);
        let Some(agent) = self.agents.get_mut(&agent_id) else {
            warn!(%agent_id, "update of an unknown agent");
            return;
        };
        if message.resource_version_uuid.is_some() {
            agent.resource_version = message.resource_version_uuid.map(|uuid| *uuid);
        }
        let oversubscribed = message.update_oversubscribed_resources == Some(true);
        let Ok(revocable) = Resources::from_protos(&message.oversubscribed_resources) else {
            return;
        };
        if oversubscribed {
            self.update_oversubscribed(now, &agent_id, &revocable, effects);
        }
    }

    /// What the agent can spare beyond its own changed: offers of what it could spare before are void.
    fn update_oversubscribed(
        &mut self,
        now: Time,
        agent_id: &AgentId,
        revocable: &Resources,
        effects: &mut Effects,
    ) {
        let Some(agent) = self.agents.get_mut(agent_id) else {
            return;
        };
        agent.total = agent.total.non_revocable() + revocable;
        let update = AgentUpdate {
            info: agent.info.clone(),
            total: Some(agent.total.clone()),
            capabilities: None,
        };
        for offer_id in agent.offers.clone() {
            let offer = self.offers.get(&offer_id);
            if offer.is_some_and(|offer| !offer.resources.revocable().is_empty()) {
                self.rescind_offer(now, &offer_id, effects);
            }
        }
        self.allocator.update_agent(now, agent_id, update);
    }
}
