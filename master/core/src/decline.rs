//! A scheduler does not want what it was offered.

use std::time::Duration;

use libprocess_core::time::Time;
use mesos::ids::{FrameworkId, OfferId};
use mesos_proto::v0::{self, scheduler};
use tracing::warn;

use crate::constants::REFUSE_DEFAULT;
use crate::state::Master;

impl Master {
    /// DECLINE: the offers' resources go to others for as long as the filter says. Mesos: `Master::decline`.
    pub(crate) fn decline(
        &mut self,
        now: Time,
        framework_id: &FrameworkId,
        decline: &scheduler::call::Decline,
    ) {
        self.metrics.bump("messages_decline_offers");
        let refuse = refuse_for(decline.filters.as_deref());
        for id in &decline.offer_ids {
            let offer_id = OfferId::from(id);
            let theirs = self
                .offers
                .get(&offer_id)
                .is_some_and(|offer| offer.framework_id == *framework_id);
            if theirs {
                if let Some(framework) = self.frameworks.get_mut(framework_id) {
                    framework.metrics.offers_declined += 1;
                }
                self.discard_offer(now, &offer_id, refuse);
            } else {
                warn!(%framework_id, %offer_id, "declined offer is no longer valid");
            }
        }
    }
}

/// How long a refusal lasts: what the scheduler says, or 5 s when it says nothing or nonsense.
///
/// Mesos: `src/master/allocator/mesos/hierarchical.cpp`, `recoverResources`.
pub(crate) fn refuse_for(filters: Option<&v0::Filters>) -> Option<Duration> {
    let Some(seconds) = filters.and_then(|filters| filters.refuse_seconds) else {
        return Some(REFUSE_DEFAULT);
    };
    if seconds.is_nan() || seconds < 0.0 {
        return Some(REFUSE_DEFAULT);
    }
    // More than a Duration can hold is as good as for ever; the allocator caps it at 365 days.
    Some(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX / 2))
}
