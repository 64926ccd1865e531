//! Offers: made, answered, taken back.

use std::collections::BTreeMap;

use libprocess_core::time::Time;
use mesos::ids::{FrameworkId, OfferId};
use mesos::{ResourceFormat, Resources};
use mesos_allocator::Allotment;
use mesos_proto::v0::{self, framework_info::capability, scheduler};
use tracing::info;

use crate::effect::{Effect, Effects, Timer};
use crate::state::{Framework, Master, Offer};

impl Master {
    /// Has the allocator decide when it wants to, and sees to it that it is woken next time. The last step of every
    /// input.
    pub(crate) fn drive_allocator(&mut self, now: Time, effects: &mut Effects) {
        if self.allocator.next_run().is_some_and(|due| due <= now) {
            self.allocate(now, effects);
        }
        let Some(due) = self.allocator.next_run() else {
            return;
        };
        if self.allocation_armed.is_none_or(|armed| due < armed) {
            self.allocation_armed = Some(due);
            effects.push(Effect::Delay(Timer::Allocation, due.duration_since(now)));
        }
    }

    /// When the allocator wants to decide next, and how often it has; for those who measure how long it takes.
    #[must_use]
    pub fn allocations(&self) -> (Option<Time>, u64) {
        (self.allocator.next_run(), self.allocations)
    }

    /// A wake-up asked for by [`Master::drive_allocator`]; what is to be done is done there.
    pub(crate) fn allocation_due(&mut self, now: Time) {
        if self.allocation_armed.is_some_and(|armed| armed <= now) {
            self.allocation_armed = None;
        }
    }

    /// Has the allocator decide and sends the offers that follow, one event for each framework.
    ///
    /// Trip 2/14: the framework is offered an agent's resources. Mesos: `Master::offer`.
    fn allocate(&mut self, now: Time, effects: &mut Effects) {
        self.allocations += 1;
        let mut by_framework: BTreeMap<FrameworkId, Vec<v0::Offer>> = BTreeMap::new();
        let decisions = self.allocator.run(now);
        for allotment in decisions.offers {
            let framework_id = allotment.framework_id.clone();
            if let Some(offer) = self.make_offer(allotment, effects) {
                by_framework.entry(framework_id).or_default().push(offer);
            }
        }
        for (framework_id, offers) in by_framework {
            if let Some(framework) = self.frameworks.get_mut(&framework_id) {
                framework.metrics.offers_sent += u64::try_from(offers.len()).unwrap_or(u64::MAX);
            }
            info!(trip = 2, %framework_id, offers = offers.len(), "offers sent");
            let event = scheduler::Event {
                r#type: Some(scheduler::event::Type::Offers),
                offers: Some(Box::new(scheduler::event::Offers {
                    offers,
                    ..Default::default()
                })),
                ..Default::default()
            };
            self.send_event(&framework_id, event, effects);
        }
        self.send_inverse_offers(decisions.inverse_offers, effects);
    }

    fn make_offer(&mut self, allotment: Allotment, effects: &mut Effects) -> Option<v0::Offer> {
        let Allotment {
            framework_id,
            role,
            agent_id,
            resources,
        } = allotment;
        let agent = self.agents.get_mut(&agent_id)?;
        let framework = self.frameworks.get_mut(&framework_id)?;
        let id = self.ids.offer();
        agent.offers.insert(id.clone());
        framework.offers.insert(id.clone());
        framework.offered += &resources;
        self.offers.insert(
            id.clone(),
            Offer {
                id: id.clone(),
                framework_id,
                agent_id,
                role,
                resources,
            },
        );
        if let Some(timeout) = self.options.offer_timeout {
            effects.push(Effect::Delay(Timer::Offer(id.clone()), timeout));
        }
        self.offer_message(&id)
    }

