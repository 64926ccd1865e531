//! GROW_VOLUME: a persistent volume takes in more disk space.

use mesos_proto::v0::offer::operation::GrowVolume;

use super::{Conversion, bundle, single};
use crate::{Error, Scalar};

pub(super) fn conversions(grow: Option<&GrowVolume>) -> Result<Vec<Conversion>, Error> {
    let Some(grow) = grow else { return Ok(Vec::new()) };
    if grow.volume.provider_id.is_some() {
        return Err(Error::new("Operation not supported for resource provider"));
    }
    let consumed = bundle(&grow.volume) + &bundle(&grow.addition);
    let added = grow
        .addition
        .scalar
        .as_deref()
        .map(Scalar::from)
        .unwrap_or_default();
    let grown = bundle(&grow.volume).iter().next().map(|volume| {
        let size = volume.scalar().unwrap_or_default() + added;
        single(volume.clone().with_scalar(size))
    });
    Ok(vec![Conversion::new(consumed, grown.unwrap_or_default())])
}
