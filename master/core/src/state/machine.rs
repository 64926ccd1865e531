//! A machine that is, or will be, away for maintenance.

use libprocess_core::upid::Upid;
use mesos_proto::v0::{self, machine_info::Mode};

/// Tells one machine from others: its host name, without regard to case, and its address.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct MachineKey {
    hostname: String,
    ip: String,
}

impl MachineKey {
    /// The machine an operator names.
    pub fn of(id: &v0::MachineID) -> Self {
        Self {
            hostname: id.hostname.as_deref().unwrap_or_default().to_lowercase(),
            ip: id.ip.clone().unwrap_or_default(),
        }
    }

    /// The machine an agent runs on: both its name and its address must be those that the operator names.
    pub fn of_agent(info: &v0::SlaveInfo, pid: &Upid) -> Self {
        Self {
            hostname: info.hostname.to_lowercase(),
            ip: pid.ip().to_string(),
        }
    }
}

/// A machine in the maintenance schedule. A machine that is up and not scheduled is not kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Machine {
    /// As the operator named it.
    pub id: v0::MachineID,
    /// `DRAINING` from when it is scheduled, `DOWN` when the operator says so.
    pub mode: Mode,
    /// When it will be away, or is.
    pub unavailability: v0::Unavailability,
}
