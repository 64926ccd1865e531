//! Streams show that they are alive.

use mesos_proto::v0::{master, scheduler};

use crate::constants::HEARTBEAT_INTERVAL;
use crate::effect::{Effect, Effects, StreamId, Timer};
use crate::state::Master;

impl Master {
    /// Sends a heartbeat on a scheduler's stream and arms the next; nothing when the stream has ended.
    pub(crate) fn heartbeat(&mut self, stream: StreamId, effects: &mut Effects) {
        let Some(framework_id) = self.streams.get(&stream).cloned() else {
            return;
        };
        let event = scheduler::Event {
            r#type: Some(scheduler::event::Type::Heartbeat),
            ..Default::default()
        };
        self.send_event(&framework_id, event, effects);
        Self::next_heartbeat(stream, effects);
    }

    /// Sends a heartbeat on an operator's stream and arms the next; nothing when the stream has ended.
    pub(crate) fn operator_heartbeat(&mut self, stream: StreamId, effects: &mut Effects) {
        if !self.subscribers.contains(&stream) {
            return;
        }
        let event = master::Event {
            r#type: Some(master::event::Type::Heartbeat),
            ..Default::default()
        };
        effects.push(Effect::SendOperatorEvent(vec![stream.clone()], Box::new(event)));
        effects.push(Effect::Delay(
            Timer::OperatorHeartbeat(stream),
            HEARTBEAT_INTERVAL,
        ));
    }
}
