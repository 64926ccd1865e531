//! Operations on offered resources: what they take and what they give back for it.
//!
//! RESERVE, UNRESERVE, CREATE, DESTROY, GROW_VOLUME and SHRINK_VOLUME turn resources into others of the same
//! amounts. What they may do is said by [`crate::validate`], what they do by [`conversions`]:
//!
//! ```
//! use mesos::{Resources, operation};
//! use mesos_proto::{Dialect, Message, v0};
//!
//! let operation = v0::offer::Operation::from_json(
//!     br#"{"type":"RESERVE","reserve":{"resources":[{"name":"cpus","type":"SCALAR","scalar":{"value":1},
//!         "reservations":[{"type":"DYNAMIC","role":"web"}]}]}}"#,
//!     Dialect::V0,
//! )?;
//! let offered = Resources::parse("cpus:4", "*")?;
//! assert_eq!(
//!     offered.apply(&operation)?.to_string(),
//!     "cpus:3; cpus(reservations: [(DYNAMIC,web)]):1"
//! );
//! assert_eq!(operation::conversions(&operation)?.len(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod allocation;
mod conversion;
mod create;
mod destroy;
mod grow_volume;
mod provider;
mod reserve;
mod shrink_volume;
mod unreserve;
mod upgrade;
mod visit;

pub use self::allocation::{inject_allocation, strip_allocation};
pub use self::conversion::Conversion;
pub use self::provider::{provider_of, provider_of_resources};
pub use self::upgrade::{downgrade, validate_and_upgrade};
pub use self::visit::for_each_resource;

use mesos_proto::v0::OperationState;
use mesos_proto::v0::offer::Operation;
use mesos_proto::v0::offer::operation::Type;

use crate::{Error, Resource, Resources};

/// What an operation consumes, and what it gives for it, step by step.
///
/// # Errors
///
/// Fails with Mesos' words when the operation converts nothing: launches, disks of resource providers,
/// unknown operations.
///
/// Mesos: src/common/resources_utils.cpp, getResourceConversions
pub fn conversions(operation: &Operation) -> Result<Vec<Conversion>, Error> {
    match operation.r#type.unwrap_or_default() {
        Type::Unknown => Err(Error::new("Unknown operation")),
        Type::Launch | Type::LaunchGroup | Type::CreateDisk | Type::DestroyDisk => {
            Err(Error::new("Operation not supported"))
        }
        Type::Reserve => reserve::conversions(operation.reserve.as_deref()),
        Type::Unreserve => unreserve::conversions(operation.unreserve.as_deref()),
        Type::Create => Ok(create::conversions(operation.create.as_deref())),
        Type::Destroy => Ok(destroy::conversions(operation.destroy.as_deref())),
        Type::GrowVolume => grow_volume::conversions(operation.grow_volume.as_deref()),
        Type::ShrinkVolume => shrink_volume::conversions(operation.shrink_volume.as_deref()),
    }
}

/// Tells whether the outcome is known before anybody acts: the master changes its books at once.
///
/// Mesos: src/common/protobuf_utils.cpp, isSpeculativeOperation
pub fn is_speculative(operation: &Operation) -> bool {
    match operation.r#type.unwrap_or_default() {
        Type::Reserve
        | Type::Unreserve
        | Type::Create
        | Type::Destroy
        | Type::GrowVolume
        | Type::ShrinkVolume => true,
        Type::Unknown | Type::Launch | Type::LaunchGroup | Type::CreateDisk | Type::DestroyDisk => false,
    }
}

/// Tells whether an operation in this state is over.
///
/// Mesos: src/common/protobuf_utils.cpp, isTerminalState
pub fn is_terminal(state: OperationState) -> bool {
    match state {
        OperationState::OperationFinished
        | OperationState::OperationFailed
        | OperationState::OperationError
        | OperationState::OperationDropped
        | OperationState::OperationGoneByOperator => true,
        OperationState::OperationUnsupported
        | OperationState::OperationPending
        | OperationState::OperationUnreachable
        | OperationState::OperationRecovering
        | OperationState::OperationUnknown => false,
    }
}

impl Resources {
    /// The bundle after an operation.
    ///
    /// # Errors
    ///
    /// Fails with Mesos' words when the operation converts nothing, when it consumes what is not there, when
    /// copies of a destroyed volume stay behind, and when it would change the amounts.
    ///
    /// Mesos: src/common/resources.cpp, Resources::apply(Offer::Operation)
    pub fn apply(&self, operation: &Operation) -> Result<Resources, Error> {
        let conversions = conversions(operation).map_err(|error| error.within("Cannot get conversions"))?;
        let result = self.apply_conversions(&conversions)?;
        // Mesos aborts here.
        if result.amounts() != self.amounts() {
            return Err(Error::new(format!(
                "Operation changes the amount of resources from {self} to {result}"
            )));
        }
        Ok(result)
    }

    /// The bundle after several conversions, one after the other.
    ///
    /// # Errors
    ///
    /// Fails as [`Conversion::apply`] does.
    pub fn apply_conversions<'a>(
        &self,
        conversions: impl IntoIterator<Item = &'a Conversion>,
    ) -> Result<Resources, Error> {
        let mut result = self.clone();
        for conversion in conversions {
            conversion.apply_to(&mut result)?;
        }
        Ok(result)
    }
}

/// One resource of a message; nothing when it is invalid or empty, as in Mesos' own conversion.
fn bundle(message: &mesos_proto::v0::Resource) -> Resources {
    Resources::from_valid_protos(std::slice::from_ref(message))
}

fn single(resource: Resource) -> Resources {
    Resources::from_iter([resource])
}

#[cfg(test)]
mod tests;
