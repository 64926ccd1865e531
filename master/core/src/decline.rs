//! A scheduler does not want what it was offered.

use libprocess_core::time::Time;
use mesos::ids::{FrameworkId, OfferId};
use mesos_proto::v0::scheduler;
use tracing::warn;

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
        let filters = decline.filters.as_deref().cloned().unwrap_or_default();
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
                self.discard_offer(now, &offer_id, Some(&filters));
            } else {
                warn!(%framework_id, %offer_id, "declined offer is no longer valid");
            }
        }
    }
}
