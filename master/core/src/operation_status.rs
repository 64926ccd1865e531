//! An agent reports what became of an operation.

use libprocess_core::time::Time;
use libprocess_core::upid::Upid;
use mesos::ids::{AgentId, FrameworkId};
use mesos_proto::v0::{self, internal};
use tracing::{info, warn};

use crate::constants::ORPHAN_OPERATION_WAIT;
use crate::effect::{Effect, Effects, ToAgent};
use crate::state::{Master, OperationUuid};

impl Master {
    /// Takes note, and tells the framework if it asked to be told; else the master acknowledges in its place.
    ///
    /// Mesos: `Master::updateOperationStatus`.
    pub(crate) fn operation_status(
        &mut self,
        now: Time,
        from: &Upid,
        mut update: internal::UpdateOperationStatusMessage,
        effects: &mut Effects,
    ) {
        self.metrics.bump("messages_operation_status_update");
        let Some(agent_id) = update.slave_id.as_deref().map(AgentId::from) else {
            warn!(%from, "operation status of no agent ignored");
            return;
        };
        let framework_id = update.framework_id.as_deref().map(FrameworkId::from);
        let Some(uuid) = update.operation_uuid.as_deref() else {
            // The answer to a framework's question about an operation that nobody knows.
            if let Some(framework_id) = framework_id {
                self.send_operation_status(&framework_id, update.status, effects);
            }
            return;
        };
        let known = self.agents.contains_key(&agent_id);
        let operation = mesos::uuid::from_bytes(&uuid.value)
            .ok()
            .filter(|_| known)
            .and_then(|uuid| Some((uuid, self.agents.get_mut(&agent_id)?.operations.get_mut(&uuid)?)));
        let Some((uuid, operation)) = operation else {
            warn!(%agent_id, ?framework_id, "status of an unknown operation, or of an agent that is not registered");
            self.metrics.bump("invalid_operation_status_updates");
            if let Some(framework_id) = framework_id.filter(|_| known) {
                self.send_operation_status(&framework_id, update.status, effects);
            }
            return;
        };
        self.metrics.bump("valid_operation_status_updates");
        let framework_id = operation.framework_id.as_deref().map(FrameworkId::from);
        if operation.info.id.is_some() {
            update.status.operation_id.clone_from(&operation.info.id);
        }
        let has_id = operation.info.id.is_some();
        self.note_operation_status(&agent_id, &uuid, &update);
        let owner = framework_id.filter(|id| has_id && !self.is_completed(id));
        let status = update.status;
        if let Some(framework_id) = owner {
            if !self.frameworks.contains_key(&framework_id) {
                if self.is_owner_waited_for(now, &agent_id) {
                    return;
                }
                self.acknowledge_for_framework(&agent_id, &uuid, &status, effects);
                return;
            }
            let unacknowledged = status.uuid.is_none();
            let over = mesos::operation::is_terminal(status.state);
            self.send_operation_status(&framework_id, status, effects);
            if over && unacknowledged {
                self.remove_operation(&agent_id, &uuid);
            }
            return;
        }
        self.acknowledge_for_framework(&agent_id, &uuid, &status, effects);
    }

    /// The framework of an operation may return after a failover of the master; the agent keeps asking until then.
    ///
    /// Mesos: `Master::updateOperationStatus`, `MIN_WAIT_BEFORE_ORPHAN_OPERATION_ADOPTION`.
    fn is_owner_waited_for(&self, now: Time, agent_id: &AgentId) -> bool {
        let returned = self.agents.get(agent_id).and_then(|agent| agent.reregistered);
        returned.is_some_and(|returned| now.duration_since(returned) < ORPHAN_OPERATION_WAIT)
    }

    /// Nobody will acknowledge this end of an operation: the master does.
    fn acknowledge_for_framework(
        &mut self,
        agent_id: &AgentId,
        uuid: &OperationUuid,
        status: &v0::OperationStatus,
        effects: &mut Effects,
    ) {
        if let (Some(status_uuid), Some(agent)) = (status.uuid.as_deref(), self.agents.get(agent_id)) {
            let message = internal::AcknowledgeOperationStatusMessage {
                status_uuid: status_uuid.clone(),
                operation_uuid: v0::UUID {
                    value: uuid.to_vec().into(),
                    ..Default::default()
                },
                ..Default::default()
            };
            effects.push(Effect::Send(
                agent.pid.clone(),
                ToAgent::OperationAcknowledgement(message),
            ));
        }
        if mesos::operation::is_terminal(status.state) {
            self.remove_operation(agent_id, uuid);
        }
    }

    /// Writes a status into the books. Mesos: `Master::updateOperation`.
    fn note_operation_status(
        &mut self,
        agent_id: &AgentId,
        uuid: &OperationUuid,
        update: &internal::UpdateOperationStatusMessage,
    ) {
        let operation = self
            .agents
            .get_mut(agent_id)
            .and_then(|agent| agent.operations.get_mut(uuid));
        let Some(operation) = operation else { return };
        let status = update.latest_status.as_deref().unwrap_or(&update.status).clone();
        info!(
            %agent_id, operation_id = mesos::uuid::to_text(*uuid), state = status.state.as_str_name(),
            "operation status"
        );
        let (kind, before) = (
            operation.info.r#type.unwrap_or_default(),
            operation.latest_status.state,
        );
        if !mesos::operation::is_terminal(before) {
            operation.latest_status = status.clone();
        }
        if operation.statuses.last() != Some(&status) {
            operation.statuses.push(status.clone());
        }
        self.metrics.operation_transition(kind, before, status.state);
    }
}
