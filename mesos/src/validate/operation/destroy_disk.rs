//! DESTROY_DISK.

use mesos_proto::v0::offer::operation::DestroyDisk;
use mesos_proto::v0::resource::disk_info::source::Type;

use super::super::{refuse, task_resources};
use super::one;
use crate::{Error, Resource};

/// Checks that a disk of a resource provider can become raw again.
///
/// # Errors
///
/// Fails with Mesos' words.
///
/// Mesos: src/master/validation.cpp, operation::validate(DestroyDisk)
pub fn destroy_disk(destroy: &DestroyDisk) -> Result<(), Error> {
    task_resources(&one(&destroy.source).to_protos()).map_err(|error| error.within("Invalid resource"))?;
    let source = Resource::from_valid(&destroy.source);
    if !source.has_provider() {
        return refuse("'source' is not managed by a resource provider");
    }
    if ![Type::Mount, Type::Block, Type::Raw]
        .iter()
        .any(|kind| source.is_disk(*kind))
    {
        return refuse("'source' is neither a MOUNT, BLOCK or RAW disk resource");
    }
    let backed = source
        .disk()
        .and_then(|disk| disk.source.as_deref())
        .is_some_and(|source| source.id.is_some());
    if !backed {
        return refuse("'source' is not backed by a CSI volume");
    }
    if source.is_persistent_volume() {
        return refuse(format!(
            "A disk resource containing a persistent volume {source} cannot be destroyed directly. Please \
             destroy the persistent volume first then destroy the disk resource"
        ));
    }
    Ok(())
}
