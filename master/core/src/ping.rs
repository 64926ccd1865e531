//! Whether an agent is alive.

use libprocess_core::time::Time;
use mesos::ids::AgentId;
use tracing::{info, warn};

use crate::effect::{Effect, Effects, Timer};
use crate::state::Master;

impl Master {
    /// The time for the last ping's answer is over: counts a miss, or pings again.
    ///
    /// Mesos: `src/master/master.cpp`, `SlaveObserver`.
    pub(crate) fn ping_due(&mut self, now: Time, agent_id: AgentId, epoch: u64, effects: &mut Effects) {
        let max = self.options.max_agent_ping_timeouts;
        let Some(agent) = self
            .agents
            .get_mut(&agent_id)
            .filter(|agent| agent.epoch == epoch)
        else {
            return;
        };
        if agent.missed_pings >= max {
            warn!(%agent_id, missed = agent.missed_pings, "agent does not answer pings");
            self.metrics.bump("slave_unreachable_scheduled");
            self.mark_unreachable(now, &agent_id, "health check timed out".to_owned(), effects);
            return;
        }
        // Every ping counts as missed until its answer resets the count.
        agent.missed_pings += 1;
        effects.push(Effect::Ping(
            agent_id.clone(),
            agent.pid.clone(),
            agent.is_connected(),
        ));
        effects.push(Effect::Delay(
            Timer::Ping(agent_id, epoch),
            self.options.agent_ping_timeout,
        ));
    }

    /// An agent answered.
    pub(crate) fn pong(&mut self, agent_id: &AgentId) {
        if let Some(agent) = self.agents.get_mut(agent_id) {
            if agent.missed_pings > 1 {
                info!(%agent_id, "agent answers pings again");
            }
            agent.missed_pings = 0;
        }
    }
}
