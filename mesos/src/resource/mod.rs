//! One resource: a value with everything that tells it from others of its name.

mod allocate;
mod display;
mod format;
mod identity;
mod key;
mod proto;

use std::sync::Arc;

use mesos_proto::v0::resource::disk_info::source;
use mesos_proto::v0::resource::{DiskInfo, ReservationInfo, reservation_info};
use mesos_proto::v0::value::Type;

pub use self::allocate::Allocation;
pub(crate) use self::allocate::{allocate_all, allocate_all_as};
pub(crate) use self::display::{labels_text, source_text};
pub use self::format::{ResourceFormat, convert_format};
use self::identity::Identity;
pub(crate) use self::identity::same_reservation;
use self::key::{Key, Known, Parts};
pub(crate) use self::proto::Neighbour;
use crate::ids::ResourceProviderId;
use crate::{Ranges, Scalar, Set, Value, roles};

/// A resource of an agent, in the form with a stack of reservations ("post-reservation-refinement").
///
/// Two resources are equal when their values are and when nothing else tells them apart: name, role they
/// are allocated to, reservations, disk, revocable, shared, provider.
#[derive(Debug)]
pub struct Resource {
    value: Value,
    /// What tells it from others of its name; none for the most.
    key: Option<Arc<Key>>,
    /// How often a shared resource is held; one for all others.
    copies: u32,
    name: Known,
}

