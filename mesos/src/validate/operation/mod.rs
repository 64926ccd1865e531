//! Operations on offered resources, before they are performed.
//!
//! All of them take messages in the format of the daemons, see [`crate::operation::validate_and_upgrade`].
//!
//! Mesos: src/master/validation.cpp, namespace operation

mod create;
mod create_disk;
mod destroy;
mod destroy_disk;
mod grow_volume;
mod reserve;
mod shrink_volume;
mod unreserve;

use std::collections::BTreeSet;

use mesos_proto::v0;
use mesos_proto::v0::{slave_info, volume};

pub use self::create::create;
pub use self::create_disk::create_disk;
pub use self::destroy::destroy;
pub use self::destroy_disk::destroy_disk;
pub use self::grow_volume::grow_volume;
pub use self::reserve::reserve;
pub use self::shrink_volume::shrink_volume;
pub use self::unreserve::unreserve;

use super::refuse;
use crate::{Error, Resource, Resources};

/// Mesos: src/master/validation.cpp, resource::validatePersistentVolume
fn persistent_volumes<'a>(volumes: impl IntoIterator<Item = &'a Resource>) -> Result<(), Error> {
    for resource in volumes {
        let Some(disk) = resource.disk() else {
            return refuse(format!("Resource {resource} does not have DiskInfo"));
        };
        if disk.persistence.is_none() {
            return refuse("'persistence' is not set in DiskInfo");
        }
        match &disk.volume {
            None => return refuse("Expecting 'volume' to be set for persistent volume"),
            Some(volume) if volume.mode == volume::Mode::Ro => {
                return refuse("Read-only persistent volume not supported");
            }
            Some(_) => {}
        }
    }
    Ok(())
}

/// Mesos: src/master/validation.cpp, resource::internal::validateSingleResourceProvider
fn single_provider<'a>(resources: impl IntoIterator<Item = &'a Resource>) -> Result<(), Error> {
    let providers: BTreeSet<Option<&str>> = resources
        .into_iter()
        .map(|resource| resource.provider_id().map(|id| id.as_str()))
        .collect();
    if providers.len() == 1 {
        return Ok(());
    }
    if providers.contains(&None) {
        return refuse("Some resources have a resource provider and some do not");
    }
    let providers: Vec<&str> = providers.into_iter().flatten().collect();
    refuse(format!(
        "The resources have multiple resource providers: {}",
        providers.join(", ")
    ))
}

/// The resources of a list that [`super::task_resources`] has passed, one by one: lists may name one twice.
fn each(messages: &[v0::Resource]) -> Vec<Resource> {
    messages.iter().map(Resource::from_valid).collect()
}

/// One resource as a list that was read, so that what is empty falls out.
fn one(message: &v0::Resource) -> Resources {
    Resources::from_valid_protos(std::slice::from_ref(message))
}

fn has(capabilities: &[slave_info::Capability], capability: slave_info::capability::Type) -> bool {
    crate::capabilities::agent_has(capabilities, capability)
}

/// `{ a, b }`.
fn set_text(roles: &BTreeSet<String>) -> String {
    let roles: Vec<&str> = roles.iter().map(String::as_str).collect();
    format!("{{ {} }}", roles.join(", "))
}

#[cfg(test)]
mod tests;
