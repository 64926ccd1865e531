//! What must survive the master, and how it changes.

use std::collections::{BTreeMap, BTreeSet};

use mesos_proto::v0::{self, internal, machine_info::Mode, maintenance, quota};

use crate::state::MachineKey;

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
    /// These roles have these quotas.
    UpdateQuota(Vec<quota::QuotaConfig>),
    /// These roles have these weights.
    UpdateWeights(Vec<v0::WeightInfo>),
    /// This is the maintenance schedule.
    UpdateSchedule(Box<maintenance::Schedule>),
    /// These machines are down.
    StartMaintenance(Vec<v0::MachineID>),
    /// These machines are up, and not scheduled any more.
    StopMaintenance(Vec<v0::MachineID>),
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
            Self::UpdateQuota(configs) => update_quota(registry, configs),
            Self::UpdateWeights(weights) => update_weights(registry, weights),
            Self::UpdateSchedule(schedule) => update_schedule(registry, schedule),
            Self::StartMaintenance(machines) => start_maintenance(registry, machines),
            Self::StopMaintenance(machines) => stop_maintenance(registry, machines),
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

/// What a master must be able to do to read a registry with quotas.
pub(crate) const QUOTA_V2: &str = "QUOTA_V2";

/// Mesos: `src/master/quota.cpp`, `UpdateQuota`.
fn update_quota(registry: &mut internal::Registry, configs: &[quota::QuotaConfig]) -> bool {
    // The last word on a role counts.
    let mut new: BTreeMap<&str, &quota::QuotaConfig> =
        configs.iter().map(|config| (&*config.role, config)).collect();
    // The old form of the same.
    registry
        .quotas
        .retain(|known| !new.contains_key(known.info.role.as_deref().unwrap_or_default()));
    let asks = |config: &quota::QuotaConfig| !crate::operator::quota_of(config).is_default();
    registry.quota_configs.retain_mut(|known| {
        if let Some(config) = new.remove(&*known.role) {
            *known = config.clone();
        }
        asks(known)
    });
    for config in configs {
        if let Some(last) = new.remove(&*config.role).filter(|last| asks(last)) {
            registry.quota_configs.push(last.clone());
        }
    }
    registry
        .minimum_capabilities
        .retain(|needed| needed.capability != QUOTA_V2);
    if !registry.quota_configs.is_empty() {
        registry
            .minimum_capabilities
            .push(internal::registry::MinimumCapability {
                capability: QUOTA_V2.to_owned(),
                ..Default::default()
            });
    }
    true
}

/// Mesos: `src/master/weights.cpp`, `UpdateWeights`.
fn update_weights(registry: &mut internal::Registry, weights: &[v0::WeightInfo]) -> bool {
    let mut changed = false;
    let known = registry.weights.iter().enumerate();
    let mut places: BTreeMap<Option<String>, usize> = known
        .map(|(place, weight)| (weight.info.role.clone(), place))
        .collect();
    for info in weights {
        let place = *places.entry(info.role.clone()).or_insert(registry.weights.len());
        match registry.weights.get_mut(place) {
            Some(known) => {
                changed |= known.info != *info;
                known.info = info.clone();
            }
            None => {
                registry.weights.push(internal::registry::Weight {
                    info: info.clone(),
                    ..Default::default()
                });
                changed = true;
            }
        }
    }
    changed
}

/// Mesos: `src/master/maintenance.cpp`, `UpdateSchedule`.
fn update_schedule(registry: &mut internal::Registry, schedule: &maintenance::Schedule) -> bool {
    let machines = &mut registry.machines.get_or_insert_default().machines;
    let before: BTreeMap<MachineKey, Option<Mode>> = std::mem::take(machines)
        .into_iter()
        .map(|known| (MachineKey::of(&known.info.id), known.info.mode))
        .collect();
    for window in &schedule.windows {
        for id in &window.machine_ids {
            let known = before.get(&MachineKey::of(id)).copied().flatten();
            let mode = known.unwrap_or(Mode::Draining);
            machines.push(internal::registry::Machine {
                info: v0::MachineInfo {
                    id: id.clone(),
                    mode: Some(mode),
                    unavailability: Some(Box::new(window.unavailability.clone())),
                    ..Default::default()
                },
                ..Default::default()
            });
        }
    }
    registry.schedules = vec![schedule.clone()];
    true
}

/// Mesos: `src/master/maintenance.cpp`, `StartMaintenance`.
fn start_maintenance(registry: &mut internal::Registry, ids: &[v0::MachineID]) -> bool {
    let keys: BTreeSet<MachineKey> = ids.iter().map(MachineKey::of).collect();
    let machines = &mut registry.machines.get_or_insert_default().machines;
    let mut changed = false;
    for machine in machines {
        if keys.contains(&MachineKey::of(&machine.info.id)) {
            changed |= machine.info.mode.replace(Mode::Down) != Some(Mode::Down);
        }
    }
    changed
}

