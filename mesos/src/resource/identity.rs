//! What tells a resource from others of its name.

use mesos_proto::v0::resource::disk_info::{Source, source};
use mesos_proto::v0::resource::{DiskInfo, ReservationInfo};
use mesos_proto::v0::{Label, Labels};

use crate::ids::ResourceProviderId;

/// The parts of a resource beside its name, value and allocation.
#[derive(Clone, Debug, Default)]
pub(super) struct Identity {
    pub(super) reservations: Vec<ReservationInfo>,
    pub(super) disk: Option<DiskInfo>,
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
            && both(&self.disk, &other.disk, same_disk)
    }
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
    let same = |one: &Label, two: &Label| one.key == two.key && one.value == two.value;
    one.labels.len() == two.labels.len()
        && one.labels.iter().all(|label| {
            let count = |labels: &[Label]| labels.iter().filter(|other| same(label, other)).count();
            count(&one.labels) == count(&two.labels)
        })
}
