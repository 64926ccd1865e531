//! RESERVE.

use mesos_proto::v0::offer::operation::Reserve;
use mesos_proto::v0::slave_info::{Capability, capability::Type as AgentCan};
use mesos_proto::v0::{self, FrameworkInfo};
use mesos_proto::{Dialect, Message as _};

use super::super::{allocated_to_single_role, refuse, task_resources};
use super::{each, has, set_text, single_provider};
use crate::{Error, Resource, Resources, roles};

/// Checks a reservation: by `principal` if one was authenticated, on an agent with these capabilities, and
/// for a framework unless an operator asked for it.
///
/// # Errors
///
/// Fails with Mesos' words.
///
/// Mesos: src/master/validation.cpp, operation::validate(Reserve)
pub fn reserve(
    reserve: &Reserve,
    principal: Option<&str>,
    agent: &[Capability],
    framework: Option<&FrameworkInfo>,
) -> Result<(), Error> {
    task_resources(&reserve.resources).map_err(|error| error.within("Invalid resources"))?;
    task_resources(&reserve.source).map_err(|error| error.within("Invalid source"))?;
    if !reserve.source.is_empty() {
        same_quantities(reserve)?;
    }
    let resources = each(&reserve.resources);
    single_provider(&resources).map_err(|error| error.within("Invalid resources"))?;
    for resource in &resources {
        let Some(role) = resource
            .reservation_role()
            .filter(|_| resource.is_dynamically_reserved())
        else {
            return refuse(format!("Resource {resource} is not dynamically reserved"));
        };
        if !has(agent, AgentCan::HierarchicalRole) && role.contains('/') {
            return refuse(format!(
                "Resource {resource} with reservation for hierarchical role '{role}' cannot be reserved \
                 on an agent without HIERARCHICAL_ROLE capability"
            ));
        }
        if !has(agent, AgentCan::ReservationRefinement) && resource.has_refined_reservations() {
            return refuse(format!(
                "Resource {resource} with reservation refinement cannot be reserved on an agent without \
                 RESERVATION_REFINEMENT capability"
            ));
        }
        if let Some(principal) = principal {
            by_principal(resource, principal)?;
        }
        match framework {
            Some(framework) => by_framework(resource, role, framework)?,
            None if resource.allocation_role().is_some() => {
                return refuse(
                    "A reserve operation was attempted with an allocated resource, but the operator API only \
                     allows reservations to be made to unallocated resources",
                );
            }
            None => {}
        }
    }
    if framework.is_some() {
        allocated_to_single_role(&resources.into_iter().collect())
            .map_err(|error| error.within("Invalid reservation resources"))?;
    }
    Ok(())
}

/// What is reserved anew must be what was there, in other reservations.
fn same_quantities(reserve: &Reserve) -> Result<(), Error> {
    let source = Resources::from_valid_protos(&reserve.source);
    let target = Resources::from_valid_protos(&reserve.resources);
    one_stack(&source).map_err(|error| error.within("Invalid source"))?;
    one_stack(&target).map_err(|error| error.within("Invalid resources"))?;
    let (source, target) = (source.to_unreserved(), target.to_unreserved());
    if source != target {
        return refuse(format!(
            "Source and target resources should refer to identical resource quantities: {source} vs. {target}"
        ));
    }
    Ok(())
}

fn one_stack(resources: &Resources) -> Result<(), Error> {
    let Some(first) = resources.iter().next() else {
        return refuse("Resource cannot be empty");
    };
    if resources.iter().all(|resource| resource.is_reserved_as(first)) {
        return Ok(());
    }
    let json: Vec<String> = resources
        .to_protos()
        .iter()
        .map(|message: &v0::Resource| message.to_json(Dialect::V0))
        .collect();
    refuse(format!(
        "Mixed reservations are not supported[{}]",
        json.join(",")
    ))
}

fn by_principal(resource: &Resource, principal: &str) -> Result<(), Error> {
    let owner = resource
        .reservations()
        .last()
        .and_then(|reservation| reservation.principal.as_deref());
    match owner {
        None => refuse(format!(
            "A reserve operation was attempted by principal '{principal}', but there is a reserved resource \
             in the request with no principal set"
        )),
        Some(owner) if owner != principal => refuse(format!(
            "A reserve operation was attempted by authenticated principal '{principal}', which does not match \
             a reserved resource in the request with principal '{owner}'"
        )),
        Some(_) => Ok(()),
    }
}

fn by_framework(resource: &Resource, role: &str, framework: &FrameworkInfo) -> Result<(), Error> {
    let Some(allocated) = resource.allocation_role() else {
        return refuse(format!(
            "A reserve operation was attempted on unallocated resource {resource}, but frameworks can only \
             perform reservations on allocated resources"
        ));
    };
    if allocated != role {
        return refuse(format!(
            "A reserve operation was attempted for a resource with role '{role}', but the resource was \
             allocated to role '{allocated}'"
        ));
    }
    let own = roles::of_framework(framework);
    if !own.contains(allocated) {
        return refuse(format!(
            "A reserve operation was attempted for a resource allocated to role '{allocated}', but the \
             framework only has roles '{}'",
            set_text(&own)
        ));
    }
    Ok(())
}
