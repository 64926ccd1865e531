//! The master begins to act.

use libprocess_core::time::Time;
use mesos::Resources;
use mesos::ids::AgentId;
use mesos_proto::v0::{self, internal, machine_info::Mode, maintenance::Schedule, quota};
use tracing::{info, warn};

use crate::effect::{Effect, Effects, Ticket, Timer};
use crate::operator::quota_of;
use crate::registry::Operation;
use crate::state::{Machine, MachineKey, Master};

impl Master {
    /// The registry was read: agents it names have a time to return. Mesos: `Master::_recover`.
    pub(crate) fn recover(&mut self, now: Time, stored: internal::Registry, effects: &mut Effects) {
        if self.is_recovered() {
            return;
        }
        let missing: Vec<&str> = stored
            .minimum_capabilities
            .iter()
            .map(|needed| needed.capability.as_str())
            .filter(|needed| !is_capable(&self.info, needed))
            .collect();
        if !missing.is_empty() {
            effects.push(Effect::Abort(format!(
                "Master is missing the following minimum capabilities: {}. See the following documentation for steps \
                 to safely recover from this state: http://mesos.apache.org/documentation/latest/downgrades",
                missing.join(", ")
            )));
            return;
        }
        self.elected = Some(now);
        for slave in stored.slaves.into_iter().flat_map(|slaves| slaves.slaves) {
            if let Some(id) = slave.info.id.as_deref().map(AgentId::from) {
                self.recovered.insert(id, slave.info);
            }
        }
        for slave in stored.unreachable.into_iter().flat_map(|slaves| slaves.slaves) {
            let nanos = u64::try_from(slave.timestamp.nanoseconds).unwrap_or(0);
            self.unreachable
                .insert(AgentId::from(&slave.id), Time::from_nanos(nanos));
        }
        for slave in stored.gone.into_iter().flat_map(|slaves| slaves.slaves) {
            self.gone.insert(AgentId::from(&slave.id));
        }
        info!(
            recovered = self.recovered.len(),
            unreachable = self.unreachable.len(),
            "master elected and recovered"
        );
        if !self.recovered.is_empty() {
            effects.push(Effect::Delay(
                Timer::RecoveredAgents,
                self.options.agent_reregister_timeout,
            ));
        }
        self.recover_quotas(&stored.quotas, &stored.quota_configs);
        let machines = stored.machines.map(|machines| machines.machines);
        self.recover_maintenance(machines.unwrap_or_default(), stored.schedules);
        self.allocator
            .recover(now, self.recovered.len(), self.quotas.clone());
        self.recover_weights(now, &stored.weights, effects);
    }

    /// Quotas of before 1.9 first, then those that replace them.
    fn recover_quotas(&mut self, old: &[internal::registry::Quota], new: &[quota::QuotaConfig]) {
        for quota in old {
            let info = &quota.info;
            let amounts = mesos::Quantities::from_scalars(&Resources::from_valid_protos(&info.guarantee));
            let config = quota::QuotaConfig {
                role: info.role.clone().unwrap_or_default(),
                guarantees: amounts.to_protos(),
                limits: amounts.to_protos(),
                ..Default::default()
            };
            self.quotas.insert(config.role.clone(), quota_of(&config));
        }
        for config in new {
            self.quotas.insert(config.role.clone(), quota_of(config));
        }
    }

    fn recover_maintenance(&mut self, machines: Vec<internal::registry::Machine>, schedules: Vec<Schedule>) {
        self.schedules = schedules;
        for machine in machines {
            let info = machine.info;
            let machine = Machine {
                mode: info.mode.unwrap_or(Mode::Up),
                unavailability: info.unavailability.map(|window| *window).unwrap_or_default(),
                id: info.id,
            };
            self.machines.insert(MachineKey::of(&machine.id), machine);
        }
    }

    /// The weights of the registry; those of `--weights` only while there are none.
    fn recover_weights(&mut self, now: Time, stored: &[internal::registry::Weight], effects: &mut Effects) {
        let of_registry = stored
            .iter()
            .filter_map(|weight| Some((weight.info.role.clone()?, weight.info.weight)));
        self.weights = of_registry.collect();
        if self.weights.is_empty() && !self.options.weights.is_empty() {
            self.weights = self.options.weights.clone();
            let infos = self.weights.iter().map(|(role, weight)| v0::WeightInfo {
                role: Some(role.clone()),
                weight: *weight,
                ..Default::default()
            });
            let ticket = Ticket(self.ids.ticket());
            // Nobody waits for it: a master that dies first starts with the same flags or with others.
            effects.push(Effect::Store(ticket, Operation::UpdateWeights(infos.collect())));
        } else if !self.options.weights.is_empty() {
            warn!("ignoring --weights, recovering the weights from the registry");
        }
        let weights: Vec<(String, f64)> = self
            .weights
            .iter()
            .map(|(role, weight)| (role.clone(), *weight))
            .collect();
        self.allocator.update_weights(now, &weights);
    }

    /// The time for agents to return after a failover is over. Mesos: `Master::recoveredSlavesTimeout`.
    pub(crate) fn recovered_agents_timeout(&mut self, now: Time, effects: &mut Effects) {
        let missing: Vec<AgentId> = self.recovered.keys().cloned().collect();
        let known = self.agents.len() + missing.len();
        if missing.is_empty() {
            return;
        }
        #[allow(clippy::cast_precision_loss, reason = "a share of at most millions of agents")]
        let percent = missing.len() as f64 * 100.0 / known as f64;
        let limit = self.options.recovery_agent_removal_limit_percent;
        if percent > limit {
            effects.push(Effect::Abort(format!(
                "Post-recovery agent removal limit exceeded! After {} there were {} ({percent}%) agents recovered \
                 from the registry that did not re-register: \n{}\n The configured removal limit is {limit}%. \
                 Please investigate or increase this limit to proceed further",
                libprocess_core::duration::format_duration(self.options.agent_reregister_timeout),
                missing.len(),
                missing.iter().map(AgentId::as_str).collect::<Vec<_>>().join(", ")
            )));
            return;
        }
        for agent_id in missing {
            warn!(%agent_id, "agent did not return after failover");
            self.mark_unreachable(now, &agent_id, "did not reregister in time".to_owned(), effects);
        }
    }
}

fn is_capable(info: &v0::MasterInfo, needed: &str) -> bool {
    info.capabilities
        .iter()
        .filter_map(|capability| capability.r#type)
        .any(|own| own.as_str_name() == needed)
}
