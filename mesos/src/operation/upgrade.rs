//! Operations in the two formats of reservations.

use mesos_proto::v0::offer::Operation;
use mesos_proto::v0::offer::operation::Type;
use mesos_proto::v0::{Resource, TaskInfo};

use super::for_each_resource;
use crate::{Error, ResourceFormat, convert_format, validate};

/// Checks the resources an operation names, and brings them into the format of the daemons.
///
/// # Errors
///
/// Fails with Mesos' words when the field of the operation's type is missing, and at the first invalid
/// resource; then nothing is changed.
///
/// Mesos: src/common/resources_utils.cpp, validateAndUpgradeResources
pub fn validate_and_upgrade(operation: &mut Operation) -> Result<(), Error> {
    check(operation)?;
    let mut outcome = Ok(());
    for_each_resource(operation, |resource| {
        if outcome.is_ok() {
            outcome = convert_format(resource, ResourceFormat::Refined);
        }
    });
    outcome
}

/// Brings the resources an operation names into the format of agents without the capability
/// RESERVATION_REFINEMENT.
///
/// # Errors
///
/// Fails with Mesos' words at the first refined reservation.
///
/// Mesos: src/common/resources_utils.cpp, downgradeResources
pub fn downgrade(operation: &mut Operation) -> Result<(), Error> {
    let mut outcome = Ok(());
    for_each_resource(operation, |resource| {
        if outcome.is_ok() {
            outcome = convert_format(resource, ResourceFormat::Legacy);
        }
    });
    outcome
}

fn check(operation: &Operation) -> Result<(), Error> {
    let list = |resources: &[Resource]| validate::resources(resources);
    match operation.r#type.unwrap_or_default() {
        Type::Unknown => Err(Error::new("Unknown offer operation")),
        Type::Reserve => {
            let reserve = field(&operation.reserve, "A RESERVE offer", "reserve", ".")?;
            list(&reserve.resources)?;
            list(&reserve.source)
        }
        Type::Unreserve => {
            let unreserve = field(&operation.unreserve, "An UNRESERVE offer", "unreserve", ".")?;
            list(&unreserve.resources)
        }
        Type::Create => list(&field(&operation.create, "A CREATE offer", "create", ".")?.volumes),
        Type::Destroy => list(&field(&operation.destroy, "A DESTROY offer", "destroy", ".")?.volumes),
        Type::GrowVolume => {
            let grow = field(&operation.grow_volume, "A GROW_VOLUME", "grow_volume", "")?;
            validate::resource(&grow.volume)?;
            validate::resource(&grow.addition)
        }
        Type::ShrinkVolume => {
            let shrink = field(
                &operation.shrink_volume,
                "A SHRINK_VOLUME offer",
                "shrink_volume",
                "",
            )?;
            validate::resource(&shrink.volume)
        }
        Type::Launch => tasks(&field(&operation.launch, "A LAUNCH offer", "launch", ".")?.task_infos),
        Type::LaunchGroup => {
            let launch = field(
                &operation.launch_group,
                "A LAUNCH_GROUP offer",
                "launch_group",
                ".",
            )?;
            list(&launch.executor.resources)?;
            tasks(&launch.task_group.tasks)
        }
        Type::CreateDisk => {
            let create = field(&operation.create_disk, "A CREATE_DISK offer", "create_disk", ".")?;
            validate::resource(&create.source)
        }
        Type::DestroyDisk => {
            let destroy = field(
                &operation.destroy_disk,
                "A DESTROY_DISK offer",
                "destroy_disk",
                ".",
            )?;
            validate::resource(&destroy.source)
        }
    }
}

fn field<'a, T>(field: &'a Option<Box<T>>, who: &str, name: &str, stop: &str) -> Result<&'a T, Error> {
    field.as_deref().ok_or_else(|| {
        Error::new(format!(
            "{who} operation must have the Offer.Operation.{name} field set{stop}"
        ))
    })
}

fn tasks(tasks: &[TaskInfo]) -> Result<(), Error> {
    for task in tasks {
        validate::resources(&task.resources)?;
        if let Some(executor) = &task.executor {
            validate::resources(&executor.resources)?;
        }
    }
    Ok(())
}
