//! The master sends an operation.

use bytes::Bytes;
use mesos::Resources;
use mesos_proto::v0::{
    Operation, OperationState, OperationStatus, Resource, UUID,
    internal::{ApplyOperationMessage, UpdateOperationStatusMessage},
};
use tracing::{error, info, warn};

use crate::{
    core::{AgentCore, Effects},
    effect::Effect,
    random::uuid_text,
};

impl AgentCore {
    /// Applies an operation that the master has judged, and has its end told.
    ///
    /// An operation that cannot be applied here shows that the master sees other resources than there are. Mesos
    /// ends itself then and registers anew; this agent just registers anew: the master takes up what it has and
    /// learns that the operation was dropped.
    ///
    /// Mesos: src/slave/slave.cpp, `Slave::applyOperation`.
    pub(crate) fn apply_operation(&mut self, message: ApplyOperationMessage, out: &mut Effects) {
        let uuid = message.operation_uuid.value.to_vec();
        let operation_id = uuid_text(&uuid);
        if self.operations.known.contains_key(&uuid) {
            warn!(operation_id, "ignoring an operation that came before");
            return;
        }
        info!(operation_id, kind = ?message.operation_info.r#type, "applying an operation");
        let mut status = OperationStatus {
            operation_id: message.operation_info.id.clone(),
            state: OperationState::OperationPending,
            slave_id: Some(Box::new(self.id().to_proto())),
            ..OperationStatus::default()
        };
        let mut operation = Operation {
            framework_id: message.framework_id,
            slave_id: Some(Box::new(self.id().to_proto())),
            info: message.operation_info,
            latest_status: status.clone(),
            uuid: message.operation_uuid,
            ..Operation::default()
        };
        if let Err(reason) = self.convert(&operation) {
            error!(
                operation_id,
                reason, "an operation does not fit the agent's resources, registering again"
            );
            out.push(Effect::Detect);
            return;
        }
        status.state = OperationState::OperationFinished;
        status.uuid = Some(Box::new(self.new_uuid()));
        self.finish(&uuid, &mut operation, status, out);
    }

    /// Applies what an operation does to the agent's resources.
    pub(super) fn convert(&mut self, operation: &Operation) -> Result<(), String> {
        let mut info = operation.info.clone();
        mesos::operation::strip_allocation(&mut info);
        let converted = self.operations.total.apply(&info);
        self.operations.total = converted.map_err(|error| error.to_string())?;
        Ok(())
    }

    /// Notes the end of an operation, on disk too, and has the master told.
    pub(super) fn finish(
        &mut self,
        uuid: &[u8],
        operation: &mut Operation,
        status: OperationStatus,
        out: &mut Effects,
    ) {
        operation.latest_status = status.clone();
        operation.statuses.push(status.clone());
        let update = UpdateOperationStatusMessage {
            framework_id: operation.framework_id.clone(),
            slave_id: Some(Box::new(self.id().to_proto())),
            status,
            operation_uuid: Some(Box::new(operation.uuid.clone())),
            ..UpdateOperationStatusMessage::default()
        };
        self.operations.known.insert(uuid.to_vec(), operation.clone());
        self.checkpoint_resources(out);
        self.store_feedback(uuid, update, out);
    }

    /// Masters that know nothing of operations on agents say which resources there are to be.
    ///
    /// Mesos: src/slave/slave.cpp, `Slave::checkpointResourcesMessage`.
    pub(crate) fn resources_checkpointed(&mut self, resources: &[Resource], out: &mut Effects) {
        let wanted = Resources::from_valid_protos(resources);
        let flags = Resources::from_valid_protos(&self.info.resources);
        match flags.apply_checkpointed(&wanted) {
            Ok(total) => {
                self.operations.total = total;
                self.checkpoint_resources(out);
            }
            Err(error) => {
                error!(%error, "the master's resources do not fit the agent's, registering again");
                out.push(Effect::Detect);
            }
        }
    }

    pub(super) fn new_uuid(&mut self) -> UUID {
        UUID {
            value: Bytes::copy_from_slice(&self.random.uuid()),
            ..UUID::default()
        }
    }
}
