//! The master begins to act.

use std::collections::BTreeMap;

use libprocess_core::time::Time;
use mesos::ids::AgentId;
use mesos_proto::v0::internal;
use tracing::{info, warn};

use crate::effect::{Effect, Effects, Timer};
use crate::state::Master;

impl Master {
    /// The registry was read: agents it names have a time to return. Mesos: `Master::_recover`.
    pub(crate) fn recover(&mut self, now: Time, registry: internal::Registry, effects: &mut Effects) {
        if self.is_recovered() {
            return;
        }
        self.elected = Some(now);
        for slave in registry.slaves.into_iter().flat_map(|slaves| slaves.slaves) {
            if let Some(id) = slave.info.id.as_deref().map(AgentId::from) {
                self.recovered.insert(id, slave.info);
            }
        }
        for slave in registry.unreachable.into_iter().flat_map(|slaves| slaves.slaves) {
            let nanos = u64::try_from(slave.timestamp.nanoseconds).unwrap_or(0);
            self.unreachable
                .insert(AgentId::from(&slave.id), Time::from_nanos(nanos));
        }
        for slave in registry.gone.into_iter().flat_map(|slaves| slaves.slaves) {
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
        self.allocator.recover(now, self.recovered.len(), BTreeMap::new());
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
