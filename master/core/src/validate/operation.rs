//! Operations on an agent's resources, by frameworks and operators.

use mesos::Error;
use mesos::validate::operation as rules;
use mesos_proto::v0::{FrameworkInfo, offer::Operation};

use crate::state::Agent;

/// Whether a framework, or an operator when there is none, may do this to the agent's resources, whatever is free of them.
///
/// Mesos: `src/master/validation.cpp`, `operation::validate`.
pub(crate) fn judge(
    operation: &Operation,
    agent: &Agent,
    framework: Option<&FrameworkInfo>,
) -> Result<(), Error> {
    // Nobody is authenticated here, so no principal is known but the framework's own word.
    let principal = framework.and_then(|info| info.principal.as_deref());
    let capabilities = &agent.capabilities;
    match operation {
        Operation {
            reserve: Some(reserve),
            ..
        } => {
            rules::reserve(reserve, principal, capabilities, framework)?;
            let stacks = reserve
                .resources
                .iter()
                .flat_map(|resource| &resource.reservations);
            stacks
                .filter_map(|reservation| reservation.role.as_deref())
                .try_for_each(mesos::roles::check_size)
        }
        Operation {
            unreserve: Some(unreserve),
            ..
        } => rules::unreserve(unreserve),
        Operation {
            create: Some(create), ..
        } => rules::create(create, &agent.checkpointed, principal, capabilities, framework),
        Operation {
            destroy: Some(destroy),
            ..
        } => rules::destroy(destroy, &agent.checkpointed, agent.used.values()),
        Operation {
            grow_volume: Some(grow),
            ..
        } => rules::grow_volume(grow, capabilities),
        Operation {
            shrink_volume: Some(shrink),
            ..
        } => rules::shrink_volume(shrink, capabilities),
        Operation {
            create_disk: Some(create),
            ..
        } => rules::create_disk(create),
        Operation {
            destroy_disk: Some(destroy),
            ..
        } => rules::destroy_disk(destroy),
        _ => Err(Error::new("the operation says nothing")),
    }
}
