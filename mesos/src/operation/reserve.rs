//! RESERVE: resources become a role's own.

use mesos_proto::v0::offer::operation::Reserve;

use super::Conversion;
use crate::{Error, Resources};

/// What is reserved comes from `source` if it is given, else from the same with one reservation less.
pub(super) fn conversions(reserve: Option<&Reserve>) -> Result<Vec<Conversion>, Error> {
    let Some(reserve) = reserve else {
        return Ok(Vec::new());
    };
    let reserved = Resources::from_valid_protos(&reserve.resources);
    let consumed = if reserve.source.is_empty() {
        reserved
            .pop_reservation()
            .ok_or_else(|| Error::new(format!("{reserved} is not reserved")))?
    } else {
        Resources::from_valid_protos(&reserve.source)
    };
    Ok(vec![Conversion::new(consumed, reserved)])
}