/// Mesos: `src/master/maintenance.cpp`, `StopMaintenance`.
fn stop_maintenance(registry: &mut internal::Registry, ids: &[v0::MachineID]) -> bool {
    let keys: BTreeSet<MachineKey> = ids.iter().map(MachineKey::of).collect();
    let is_named = |id: &v0::MachineID| keys.contains(&MachineKey::of(id));
    let machines = &mut registry.machines.get_or_insert_default().machines;
    let before = machines.len();
    machines.retain(|machine| !is_named(&machine.info.id));
    let changed = machines.len() != before;
    for schedule in &mut registry.schedules {
        for window in &mut schedule.windows {
            window.machine_ids.retain(|id| !is_named(id));
        }
        schedule.windows.retain(|window| !window.machine_ids.is_empty());
    }
    registry.schedules.retain(|schedule| !schedule.windows.is_empty());
    changed
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use mesos_proto::{Dialect, Message};

    use super::*;

    fn config(text: &str) -> quota::QuotaConfig {
        quota::QuotaConfig::from_json(text.as_bytes(), Dialect::V0).unwrap()
    }

    #[test]
    fn the_last_word_on_a_quota_or_weight_counts_and_places_are_kept() {
        let mut registry = internal::Registry::default();
        let limit = |role: &str, cpus: f64| {
            config(&format!(
                r#"{{"role":"{role}","limits":{{"cpus":{{"value":{cpus}}}}}}}"#
            ))
        };
        let none = |role: &str| config(&format!(r#"{{"role":"{role}"}}"#));
        Operation::UpdateQuota(vec![limit("b", 1.0), limit("a", 1.0), limit("c", 1.0)]).apply(&mut registry);
        Operation::UpdateQuota(vec![
            limit("a", 2.0),
            limit("d", 1.0),
            none("d"),
            none("c"),
            none("e"),
            limit("e", 1.0),
        ])
        .apply(&mut registry);
        assert_eq!(
            registry.quota_configs,
            [limit("b", 1.0), limit("a", 2.0), limit("e", 1.0)]
        );
        assert_eq!(registry.minimum_capabilities[0].capability, QUOTA_V2);
        Operation::UpdateQuota(vec![none("a"), none("b"), none("e")]).apply(&mut registry);
        assert!(registry.quota_configs.is_empty() && registry.minimum_capabilities.is_empty());

        let weight = |role: &str, weight: f64| v0::WeightInfo {
            role: Some(role.to_owned()),
            weight,
            ..Default::default()
        };
        let words = vec![weight("b", 1.0), weight("a", 2.0), weight("b", 3.0)];
        assert!(Operation::UpdateWeights(words).apply(&mut registry));
        let stored: Vec<&v0::WeightInfo> = registry.weights.iter().map(|weight| &weight.info).collect();
        assert_eq!(stored, [&weight("b", 3.0), &weight("a", 2.0)]);
        assert!(!Operation::UpdateWeights(vec![weight("a", 2.0)]).apply(&mut registry));
    }

    /// Work that grows with the square of this would take minutes.
    #[test]
    fn very_many_roles() {
        let mut registry = internal::Registry::default();
        let configs =
            (0..100_000).map(|n| config(&format!(r#"{{"role":"r{n}","limits":{{"cpus":{{"value":1}}}}}}"#)));
        Operation::UpdateQuota(configs.collect()).apply(&mut registry);
        let weights = (0..100_000).map(|n| v0::WeightInfo {
            role: Some(format!("r{n}")),
            weight: 2.0,
            ..Default::default()
        });
        Operation::UpdateWeights(weights.collect()).apply(&mut registry);
        assert_eq!(
            (registry.quota_configs.len(), registry.weights.len()),
            (100_000, 100_000)
        );
        let machine = |n: u32| v0::MachineID {
            hostname: Some(format!("host{n}")),
            ..Default::default()
        };
        let machines: Vec<v0::MachineID> = (0..100_000).map(machine).collect();
        let schedule = maintenance::Schedule {
            windows: vec![maintenance::Window {
                machine_ids: machines.clone(),
                ..Default::default()
            }],
            ..Default::default()
        };
        Operation::UpdateSchedule(Box::new(schedule.clone())).apply(&mut registry);
        Operation::StartMaintenance(machines).apply(&mut registry);
        Operation::UpdateSchedule(Box::new(schedule)).apply(&mut registry);
        let machines = &registry.machines.as_deref().unwrap().machines;
        assert!(
            machines.len() == 100_000 && machines.iter().all(|known| known.info.mode == Some(Mode::Down))
        );
    }
}
