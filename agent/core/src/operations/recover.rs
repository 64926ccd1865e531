//! What an earlier run of the agent wrote down.

use mesos::{Error, Resources};
use mesos_proto::v0::{
    Operation, OperationState, OperationStatus, Resource, internal::UpdateOperationStatusMessage,
};
use tracing::{info, warn};

use super::{Feedback, OperationUuid};
use crate::{
    core::{AgentCore, Effects},
    effect::Effect,
    paths,
    random::uuid_text,
    resources::upgraded,
};
use mesos::operation::is_terminal;

/// The file of an operation's updates as found on disk.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RecoveredFeedback {
    /// The operation.
    pub uuid: OperationUuid,
    /// What the master is to be told, if that was written.
    pub update: Option<UpdateOperationStatusMessage>,
    /// Whether it was acknowledged.
    pub acknowledged: bool,
}

/// Reservations, volumes and operations as found on disk.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RecoveredResources {
    /// What the agent had.
    pub resources: Vec<Resource>,
    /// What it was about to have when it ended.
    pub target: Option<Vec<Resource>>,
    /// The operations that were not done with; of the target, if there is one.
    pub operations: Vec<Operation>,
    /// What the master was to be told of them.
    pub feedback: Vec<RecoveredFeedback>,
}

impl AgentCore {
    /// Takes up reservations and volumes, and ends what was begun.
    ///
    /// # Errors
    ///
    /// When they do not fit what the agent's flags say, in Mesos' words.
    ///
    /// Mesos: src/slave/slave.cpp, `Slave::recover`.
    pub(crate) fn recover_resources(
        &mut self,
        found: RecoveredResources,
        out: &mut Effects,
    ) -> Result<(), String> {
        let flags = Resources::from_valid_protos(&self.info.resources);
        let read = |messages: Vec<Resource>| Resources::from_valid_protos(&upgraded(messages));
        let current = read(found.resources);
        let target = found.target.map(read);
        let wanted = target.as_ref().unwrap_or(&current).clone();
        let incompatible = |error: Error| {
            format!("Checkpointed resources {wanted} are incompatible with agent resources {flags}: {error}")
        };
        self.operations.total = flags.apply_checkpointed(&wanted).map_err(incompatible)?;
        self.operations.checkpointed = current;
        self.operations.noted.clone_from(&found.operations);
        if target.is_some() {
            info!(to = %wanted, "ending what the agent was about to do to its resources");
            self.write_resource_state(wanted, found.operations.clone(), out);
        }
        // Operations belong to an agent, its resources to the host.
        if self.agent_id.is_some() {
            self.recover_operations(found.operations, found.feedback, out);
        }
        Ok(())
    }

    /// Mesos: src/slave/slave.cpp, `Slave::_recoverOperations`, `Slave::__recoverOperations`.
    fn recover_operations(
        &mut self,
        operations: Vec<Operation>,
        feedback: Vec<RecoveredFeedback>,
        out: &mut Effects,
    ) {
        for operation in operations {
            self.operations
                .known
                .insert(operation.uuid.value.to_vec(), operation);
        }
        let mut stored = Vec::new();
        for found in feedback {
            let known = self.operations.known.contains_key(&found.uuid);
            if known && !found.acknowledged {
                if let Some(update) = found.update {
                    self.operations
                        .feedback
                        .insert(found.uuid.clone(), Feedback::new(update, true));
                    stored.push(found.uuid);
                }
                continue;
            }
            if !known {
                warn!(
                    operation_id = uuid_text(&found.uuid),
                    "removing the updates of an unknown operation"
                );
            }
            self.operations.known.remove(&found.uuid);
            out.push(Effect::Remove {
                path: paths::operation(&self.config.work_dir, self.id(), &uuid_text(&found.uuid)),
            });
        }
        let untold: Vec<(OperationUuid, Operation)> = self
            .operations
            .known
            .iter()
            .filter(|(uuid, _)| !stored.contains(uuid))
            .map(|(uuid, operation)| (uuid.clone(), operation.clone()))
            .collect();
        for (uuid, mut operation) in untold {
            if is_terminal(operation.latest_status.state) {
                let status = operation.latest_status.clone();
                operation.statuses.pop();
                self.finish(&uuid, &mut operation, status, out);
                continue;
            }
            // It was written down as begun, and is done now.
            if let Err(reason) = self.convert(&operation) {
                warn!(
                    operation_id = uuid_text(&uuid),
                    reason, "forgetting an operation that cannot be ended"
                );
                self.operations.known.remove(&uuid);
                continue;
            }
            let status = OperationStatus {
                operation_id: operation.info.id.clone(),
                state: OperationState::OperationFinished,
                slave_id: operation.slave_id.clone(),
                uuid: Some(Box::new(self.new_uuid())),
                ..OperationStatus::default()
            };
            self.finish(&uuid, &mut operation, status, out);
        }
        self.checkpoint_resources(out);
    }
}
