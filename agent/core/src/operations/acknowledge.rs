//! The end of an operation is acknowledged: it is forgotten.

use mesos_proto::v0::internal::{
    AcknowledgeOperationStatusMessage, UpdateOperationStatusRecord, update_operation_status_record,
};
use tracing::{info, warn};

use crate::{
    checkpoint,
    core::{AgentCore, Effects},
    effect::Effect,
    paths,
    random::uuid_text,
};

impl AgentCore {
    /// The framework, or the master in its place, has seen what became of an operation.
    ///
    /// Mesos: src/slave/slave.cpp, `Slave::operationStatusAcknowledgement`.
    pub(crate) fn operation_acknowledged(
        &mut self,
        message: &AcknowledgeOperationStatusMessage,
        out: &mut Effects,
    ) {
        let uuid = message.operation_uuid.value.to_vec();
        let operation_id = uuid_text(&uuid);
        let Some(feedback) = self.operations.feedback.get_mut(&uuid) else {
            warn!(
                operation_id,
                "dropping an acknowledgement because the operation was not found"
            );
            return;
        };
        let expected = feedback.update.status.uuid.as_ref();
        if expected.is_none_or(|expected| expected.value != message.status_uuid.value) {
            warn!(
                operation_id,
                "dropping an unexpected acknowledgement of an operation"
            );
            return;
        }
        info!(operation_id, "operation status acknowledged");
        if let Some(timer) = feedback.retry.take() {
            self.timers.cancel(timer);
        }
        self.operations.feedback.remove(&uuid);
        self.operations.known.remove(&uuid);
        let record = UpdateOperationStatusRecord {
            r#type: update_operation_status_record::Type::Ack,
            uuid: Some(Box::new(message.status_uuid.clone())),
            ..UpdateOperationStatusRecord::default()
        };
        // On disk first: an agent that dies now shall not ask for another acknowledgement.
        out.push(Effect::Append {
            ticket: None,
            path: paths::operation_updates(&self.config.work_dir, self.id(), &operation_id),
            bytes: checkpoint::record(&record),
        });
        self.checkpoint_resources(out);
        out.push(Effect::Remove {
            path: paths::operation(&self.config.work_dir, self.id(), &operation_id),
        });
    }
}
