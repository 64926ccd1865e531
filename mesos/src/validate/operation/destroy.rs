//! DESTROY.

use mesos_proto::v0::offer::operation::Destroy;

use super::super::{refuse, task_resources};
use super::{persistent_volumes, single_provider};
use crate::{Error, Resources};

/// Checks that volumes can be destroyed on an agent that has `checkpointed` on disk. `used` is what tasks and
/// executors use and what is promised to them, one bundle a framework.
///
/// # Errors
///
/// Fails with Mesos' words.
///
/// Mesos: src/master/validation.cpp, operation::validate(Destroy)
pub fn destroy<'a>(
    destroy: &Destroy,
    checkpointed: &Resources,
    used: impl IntoIterator<Item = &'a Resources>,
) -> Result<(), Error> {
    // Operators destroy what is allocated to nobody, frameworks what is allocated to them.
    let volumes = Resources::from_valid_protos(&destroy.volumes).unallocated();
    task_resources(&volumes.to_protos()).map_err(|error| error.within("Invalid resources"))?;
    single_provider(&volumes).map_err(|error| error.within("Invalid resources"))?;
    persistent_volumes(&volumes).map_err(|error| error.within("Not a persistent volume"))?;
    if volumes
        .iter()
        .any(|volume| !volume.has_provider() && !checkpointed.contains_one(&volume.once()))
    {
        return refuse("Persistent volumes not found");
    }
    for bundle in used {
        let bundle = bundle.clone().unallocated();
        if volumes.iter().any(|volume| bundle.contains_one(&volume.once())) {
            return refuse("Persistent volumes in use");
        }
    }
    Ok(())
}
