//! The master asks about operations.

use mesos::ids::FrameworkId;
use mesos_proto::v0::{
    FrameworkID, OperationState, OperationStatus, UUID,
    internal::{ReconcileOperationsMessage, UpdateOperationStatusMessage},
};
use tracing::warn;

use crate::{
    core::{AgentCore, Effects},
    effect::{Effect, Outgoing},
    random::uuid_text,
};

impl AgentCore {
    /// A framework, or the master itself, asks about operations it has lost sight of.
    ///
    /// The master asks by uuid about what it has sent and the agent did not list: what is unknown here never came.
    /// A framework is told the latest of what is known. Neither answer is acknowledged.
    ///
    /// Mesos: src/slave/slave.cpp, `Slave::reconcileOperations`.
    pub(crate) fn reconcile_operations(&self, message: &ReconcileOperationsMessage, out: &mut Effects) {
        for asked in &message.operations {
            let known = match (&asked.operation_uuid, &asked.operation_id) {
                (Some(uuid), _) => self.operations.known.get(&uuid.value[..]),
                (None, Some(id)) => self.operations.known.values().find(|operation| {
                    operation.info.id.as_deref() == Some(&**id)
                        && same(operation.framework_id.as_deref(), message.framework_id.as_deref())
                }),
                (None, None) => None,
            };
            match (known, &message.framework_id, &asked.operation_uuid) {
                (Some(operation), Some(framework_id), _) => {
                    let mut status = operation.latest_status.clone();
                    status.uuid = None;
                    self.send_status(Some(&operation.uuid), status, Some(framework_id), out);
                }
                (None, None, Some(uuid)) => {
                    warn!(
                        operation_id = uuid_text(&uuid.value),
                        "the master knows an operation that never came"
                    );
                    let status = OperationStatus {
                        state: OperationState::OperationDropped,
                        slave_id: Some(Box::new(self.id().to_proto())),
                        ..OperationStatus::default()
                    };
                    self.send_status(Some(uuid), status, None, out);
                }
                (None, Some(framework_id), _) => {
                    let status = OperationStatus {
                        state: OperationState::OperationUnknown,
                        operation_id: asked.operation_id.clone(),
                        slave_id: Some(Box::new(self.id().to_proto())),
                        resource_provider_id: asked.resource_provider_id.clone(),
                        ..OperationStatus::default()
                    };
                    self.send_status(asked.operation_uuid.as_deref(), status, Some(framework_id), out);
                }
                // Both agree.
                (Some(_), None, _) | (None, None, None) => {}
            }
        }
    }

    fn send_status(
        &self,
        uuid: Option<&UUID>,
        status: OperationStatus,
        framework_id: Option<&FrameworkID>,
        out: &mut Effects,
    ) {
        let Some(master) = self.master.clone() else {
            return;
        };
        let message = UpdateOperationStatusMessage {
            framework_id: framework_id.cloned().map(Box::new),
            slave_id: Some(Box::new(self.id().to_proto())),
            status,
            operation_uuid: uuid.cloned().map(Box::new),
            ..UpdateOperationStatusMessage::default()
        };
        out.push(Effect::Send {
            to: master,
            message: Outgoing::new(&message),
        });
    }
}

fn same(one: Option<&FrameworkID>, two: Option<&FrameworkID>) -> bool {
    one.map(FrameworkId::from) == two.map(FrameworkId::from)
}
