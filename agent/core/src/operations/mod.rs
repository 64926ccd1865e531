//! Reservations and persistent volumes on the agent's own resources, and what became of the operations that made
//! them.
//!
//! The master has judged an operation before it comes here: the agent applies it, writes the outcome down, makes or
//! removes the directories of volumes, and tells the master. What it told is told again, after 10 seconds, then
//! after twice that, up to 10 minutes, until somebody acknowledges it; then the operation is forgotten.
//!
//! On disk the resources that need it lie twice, as in Mesos, which reads the first when it is older than 1.9:
//! `resources.info` holds them alone, `resources_and_operations.state` together with the operations. Both are
//! written under another name first and get their own when the directories of volumes agree with them, so that an
//! agent that died between finds out what was to become.
//!
//! Mesos: src/slave/slave.cpp, `Slave::applyOperation`, `Slave::checkpointResourceState`;
//! src/status_update_manager/operation.cpp.

mod acknowledge;
mod apply;
mod checkpoint;
mod feedback;
mod reconcile;
mod recover;
mod volumes;

use std::collections::BTreeMap;

use mesos::Resources;
use mesos_proto::v0::{Operation, Resource};

pub use feedback::Feedback;
pub use recover::{RecoveredFeedback, RecoveredResources};

/// The 16 bytes that name an operation.
pub type OperationUuid = Vec<u8>;

/// The agent's resources with all that was done to them, and the operations that are not done with.
#[derive(Debug, Default)]
pub struct Operations {
    /// What the agent has, with its reservations and volumes.
    pub(crate) total: Resources,
    /// What of it is on disk: dynamic reservations and persistent volumes.
    pub(crate) checkpointed: Resources,
    /// The operations on disk.
    pub(crate) noted: Vec<Operation>,
    /// Operations whose end is not acknowledged.
    pub(crate) known: BTreeMap<OperationUuid, Operation>,
    /// What the master is told of them.
    pub(crate) feedback: BTreeMap<OperationUuid, Feedback>,
}

impl Operations {
    /// The books of an agent to whose resources nothing was done.
    pub(crate) fn of(resources: &[Resource]) -> Self {
        Self {
            total: Resources::from_valid_protos(resources),
            ..Self::default()
        }
    }

    /// What the agent has, with its reservations and volumes.
    #[must_use]
    pub const fn total(&self) -> &Resources {
        &self.total
    }

    /// Dynamic reservations and persistent volumes.
    #[must_use]
    pub const fn checkpointed(&self) -> &Resources {
        &self.checkpointed
    }

    /// Operations whose end is not acknowledged, by their uuids.
    #[must_use]
    pub const fn known(&self) -> &BTreeMap<OperationUuid, Operation> {
        &self.known
    }
}
