//! Who is asked to perform an operation.

use mesos_proto::v0::Resource as Message;
use mesos_proto::v0::offer::Operation;
use mesos_proto::v0::offer::operation::Type;

use crate::ids::ResourceProviderId;
use crate::{Error, Resources};

/// The resource provider whose resources an operation names first; `None` is the agent.
///
/// # Errors
///
/// Fails with Mesos' words when the operation launches something, names no resource, or is unknown.
///
/// Mesos: src/common/resources_utils.cpp, getResourceProviderId(Offer::Operation)
pub fn provider_of(operation: &Operation) -> Result<Option<ResourceProviderId>, Error> {
    let refuse = |text: &str| Err(Error::new(text));
    let first = |resources: Option<&Vec<Message>>| resources.and_then(|list| list.first()).cloned();
    let resource = match operation.r#type.unwrap_or_default() {
        Type::Unknown => return refuse("Unknown offer operation"),
        Type::Launch => return refuse("Unexpected LAUNCH operation"),
        Type::LaunchGroup => return refuse("Unexpected LAUNCH_GROUP operation"),
        Type::Reserve => first(operation.reserve.as_ref().map(|reserve| &reserve.resources)),
        Type::Unreserve => first(operation.unreserve.as_ref().map(|unreserve| &unreserve.resources)),
        Type::Create => first(operation.create.as_ref().map(|create| &create.volumes)),
        Type::Destroy => first(operation.destroy.as_ref().map(|destroy| &destroy.volumes)),
        Type::GrowVolume => operation.grow_volume.as_ref().map(|grow| grow.volume.clone()),
        Type::ShrinkVolume => operation
            .shrink_volume
            .as_ref()
            .map(|shrink| shrink.volume.clone()),
        Type::CreateDisk => operation.create_disk.as_ref().map(|create| create.source.clone()),
        Type::DestroyDisk => operation
            .destroy_disk
            .as_ref()
            .map(|destroy| destroy.source.clone()),
    };
    match resource {
        None => refuse("Operation contains no resources"),
        Some(resource) => Ok(resource.provider_id.as_deref().map(ResourceProviderId::from)),
    }
}

/// The one resource provider a bundle comes from; `None` is the agent.
///
/// # Errors
///
/// Fails with Mesos' words when the bundle is empty or has several.
///
/// Mesos: src/common/resources_utils.cpp, getResourceProviderId(Resources)
pub fn provider_of_resources(resources: &Resources) -> Result<Option<ResourceProviderId>, Error> {
    let Some(first) = resources.iter().next() else {
        return Err(Error::new(
            "Cannot determine resource provider for empty resources",
        ));
    };
    if resources
        .iter()
        .any(|resource| resource.provider_id() != first.provider_id())
    {
        return Err(Error::new("Resources are from multiple resource providers"));
    }
    Ok(first.provider_id().cloned())
}
