//! Operations of frameworks and operators.

use mesos::ids::AgentId;
use mesos::operation::{Conversion, conversions};
use mesos::{Resource, Resources, Scalar};
use mesos_proto::v0::offer::operation::{self, Type};
use mesos_proto::v0::{self, resource};

use super::{Held, Play};
use crate::{Allocator, UpdateAvailableError};

impl Play {
    /// What nobody holds of an agent; shared resources are free however often they are held.
    fn free(&self, agent: &AgentId) -> Resources {
        let total = &self.agents[agent];
        let held = self.held.iter().filter(|held| held.agent == *agent);
        let taken = held.fold(Resources::new(), |sum, held| {
            sum + &held.resources.non_shared().unallocated()
        });
        total.non_shared() - &taken + &total.shared()
    }

    /// An operator's operations on an agent: mostly on what is free, now and then on what is held or not there at all.
    pub(super) fn operate_on_free(&mut self, agent: &AgentId) {
        let from = if self.dice.once(3) {
            self.agents[agent].clone()
        } else {
            self.free(agent)
        };
        let role = (*self.dice.pick(&super::ROLES[1..]).unwrap()).to_owned();
        let mut conversions = self.operations(from, &role, agent, true);
        if self.dice.once(8) {
            let much = Resources::parse("cpus:1000", "*").unwrap();
            conversions.push(Conversion::new(
                much,
                Resources::parse("cpus(a):1000", "*").unwrap(),
            ));
        }
        let found = self.real.update_available(self.now, agent, &conversions);
        if let Some(plain) = &mut self.plain {
            let wanted = plain.convert_free(agent, &conversions);
            // What there is may be named in another order.
            let what = |text: String| text.split(" does not contain ").last().map(str::to_owned);
            let found = found.as_ref().map_err(|error| what(error.to_string()));
            assert_eq!(
                found.copied(),
                wanted.map(drop).map_err(what),
                "operator's operations"
            );
        }
        match found {
            Ok(()) => {
                let total = self.agents[agent].apply_conversions(&conversions);
                self.agents.insert(agent.clone(), total.unwrap());
            }
            Err(UpdateAvailableError::NotAvailable(_)) => {
                let free = self.free(agent).apply_conversions(&conversions);
                assert!(free.is_err(), "refused what could have been done");
            }
            Err(error) => panic!("{error}"),
        }
    }

    /// An operator's operations on an agent that is not there (any more).
    pub(super) fn operate_on_nobody(&mut self) {
        let agent = AgentId::new("nobody");
        let found = self.real.update_available(self.now, &agent, &[]);
        assert_eq!(found, Err(UpdateAvailableError::UnknownAgent(agent)));
    }

    /// Operations of a framework on an offer; the rest of it comes back some time, or is used.
    pub(super) fn operate_on_offer(&mut self) {
        let offered: Vec<usize> = (0..self.held.len())
            .filter(|index| !self.held[*index].used)
            .collect();
        let Some(index) = self.dice.pick(&offered).copied() else {
            return;
        };
        let held = self.held[index].clone();
        let role = held.resources.allocations().into_keys().next().unwrap();
        let mut conversions = self.operations(held.resources.clone(), &role, &held.agent, false);
        let after = held.resources.apply_conversions(&conversions).unwrap();
        if let Some(volume) = after.shared().iter().next()
            && self.dice.once(2)
        {
            // A second task uses it, too.
            let copy = Resources::from_iter([volume.clone()]);
            conversions.push(Conversion::new(Resources::new(), copy));
        }
        if let Some(resource) = after.non_shared().iter().next()
            && self.dice.once(6)
        {
            // A disk is gone, and nothing came for it.
            let gone = Resources::from_iter([resource.clone()]);
            conversions.push(Conversion::new(gone, Resources::new()));
        }
        let mut total = self.agents[&held.agent].clone();
        for conversion in conversions.iter().filter(|one| !one.consumed().is_empty()) {
            let consumed = conversion.consumed().clone().unallocated();
            if !total.contains(&consumed) {
                // The agent does not have any more what was offered: the master would have taken the offer back.
                return;
            }
            total = total - &consumed + &conversion.converted().clone().unallocated();
        }
        if let Some(plain) = &mut self.plain {
            plain.convert_held(&held.framework, &held.agent, &conversions, &total);
        }
        let Held {
            framework,
            agent,
            resources,
            ..
        } = &held;
        self.real
            .update_allocation(self.now, framework, agent, resources, &conversions);
        self.agents.insert(agent.clone(), total);
        self.held[index].resources = resources.apply_conversions(&conversions).unwrap();
        self.held.retain(|held| !held.resources.is_empty());
    }

