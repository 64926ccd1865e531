//! Resources as stories name them.

use mesos::Resources;
use mesos_proto::v0::resource::disk_info::{Persistence, Source, source};
use mesos_proto::v0::resource::{DiskInfo, ReservationInfo, reservation_info};
use mesos_proto::v0::{self, Volume, volume};

/// Something that stands for resources: a text as operators write it, or resources.
pub(super) trait Bundle {
    fn bundle(self) -> Resources;
}

impl Bundle for &str {
    fn bundle(self) -> Resources {
        Resources::parse(self, "*").unwrap()
    }
}

impl Bundle for Resources {
    fn bundle(self) -> Resources {
        self
    }
}

impl Bundle for &Resources {
    fn bundle(self) -> Resources {
        self.clone()
    }
}

fn changed(bundle: impl Bundle, change: impl Fn(&mut v0::Resource)) -> Resources {
    let mut messages = bundle.bundle().to_protos();
    for message in &mut messages {
        change(message);
    }
    Resources::from_protos(&messages).unwrap()
}

/// Reserved dynamically for a role, beyond how it is reserved already.
pub(super) fn reserved(bundle: impl Bundle, role: &str) -> Resources {
    let reservation = ReservationInfo {
        r#type: Some(reservation_info::Type::Dynamic),
        role: Some(role.to_owned()),
        ..Default::default()
    };
    bundle.bundle().push_reservation(&reservation).unwrap()
}

/// Reserved statically for a role.
pub(super) fn reserved_statically(bundle: impl Bundle, role: &str) -> Resources {
    let reservation = ReservationInfo {
        r#type: Some(reservation_info::Type::Static),
        role: Some(role.to_owned()),
        ..Default::default()
    };
    bundle.bundle().push_reservation(&reservation).unwrap()
}

/// What can be taken back at any time.
pub(super) fn revocable(bundle: impl Bundle) -> Resources {
    changed(bundle, |resource| resource.revocable = Some(Box::default()))
}

/// Disk that is a mount, to be given whole.
pub(super) fn mount(bundle: impl Bundle) -> Resources {
    changed(bundle, |resource| {
        resource.disk = Some(Box::new(DiskInfo {
            source: Some(Box::new(Source {
                r#type: source::Type::Mount,
                ..Default::default()
            })),
            ..Default::default()
        }));
    })
}

/// Disk with a persistent volume.
pub(super) fn volume(bundle: impl Bundle) -> Resources {
    changed(bundle, |resource| {
        resource.disk = Some(Box::new(DiskInfo {
            persistence: Some(Box::new(Persistence {
                id: "id".to_owned(),
                ..Default::default()
            })),
            volume: Some(Box::new(Volume {
                container_path: "data".to_owned(),
                mode: volume::Mode::Rw,
                ..Default::default()
            })),
            ..Default::default()
        }));
    })
}

/// Disk with a persistent volume that several tasks may use at a time.
pub(super) fn shared_volume(bundle: impl Bundle) -> Resources {
    changed(volume(bundle), |resource| resource.shared = Some(Box::default()))
}
