//! A scheduler asks what became of its operations.

use std::collections::BTreeMap;

use mesos::ids::{AgentId, FrameworkId};
use mesos_proto::v0::{
    self, OperationState, internal, scheduler, slave_info::capability::Type as AgentCapability,
};
use tracing::info;

use crate::effect::{Effect, Effects, ToAgent};
use crate::state::Master;

impl Master {
    /// RECONCILE_OPERATIONS: one status for each operation asked about, or for every known one when none is named.
    ///
    /// No answer is to be acknowledged. Mesos: `Master::reconcileOperations`.
    pub(crate) fn reconcile_operations(
        &mut self,
        framework_id: &FrameworkId,
        reconcile: &scheduler::call::ReconcileOperations,
        effects: &mut Effects,
    ) {
        self.metrics.bump("messages_reconcile_operations");
        info!(%framework_id, operations = reconcile.operations.len(), "reconciling operations");
        let mut statuses: Vec<v0::OperationStatus> = Vec::new();
        let mut forwarded: BTreeMap<AgentId, internal::ReconcileOperationsMessage> = BTreeMap::new();
        if reconcile.operations.is_empty() {
            statuses.extend(self.operations_of(framework_id).map(latest));
        }
        for asked in &reconcile.operations {
            let known = self
                .operations_of(framework_id)
                .find(|operation| operation.info.id.as_deref() == Some(&asked.operation_id));
            if let Some(operation) = known {
                statuses.push(latest(operation));
                continue;
            }
            match self.judge_unknown(asked) {
                Some((state, message)) => statuses.push(v0::OperationStatus {
                    operation_id: Some(Box::new(asked.operation_id.clone())),
                    state,
                    message: Some(message.to_owned()),
                    slave_id: asked.slave_id.clone(),
                    resource_provider_id: asked.resource_provider_id.clone(),
                    ..Default::default()
                }),
                None => {
                    let agent_id = asked.slave_id.as_deref().map(AgentId::from);
                    let message = forwarded
                        .entry(agent_id.unwrap_or_else(|| AgentId::new("")))
                        .or_default();
                    message.framework_id = Some(Box::new(framework_id.to_proto()));
                    message
                        .operations
                        .push(internal::reconcile_operations_message::Operation {
                            operation_id: Some(Box::new(asked.operation_id.clone())),
                            resource_provider_id: asked.resource_provider_id.clone(),
                            ..Default::default()
                        });
                }
            }
        }
        for status in statuses {
            self.send_operation_status(framework_id, status, effects);
        }
        for (agent_id, message) in forwarded {
            if let Some(agent) = self.agents.get(&agent_id) {
                effects.push(Effect::Send(
                    agent.pid.clone(),
                    ToAgent::ReconcileOperations(message),
                ));
            }
        }
    }

    /// What is to be said of an operation that is not known; `None` when only its agent can tell.
    fn judge_unknown(
        &self,
        asked: &scheduler::call::reconcile_operations::Operation,
    ) -> Option<(OperationState, &'static str)> {
        let agent_id = asked.slave_id.as_deref().map(AgentId::from);
        Some(match &agent_id {
            Some(id) if self.recovered.contains_key(id) => (
                OperationState::OperationRecovering,
                "Reconciliation: Agent is recovered but has not re-registered",
            ),
            Some(id) if self.agents.contains_key(id) => {
                let answers =
                    |agent: &crate::state::Agent| agent.can(AgentCapability::AgentOperationFeedback);
                if asked.resource_provider_id.is_some() && self.agents.get(id).is_some_and(answers) {
                    return None;
                }
                (
                    OperationState::OperationUnknown,
                    "Reconciliation: Operation is unknown",
                )
            }
            Some(id) if self.unreachable.contains_key(id) => (
                OperationState::OperationUnreachable,
                "Reconciliation: Agent is unreachable",
            ),
            Some(id) if self.gone.contains(id) => (
                OperationState::OperationGoneByOperator,
                "Reconciliation: Agent marked gone by operator",
            ),
            Some(_) => (
                OperationState::OperationUnknown,
                "Reconciliation: Both operation and agent are unknown",
            ),
            None => (
                OperationState::OperationUnknown,
                "Reconciliation: Operation is unknown and no 'agent_id' was provided",
            ),
        })
    }

    /// The operations of a framework.
    pub(crate) fn operations_of(&self, framework_id: &FrameworkId) -> impl Iterator<Item = &v0::Operation> {
        let known = self
            .frameworks
            .get(framework_id)
            .map(|framework| &framework.operations);
        known
            .into_iter()
            .flatten()
            .filter_map(|(uuid, agent_id)| self.agents.get(agent_id)?.operations.get(uuid))
    }

    /// Sends a scheduler the status of an operation.
    pub(crate) fn send_operation_status(
        &mut self,
        framework_id: &FrameworkId,
        status: v0::OperationStatus,
        effects: &mut Effects,
    ) {
        let update = scheduler::event::UpdateOperationStatus {
            status,
            ..Default::default()
        };
        let event = scheduler::Event {
            r#type: Some(scheduler::event::Type::UpdateOperationStatus),
            update_operation_status: Some(Box::new(update)),
            ..Default::default()
        };
        self.send_event(framework_id, event, effects);
    }

    /// The agent is given up: frameworks that asked for it are told what that means for their operations.
    ///
    /// Mesos: `Master::sendBulkOperationFeedback`.
    pub(crate) fn lose_operations(
        &mut self,
        agent_id: &AgentId,
        state: OperationState,
        message: &str,
        effects: &mut Effects,
    ) {
        let Some(agent) = self.agents.get(agent_id) else {
            return;
        };
        let told: Vec<(FrameworkId, v0::OperationStatus)> = agent
            .operations
            .values()
            .filter_map(|operation| {
                let status = v0::OperationStatus {
                    operation_id: Some(operation.info.id.clone()?),
                    state,
                    message: Some(message.to_owned()),
                    slave_id: Some(Box::new(agent_id.to_proto())),
                    ..Default::default()
                };
                Some((operation.framework_id.as_deref().map(FrameworkId::from)?, status))
            })
            .collect();
        for (framework_id, status) in told {
            self.send_operation_status(&framework_id, status, effects);
        }
    }
}

/// The latest a framework can be told of an operation.
fn latest(operation: &v0::Operation) -> v0::OperationStatus {
    let mut status = operation
        .statuses
        .last()
        .unwrap_or(&operation.latest_status)
        .clone();
    status.uuid = None;
    status
}
