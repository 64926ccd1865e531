//! Reservations of whole bundles.

use mesos_proto::v0::resource::ReservationInfo;

use super::Resources;
use crate::{Error, Resource, validate};

impl Resources {
    /// The bundle with every reservation refined by one more.
    ///
    /// # Errors
    ///
    /// Fails with Mesos' words when one of them would not be a valid resource.
    ///
    /// Mesos: src/common/resources.cpp, pushReservation
    pub fn push_reservation(&self, reservation: &ReservationInfo) -> Result<Resources, Error> {
        let mut pushed = Resources::new();
        for resource in self {
            let mut resource = resource.clone();
            resource.push_reservation(reservation.clone());
            validate::resource(&resource.to_proto())?;
            pushed.add(resource);
        }
        Ok(pushed)
    }

    /// The bundle with the innermost reservation of everything taken off; `None` when something has none.
    ///
    /// Mesos: src/common/resources.cpp, popReservation
    pub fn pop_reservation(&self) -> Option<Resources> {
        let mut popped = Resources::new();
        for resource in self {
            let mut resource = resource.clone();
            resource.pop_reservation()?;
            popped.add(resource);
        }
        Some(popped)
    }

    /// The bundle as if nothing were reserved.
    #[must_use]
    pub fn to_unreserved(&self) -> Resources {
        let mut unreserved = self.clone();
        unreserved.rebuild(Resource::clear_reservations);
        unreserved
    }

    /// The bundle with the reservations that both bundles have in common; `None` when one is empty or when
    /// they differ in more than reservations.
    ///
    /// Mesos: src/common/resources.cpp, getReservationAncestor
    pub fn reservation_ancestor(&self, other: &Resources) -> Option<Resources> {
        let (one, two) = (self.iter().next()?, other.iter().next()?);
        let mut ancestor = self.to_unreserved();
        if ancestor != other.to_unreserved() {
            return None;
        }
        let common: Vec<ReservationInfo> = one
            .reservations()
            .iter()
            .zip(two.reservations())
            .take_while(|(one, two)| crate::resource::same_reservation(one, two))
            .map(|(one, _)| one.clone())
            .collect();
        ancestor.rebuild(|resource| {
            for reservation in &common {
                resource.push_reservation(reservation.clone());
            }
        });
        Some(ancestor)
    }
}
