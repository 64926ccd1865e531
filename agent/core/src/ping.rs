//! The master's pings.

use libprocess_core::{time::Time, upid::Upid};
use mesos_proto::v0::internal::{PingSlaveMessage, PongSlaveMessage};
use tracing::{debug, warn};

use crate::{
    core::{AgentCore, AgentState, Effects},
    effect::{Effect, Outgoing},
    timers::Timer,
};

impl AgentCore {
    /// The master asks whether we live. When it says that it lost our connection, we register again.
    ///
    /// Mesos: src/slave/slave.cpp, `Slave::ping`.
    pub(crate) fn pinged(&mut self, now: Time, from: Upid, message: &PingSlaveMessage, out: &mut Effects) {
        debug!(%from, connected = message.connected, "received a ping");
        if matches!(self.state, AgentState::Recovering) {
            warn!(%from, "ignoring a ping while recovering");
            return;
        }
        if !message.connected && self.state == AgentState::Running {
            warn!("the master lost our connection, registering again");
            out.push(Effect::Detect);
        } else if self.state == AgentState::Running {
            self.await_ping(now);
        }
        out.push(Effect::Send {
            to: from,
            message: Outgoing::new(&PongSlaveMessage::default()),
        });
    }

    /// Starts to wait for the next ping.
    pub(crate) fn await_ping(&mut self, now: Time) {
        if let Some(timer) = self.ping_timer.take() {
            self.timers.cancel(timer);
        }
        self.ping_timer = Some(self.timers.insert(now + self.ping_timeout, Timer::PingTimeout));
    }

    /// No ping came for too long: look for a master again.
    ///
    /// Mesos: src/slave/slave.cpp, `Slave::pingTimeout`.
    pub(crate) fn ping_timed_out(&mut self, out: &mut Effects) {
        self.ping_timer = None;
        warn!("no pings from the master, looking for the leading master again");
        out.push(Effect::Detect);
    }
}
