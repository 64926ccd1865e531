//! An agent reports its totals.

use std::collections::{BTreeMap, BTreeSet};

use libprocess_core::time::Time;
use mesos::Resources;
use mesos::ids::AgentId;
use mesos_allocator::AgentUpdate;
use mesos_proto::v0::{self, internal};
use tracing::warn;

use crate::effect::{Effect, Effects, ToAgent};
use crate::state::{Master, OperationUuid};

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
        self.compare_operations(&agent_id, message.operations.map(|list| list.operations), effects);
        // Agents before 1.5 send nothing else, and do not say so.
        let oversubscribed = message.update_oversubscribed_resources != Some(false);
        let Ok(revocable) = Resources::from_protos(&message.oversubscribed_resources) else {
            return;
        };
        if oversubscribed {
            self.update_oversubscribed(now, &agent_id, &revocable, effects);
        }
    }

    /// What the agent says of its operations: those it does not know were lost on the way, which it shall confirm;
    /// those unknown here come from an earlier master.
    fn compare_operations(
        &mut self,
        agent_id: &AgentId,
        listed: Option<Vec<v0::Operation>>,
        effects: &mut Effects,
    ) {
        let Some(agent) = self.agents.get(agent_id) else {
            return;
        };
        // A report on other things than operations says nothing of them.
        let Some(listed) = listed else { return };
        let listed: BTreeMap<OperationUuid, v0::Operation> = listed
            .into_iter()
            .filter_map(|operation| Some((mesos::uuid::from_bytes(&operation.uuid.value).ok()?, operation)))
            .collect();
        let missing: Vec<internal::reconcile_operations_message::Operation> = agent
            .operations
            .iter()
            .filter(|(uuid, _)| !listed.contains_key(*uuid))
            .map(
                |(_, operation)| internal::reconcile_operations_message::Operation {
                    operation_uuid: Some(Box::new(operation.uuid.clone())),
                    ..Default::default()
                },
            )
            .collect();
        if !missing.is_empty() {
            warn!(%agent_id, operations = missing.len(), "agent does not know operations that were sent to it");
            let message = internal::ReconcileOperationsMessage {
                operations: missing,
                ..Default::default()
            };
            effects.push(Effect::Send(
                agent.pid.clone(),
                ToAgent::ReconcileOperations(message),
            ));
        }
        let known: BTreeSet<OperationUuid> = agent.operations.keys().copied().collect();
        for (uuid, operation) in listed {
            if !known.contains(&uuid) {
                self.add_operation(agent_id, uuid, operation);
            }
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
        let total = agent.total.non_revocable() + revocable;
        if total == agent.total {
            return;
        }
        agent.total = total;
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
