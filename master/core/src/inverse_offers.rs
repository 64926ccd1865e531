//! Frameworks are asked to leave agents that will be away, and answer.

use std::collections::BTreeMap;

use libprocess_core::time::Time;
use mesos::ids::{AgentId, FrameworkId, OfferId};
use mesos_allocator::{InverseAllotment, InverseOfferAnswer};
use mesos_proto::v0::{self, allocator::inverse_offer_status::Status, scheduler};
use tracing::{info, warn};

use crate::effect::{Effect, Effects, Timer};
use crate::offers::agent_url;
use crate::state::{InverseOffer, Master};

impl Master {
    /// Sends the inverse offers the allocator decided on, one event for each framework.
    ///
    /// Mesos: `Master::inverseOffer`.
    pub(crate) fn send_inverse_offers(&mut self, asked: Vec<InverseAllotment>, effects: &mut Effects) {
        let mut by_framework: BTreeMap<FrameworkId, Vec<v0::InverseOffer>> = BTreeMap::new();
        for allotment in asked {
            let framework_id = allotment.framework_id.clone();
            if let Some(message) = self.make_inverse_offer(allotment, effects) {
                by_framework.entry(framework_id).or_default().push(message);
            }
        }
        for (framework_id, inverse_offers) in by_framework {
            info!(%framework_id, offers = inverse_offers.len(), "inverse offers sent");
            let event = scheduler::Event {
                r#type: Some(scheduler::event::Type::InverseOffers),
                inverse_offers: Some(Box::new(scheduler::event::InverseOffers {
                    inverse_offers,
                    ..Default::default()
                })),
                ..Default::default()
            };
            self.send_event(&framework_id, event, effects);
        }
    }

    fn make_inverse_offer(
        &mut self,
        allotment: InverseAllotment,
        effects: &mut Effects,
    ) -> Option<v0::InverseOffer> {
        let InverseAllotment {
            framework_id,
            agent_id,
            unavailability,
            ..
        } = allotment;
        let agent = self
            .agents
            .get_mut(&agent_id)
            .filter(|agent| agent.is_connected())?;
        let framework = self
            .frameworks
            .get_mut(&framework_id)
            .filter(|framework| framework.is_connected())?;
        let id = self.ids.offer();
        agent.inverse_offers.insert(id.clone());
        framework.inverse_offers.insert(id.clone());
        let message = v0::InverseOffer {
            id: id.to_proto(),
            url: Some(Box::new(agent_url(&agent.info.hostname, &agent.pid))),
            framework_id: framework_id.to_proto(),
            slave_id: Some(Box::new(agent_id.to_proto())),
            unavailability: unavailability.clone(),
            ..Default::default()
        };
        let inverse_offer = InverseOffer {
            id: id.clone(),
            framework_id,
            agent_id,
            unavailability,
        };
        self.inverse_offers.insert(id.clone(), inverse_offer);
        if let Some(timeout) = self.options.offer_timeout {
            effects.push(Effect::Delay(Timer::InverseOffer(id), timeout));
        }
        Some(message)
    }

    /// ACCEPT_INVERSE_OFFERS: the framework will leave. Mesos: `Master::acceptInverseOffers`.
    pub(crate) fn accept_inverse_offers(
        &mut self,
        now: Time,
        framework_id: &FrameworkId,
        accept: &scheduler::call::AcceptInverseOffers,
    ) {
        let filters = accept.filters.as_deref().cloned().unwrap_or_default();
        self.answer_inverse_offers(
            now,
            framework_id,
            &accept.inverse_offer_ids,
            Status::Accept,
            &filters,
        );
    }

    /// DECLINE_INVERSE_OFFERS: the framework will not leave. Mesos: `Master::declineInverseOffers`.
    pub(crate) fn decline_inverse_offers(
        &mut self,
        now: Time,
        framework_id: &FrameworkId,
        decline: &scheduler::call::DeclineInverseOffers,
    ) {
        let filters = decline.filters.as_deref().cloned().unwrap_or_default();
        self.answer_inverse_offers(
            now,
            framework_id,
            &decline.inverse_offer_ids,
            Status::Decline,
            &filters,
        );
    }

    /// Inverse offers of others, and those that are void, count for nothing.
    fn answer_inverse_offers(
        &mut self,
        now: Time,
        framework_id: &FrameworkId,
        ids: &[v0::OfferID],
        status: Status,
        filters: &v0::Filters,
    ) {
        for id in ids {
            let id = OfferId::from(id);
            let theirs = self
                .inverse_offers
                .get(&id)
                .is_some_and(|offer| offer.framework_id == *framework_id);
            if !theirs {
                warn!(%framework_id, offer_id = %id, "inverse offer is no longer valid");
                continue;
            }
            let answer = InverseOfferAnswer {
                status,
                filters: filters.clone(),
            };
            self.remove_inverse_offer(now, &id, Some(answer));
        }
    }

    /// Forgets an inverse offer that was answered, or is void.
    fn remove_inverse_offer(
        &mut self,
        now: Time,
        id: &OfferId,
        answer: Option<InverseOfferAnswer>,
    ) -> Option<InverseOffer> {
        let offer = self.inverse_offers.remove(id)?;
        if let Some(agent) = self.agents.get_mut(&offer.agent_id) {
            agent.inverse_offers.remove(id);
        }
        if let Some(framework) = self.frameworks.get_mut(&offer.framework_id) {
            framework.inverse_offers.remove(id);
        }
        self.allocator
            .update_inverse_offer(now, &offer.agent_id, &offer.framework_id, answer);
        Some(offer)
    }

    /// Voids an inverse offer and tells the scheduler.
    pub(crate) fn rescind_inverse_offer(&mut self, now: Time, id: &OfferId, effects: &mut Effects) {
        let Some(offer) = self.remove_inverse_offer(now, id, None) else {
            return;
        };
        let rescind = scheduler::event::RescindInverseOffer {
            inverse_offer_id: id.to_proto(),
            ..Default::default()
        };
        let event = scheduler::Event {
            r#type: Some(scheduler::event::Type::RescindInverseOffer),
            rescind_inverse_offer: Some(Box::new(rescind)),
            ..Default::default()
        };
        self.send_event(&offer.framework_id, event, effects);
    }

    /// The agent is away, or will be at another time: what was asked about it is void.
    pub(crate) fn rescind_inverse_offers_of_agent(
        &mut self,
        now: Time,
        agent_id: &AgentId,
        effects: &mut Effects,
    ) {
        let ids = self
            .agents
            .get(agent_id)
            .map(|agent| agent.inverse_offers.clone());
        for id in ids.unwrap_or_default() {
            self.rescind_inverse_offer(now, &id, effects);
        }
    }

    /// Nobody listens any more: what was asked is void, without a word.
    pub(crate) fn discard_inverse_offers_of(&mut self, now: Time, framework_id: &FrameworkId) {
        let ids = self
            .frameworks
            .get(framework_id)
            .map(|framework| framework.inverse_offers.clone());
        for id in ids.unwrap_or_default() {
            self.remove_inverse_offer(now, &id, None);
        }
    }
}
