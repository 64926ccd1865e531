//! Whether offers may be accepted together.

use std::collections::{BTreeMap, BTreeSet};

use mesos::ids::{FrameworkId, OfferId};
use mesos_proto::v0::{self, offer::operation::Type};

use crate::state::Offer;

/// Checks that the offers stand, are the framework's, of one role and one agent, and named once.
///
/// Mesos: `src/master/validation.cpp`, `offer::validate`.
///
/// # Errors
///
/// The reason in Mesos' words.
pub fn offers(
    known: &BTreeMap<OfferId, Offer>,
    ids: &[OfferId],
    framework: &FrameworkId,
) -> Result<(), String> {
    if ids.is_empty() {
        return Err("No offers specified".to_owned());
    }
    let mut seen = BTreeSet::new();
    if let Some(id) = ids.iter().find(|id| !seen.insert(*id)) {
        return Err(format!("Duplicate offer {id} in offer list"));
    }
    let mut offers = Vec::with_capacity(ids.len());
    for id in ids {
        offers.push(
            known
                .get(id)
                .ok_or_else(|| format!("Offer {id} is no longer valid"))?,
        );
    }
    if let Some(offer) = offers.iter().find(|offer| offer.framework_id != *framework) {
        return Err(format!(
            "Offer {} has invalid framework {} while framework {framework} is expected",
            offer.id, offer.framework_id
        ));
    }
    let first = offers[0];
    if let Some(offer) = offers.iter().find(|offer| offer.role != first.role) {
        return Err(format!(
            "Aggregated offers must be allocated to the same role. Offer {} uses role '{} but another is using \
             role '{}",
            offer.id, offer.role, first.role
        ));
    }
    if let Some(offer) = offers.iter().find(|offer| offer.agent_id != first.agent_id) {
        return Err(format!(
            "Aggregated offers must belong to one single agent. Offer {} uses agent {} and agent {}",
            offer.id, offer.agent_id, first.agent_id
        ));
    }
    Ok(())
}

/// Checks what must hold of a LAUNCH or LAUNCH_GROUP as a whole: that no answer is asked for, and that all resources
/// are well-formed. Other operations pass.
///
/// Mesos: `Master::accept`; `src/common/resources_utils.cpp`, `validateAndUpgradeResources`.
///
/// # Errors
///
/// The reason in Mesos' words.
pub fn launch_operation(operation: &v0::offer::Operation) -> Result<(), String> {
    let (tasks, executor, name) = match operation.r#type {
        Some(Type::Launch) => {
            let launch = operation.launch.as_deref();
            (
                launch.map_or(&[][..], |launch| &launch.task_infos),
                None,
                "LAUNCH",
            )
        }
        Some(Type::LaunchGroup) => {
            let launch = operation.launch_group.as_deref();
            let tasks = launch.map_or(&[][..], |launch| &launch.task_group.tasks);
            (tasks, launch.map(|launch| &launch.executor), "LAUNCH_GROUP")
        }
        _ => return Ok(()),
    };
    let executors = tasks.iter().filter_map(|task| task.executor.as_deref());
    let bundles = executor
        .into_iter()
        .chain(executors)
        .map(|executor| &executor.resources)
        .chain(tasks.iter().map(|task| &task.resources));
    for resources in bundles {
        mesos::validate::resources(resources).map_err(|error| error.to_string())?;
    }
    if operation.id.is_some() {
        return Err(format!("The `id` field cannot be set on {name} operations"));
    }
    Ok(())
}
