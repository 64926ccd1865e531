//! GROW_VOLUME.

use mesos_proto::v0::offer::operation::GrowVolume;
use mesos_proto::v0::slave_info::{Capability, capability::Type as AgentCan};

use super::super::{refuse, resource};
use super::{has, one, persistent_volumes};
use crate::{Error, Resource, Resources, Scalar};

/// Checks that a volume can take in more disk space, on an agent with these capabilities.
///
/// # Errors
///
/// Fails with Mesos' words.
///
/// Mesos: src/master/validation.cpp, operation::validate(GrowVolume)
pub fn grow_volume(grow: &GrowVolume, agent: &[Capability]) -> Result<(), Error> {
    resource(&grow.volume)
        .map_err(|error| error.within("Invalid resource in the 'GrowVolume.volume' field"))?;
    resource(&grow.addition)
        .map_err(|error| error.within("Invalid resource in the 'GrowVolume.addition' field"))?;
    if grow
        .addition
        .scalar
        .as_deref()
        .map(Scalar::from)
        .unwrap_or_default()
        <= Scalar::ZERO
    {
        return refuse("The size of 'GrowVolume.addition' field must be greater than zero");
    }
    let volume = Resource::from_valid(&grow.volume);
    if volume.has_provider() {
        return refuse("Growing a volume from a resource provider is not supported");
    }
    persistent_volumes(&one(&grow.volume))
        .map_err(|error| error.within("Invalid persistent volume in the 'GrowVolume.volume' field"))?;
    if volume.is_shared() {
        return refuse("Growing a shared persistent volume is not supported");
    }
    let together = Resources::from_iter([volume.without_volume(), Resource::from_valid(&grow.addition)]);
    if together.len() != 1 {
        return refuse("Incompatible resources in the 'GrowVolume.volume' and 'GrowVolume.addition' fields");
    }
    if !has(agent, AgentCan::ResizeVolume) {
        return refuse(format!(
            "Volume {volume} cannot be grown on an agent without RESIZE_VOLUME capability"
        ));
    }
    Ok(())
}
