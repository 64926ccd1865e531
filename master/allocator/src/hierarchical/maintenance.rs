//! Agents that will be away, and asking frameworks to leave them.

use std::collections::{BTreeMap, BTreeSet};

use libprocess_core::time::Time;
use mesos::Resources;
use mesos::ids::{AgentId, FrameworkId};
use mesos_proto::v0;

use crate::{InverseAllotment, InverseOfferAnswer};

use super::Hierarchical;
use super::agent::Maintenance;
use super::filters::refused_for;
use super::trigger::Candidates;

impl Hierarchical {
    /// Mesos: `updateUnavailability`. Frameworks are to think again, so their refusals are forgotten.
    pub(super) fn set_unavailability(
        &mut self,
        now: Time,
        id: &AgentId,
        unavailability: Option<v0::Unavailability>,
    ) {
        let Some(number) = self.agent_number(id) else {
            return;
        };
        for framework in &mut self.frameworks {
            framework.inverse_filters.remove(&number);
        }
        if unavailability.is_some() {
            self.maintained.insert(number);
        } else {
            self.maintained.remove(&number);
        }
        self.agent_mut(number).maintenance = unavailability.map(|unavailability| Maintenance {
            unavailability,
            statuses: BTreeMap::new(),
            outstanding: BTreeSet::new(),
        });
        self.want(now, Candidates::One(number));
    }

    /// Mesos: `updateInverseOffer`.
    pub(super) fn inverse_offer_ended(
        &mut self,
        now: Time,
        agent_id: &AgentId,
        framework_id: &FrameworkId,
        answer: Option<InverseOfferAnswer>,
    ) {
        let (Some(agent), Some(framework)) =
            (self.agent_number(agent_id), self.framework_number(framework_id))
        else {
            return;
        };
        let Some(maintenance) = &mut self.agent_mut(agent).maintenance else {
            return;
        };
        let outstanding = maintenance.outstanding.remove(&framework);
        let Some(answer) = answer else { return };
        if outstanding {
            let status = v0::allocator::InverseOfferStatus {
                status: answer.status,
                framework_id: framework_id.to_proto(),
                timestamp: v0::TimeInfo {
                    nanoseconds: i64::try_from(now.nanos()).unwrap_or(i64::MAX),
                    ..Default::default()
                },
                ..Default::default()
            };
            maintenance.statuses.insert(framework_id.clone(), status);
        }
        let time = refused_for(&answer.filters);
        if !time.is_zero() {
            let filters = &mut self.framework_mut(framework).inverse_filters;
            filters.entry(agent).or_default().push(now + time);
        }
    }

    /// Mesos: `getInverseOfferStatuses`.
    pub(super) fn inverse_statuses(
        &self,
    ) -> BTreeMap<AgentId, BTreeMap<FrameworkId, v0::allocator::InverseOfferStatus>> {
        let agents = self.maintained.iter().map(|number| self.agent(*number));
        agents
            .filter_map(|agent| Some((agent.id.clone(), agent.maintenance.as_ref()?.statuses.clone())))
            .collect()
    }

    /// Asks every active framework that has something on a candidate that will be away.
    ///
    /// Mesos: `generateInverseOffers`.
    pub(super) fn ask_to_leave(&mut self, now: Time, all: bool, some: &[u32]) -> Vec<InverseAllotment> {
        let mut asked = Vec::new();
        let candidates: Vec<u32> = self
            .maintained
            .iter()
            .copied()
            .filter(|number| all || some.contains(number))
            .collect();
        for number in candidates {
            let holders: Vec<u32> = self.agent(number).held.iter().map(|(holder, _)| holder).collect();
            for holder in holders {
                let framework = self.framework_mut(holder);
                if !framework.known || !framework.active {
                    continue;
                }
                if let Some(filters) = framework.inverse_filters.get_mut(&number) {
                    filters.retain(|until| *until > now);
                    if !filters.is_empty() {
                        continue;
                    }
                    framework.inverse_filters.remove(&number);
                }
                let Some(framework_id) = self.framework(holder).id.clone() else {
                    continue;
                };
                let agent = self.agent_mut(number);
                let agent_id = agent.id.clone();
                let Some(maintenance) = &mut agent.maintenance else {
                    continue;
                };
                if maintenance.outstanding.insert(holder) {
                    asked.push(InverseAllotment {
                        framework_id,
                        agent_id,
                        resources: Resources::new(),
                        unavailability: maintenance.unavailability.clone(),
                    });
                }
            }
        }
        asked.sort_by(|one, two| (&one.framework_id, &one.agent_id).cmp(&(&two.framework_id, &two.agent_id)));
        asked
    }
}
