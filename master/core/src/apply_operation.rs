//! An operation on an agent's resources is taken for done and sent to the agent.

use mesos::ids::{AgentId, FrameworkId};
use mesos::operation::{is_speculative, provider_of, strip_allocation};
use mesos_proto::v0::{self, OperationState, internal, slave_info::capability::Type as AgentCapability};
use tracing::{info, warn};

use crate::effect::{Effect, Effects, ToAgent};
use crate::metrics::count;
use crate::state::{Master, OperationUuid};

impl Master {
    /// Books an operation that was judged, changes the agent's total, and sends it to the agent.
    ///
    /// The caller has told the allocator. Without a framework an operator asked for it. Mesos: `Master::_apply`.
    pub(crate) fn apply_operation(
        &mut self,
        agent_id: &AgentId,
        framework_id: Option<&FrameworkId>,
        info: v0::offer::Operation,
        effects: &mut Effects,
    ) {
        let uuid = self.ids.uuid();
        let Some(agent) = self.agents.get_mut(agent_id) else {
            return;
        };
        if is_speculative(&info) {
            let mut stripped = info.clone();
            strip_allocation(&mut stripped);
            match agent.total.apply(&stripped) {
                Ok(total) => agent.set_total(total),
                Err(error) => {
                    // What was free or offered is in the total, or the books are wrong.
                    debug_assert!(
                        false,
                        "an operation does not fit the total of agent {agent_id}: {error}"
                    );
                    return;
                }
            }
        }
        let to = agent.pid.clone();
        if let Some(framework) = framework_id.and_then(|id| self.frameworks.get_mut(id)) {
            count(&mut framework.metrics.operations, info.r#type.unwrap_or_default());
        }
        if !agent.can(AgentCapability::ResourceProvider) {
            // Agents of old are told the outcome and nothing of operations.
            let message = internal::CheckpointResourcesMessage {
                resources: agent.checkpointed_for_agent(),
                ..Default::default()
            };
            effects.push(Effect::Send(to, ToAgent::CheckpointResources(message)));
            return;
        }
        let uuid_message = v0::UUID {
            value: uuid.to_vec().into(),
            ..Default::default()
        };
        let operation = v0::Operation {
            framework_id: framework_id.map(|id| Box::new(id.to_proto())),
            slave_id: Some(Box::new(agent_id.to_proto())),
            latest_status: v0::OperationStatus {
                operation_id: info.id.clone(),
                state: OperationState::OperationPending,
                slave_id: Some(Box::new(agent_id.to_proto())),
                ..Default::default()
            },
            info: info.clone(),
            uuid: uuid_message.clone(),
            ..Default::default()
        };
        let message = internal::ApplyOperationMessage {
            framework_id: framework_id.map(|id| Box::new(id.to_proto())),
            operation_info: info,
            operation_uuid: uuid_message,
            resource_version_uuid: internal::ResourceVersionUUID {
                uuid: agent.resource_version.clone().unwrap_or_default(),
                ..Default::default()
            },
            ..Default::default()
        };
        info!(%agent_id, operation_id = mesos::uuid::to_text(uuid), "sending operation");
        effects.push(Effect::Send(to, ToAgent::ApplyOperation(Box::new(message))));
        self.add_operation(agent_id, uuid, operation);
    }

    /// An operation is known from now on, to its framework too if that is known.
    ///
    /// Mesos: `Master::addOperation`.
    pub(crate) fn add_operation(
        &mut self,
        agent_id: &AgentId,
        uuid: OperationUuid,
        operation: v0::Operation,
    ) {
        let kind = operation.info.r#type.unwrap_or_default();
        self.metrics.operation_state(kind, operation.latest_status.state);
        let framework_id = operation.framework_id.as_deref().map(FrameworkId::from);
        if let Some(framework) = framework_id.and_then(|id| self.frameworks.get_mut(&id)) {
            framework.add_operation(uuid, agent_id.clone(), operation.info.id.as_deref());
        }
        if let Some(agent) = self.agents.get_mut(agent_id) {
            agent.operations.insert(uuid, operation);
        }
    }

    /// A framework is known from now on: so are the operations that agents know of it.
    pub(crate) fn adopt_operations(&mut self, framework_id: &FrameworkId) {
        let Some(framework) = self.frameworks.get_mut(framework_id) else {
            return;
        };
        for agent in self.agents.values() {
            for (uuid, operation) in &agent.operations {
                let owner = operation.framework_id.as_deref().map(FrameworkId::from);
                if owner.as_ref() == Some(framework_id) {
                    framework.add_operation(*uuid, agent.id.clone(), operation.info.id.as_deref());
                }
            }
        }
    }

    /// An operation is over and acknowledged, or its agent is gone. Mesos: `Master::removeOperation`.
    pub(crate) fn remove_operation(&mut self, agent_id: &AgentId, uuid: &OperationUuid) {
        let operation = self
            .agents
            .get_mut(agent_id)
            .and_then(|agent| agent.operations.remove(uuid));
        let Some(operation) = operation else { return };
        let framework_id = operation.framework_id.as_deref().map(FrameworkId::from);
        if let Some(framework) = framework_id.and_then(|id| self.frameworks.get_mut(&id)) {
            framework.remove_operation(uuid);
        }
        let state = operation.latest_status.state;
        if !mesos::operation::is_terminal(state) {
            let kind = operation.info.r#type.unwrap_or_default();
            self.metrics.operation_forgotten(kind, state);
        }
    }

    /// Tells the scheduler, if it asked to be told, that an operation is not in order.
    ///
    /// Mesos: `Master::drop`.
    pub(crate) fn drop_operation(
        &mut self,
        framework_id: &FrameworkId,
        operation: &v0::offer::Operation,
        reason: &str,
        effects: &mut Effects,
    ) {
        let kind = operation.r#type.unwrap_or_default();
        warn!(%framework_id, kind = kind.as_str_name(), reason, "dropping operation");
        self.metrics.operation_state(kind, OperationState::OperationError);
        if operation.id.is_none() {
            return;
        }
        let status = v0::OperationStatus {
            operation_id: operation.id.clone(),
            state: OperationState::OperationError,
            message: Some(reason.to_owned()),
            ..Default::default()
        };
        self.send_operation_status(framework_id, status, effects);
    }
}

/// Why an operation cannot tell its framework what became of it, if it cannot.
///
/// Mesos: `Master::accept`.
pub(crate) fn feedback_refused(
    operation: &v0::offer::Operation,
    agent: &crate::state::Agent,
) -> Option<String> {
    operation.id.as_ref()?;
    if !agent.can(AgentCapability::ResourceProvider) {
        return Some(format!(
            "Operation requested feedback, but agent {} does not have the required RESOURCE_PROVIDER capability",
            agent.id
        ));
    }
    let of_agent = provider_of(operation).is_ok_and(|provider| provider.is_none());
    (of_agent && !agent.can(AgentCapability::AgentOperationFeedback)).then(|| {
        format!(
            "Operation on agent default resources requested feedback, but agent {} does not have the required \
             AGENT_OPERATION_FEEDBACK and RESOURCE_PROVIDER capabilities",
            agent.id
        )
    })
}
