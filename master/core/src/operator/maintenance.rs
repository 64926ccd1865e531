//! Machines go down and come up again, by a schedule.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use libprocess_core::time::Time;
use mesos::ids::AgentId;
use mesos_proto::v0::{self, internal, machine_info::Mode, maintenance::Schedule};
use mesos_proto::{Dialect, Message};
use tracing::{info, warn};

use super::{Changed, Stored, refuse};
use crate::effect::{Effect, Effects, ToAgent};
use crate::registry::Operation;
use crate::state::{Machine, MachineKey, Master};

impl Master {
    /// Mesos: `src/master/maintenance.cpp`, `validation::schedule`.
    pub(super) fn update_schedule(&self, schedule: Schedule) -> Stored {
        let mut named = BTreeSet::new();
        for window in &schedule.windows {
            if window.machine_ids.is_empty() {
                return refuse("List of machines in the maintenance window is empty");
            }
            let duration = window.unavailability.duration.as_deref();
            if duration.is_some_and(|duration| duration.nanoseconds < 0) {
                return refuse("Unavailability 'duration' is negative");
            }
            for id in &window.machine_ids {
                check(id).or_else(refuse)?;
                if !named.insert(MachineKey::of(id)) {
                    return refuse(format!(
                        "Machine '{}' appears more than once in the schedule",
                        shown(id)
                    ));
                }
            }
        }
        for (key, machine) in &self.machines {
            if machine.mode == Mode::Down && !named.contains(key) {
                return refuse(format!(
                    "Machine '{}' is deactivated and cannot be removed from the schedule",
                    shown(&machine.id)
                ));
            }
        }
        Ok((
            Operation::UpdateSchedule(Box::new(schedule.clone())),
            Changed::Schedule(schedule),
        ))
    }

    pub(super) fn start_maintenance(&self, machines: Vec<v0::MachineID>) -> Stored {
        let wanted = (
            Mode::Draining,
            "is not in DRAINING mode and cannot be brought down",
        );
        self.check_machines(&machines, wanted)?;
        Ok((
            Operation::StartMaintenance(machines.clone()),
            Changed::Down(machines),
        ))
    }

    pub(super) fn stop_maintenance(&self, machines: Vec<v0::MachineID>) -> Stored {
        let wanted = (Mode::Down, "is not in DOWN mode and cannot be brought up");
        self.check_machines(&machines, wanted)?;
        Ok((
            Operation::StopMaintenance(machines.clone()),
            Changed::Up(machines),
        ))
    }

    /// Mesos: `src/master/maintenance.cpp`, `validation::machines`; `src/master/http.cpp`, `_startMaintenance`.
    fn check_machines(
        &self,
        machines: &[v0::MachineID],
        (wanted, otherwise): (Mode, &str),
    ) -> Result<(), crate::Answer> {
        if machines.is_empty() {
            return refuse("List of machines is empty");
        }
        let mut named = BTreeSet::new();
        for id in machines {
            check(id).or_else(refuse)?;
            if !named.insert(MachineKey::of(id)) {
                return refuse(format!(
                    "Machine '{}' appears more than once in the schedule",
                    shown(id)
                ));
            }
        }
        let agents = self.agents_by_machine();
        for id in machines {
            let key = MachineKey::of(id);
            match self.machines.get(&key) {
                // It is up, and nothing else is known of it but that agents run there.
                None if agents.contains_key(&key) => {
                    return refuse(format!("Machine '{}' {otherwise}", shown(id)));
                }
                None => {
                    return refuse(format!(
                        "Machine '{}' is not part of a maintenance schedule",
                        shown(id)
                    ));
                }
                Some(machine) if machine.mode != wanted => {
                    return refuse(format!("Machine '{}' {otherwise}", shown(id)));
                }
                Some(_) => {}
            }
        }
        Ok(())
    }

    /// The registry holds the schedule: who runs on the machines in it is asked to leave in time.
    ///
    /// Mesos: `src/master/http.cpp`, `___updateMaintenanceSchedule`.
    pub(super) fn schedule_stored(&mut self, now: Time, schedule: Schedule, effects: &mut Effects) {
        info!(windows = schedule.windows.len(), "maintenance schedule updated");
        let mut scheduled: BTreeMap<MachineKey, Machine> = BTreeMap::new();
        for window in &schedule.windows {
            for id in &window.machine_ids {
                let key = MachineKey::of(id);
                let mode = self
                    .machines
                    .get(&key)
                    .map_or(Mode::Draining, |machine| machine.mode);
                let machine = Machine {
                    id: id.clone(),
                    mode,
                    unavailability: window.unavailability.clone(),
                };
                scheduled.insert(key, machine);
            }
        }
        let before: BTreeSet<MachineKey> = self.machines.keys().cloned().collect();
        self.machines = scheduled;
        self.schedules = vec![schedule];
        let after: BTreeSet<MachineKey> = self.machines.keys().cloned().collect();
        let agents = self.agents_by_machine();
        for key in before.union(&after) {
            let on_it = agents.get(key).map_or(&[][..], Vec::as_slice);
            self.tell_of_unavailability(now, key, on_it, effects);
        }
    }

