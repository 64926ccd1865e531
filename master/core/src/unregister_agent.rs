//! An agent leaves for good.

use libprocess_core::upid::Upid;
use mesos::ids::AgentId;
use mesos_proto::v0::internal;
use tracing::warn;

use crate::effect::Effects;
use crate::state::Master;

impl Master {
    /// UnregisterSlaveMessage: only the agent itself may say so. Mesos: `Master::unregisterSlave`.
    pub(crate) fn unregister_agent(
        &mut self,
        from: &Upid,
        message: &internal::UnregisterSlaveMessage,
        effects: &mut Effects,
    ) {
        self.metrics.bump("messages_unregister_slave");
        let agent_id = AgentId::from(&message.slave_id);
        match self.agents.get(&agent_id) {
            Some(agent) if agent.pid == *from => {
                self.remove_agent(&agent_id, "the agent unregistered", effects)
            }
            _ => warn!(%agent_id, %from, "unregistration of an unknown agent"),
        }
    }
}
