//! Resources and operations are written down.

use mesos::Resources;
use mesos_proto::v0::{Operation, internal::slave::ResourceState, offer::operation::Type};
use tracing::info;

use super::volumes;
use crate::{
    checkpoint,
    core::{AgentCore, Effects},
    effect::Effect,
    paths,
    resources::downgraded,
};
use mesos::operation::is_terminal;

impl AgentCore {
    /// Writes down what the agent has and the operations that are not done with, if that changed.
    ///
    /// Mesos: src/slave/slave.cpp, `Slave::checkpointResourceState`.
    pub(crate) fn checkpoint_resources(&mut self, out: &mut Effects) {
        let resources = self.operations.total.needing_checkpointing();
        let operations: Vec<Operation> = self
            .operations
            .known
            .values()
            .filter(|operation| is_noted(operation))
            .cloned()
            .collect();
        if resources != self.operations.checkpointed || operations != self.operations.noted {
            self.write_resource_state(resources, operations, out);
        }
    }

    /// Writes resources and operations down in Mesos' order: under other names, then the volumes, then in place.
    pub(super) fn write_resource_state(
        &mut self,
        resources: Resources,
        operations: Vec<Operation>,
        out: &mut Effects,
    ) {
        let work_dir = &self.config.work_dir;
        let messages = resources.to_protos();
        let state = ResourceState {
            resources: messages.clone(),
            operations: operations.clone(),
            ..ResourceState::default()
        };
        out.push(Effect::Checkpoint {
            ticket: None,
            path: paths::resource_state_target(work_dir),
            bytes: checkpoint::record(&state),
        });
        if resources != self.operations.checkpointed {
            out.push(Effect::Checkpoint {
                ticket: None,
                path: paths::resources_target(work_dir),
                bytes: downgraded(&messages)
                    .iter()
                    .flat_map(checkpoint::record)
                    .collect(),
            });
            volumes::sync(work_dir, &self.operations.checkpointed, &resources, out);
            out.push(Effect::Rename {
                from: paths::resources_target(work_dir),
                to: paths::resources_info(work_dir),
            });
            info!(from = %self.operations.checkpointed, to = %resources, "checkpointed resources");
            self.operations.checkpointed = resources;
        }
        out.push(Effect::Rename {
            from: paths::resource_state_target(work_dir),
            to: paths::resource_state(work_dir),
        });
        self.operations.noted = operations;
    }
}

/// Whether an operation must be known to an agent that starts again: its end, until it is acknowledged, and that a
/// volume was about to be made or removed.
fn is_noted(operation: &Operation) -> bool {
    let status = &operation.latest_status;
    if is_terminal(status.state) {
        return status.uuid.is_some();
    }
    matches!(operation.info.r#type, Some(Type::Create | Type::Destroy))
}
