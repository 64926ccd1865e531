//! The maintenance schedule, and where the machines in it stand.

use mesos_proto::v0::machine_info::Mode;
use mesos_proto::v0::maintenance::{ClusterStatus, Schedule, cluster_status};

use crate::state::Master;

impl Master {
    /// `/maintenance/schedule` and GET_MAINTENANCE_SCHEDULE.
    pub fn maintenance_schedule(&self) -> Schedule {
        self.schedules.first().cloned().unwrap_or_default()
    }

    /// `/maintenance/status` and GET_MAINTENANCE_STATUS: what is draining, with what frameworks answered, and what is
    /// down.
    ///
    /// Mesos: `src/master/http.cpp`, `_getMaintenanceStatus`.
    pub fn maintenance_status(&self) -> ClusterStatus {
        let answers = self.allocator.inverse_offer_statuses();
        let agents = self.agents_by_machine();
        let mut status = ClusterStatus::default();
        for (key, machine) in &self.machines {
            match machine.mode {
                Mode::Draining => {
                    let on_it = agents.get(key).into_iter().flatten();
                    let statuses = on_it
                        .filter_map(|id| answers.get(id))
                        .flat_map(|answers| answers.values().cloned());
                    status.draining_machines.push(cluster_status::DrainingMachine {
                        id: machine.id.clone(),
                        statuses: statuses.collect(),
                        ..Default::default()
                    });
                }
                Mode::Down => status.down_machines.push(machine.id.clone()),
                Mode::Up => {}
            }
        }
        status
    }
}
