//! SHRINK_VOLUME.

use mesos_proto::v0::offer::operation::ShrinkVolume;
use mesos_proto::v0::resource::disk_info::source;
use mesos_proto::v0::slave_info::{Capability, capability::Type as AgentCan};

use super::super::{refuse, resource};
use super::{has, one, persistent_volumes};
use crate::{Error, Resource, Scalar};

/// Checks that a volume can give disk space back, on an agent with these capabilities.
///
/// # Errors
///
/// Fails with Mesos' words.
///
/// Mesos: src/master/validation.cpp, operation::validate(ShrinkVolume)
pub fn shrink_volume(shrink: &ShrinkVolume, agent: &[Capability]) -> Result<(), Error> {
    resource(&shrink.volume)
        .map_err(|error| error.within("Invalid resource in the 'ShrinkVolume.volume' field"))?;
    let subtract = Scalar::from(&shrink.subtract);
    if subtract <= Scalar::ZERO {
        return refuse("Value of 'ShrinkVolume.subtract' must be greater than zero");
    }
    let volume = Resource::from_valid(&shrink.volume);
    if volume.scalar().unwrap_or_default() <= subtract {
        return refuse(
            "Value of 'ShrinkVolume.subtract' must be smaller than the size of 'ShrinkVolume.volume'",
        );
    }
    if volume.has_provider() {
        return refuse("Shrinking a volume from a resource provider is not supported");
    }
    if volume.is_disk(source::Type::Mount) {
        return refuse("Shrinking a volume on a MOUNT disk is not supported");
    }
    persistent_volumes(&one(&shrink.volume))
        .map_err(|error| error.within("Invalid persistent volume in the 'ShrinkVolume.volume' field"))?;
    if volume.is_shared() {
        return refuse("Shrinking a shared persistent volume is not supported");
    }
    if !has(agent, AgentCan::ResizeVolume) {
        return refuse(format!(
            "Volume {volume} cannot be shrunk on an agent without RESIZE_VOLUME capability"
        ));
    }
    Ok(())
}
