//! CREATE: disk space becomes persistent volumes.

use mesos_proto::v0::offer::operation::Create;

use super::{Conversion, bundle, single};

pub(super) fn conversions(create: Option<&Create>) -> Vec<Conversion> {
    let volumes = create.map_or(&[][..], |create| &create.volumes);
    volumes
        .iter()
        .flat_map(|message| {
            let volume = bundle(message);
            let stripped = volume.iter().next().map(|volume| single(volume.without_volume()));
            stripped.map(|stripped| Conversion::new(stripped, volume))
        })
        .collect()
}