    /// Agents on a machine are away at another time, or not any more: offers of them are taken back.
    ///
    /// Mesos: `Master::updateUnavailability`.
    fn tell_of_unavailability(
        &mut self,
        now: Time,
        key: &MachineKey,
        on_it: &[AgentId],
        effects: &mut Effects,
    ) {
        let unavailability = self
            .machines
            .get(key)
            .map(|machine| machine.unavailability.clone());
        for agent_id in on_it {
            let Some(agent) = self.agents.get(agent_id) else {
                continue;
            };
            info!(%agent_id, unavailable = unavailability.is_some(), "unavailability of agent updated");
            for offer_id in agent.offers.clone() {
                self.rescind_offer(now, &offer_id, effects);
            }
            self.rescind_inverse_offers_of_agent(now, agent_id, effects);
            self.allocator
                .update_unavailability(now, agent_id, unavailability.clone());
        }
    }

    /// The registry holds the machines as down: their agents are ended and removed, and may not return.
    pub(super) fn machines_down(&mut self, _now: Time, machines: &[v0::MachineID], effects: &mut Effects) {
        let reason = "Operator initiated 'Machine DOWN'";
        let mut agents = self.agents_by_machine();
        for id in machines {
            let key = MachineKey::of(id);
            if let Some(machine) = self.machines.get_mut(&key) {
                machine.mode = Mode::Down;
            }
            for agent_id in agents.remove(&key).unwrap_or_default() {
                let Some(agent) = self.agents.get(&agent_id) else {
                    continue;
                };
                warn!(%agent_id, "agent is shut down for maintenance");
                let shutdown = internal::ShutdownMessage {
                    message: Some(reason.to_owned()),
                    ..Default::default()
                };
                effects.push(Effect::Send(agent.pid.clone(), ToAgent::Shutdown(shutdown)));
                self.remove_agent(&agent_id, reason, effects);
            }
        }
    }

    /// The registry holds the machines as up again: they are not scheduled any more.
    pub(super) fn machines_up(&mut self, now: Time, machines: &[v0::MachineID], effects: &mut Effects) {
        let keys: BTreeSet<MachineKey> = machines.iter().map(MachineKey::of).collect();
        for schedule in &mut self.schedules {
            for window in &mut schedule.windows {
                window
                    .machine_ids
                    .retain(|id| !keys.contains(&MachineKey::of(id)));
            }
            schedule.windows.retain(|window| !window.machine_ids.is_empty());
        }
        self.schedules.retain(|schedule| !schedule.windows.is_empty());
        let agents = self.agents_by_machine();
        for key in &keys {
            self.machines.remove(key);
            let on_it = agents.get(key).map_or(&[][..], Vec::as_slice);
            self.tell_of_unavailability(now, key, on_it, effects);
        }
    }

    /// The agents on each machine that has some.
    pub(crate) fn agents_by_machine(&self) -> BTreeMap<MachineKey, Vec<AgentId>> {
        let mut machines: BTreeMap<MachineKey, Vec<AgentId>> = BTreeMap::new();
        for agent in self.agents.values() {
            let key = MachineKey::of_agent(&agent.info, &agent.pid);
            machines.entry(key).or_default().push(agent.id.clone());
        }
        machines
    }

    /// When an agent will be away.
    pub(crate) fn unavailability_of(
        &self,
        info: &v0::SlaveInfo,
        pid: &libprocess_core::upid::Upid,
    ) -> Option<v0::Unavailability> {
        let machine = self.machines.get(&MachineKey::of_agent(info, pid))?;
        Some(machine.unavailability.clone())
    }

    /// Whether agents on this machine are turned away.
    pub(crate) fn is_down(&self, info: &v0::SlaveInfo, pid: &libprocess_core::upid::Upid) -> bool {
        self.machines
            .get(&MachineKey::of_agent(info, pid))
            .is_some_and(|machine| machine.mode == Mode::Down)
    }
}

/// Mesos: `src/master/maintenance.cpp`, `validation::machine`.
fn check(id: &v0::MachineID) -> Result<(), String> {
    let (hostname, ip) = (
        id.hostname.as_deref().unwrap_or_default(),
        id.ip.as_deref().unwrap_or_default(),
    );
    if hostname.is_empty() && ip.is_empty() {
        return Err("Both 'hostname' and 'ip' for a machine are empty".to_owned());
    }
    if !ip.is_empty() && ip.parse::<Ipv4Addr>().is_err() {
        return Err(format!("Failed to parse the IP '{ip}'"));
    }
    Ok(())
}

fn shown(id: &v0::MachineID) -> String {
    id.to_json(Dialect::V0)
}
