//! A scheduler's stream breaks, and the time it has to come back.

use libprocess_core::time::Time;
use mesos::ids::FrameworkId;
use mesos_proto::v0::scheduler;
use tracing::info;

use crate::effect::{Effect, Effects, StreamId, Timer};
use crate::metrics::count;
use crate::state::{FrameworkState, Master};

impl Master {
    /// The stream of a scheduler broke.
    ///
    /// Its offers are void, its tasks run on; it is removed when it has not come back after its failover timeout.
    /// Mesos: `Master::exited(const FrameworkID&, ...)`, `Master::_exited`.
    pub(crate) fn stream_closed(&mut self, now: Time, stream: &StreamId, effects: &mut Effects) {
        let Some(framework_id) = self.streams.remove(stream) else {
            return;
        };
        let Some(framework) = self.frameworks.get_mut(&framework_id) else {
            return;
        };
        let epoch = self.ids.epoch();
        framework.state = FrameworkState::Disconnected(epoch);
        let timeout = Self::failover_timeout(&framework.info);
        info!(%framework_id, failover_timeout_secs = timeout.as_secs_f64(), "framework disconnected");
        self.allocator.deactivate_framework(now, &framework_id);
        self.count_rescinded(&framework_id);
        self.discard_offers_of(now, &framework_id);
        self.framework_updated(&framework_id);
        effects.push(Effect::Delay(
            Timer::FrameworkFailover(framework_id, epoch),
            timeout,
        ));
    }

    /// The offers of a scheduler that is gone count as rescinded, and as told, though nobody is there to hear it.
    ///
    /// Mesos: `Master::disconnect`, `Master::deactivate`.
    fn count_rescinded(&mut self, framework_id: &FrameworkId) {
        if let Some(framework) = self.frameworks.get_mut(framework_id) {
            for _ in &framework.offers {
                framework.metrics.offers_rescinded += 1;
                count(&mut framework.metrics.events, scheduler::event::Type::Rescind);
            }
        }
    }

    /// The failover timeout of one disconnection ran out.
    pub(crate) fn framework_failover_timeout(
        &mut self,
        now: Time,
        framework_id: &FrameworkId,
        epoch: u64,
        effects: &mut Effects,
    ) {
        let state = self
            .frameworks
            .get(framework_id)
            .map(|framework| &framework.state);
        if state == Some(&FrameworkState::Disconnected(epoch)) {
            info!(%framework_id, "framework failover timeout ran out");
            self.remove_framework(now, framework_id, effects);
        }
    }
}
