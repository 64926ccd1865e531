//! What must survive the master, and how it changes.

use mesos_proto::v0::{self, internal};

/// A change of the registry. Applying one twice changes nothing the second time.
#[derive(Debug, Clone, PartialEq)]
pub enum Operation {
    /// An agent joins.
    Admit(Box<v0::SlaveInfo>),
    /// An agent is given up for the time being.
    MarkUnreachable(v0::SlaveID, v0::TimeInfo),
    /// An agent that was given up, or is unknown here, returns.
    MarkReachable(Box<v0::SlaveInfo>),
    /// An agent leaves for good.
    Remove(v0::SlaveID),
}

impl Operation {
    /// Applies the change. Returns whether anything changed.
    ///
    /// Mesos: `src/master/registry_operations.cpp`.
    pub fn apply(&self, registry: &mut internal::Registry) -> bool {
        match self {
            Self::Admit(info) => admit(registry, info),
            Self::MarkReachable(info) => {
                let id = info.id.as_deref();
                let unreachable = &mut registry.unreachable.get_or_insert_default().slaves;
                let before = unreachable.len();
                unreachable.retain(|slave| Some(&slave.id) != id);
                let left = unreachable.len() != before;
                admit(registry, info) || left
            }
            Self::MarkUnreachable(id, when) => {
                remove(registry, id);
                let unreachable = &mut registry.unreachable.get_or_insert_default().slaves;
                if unreachable.iter().any(|slave| slave.id == *id) {
                    return false;
                }
                unreachable.push(internal::registry::UnreachableSlave {
                    id: id.clone(),
                    timestamp: when.clone(),
                    ..Default::default()
                });
                true
            }
            Self::Remove(id) => remove(registry, id),
        }
    }
}

fn admit(registry: &mut internal::Registry, info: &v0::SlaveInfo) -> bool {
    let slaves = &mut registry.slaves.get_or_insert_default().slaves;
    if let Some(known) = slaves.iter_mut().find(|slave| slave.info.id == info.id) {
        let changed = known.info != *info;
        known.info = info.clone();
        return changed;
    }
    slaves.push(internal::registry::Slave {
        info: info.clone(),
        ..Default::default()
    });
    true
}

fn remove(registry: &mut internal::Registry, id: &v0::SlaveID) -> bool {
    let slaves = &mut registry.slaves.get_or_insert_default().slaves;
    let before = slaves.len();
    slaves.retain(|slave| slave.info.id.as_deref() != Some(id));
    slaves.len() != before
}