impl Resource {
    /// The names that mostly stand for scalars.
    pub const SCALARS: [&'static str; 4] = ["cpus", "mem", "disk", "gpus"];

    /// An unreserved resource.
    pub fn new(name: impl AsRef<str>, value: Value) -> Self {
        let name = name.as_ref();
        let known = Known::of(name);
        Self {
            value,
            key: match known {
                Known::Other => Key::new(Parts {
                    name: Some(name.into()),
                    ..Parts::default()
                }),
                _ => None,
            },
            copies: 1,
            name: known,
        }
    }

    /// The name, e.g. `cpus`.
    pub fn name(&self) -> &str {
        match (self.name, &self.key) {
            (Known::Other, Some(key)) => key.parts().name.as_deref().unwrap_or_default(),
            (known, _) => known.name(),
        }
    }

    /// The place of the name in [`Resource::SCALARS`], which is quicker to find than the name is to compare.
    #[inline]
    pub fn scalar_place(&self) -> Option<usize> {
        match self.name {
            Known::Cpus => Some(0),
            Known::Mem => Some(1),
            Known::Disk => Some(2),
            Known::Gpus => Some(3),
            Known::Ports | Known::Other => None,
        }
    }

    /// The value.
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// The type of the value.
    pub fn kind(&self) -> Type {
        self.value.kind()
    }

    /// The value of a scalar resource.
    pub fn scalar(&self) -> Option<Scalar> {
        match self.value {
            Value::Scalar(scalar) => Some(scalar),
            Value::Ranges(_) | Value::Set(_) | Value::Text(_) => None,
        }
    }

    /// The value of a resource of ranges.
    pub fn ranges(&self) -> Option<&Ranges> {
        match &self.value {
            Value::Ranges(ranges) => Some(ranges),
            Value::Scalar(_) | Value::Set(_) | Value::Text(_) => None,
        }
    }

    /// The value of a resource of words.
    pub fn set(&self) -> Option<&Set> {
        match &self.value {
            Value::Set(set) => Some(set),
            Value::Scalar(_) | Value::Ranges(_) | Value::Text(_) => None,
        }
    }

    /// The role it is allocated to.
    pub fn allocation_role(&self) -> Option<&str> {
        self.parts().and_then(|parts| parts.allocation.as_deref())
    }

    /// Allocates it to a role, or to none.
    pub fn set_allocation_role(&mut self, role: Option<Arc<str>>) {
        if role.is_none() && self.parts().is_none_or(Parts::is_only_allocated) {
            self.key = None;
            return;
        }
        self.change_parts(|parts| parts.allocation = role);
    }

    fn parts(&self) -> Option<&Parts> {
        self.key.as_ref().map(|key| key.parts())
    }

    fn identity(&self) -> Option<&Identity> {
        self.parts().map(|parts| &parts.identity)
    }

    /// The reservations, the innermost (most refined) last.
    pub fn reservations(&self) -> &[ReservationInfo] {
        self.identity().map_or(&[], |identity| &identity.reservations)
    }

    /// The role it is reserved for.
    pub fn reservation_role(&self) -> Option<&str> {
        self.reservations()
            .last()
            .map(|reservation| reservation.role.as_deref().unwrap_or_default())
    }

    /// Drops all reservations.
    pub fn clear_reservations(&mut self) {
        self.change(|identity| identity.reservations.clear());
    }

    /// Replaces all reservations.
    pub fn set_reservations(&mut self, reservations: &[ReservationInfo]) {
        self.change(|identity| identity.reservations = reservations.to_vec());
    }

    /// Refines the reservation.
    pub fn push_reservation(&mut self, reservation: ReservationInfo) {
        self.change(|identity| identity.reservations.push(reservation));
    }

    /// Takes the innermost reservation off.
    pub fn pop_reservation(&mut self) -> Option<ReservationInfo> {
        let mut popped = None;
        self.change(|identity| popped = identity.reservations.pop());
        popped
    }

    /// What is known about the disk behind it.
    pub fn disk(&self) -> Option<&DiskInfo> {
        self.identity().and_then(|identity| identity.disk.as_deref())
    }

    /// The resource provider it comes from; none for the agent itself.
    pub fn provider_id(&self) -> Option<&ResourceProviderId> {
        self.identity().and_then(|identity| identity.provider_id.as_ref())
    }

    /// Tells whether a resource provider other than the agent itself brought it.
    pub fn has_provider(&self) -> bool {
        self.provider_id().is_some()
    }

    /// Tells whether it is a disk of this kind.
    pub fn is_disk(&self, kind: source::Type) -> bool {
        self.disk()
            .and_then(|disk| disk.source.as_deref())
            .is_some_and(|source| source.r#type == kind)
    }

    /// Tells whether it is reserved for nobody.
    pub fn is_unreserved(&self) -> bool {
        self.reservations().is_empty()
    }

    /// Tells whether it is reserved, for this role if one is given.
    pub fn is_reserved(&self, role: Option<&str>) -> bool {
        self.reservation_role()
            .is_some_and(|reserved| role.is_none_or(|role| role == reserved))
    }

    /// Tells whether the reservation was made at run time.
    pub fn is_dynamically_reserved(&self) -> bool {
        self.reservations()
            .last()
            .is_some_and(|reservation| reservation.r#type == Some(reservation_info::Type::Dynamic))
    }

    /// Tells whether there are reservations within reservations.
    pub fn has_refined_reservations(&self) -> bool {
        self.reservations().len() > 1
    }

    /// Tells whether both have the same stack of reservations.
    pub fn is_reserved_as(&self, other: &Resource) -> bool {
        let (one, two) = (self.reservations(), other.reservations());
        one.len() == two.len() && one.iter().zip(two).all(|(one, two)| same_reservation(one, two))
    }

    /// Tells whether it is reserved for this role or one below it.
    pub fn is_reserved_to_subtree(&self, role: &str) -> bool {
        self.reservation_role()
            .is_some_and(|reserved| reserved == role || roles::is_strict_subrole_of(reserved, role))
    }

    /// Tells whether it is allocated to this role or one below it.
    pub fn is_allocated_to_subtree(&self, role: &str) -> bool {
        self.allocation_role()
            .is_some_and(|allocated| allocated == role || roles::is_strict_subrole_of(allocated, role))
    }

    /// Tells whether an agent keeps it on disk: it exists by an operation, not by the agent's flags.
    ///
    /// Mesos: src/common/resources_utils.cpp, needCheckpointing
    pub fn needs_checkpointing(&self) -> bool {
        !self.has_provider() && (self.is_dynamically_reserved() || self.is_persistent_volume())
    }

    /// Tells whether a framework of this role may have it.
    pub fn is_allocatable_to(&self, role: &str) -> bool {
        self.reservation_role()
            .is_none_or(|reserved| reserved == role || roles::is_strict_subrole_of(role, reserved))
    }

    /// Tells whether it may be taken back at any time.
    pub fn is_revocable(&self) -> bool {
        self.identity().is_some_and(|identity| identity.revocable)
    }

    /// Tells whether several tasks may use it at once.
    pub fn is_shared(&self) -> bool {
        self.identity().is_some_and(|identity| identity.shared)
    }

    /// Tells whether it outlives the tasks that use it.
    pub fn is_persistent_volume(&self) -> bool {
        self.disk().is_some_and(|disk| disk.persistence.is_some())
    }

    /// How often a shared resource is held; one for all others.
    pub fn copies(&self) -> u32 {
        self.copies
    }

    /// The same, held once if it is shared.
    pub(crate) fn once(&self) -> Self {
        Self {
            copies: 1,
            ..self.clone()
        }
    }

    /// The disk space under a persistent volume: without persistence and volume, held once.
    #[must_use]
    pub fn without_volume(&self) -> Self {
        let mut stripped = self.clone();
        stripped.copies = 1;
        stripped.change(|identity| {
            identity.shared = false;
            identity.disk = identity.disk.take().filter(|disk| disk.source.is_some());
            if let Some(disk) = &mut identity.disk {
                disk.persistence = None;
                disk.volume = None;
            }
        });
        stripped
    }

    /// The same with another amount. Only for scalars; others stay as they are.
    #[must_use]
    pub fn with_scalar(mut self, amount: Scalar) -> Self {
        if let Value::Scalar(scalar) = &mut self.value {
            *scalar = amount;
        }
        self
    }

    /// Cuts a scalar down to `most`; `false`, and no change, when it is larger and cannot be divided.
    ///
    /// Mesos: src/common/resources.cpp, Resources::shrink
    pub fn shrink(&mut self, most: Scalar) -> bool {
        let Some(amount) = self.scalar() else {
            return crate::quantities::amount(self) <= most;
        };
        if amount <= most {
            return true;
        }
        if self.is_exclusive() {
            return false;
        }
        self.value = Value::Scalar(most);
        true
    }

    /// Tells whether it stands for one thing that cannot be split or joined: a mounted or block disk, a raw
    /// disk with an id, a persistent volume.
    pub fn is_exclusive(&self) -> bool {
        self.key.as_ref().is_some_and(|key| key.is_exclusive())
    }

    /// Tells whether there is nothing of it.
    pub fn is_empty(&self) -> bool {
        match &self.value {
            Value::Scalar(scalar) => scalar.is_zero(),
            Value::Ranges(ranges) => ranges.is_empty(),
            Value::Set(set) => set.is_empty(),
            Value::Text(_) => false,
        }
    }

    /// Tells whether all of `other` is in this one.
    pub fn contains(&self, other: &Resource) -> bool {
        if !self.is_same_kind(other) {
            return false;
        }
        if self.is_exclusive() {
            // Sharing is part of the kind.
            return self.value == other.value && (!self.is_shared() || self.copies >= other.copies);
        }
        match (&self.value, &other.value) {
            (Value::Scalar(all), Value::Scalar(part)) => part <= all,
            (Value::Ranges(all), Value::Ranges(part)) => all.contains(part),
            (Value::Set(all), Value::Set(part)) => all.contains(part),
            _ => false,
        }
    }

    /// Tells whether everything but the value is the same.
    ///
    /// Mesos: src/common/resources.cpp, compareResourceMetadata
    #[inline]
    pub fn is_same_kind(&self, other: &Resource) -> bool {
        self.name == other.name
            && key::same(self.key.as_ref(), other.key.as_ref())
            && std::mem::discriminant(&self.value) == std::mem::discriminant(&other.value)
    }

    /// Tells whether the two can become one.
    ///
    /// Mesos: src/common/resources.cpp, internal::addable
    #[inline]
    pub(crate) fn is_addable(&self, other: &Resource) -> bool {
        self.is_same_kind(other) && (!self.is_exclusive() || (self.is_shared() && self.value == other.value))
    }

    /// Tells whether the other can be taken from this one.
    ///
    /// Mesos: src/common/resources.cpp, internal::subtractable
    #[inline]
    pub(crate) fn is_subtractable(&self, other: &Resource) -> bool {
        self.is_same_kind(other) && (!self.is_exclusive() || self.value == other.value)
    }

    /// A number that is the same for all resources that [`Resource::is_subtractable`] and
    /// [`Resource::is_addable`] can hold for.
    pub(crate) fn slot(&self) -> u32 {
        let mut hash = self.key.as_ref().map_or(0, |key| key.hash());
        hash ^= (self.name as u64) << 8 | self.kind() as u64;
        if self.is_exclusive() {
            hash ^= self
                .scalar()
                .map_or(0, |scalar| (scalar.thousandths() as u64) << 16);
        }
        // The upper half of a product depends on all bits below.
        (hash.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as u32
    }

    /// Both scalars, when there is nothing but a well-known name to tell the two apart, and it does not.
    #[inline]
    pub(crate) fn plain_scalars(&mut self, other: &Resource) -> Option<(&mut Scalar, Scalar)> {
        match (&mut self.value, &other.value) {
            (Value::Scalar(one), Value::Scalar(two))
                if self.name == other.name && self.key.is_none() && other.key.is_none() =>
            {
                Some((one, *two))
            }
            _ => None,
        }
    }

    /// Adds an addable resource.
    pub(crate) fn add(&mut self, other: &Resource) {
        match (&mut self.value, &other.value) {
            _ if self.key.as_ref().is_some_and(|key| key.is_exclusive()) => {
                self.copies = self.copies.saturating_add(other.copies);
            }
            (Value::Scalar(sum), Value::Scalar(part)) => *sum += *part,
            (Value::Ranges(sum), Value::Ranges(part)) => *sum += part,
            (Value::Set(sum), Value::Set(part)) => *sum += part,
            _ => unreachable!("addable resources have one type, and it is not text"),
        }
    }

    /// Takes a subtractable resource away; `false` when nothing is left.
    pub(crate) fn subtract(&mut self, other: &Resource) -> bool {
        match (&mut self.value, &other.value) {
            (Value::Scalar(rest), Value::Scalar(part)) if self.copies == 1 => {
                // What is held once and equal is gone, too.
                *rest -= *part;
                *rest > Scalar::ZERO
            }
            _ if self.copies > 1 => {
                self.copies = self.copies.saturating_sub(other.copies);
                self.copies > 0
            }
            (Value::Ranges(rest), Value::Ranges(part)) => {
                *rest -= part;
                !rest.is_empty()
            }
            (Value::Set(rest), Value::Set(part)) => {
                *rest -= part;
                !rest.is_empty()
            }
            _ => unreachable!("subtractable resources have one type, and it is not text"),
        }
    }

    #[inline(never)]
    fn clone_any(&self) -> Self {
        Self {
            value: self.value.clone(),
            key: self.key.clone(),
            ..*self
        }
    }

    /// Changes the identity.
    fn change(&mut self, change: impl FnOnce(&mut Identity)) {
        self.change_parts(|parts| change(&mut parts.identity));
    }

    /// Changes all but the value and a well-known name.
    fn change_parts(&mut self, change: impl FnOnce(&mut Parts)) {
        let mut parts = self.parts().cloned().unwrap_or_default();
        change(&mut parts);
        self.key = Key::new(parts);
    }
}

impl Clone for Resource {
    /// Most are scalars; they are written in place, without a call.
    #[inline(always)]
    fn clone(&self) -> Self {
        match &self.value {
            Value::Scalar(scalar) => Self {
                value: Value::Scalar(*scalar),
                key: self.key.clone(),
                copies: self.copies,
                name: self.name,
            },
            _ => self.clone_any(),
        }
    }
}

/// Tells whether a reservation was made by the flags of an agent.
pub(crate) fn is_static(reservation: &ReservationInfo) -> bool {
    reservation.r#type == Some(reservation_info::Type::Static)
}

impl PartialEq for Resource {
    fn eq(&self, other: &Self) -> bool {
        self.is_same_kind(other) && self.value == other.value
    }
}

impl Eq for Resource {}
