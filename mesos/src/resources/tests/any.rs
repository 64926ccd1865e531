//! Resources of every kind, out of few names and values so that they meet.

use mesos_proto::v0::resource::disk_info::source::{self, Mount, Path};
use mesos_proto::v0::resource::disk_info::{Persistence, Source};
use mesos_proto::v0::resource::reservation_info::Type as ReservationType;
use mesos_proto::v0::resource::{AllocationInfo, DiskInfo, ReservationInfo};
use mesos_proto::v0::{self, Label, Labels, ResourceProviderID, Volume};
use proptest::prelude::*;

use crate::{Ranges, Resources, Scalar};

fn labels() -> impl Strategy<Value = Labels> {
    prop::collection::vec(("[kl]", prop::option::of("[vw]")), 0..3).prop_map(|pairs| {
        let label = |(key, value)| Label {
            key,
            value,
            ..Default::default()
        };
        Labels {
            labels: pairs.into_iter().map(label).collect(),
            ..Default::default()
        }
    })
}

/// Up to three reservations, each a refinement of the one before.
fn reservations() -> impl Strategy<Value = Vec<ReservationInfo>> {
    let one = (prop::option::of("[pq]"), prop::option::weighted(0.3, labels()));
    (any::<bool>(), "[ab]", prop::collection::vec(one, 0..3)).prop_map(|(fixed, mut role, stack)| {
        let reservation = |(depth, (principal, labels)): (usize, (Option<String>, Option<Labels>))| {
            if depth > 0 {
                role.push_str("/x");
            }
            let kind = if fixed && depth == 0 {
                ReservationType::Static
            } else {
                ReservationType::Dynamic
            };
            // What flags reserve belongs to nobody.
            let dynamic = kind == ReservationType::Dynamic;
            ReservationInfo {
                r#type: Some(kind),
                role: Some(role.clone()),
                principal: principal.filter(|_| dynamic),
                labels: labels.filter(|_| dynamic).map(Box::new),
                ..Default::default()
            }
        };
        stack.into_iter().enumerate().map(reservation).collect()
    })
}

fn disk_source() -> impl Strategy<Value = Source> {
    let identity = (
        prop::option::of("[i]"),
        prop::option::of("[p]"),
        prop::option::weighted(0.2, labels()),
    );
    (0usize..4, prop::option::of("/[mn]"), identity).prop_map(|(kind, root, (id, profile, metadata))| {
        let kind = [
            source::Type::Path,
            source::Type::Mount,
            source::Type::Block,
            source::Type::Raw,
        ][kind];
        let mut source = Source {
            r#type: kind,
            vendor: id.clone(),
            id,
            profile,
            metadata: metadata.map(Box::new),
            ..Default::default()
        };
        match kind {
            source::Type::Path => {
                source.path = Some(Box::new(Path {
                    root,
                    ..Default::default()
                }))
            }
            source::Type::Mount => {
                source.mount = Some(Box::new(Mount {
                    root,
                    ..Default::default()
                }))
            }
            _ => {}
        }
        source
    })
}

fn disk() -> impl Strategy<Value = DiskInfo> {
    (prop::option::of(disk_source()), prop::option::of("[vw]"), "[cd]").prop_map(|(source, id, path)| {
        let volume = Volume {
            container_path: path,
            mode: v0::volume::Mode::Rw,
            ..Default::default()
        };
        let persistence = |id| Persistence {
            id,
            ..Default::default()
        };
        DiskInfo {
            source: source.map(Box::new),
            volume: id.is_some().then(|| Box::new(volume)),
            persistence: id.map(|id| Box::new(persistence(id))),
            ..Default::default()
        }
    })
}

fn scalar(thousandths: i64) -> Option<Box<v0::value::Scalar>> {
    Some(Box::new(Scalar::from_thousandths(thousandths).to_proto()))
}

/// A message with a name and a value.
fn value() -> impl Strategy<Value = v0::Resource> {
    let scalars = ("cpus|mem|disk|gpus|coffee", 1i64..6).prop_map(|(name, amount)| v0::Resource {
        name,
        r#type: v0::value::Type::Scalar,
        scalar: scalar(500 * amount),
        ..Default::default()
    });
    let ranges = prop::collection::vec((0u64..40, 0u64..5), 1..4).prop_map(|pairs| {
        let pairs = pairs.into_iter().map(|(begin, len)| (begin, begin + len));
        v0::Resource {
            name: "ports".to_owned(),
            r#type: v0::value::Type::Ranges,
            ranges: Some(Box::new(Ranges::new(pairs).to_proto())),
            ..Default::default()
        }
    });
    let sets = prop::collection::btree_set("[a-e]", 1..4).prop_map(|items| v0::Resource {
        name: "disks".to_owned(),
        r#type: v0::value::Type::Set,
        set: Some(Box::new(v0::value::Set {
            item: items.into_iter().collect(),
            ..Default::default()
        })),
        ..Default::default()
    });
    prop_oneof![4 => scalars, 1 => ranges, 1 => sets]
}

/// One valid resource in the format of the daemons.
pub(super) fn message() -> impl Strategy<Value = v0::Resource> {
    let flags = (
        prop::bool::weighted(0.1),
        prop::bool::weighted(0.3),
        prop::option::weighted(0.1, "[xy]"),
        prop::option::weighted(0.3, "[rs]"),
    );
    (value(), reservations(), prop::option::of(disk()), flags).prop_map(
        |(mut message, reservations, disk, (revocable, shared, provider, allocation))| {
            message.reservations = reservations;
            message.revocable = revocable.then(Default::default);
            message.provider_id = provider.map(|value| {
                Box::new(ResourceProviderID {
                    value,
                    ..Default::default()
                })
            });
            message.allocation_info = allocation.map(|role| {
                Box::new(AllocationInfo {
                    role: Some(role),
                    ..Default::default()
                })
            });
            if message.name == "disk" {
                let volume = disk.as_ref().is_some_and(|disk| disk.persistence.is_some());
                message.shared = (shared && volume).then(Default::default);
                message.disk = disk.map(Box::new);
            }
            message
        },
    )
}

/// Many or few of them.
pub(super) fn messages() -> impl Strategy<Value = Vec<v0::Resource>> {
    prop_oneof![
        prop::collection::vec(message(), 0..8),
        prop::collection::vec(message(), 0..90),
    ]
}

/// A bundle of them.
pub(super) fn resources() -> impl Strategy<Value = Resources> {
    messages().prop_map(|messages| Resources::from_protos(&messages).unwrap())
}
