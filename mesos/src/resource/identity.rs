//! What tells a resource from others of its name.

use std::hash::{DefaultHasher, Hash, Hasher};

use mesos_proto::v0::resource::disk_info::{Source, source};
use mesos_proto::v0::resource::{DiskInfo, ReservationInfo};
use mesos_proto::v0::{Label, Labels};

use crate::ids::ResourceProviderId;

/// The parts of a resource beside its name, value and allocation.
#[derive(Clone, Debug, Default)]
pub(super) struct Identity {
    pub(super) reservations: Vec<ReservationInfo>,
    pub(super) disk: Option<Box<DiskInfo>>,
    pub(super) revocable: bool,
    pub(super) shared: bool,
    pub(super) provider_id: Option<ResourceProviderId>,
}

impl Identity {
    /// Tells whether there is nothing to tell.
    pub(super) fn is_plain(&self) -> bool {
        self.reservations.is_empty()
            && self.disk.is_none()
            && !self.revocable
            && !self.shared
            && self.provider_id.is_none()
    }

    /// Tells whether the resource stands for one thing that cannot be split or joined: a mounted or block
    /// disk, a raw disk with an id, a persistent volume.
    pub(super) fn is_exclusive(&self) -> bool {
        let Some(disk) = &self.disk else { return false };
        let source = disk.source.as_deref();
        let exclusive_source = source.is_some_and(|source| match source.r#type {
            source::Type::Block | source::Type::Mount => true,
            source::Type::Raw => source.id.is_some(),
            source::Type::Path | source::Type::Unknown => false,
        });
        exclusive_source || disk.persistence.is_some()
    }
}

impl PartialEq for Identity {
    fn eq(&self, other: &Self) -> bool {
        self.revocable == other.revocable
            && self.shared == other.shared
            && self.provider_id == other.provider_id
            && self.reservations.len() == other.reservations.len()
            && self
                .reservations
                .iter()
                .zip(&other.reservations)
                .all(|(one, two)| same_reservation(one, two))
            && both(&self.disk, &other.disk, |one, two| same_disk(one, two))
    }
}

/// What is equal has one hash; what equality leaves out is left out.
impl Hash for Identity {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        (self.revocable, self.shared, &self.provider_id).hash(hasher);
        self.reservations.len().hash(hasher);
        for reservation in &self.reservations {
            (reservation.r#type.map(|kind| kind as i32), &reservation.role).hash(hasher);
            reservation.principal.hash(hasher);
            hash_labels(reservation.labels.as_deref(), hasher);
        }
        let Some(disk) = &self.disk else { return };
        disk.persistence
            .as_ref()
            .map(|persistence| &persistence.id)
            .hash(hasher);
        let Some(source) = &disk.source else { return };
        (source.r#type as i32, &source.vendor, &source.id, &source.profile).hash(hasher);
        source.path.as_ref().map(|path| &path.root).hash(hasher);
        source.mount.as_ref().map(|mount| &mount.root).hash(hasher);
        hash_labels(source.metadata.as_deref(), hasher);
    }
}

/// Labels have no order, so their hashes are added up.
fn hash_labels(labels: Option<&Labels>, hasher: &mut impl Hasher) {
    let sum = labels.map(|labels| {
        let hashes = labels.labels.iter().map(|label| {
            let mut hasher = DefaultHasher::new();
            (&label.key, &label.value).hash(&mut hasher);
            hasher.finish()
        });
        hashes.fold(0, u64::wrapping_add)
    });
    sum.hash(hasher);
}

/// Tells whether both are absent, or both there and alike.
fn both<T>(one: &Option<T>, two: &Option<T>, same: impl FnOnce(&T, &T) -> bool) -> bool {
    match (one, two) {
        (None, None) => true,
        (Some(one), Some(two)) => same(one, two),
        _ => false,
    }
}

pub(crate) fn same_reservation(one: &ReservationInfo, two: &ReservationInfo) -> bool {
    one.r#type == two.r#type
        && one.role == two.role
        && one.principal == two.principal
        && both(&one.labels, &two.labels, |one, two| same_labels(one, two))
}

/// The volume is left out: it says how the disk is used, not which disk it is.
fn same_disk(one: &DiskInfo, two: &DiskInfo) -> bool {
    both(&one.source, &two.source, |one, two| same_source(one, two))
        && both(&one.persistence, &two.persistence, |one, two| one.id == two.id)
}

fn same_source(one: &Source, two: &Source) -> bool {
    one.r#type == two.r#type
        && both(&one.path, &two.path, |one, two| one.root == two.root)
        && both(&one.mount, &two.mount, |one, two| one.root == two.root)
        && one.vendor == two.vendor
        && one.id == two.id
        && one.profile == two.profile
        && both(&one.metadata, &two.metadata, |one, two| same_labels(one, two))
}

/// Tells whether two lists hold the same labels, in any order.
///
/// Mesos: src/common/type_utils.cpp, operator==(const Labels&, const Labels&)
fn same_labels(one: &Labels, two: &Labels) -> bool {
    fn parts(label: &Label) -> (&str, Option<&str>) {
        (&label.key, label.value.as_deref())
    }
    if one.labels.len() != two.labels.len() {
        return false;
    }
    let pairs = one.labels.iter().zip(&two.labels);
    if pairs.clone().all(|(one, two)| parts(one) == parts(two)) {
        return true;
    }
    let sorted = |labels: &Labels| {
        let mut labels: Vec<Label> = labels.labels.clone();
        labels.sort_unstable_by(|one, two| parts(one).cmp(&parts(two)));
        labels
    };
    let (one, two) = (sorted(one), sorted(two));
    one.iter().zip(&two).all(|(one, two)| parts(one) == parts(two))
}