    /// An outstanding offer as its scheduler and operators see it.
    pub(crate) fn offer_message(&self, id: &OfferId) -> Option<v0::Offer> {
        let offer = self.offers.get(id)?;
        let agent = self.agents.get(&offer.agent_id)?;
        let framework = self.frameworks.get(&offer.framework_id)?;
        let executor_ids = agent
            .executors
            .get(&offer.framework_id)
            .map(|executors| executors.keys().map(mesos::ids::ExecutorId::to_proto).collect())
            .unwrap_or_default();
        // Frameworks of old do not know of roles on resources, so they are not shown any.
        let multi_role = framework.can(capability::Type::MultiRole);
        let shown = if multi_role {
            offer.resources.clone()
        } else {
            offer.resources.clone().unallocated()
        };
        Some(v0::Offer {
            id: id.to_proto(),
            framework_id: offer.framework_id.to_proto(),
            slave_id: offer.agent_id.to_proto(),
            hostname: agent.info.hostname.clone(),
            url: Some(Box::new(agent_url(&agent.info.hostname, &agent.pid))),
            domain: agent.info.domain.clone(),
            resources: in_form_for(framework, &shown),
            attributes: agent.info.attributes.clone(),
            executor_ids,
            unavailability: self.unavailability_of(&agent.info, &agent.pid).map(Box::new),
            allocation_info: multi_role.then(|| {
                let role = Some(offer.role.clone());
                Box::new(v0::resource::AllocationInfo {
                    role,
                    ..Default::default()
                })
            }),
            ..Default::default()
        })
    }

    /// Forgets an offer without returning its resources; the caller accounts for them.
    pub(crate) fn take_offer(&mut self, id: &OfferId) -> Option<Offer> {
        let offer = self.offers.remove(id)?;
        if let Some(agent) = self.agents.get_mut(&offer.agent_id) {
            agent.offers.remove(id);
        }
        if let Some(framework) = self.frameworks.get_mut(&offer.framework_id) {
            framework.offers.remove(id);
            framework.offered -= &offer.resources;
        }
        Some(offer)
    }

    /// Voids an offer and returns its resources, without a word to the scheduler.
    pub(crate) fn discard_offer(&mut self, now: Time, id: &OfferId, filters: Option<&v0::Filters>) {
        if let Some(offer) = self.take_offer(id) {
            self.allocator.recover_resources(
                now,
                &offer.framework_id,
                &offer.agent_id,
                &offer.resources,
                filters,
                false,
            );
        }
    }

    /// Voids an offer, returns its resources and tells the scheduler.
    pub(crate) fn rescind_offer(&mut self, now: Time, id: &OfferId, effects: &mut Effects) {
        self.rescind_offer_with(now, id, None, effects);
    }

    /// As [`Master::rescind_offer`], and does not offer the same again at once.
    pub(crate) fn rescind_offer_with(
        &mut self,
        now: Time,
        id: &OfferId,
        filters: Option<&v0::Filters>,
        effects: &mut Effects,
    ) {
        let Some(framework_id) = self.offers.get(id).map(|offer| offer.framework_id.clone()) else {
            return;
        };
        self.discard_offer(now, id, filters);
        if let Some(framework) = self.frameworks.get_mut(&framework_id) {
            framework.metrics.offers_rescinded += 1;
        }
        let rescind = scheduler::event::Rescind {
            offer_id: id.to_proto(),
            ..Default::default()
        };
        let event = scheduler::Event {
            r#type: Some(scheduler::event::Type::Rescind),
            rescind: Some(Box::new(rescind)),
            ..Default::default()
        };
        self.send_event(&framework_id, event, effects);
    }

    /// An offer was not used in time.
    pub(crate) fn offer_timeout(&mut self, now: Time, id: &OfferId, effects: &mut Effects) {
        self.rescind_offer(now, id, effects);
    }

    /// Voids all offers of a framework that no longer listens.
    pub(crate) fn discard_offers_of(&mut self, now: Time, framework_id: &FrameworkId) {
        self.discard_inverse_offers_of(now, framework_id);
        let Some(framework) = self.frameworks.get(framework_id) else {
            return;
        };
        for id in framework.offers.clone() {
            self.discard_offer(now, &id, None);
        }
    }
}

/// Frameworks that do not know of stacked reservations see each resource with its one role.
fn in_form_for(framework: &Framework, resources: &Resources) -> Vec<v0::Resource> {
    if framework.can(capability::Type::ReservationRefinement) {
        return resources.to_protos();
    }
    // Resources with stacked reservations cannot be told in the old form; such a framework is not offered them.
    resources.to_protos_in(ResourceFormat::Legacy).unwrap_or_default()
}

/// Where an agent can be asked about itself.
pub(crate) fn agent_url(hostname: &str, pid: &libprocess_core::upid::Upid) -> v0::URL {
    v0::URL {
        scheme: "http".to_owned(),
        address: v0::Address {
            hostname: Some(hostname.to_owned()),
            ip: Some(pid.ip().to_string()),
            port: i32::from(pid.port()),
            ..Default::default()
        },
        path: Some(format!("/{}", pid.id())),
        ..Default::default()
    }
}
