//! CREATE.

use mesos_proto::v0::FrameworkInfo;
use mesos_proto::v0::framework_info::capability::Type as FrameworkCan;
use mesos_proto::v0::offer::operation::Create;
use mesos_proto::v0::slave_info::{Capability, capability::Type as AgentCan};

use super::super::{allocated_to_single_role, refuse, task_resources, unique_persistence_ids};
use super::{each, has, persistent_volumes, single_provider};
use crate::{Error, Resource, Resources, capabilities};

/// Checks that volumes can be created: by `principal` if one was authenticated, on an agent with these
/// capabilities that has `checkpointed` on disk, and for a framework unless an operator asked for it.
///
/// # Errors
///
/// Fails with Mesos' words.
///
/// Mesos: src/master/validation.cpp, operation::validate(Create)
pub fn create(
    create: &Create,
    checkpointed: &Resources,
    principal: Option<&str>,
    agent: &[Capability],
    framework: Option<&FrameworkInfo>,
) -> Result<(), Error> {
    task_resources(&create.volumes).map_err(|error| error.within("Invalid resources"))?;
    let volumes = each(&create.volumes);
    single_provider(&volumes).map_err(|error| error.within("Invalid resources"))?;
    persistent_volumes(&volumes).map_err(|error| error.within("Not a persistent volume"))?;
    let mut all = checkpointed.clone();
    all.extend(volumes.iter().cloned());
    unique_persistence_ids(&all)?;
    for volume in &volumes {
        may_have(volume, agent, framework)?;
        if let Some(principal) = principal {
            by_principal(volume, principal)?;
        }
    }
    if framework.is_some() {
        allocated_to_single_role(&volumes.into_iter().collect())
            .map_err(|error| error.within("Invalid volume resources"))?;
    }
    Ok(())
}

fn may_have(volume: &Resource, agent: &[Capability], framework: Option<&FrameworkInfo>) -> Result<(), Error> {
    let unable =
        |framework: &&FrameworkInfo| !capabilities::framework_has(framework, FrameworkCan::SharedResources);
    if let Some(framework) = framework.filter(unable).filter(|_| volume.is_shared()) {
        let id = framework.id.as_deref().map_or("", |id| &id.value);
        return refuse(format!(
            "Create volume operation for '{volume}' has been attempted by framework '{id}' with no \
             SHARED_RESOURCES capability"
        ));
    }
    let role = volume.reservation_role().unwrap_or_default();
    if !has(agent, AgentCan::HierarchicalRole) && role.contains('/') {
        return refuse(format!(
            "Volume {volume} with reservation for hierarchical role '{role}' cannot be created on an agent \
             without HIERARCHICAL_ROLE capability"
        ));
    }
    if !has(agent, AgentCan::ReservationRefinement) && volume.has_refined_reservations() {
        return refuse(format!(
            "Volume {volume} with reservation refinement cannot be created on an agent without \
             RESERVATION_REFINEMENT capability"
        ));
    }
    Ok(())
}

fn by_principal(volume: &Resource, principal: &str) -> Result<(), Error> {
    let owner = volume
        .disk()
        .and_then(|disk| disk.persistence.as_deref())
        .and_then(|persistence| persistence.principal.as_deref());
    match owner {
        None => refuse(format!(
            "Create volume operation attempted by principal '{principal}', but there is a volume in the \
             operation with no principal set in 'disk.persistence'"
        )),
        Some(owner) if owner != principal => refuse(format!(
            "Create volume operation attempted by authenticated principal '{principal}', which does not match \
             a volume in the operation with principal '{owner}' set in 'disk.persistence'"
        )),
        Some(_) => Ok(()),
    }
}