    /// Up to three operations one after the other, each on what the others left.
    fn operations(
        &mut self,
        from: Resources,
        role: &str,
        agent: &AgentId,
        by_operator: bool,
    ) -> Vec<Conversion> {
        let mut all = Vec::new();
        let mut left = from;
        for _ in 0..1 + self.dice.roll(3) {
            let mut resources: Vec<Resource> = left.iter().cloned().collect();
            resources.retain(|resource| {
                !resource.is_revocable()
                    && (!resource.is_shared() || !self.is_held(agent, resource, by_operator))
            });
            let Some(resource) = self.dice.pick(&resources).cloned() else {
                break;
            };
            let Some(operation) = self.operation(&left, &resource, role) else {
                continue;
            };
            let steps = conversions(&operation).unwrap();
            left = left.apply_conversions(&steps).unwrap();
            all.extend(steps);
        }
        all
    }

    /// A shared volume that others hold, too, is not destroyed: the master refuses that, or takes their offers back.
    fn is_held(&self, agent: &AgentId, volume: &Resource, by_operator: bool) -> bool {
        let is_volume = |other: &&Resource| {
            let mut bare = (*other).clone();
            bare.set_allocation_role(None);
            let mut own = volume.clone();
            own.set_allocation_role(None);
            bare == own
        };
        let held = self.held.iter().filter(|held| held.agent == *agent);
        let copies: u32 = held
            .flat_map(|held| held.resources.iter().filter(is_volume))
            .map(Resource::copies)
            .sum();
        copies > u32::from(!by_operator)
    }

    fn operation(&mut self, of: &Resources, resource: &Resource, role: &str) -> Option<v0::offer::Operation> {
        let mut message = resource.to_proto();
        let mut operation = v0::offer::Operation::default();
        if resource.is_persistent_volume() {
            let has_provider = resource.has_provider();
            let space = resource.without_volume();
            let space = of.iter().find(|other| {
                other.is_same_kind(&space)
                    && other
                        .scalar()
                        .is_some_and(|all| all >= Scalar::from_thousandths(8000))
            });
            let size = resource.scalar().unwrap();
            match (self.dice.roll(3), space) {
                (0, Some(space)) if !has_provider && !resource.is_shared() => {
                    let addition = space.clone().with_scalar(Scalar::from_thousandths(8000));
                    operation.r#type = Some(Type::GrowVolume);
                    operation.grow_volume = Some(Box::new(operation::GrowVolume {
                        volume: message,
                        addition: addition.to_proto(),
                        ..Default::default()
                    }));
                }
                (1, _) if !has_provider && !resource.is_shared() && size > Scalar::from_thousandths(8000) => {
                    operation.r#type = Some(Type::ShrinkVolume);
                    operation.shrink_volume = Some(Box::new(operation::ShrinkVolume {
                        volume: message,
                        subtract: v0::value::Scalar {
                            value: 8.0,
                            ..Default::default()
                        },
                        ..Default::default()
                    }));
                }
                _ => {
                    operation.r#type = Some(Type::Destroy);
                    operation.destroy = Some(Box::new(operation::Destroy {
                        volumes: vec![message],
                        ..Default::default()
                    }));
                }
            }
            return Some(operation);
        }
        if let Some(all) = resource.scalar()
            && self.dice.once(2)
        {
            let part = Scalar::from_thousandths(all.thousandths() / 2);
            message = resource.clone().with_scalar(part).to_proto();
            if part.is_zero() {
                return None;
            }
        }
        if resource.name() == "disk" && !resource.is_unreserved() && self.dice.once(2) {
            self.made += 1;
            if self.dice.once(3) && !resource.has_provider() {
                message.shared = Some(Box::default());
            }
            message.disk = Some(Box::new(volume(&format!("v{}", self.made))));
            operation.r#type = Some(Type::Create);
            operation.create = Some(Box::new(operation::Create {
                volumes: vec![message],
                ..Default::default()
            }));
            return Some(operation);
        }
        if resource.is_dynamically_reserved() && self.dice.once(2) {
            operation.r#type = Some(Type::Unreserve);
            operation.unreserve = Some(Box::new(operation::Unreserve {
                resources: vec![message],
                ..Default::default()
            }));
            return Some(operation);
        }
        let below = resource.reservation_role().map(|own| format!("{own}/sub"));
        if below.as_ref().is_some_and(|below| below.len() > 12) {
            return None;
        }
        message.reservations.push(resource::ReservationInfo {
            r#type: Some(resource::reservation_info::Type::Dynamic),
            role: Some(below.unwrap_or_else(|| role.to_owned())),
            ..Default::default()
        });
        operation.r#type = Some(Type::Reserve);
        operation.reserve = Some(Box::new(operation::Reserve {
            resources: vec![message],
            ..Default::default()
        }));
        Some(operation)
    }
}

fn volume(id: &str) -> resource::DiskInfo {
    resource::DiskInfo {
        persistence: Some(Box::new(resource::disk_info::Persistence {
            id: id.to_owned(),
            ..Default::default()
        })),
        volume: Some(Box::new(v0::Volume {
            container_path: "p".to_owned(),
            mode: v0::volume::Mode::Rw,
            ..Default::default()
        })),
        ..Default::default()
    }
}
