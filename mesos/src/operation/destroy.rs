//! DESTROY: persistent volumes become disk space.

use mesos_proto::v0::offer::operation::Destroy;

use super::{Conversion, bundle};

pub(super) fn conversions(destroy: Option<&Destroy>) -> Vec<Conversion> {
    let volumes = destroy.map_or(&[][..], |destroy| &destroy.volumes);
    volumes
        .iter()
        .flat_map(|message| {
            bundle(message)
                .iter()
                .next()
                .cloned()
                .map(Conversion::destruction)
        })
        .collect()
}
