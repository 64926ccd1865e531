//! UNRESERVE.

use mesos_proto::v0::offer::operation::Unreserve;

use super::super::{refuse, task_resources};
use super::{each, single_provider};
use crate::Error;

/// Checks that resources can lose a reservation. Whose they are is a matter of authorization.
///
/// # Errors
///
/// Fails with Mesos' words.
///
/// Mesos: src/master/validation.cpp, operation::validate(Unreserve)
pub fn unreserve(unreserve: &Unreserve) -> Result<(), Error> {
    task_resources(&unreserve.resources).map_err(|error| error.within("Invalid resources"))?;
    let resources = each(&unreserve.resources);
    single_provider(&resources).map_err(|error| error.within("Invalid resources"))?;
    for resource in &resources {
        if !resource.is_dynamically_reserved() {
            return refuse(format!("Resource {resource} is not dynamically reserved"));
        }
        if resource.is_persistent_volume() {
            return refuse(format!(
                "A dynamically reserved persistent volume {resource} cannot be unreserved directly. Please \
                 destroy the persistent volume first then unreserve the resource"
            ));
        }
    }
    Ok(())
}
