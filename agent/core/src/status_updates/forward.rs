//! The first update of a stream goes to the master.

use libprocess_core::time::Time;
use mesos_proto::v0::internal::StatusUpdateMessage;
use tracing::{info, warn};

use super::Key;
use crate::{
    core::{AgentCore, AgentState, Effects},
    effect::{Effect, Outgoing},
    timers::Timer,
};

impl AgentCore {
    /// Trip 11/14: the agent forwards the update and waits for its acknowledgement.
    ///
    /// Does nothing while the stream has nothing ready or the agent has no master.
    ///
    /// Mesos: src/slave/slave.cpp, `Slave::forward`.
    pub(crate) fn forward_update(&mut self, now: Time, key: &Key, out: &mut Effects) {
        let (AgentState::Running, Some(master)) = (self.state, self.master.clone()) else {
            return;
        };
        let Some(stream) = self.updates.streams.get_mut(key) else {
            return;
        };
        let Some(update) = stream.ready() else { return };
        let mut update = update.clone();
        let wait = stream.next_wait();
        stream.sent(
            self.timers
                .insert(now + wait, Timer::UpdateRetry(key.0.clone(), key.1.clone())),
        );
        if let Some(task) = self
            .frameworks
            .get_mut(&key.0)
            .and_then(|framework| framework.task_mut(&key.1))
        {
            task.status_update_state = Some(update.status.state);
            task.status_update_uuid.clone_from(&update.uuid);
            // A master that knows the newest state can free resources before the scheduler has seen it.
            update.latest_state = Some(task.state);
        }
        info!(trip = 11, framework_id = %key.0, task_id = %key.1, state = update.status.state.as_str_name(), "forwarding status update");
        let message = StatusUpdateMessage {
            update,
            pid: Some(self.config.pid.to_string()),
            ..StatusUpdateMessage::default()
        };
        out.push(Effect::Send {
            to: master,
            message: Outgoing::new(&message),
        });
    }

    /// Nobody acknowledged the first update in time: it goes out again.
    pub(crate) fn retry_update(&mut self, now: Time, key: &Key, out: &mut Effects) {
        if let Some(stream) = self.updates.streams.get_mut(key) {
            stream.stop_waiting();
            warn!(framework_id = %key.0, task_id = %key.1, "resending a status update that was not acknowledged");
            self.forward_update(now, key, out);
        }
    }

    /// The agent has no master any more: nothing goes out until it registers again.
    pub(crate) fn pause_updates(&mut self) {
        for stream in self.updates.streams.values_mut() {
            if let Some(timer) = stream.stop_waiting() {
                self.timers.cancel(timer);
            }
            stream.reset_wait();
        }
    }

    /// The agent is registered: the first update of every stream goes out now.
    pub(crate) fn resume_updates(&mut self, now: Time, out: &mut Effects) {
        self.pause_updates();
        let keys: Vec<Key> = self.updates.streams.keys().cloned().collect();
        for key in keys {
            self.forward_update(now, &key, out);
        }
    }
}
