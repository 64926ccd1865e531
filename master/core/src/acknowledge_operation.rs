//! A scheduler has taken note of what became of an operation.

use mesos::ids::{AgentId, FrameworkId};
use mesos_proto::v0::{self, internal, scheduler, slave_info::capability::Type as AgentCapability};
use tracing::{info, warn};

use crate::effect::{Effect, Effects, ToAgent};
use crate::state::Master;

impl Master {
    /// ACKNOWLEDGE_OPERATION_STATUS: passed to the agent, which then forgets the operation; so does the master.
    ///
    /// Mesos: `Master::acknowledgeOperationStatus`.
    pub(crate) fn acknowledge_operation(
        &mut self,
        framework_id: &FrameworkId,
        acknowledge: &scheduler::call::AcknowledgeOperationStatus,
        effects: &mut Effects,
    ) {
        self.metrics
            .bump("messages_operation_status_update_acknowledgement");
        let operation_id = &acknowledge.operation_id.value;
        match self.acknowledged(framework_id, acknowledge) {
            Ok((agent_id, uuid, over)) => {
                info!(%framework_id, %agent_id, operation_id, "operation status acknowledged");
                if over {
                    self.remove_operation(&agent_id, &uuid);
                }
                let Some(agent) = self.agents.get(&agent_id) else {
                    return;
                };
                let message = internal::AcknowledgeOperationStatusMessage {
                    status_uuid: v0::UUID {
                        value: acknowledge.uuid.clone(),
                        ..Default::default()
                    },
                    operation_uuid: v0::UUID {
                        value: uuid.to_vec().into(),
                        ..Default::default()
                    },
                    resource_provider_id: acknowledge.resource_provider_id.clone(),
                    ..Default::default()
                };
                effects.push(Effect::Send(
                    agent.pid.clone(),
                    ToAgent::OperationAcknowledgement(message),
                ));
                self.metrics
                    .bump("valid_operation_status_update_acknowledgements");
            }
            Err(reason) => {
                warn!(%framework_id, operation_id, reason, "operation status acknowledgement ignored");
                self.metrics
                    .bump("invalid_operation_status_update_acknowledgements");
            }
        }
    }

    /// Which operation is meant, and whether it is over with this; or why the word counts for nothing.
    fn acknowledged(
        &self,
        framework_id: &FrameworkId,
        acknowledge: &scheduler::call::AcknowledgeOperationStatus,
    ) -> Result<(AgentId, crate::state::OperationUuid, bool), &'static str> {
        let named = acknowledge.slave_id.as_deref().map(AgentId::from);
        let agent_id = named.ok_or("no agent is named")?;
        let agent = self.agents.get(&agent_id).ok_or("agent is not registered")?;
        if !agent.is_connected() {
            return Err("agent is disconnected");
        }
        let needed = if acknowledge.resource_provider_id.is_some() {
            AgentCapability::ResourceProvider
        } else {
            AgentCapability::AgentOperationFeedback
        };
        if !agent.can(needed) {
            return Err("the agent does not support operation feedback");
        }
        let framework = self.frameworks.get(framework_id);
        let uuid = framework
            .and_then(|framework| framework.operation_ids.get(&acknowledge.operation_id.value))
            .ok_or("the operation is unknown")?;
        let operation = agent
            .operations
            .get(uuid)
            .ok_or("the operation is on another agent")?;
        let status = operation.statuses.iter().find(|status| {
            let named = status.uuid.as_deref();
            named.is_some_and(|named| named.value == acknowledge.uuid)
        });
        let status = status.ok_or("the operation status is unknown")?;
        Ok((agent_id, *uuid, mesos::operation::is_terminal(status.state)))
    }
}
