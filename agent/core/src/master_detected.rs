//! A master was found, or lost.

use libprocess_core::{time::Time, upid::Upid};
use tracing::info;

use crate::{
    constants::REGISTER_RETRY_INTERVAL_MAX,
    core::{AgentCore, AgentState, Effects},
    effect::Effect,
    timers::Timer,
};

impl AgentCore {
    /// The detector says who leads: the agent forgets its registration and registers with that master.
    ///
    /// Mesos: src/slave/slave.cpp, `Slave::detected`.
    pub(crate) fn master_detected(&mut self, now: Time, master: Option<Upid>, out: &mut Effects) {
        if matches!(self.state, AgentState::Recovering | AgentState::Terminating) {
            return;
        }
        self.state = AgentState::Disconnected;
        self.pause_updates();
        self.pause_operations();
        for timer in [self.register_timer.take(), self.ping_timer.take()]
            .into_iter()
            .flatten()
        {
            self.timers.cancel(timer);
        }
        self.master.clone_from(&master);
        let Some(master) = master else {
            info!("lost the leading master");
            return;
        };
        info!(pid = %master, "new master detected");
        out.push(Effect::Link(master));
        // A random first wait spreads the agents that all see the new master at once.
        let factor = self.config.registration_backoff_factor;
        self.backoff = libprocess_core::backoff::Backoff::new(factor * 2, REGISTER_RETRY_INTERVAL_MAX);
        let first = factor.mul_f64(self.random.unit());
        self.register_timer = Some(self.timers.insert(now + first, Timer::Register));
    }

    /// The link to a process broke. The master is not given up: it may come back, and if it does not, its missing
    /// pings say so.
    ///
    /// Mesos: src/slave/slave.cpp, `Slave::exited`.
    pub(crate) fn master_exited(&self, who: &Upid) {
        if self.master.as_ref() == Some(who) {
            info!(pid = %who, "the connection to the master broke, waiting for its pings");
        }
    }
}
