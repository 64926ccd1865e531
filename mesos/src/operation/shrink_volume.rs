//! SHRINK_VOLUME: a persistent volume gives disk space back.

use mesos_proto::v0::offer::operation::ShrinkVolume;

use super::{Conversion, bundle, single};
use crate::{Error, Scalar};

pub(super) fn conversions(shrink: Option<&ShrinkVolume>) -> Result<Vec<Conversion>, Error> {
    let Some(shrink) = shrink else {
        return Ok(Vec::new());
    };
    if shrink.volume.provider_id.is_some() {
        return Err(Error::new("Operation not supported for resource provider"));
    }
    let consumed = bundle(&shrink.volume);
    let freed = Scalar::from(&shrink.subtract);
    let converted = consumed.iter().next().map(|volume| {
        let rest = volume.scalar().unwrap_or_default() - freed;
        let mut converted = single(volume.clone().with_scalar(rest));
        converted.add(volume.without_volume().with_scalar(freed));
        converted
    });
    Ok(vec![Conversion::new(consumed, converted.unwrap_or_default())])
}
