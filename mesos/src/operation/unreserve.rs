//! UNRESERVE: resources lose their innermost reservation.

use mesos_proto::v0::offer::operation::Unreserve;

use super::{Conversion, bundle};
use crate::Error;

pub(super) fn conversions(unreserve: Option<&Unreserve>) -> Result<Vec<Conversion>, Error> {
    let resources = unreserve.map_or(&[][..], |unreserve| &unreserve.resources);
    resources
        .iter()
        .map(|resource| {
            let reserved = bundle(resource);
            let converted = reserved
                .pop_reservation()
                .ok_or_else(|| Error::new(format!("{reserved} is not reserved")))?;
            Ok(Conversion::new(reserved, converted))
        })
        .collect()
}
