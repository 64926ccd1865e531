//! The three ways a message can spell a reservation.

use mesos_proto::v0;
use mesos_proto::v0::resource::{ReservationInfo, reservation_info};

use crate::Error;

/// Which fields of a `Resource` message say for whom it is reserved.
///
/// Mesos: include/mesos/mesos.proto, message Resource
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResourceFormat {
    /// `role` and `reservation`: what peers without the capability RESERVATION_REFINEMENT understand.
    Legacy,
    /// `reservations`, a stack: what the daemons think in.
    Refined,
    /// Both where both can say it: what the endpoints show.
    Endpoint,
}

/// Brings a valid `Resource` message into a format.
///
/// # Errors
///
/// Fails when a stack of several reservations shall become [`ResourceFormat::Legacy`].
///
/// Mesos: src/common/resources_utils.cpp, convertResourceFormat and downgradeResource
pub fn convert_format(resource: &mut v0::Resource, format: ResourceFormat) -> Result<(), Error> {
    refine(resource);
    if format == ResourceFormat::Refined {
        return Ok(());
    }
    match resource.reservations.as_slice() {
        [] => resource.role = Some("*".to_owned()),
        [reservation] => {
            if reservation.r#type == Some(reservation_info::Type::Dynamic) {
                let legacy = ReservationInfo {
                    principal: reservation.principal.clone(),
                    labels: reservation.labels.clone(),
                    ..Default::default()
                };
                resource.reservation = Some(Box::new(legacy));
            }
            resource.role = reservation.role.clone();
            if format == ResourceFormat::Legacy {
                resource.reservations.clear();
            }
        }
        _ if format == ResourceFormat::Endpoint => {}
        _ => {
            return Err(Error::new(
                "Cannot downgrade resources containing refined reservations",
            ));
        }
    }
    Ok(())
}

fn refine(resource: &mut v0::Resource) {
    let role = resource.role.take();
    let legacy = resource.reservation.take();
    if !resource.reservations.is_empty() {
        return;
    }
    let Some(role) = role.filter(|role| role != "*") else {
        return;
    };
    let (kind, base) = match legacy {
        None => (reservation_info::Type::Static, ReservationInfo::default()),
        Some(reservation) => (reservation_info::Type::Dynamic, *reservation),
    };
    resource.reservations.push(ReservationInfo {
        r#type: Some(kind),
        role: Some(role),
        ..base
    });
}
