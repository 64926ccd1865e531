//! Resources as Mesos prints them in logs and refusals.

use std::fmt;

use mesos_proto::v0::resource::disk_info::{Source, source};
use mesos_proto::v0::resource::{DiskInfo, ReservationInfo};
use mesos_proto::v0::{Labels, Volume, volume};

use super::Resource;

/// Mesos: src/common/resources.cpp, operator<<(ostream&, const Resource&)
impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        if let Some(role) = self.allocation_role() {
            write!(f, "(allocated: {role})")?;
        }
        if let Some(identity) = self.identity() {
            if !identity.reservations.is_empty() {
                let stack: Vec<String> = identity.reservations.iter().map(reservation).collect();
                write!(f, "(reservations: [{}])", stack.join(","))?;
            }
            if let Some(disk) = &identity.disk {
                write!(f, "[{}]", disk_text(disk))?;
            }
            if identity.revocable {
                f.write_str("{REV}")?;
            }
            if identity.shared {
                f.write_str("<SHARED>")?;
            }
        }
        write!(f, ":{}", self.value)
    }
}

fn reservation(info: &ReservationInfo) -> String {
    let mut text = format!(
        "({},{}",
        info.r#type.unwrap_or_default().as_str_name(),
        info.role.as_deref().unwrap_or_default()
    );
    if let Some(principal) = &info.principal {
        text.push(',');
        text.push_str(principal);
    }
    if let Some(labels) = &info.labels {
        text.push(',');
        text.push_str(&labels_text(labels));
    }
    text.push(')');
    text
}

/// `{key: value, key}`.
pub(crate) fn labels_text(labels: &Labels) -> String {
    let labels: Vec<String> = labels
        .labels
        .iter()
        .map(|label| match &label.value {
            Some(value) => format!("{}: {value}", label.key),
            None => label.key.clone(),
        })
        .collect();
    format!("{{{}}}", labels.join(", "))
}

fn disk_text(disk: &DiskInfo) -> String {
    let mut text = disk.source.as_deref().map(source_text).unwrap_or_default();
    if let Some(persistence) = &disk.persistence {
        if disk.source.is_some() {
            text.push(',');
        }
        text.push_str(&persistence.id);
    }
    if let Some(volume) = &disk.volume {
        text.push(':');
        text.push_str(&volume_text(volume));
    }
    text
}

pub(crate) fn source_text(source: &Source) -> String {
    let csi = (source.id.is_some() || source.profile.is_some()).then(|| {
        let part = |part: &Option<String>| part.clone().unwrap_or_default();
        format!(
            "({},{},{})",
            part(&source.vendor),
            part(&source.id),
            part(&source.profile)
        )
    });
    let root = |root: Option<&String>| root.map(|root| format!(":{root}")).unwrap_or_default();
    match source.r#type {
        source::Type::Mount => {
            let mount = source.mount.as_deref().and_then(|mount| mount.root.as_ref());
            format!("MOUNT{}", csi.unwrap_or_else(|| root(mount)))
        }
        source::Type::Path => {
            let path = source.path.as_deref().and_then(|path| path.root.as_ref());
            format!("PATH{}", csi.unwrap_or_else(|| root(path)))
        }
        source::Type::Block => format!("BLOCK{}", csi.unwrap_or_default()),
        source::Type::Raw => format!("RAW{}", csi.unwrap_or_default()),
        source::Type::Unknown => "UNKNOWN".to_owned(),
    }
}

fn volume_text(volume: &Volume) -> String {
    match &volume.host_path {
        None => volume.container_path.clone(),
        Some(host_path) => {
            let mode = match volume.mode {
                volume::Mode::Rw => "rw",
                volume::Mode::Ro => "ro",
            };
            format!("{host_path}:{}:{mode}", volume.container_path)
        }
    }
}
