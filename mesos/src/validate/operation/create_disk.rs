//! CREATE_DISK.

use mesos_proto::v0::offer::operation::CreateDisk;
use mesos_proto::v0::resource::disk_info::source;

use super::super::{refuse, task_resources};
use super::one;
use crate::{Error, Resource};

/// Checks that a raw disk of a resource provider can become a mounted or a block disk.
///
/// # Errors
///
/// Fails with Mesos' words.
///
/// Mesos: src/master/validation.cpp, operation::validate(CreateDisk)
pub fn create_disk(create: &CreateDisk) -> Result<(), Error> {
    task_resources(&one(&create.source).to_protos()).map_err(|error| error.within("Invalid resource"))?;
    let source = Resource::from_valid(&create.source);
    if !source.has_provider() {
        return refuse("'source' is not managed by a resource provider");
    }
    if !source.is_disk(source::Type::Raw) {
        return refuse("'source' is not a RAW disk resource");
    }
    if !matches!(create.target_type, source::Type::Mount | source::Type::Block) {
        return refuse("'target_type' is neither MOUNT or BLOCK");
    }
    let has_profile = source
        .disk()
        .and_then(|disk| disk.source.as_deref())
        .is_some_and(|source| source.profile.is_some());
    match (has_profile, create.target_profile.is_some()) {
        (true, true) => refuse("'target_profile' must not be set when 'source' has a profile"),
        (false, false) => refuse("'target_profile' must be set when 'source' has no profile"),
        _ => Ok(()),
    }
}
