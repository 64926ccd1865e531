//! Random histories, played on the allocator and on the reference at once.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use libprocess_core::time::Time;
use mesos::ids::{AgentId, FrameworkId};
use mesos::{Limits, Quantities, Resources};
use mesos_proto::v0::{self, framework_info, scheduler, slave_info};

use super::dice::Dice;
use super::reference::{self, Offers, Reference};
use crate::{
    AgentUpdate, Allocator, Decisions, FrameworkOptions, Hierarchical, NewAgent, OfferConstraints, Options,
    Quota, SorterKind,
};

const ROLES: [&str; 7] = ["*", "a", "b", "a/x", "a/y", "b/z/q", "c"];

/// Resources somebody has been offered or uses.
#[derive(Clone)]
pub(super) struct Held {
    pub framework: FrameworkId,
    pub agent: AgentId,
    pub resources: Resources,
    pub used: bool,
}

/// An allocator, the reference beside it (if wanted), and what is held.
pub(super) struct Play {
    pub dice: Dice,
    pub now: Time,
    pub real: Hierarchical,
    pub plain: Option<Reference>,
    pub agents: BTreeMap<AgentId, Resources>,
    pub frameworks: BTreeMap<FrameworkId, BTreeSet<String>>,
    pub held: Vec<Held>,
    pub quotas: BTreeMap<String, Quota>,
    made: u64,
}

pub(super) fn options(dice: &mut Dice, event_driven: bool) -> Options {
    let kind = |dice: &mut Dice| {
        if dice.once(4) {
            SorterKind::Random
        } else {
            SorterKind::Drf
        }
    };
    let mut options = Options {
        event_driven,
        role_sorter: kind(dice),
        framework_sorter: kind(dice),
        domain: Some(domain("here")),
        ..Options::default()
    };
    if dice.once(4) {
        options.min_allocatable = Vec::new();
    }
    if dice.once(4) {
        options.excluded_from_fairness.insert("mem".to_owned());
    }
    if dice.once(4) {
        options.filter_gpus = false;
    }
    options
}

fn domain(region: &str) -> v0::DomainInfo {
    let mut domain = v0::domain_info::FaultDomain::default();
    domain.region.name = region.to_owned();
    domain.zone.name = "z".to_owned();
    v0::DomainInfo {
        fault_domain: Some(Box::new(domain)),
        ..Default::default()
    }
}

fn shared_volume(role: &str) -> v0::Resource {
    let mut volume = Resources::parse(&format!("disk({role}):64"), "*")
        .unwrap()
        .to_protos()
        .remove(0);
    volume.shared = Some(Box::default());
    volume.disk = Some(Box::new(v0::resource::DiskInfo {
        persistence: Some(Box::new(v0::resource::disk_info::Persistence {
            id: "v".to_owned(),
            ..Default::default()
        })),
        volume: Some(Box::new(v0::Volume {
            container_path: "p".to_owned(),
            mode: v0::volume::Mode::Rw,
            ..Default::default()
        })),
        ..Default::default()
    }));
    volume
}

impl Play {
    pub fn new(seed: u64, with_reference: bool, event_driven: bool) -> Self {
        let mut dice = Dice::new(seed);
        let options = options(&mut dice, event_driven);
        let mut real = Hierarchical::new(options.clone(), seed);
        let now = Time::EPOCH + Duration::from_secs(1000);
        real.recover(now, 0, BTreeMap::new());
        Self {
            dice,
            now,
            real,
            plain: with_reference.then(|| Reference::new(options, seed)),
            agents: BTreeMap::new(),
            frameworks: BTreeMap::new(),
            held: Vec::new(),
            quotas: BTreeMap::new(),
            made: 0,
        }
    }

    fn total(&mut self) -> Resources {
        let dice = &mut self.dice;
        let mut text = format!("cpus:{};mem:{}", 1 + dice.roll(8), 64 * (1 + dice.roll(8)));
        if dice.once(2) {
            text += ";disk:1000;ports:[100-119]";
        }
        if dice.once(6) {
            text += ";gpus:1";
        }
        if dice.once(3) {
            text += &format!(";cpus(a):{};mem(a):64", 1 + dice.roll(3));
        }
        if dice.once(5) {
            text += ";cpus(a/x):1;mem(b):128";
        }
        let mut total = Resources::parse(&text, "*").unwrap();
        if dice.once(4) {
            let mut revocable = Resources::parse("cpus:2;mem:64", "*").unwrap().to_protos();
            for resource in &mut revocable {
                resource.revocable = Some(Box::default());
            }
            total += &Resources::from_protos(&revocable).unwrap();
        }
        if dice.once(6) {
            let volume = shared_volume(["a", "b"][dice.roll(2) as usize]);
            total += &Resources::from_protos(&[volume]).unwrap();
        }
        total
    }

    fn agent_info(&mut self) -> v0::SlaveInfo {
        let dice = &mut self.dice;
        v0::SlaveInfo {
            hostname: format!("host{}", dice.roll(3)),
            attributes: mesos::attributes::parse(&format!("rack:r{}", dice.roll(2))).unwrap(),
            domain: match dice.roll(4) {
                0 => Some(Box::new(domain("here"))),
                1 => Some(Box::new(domain("there"))),
                _ => None,
            },
            ..Default::default()
        }
    }

    fn add_agent(&mut self) {
        let id = AgentId::new(format!("agent{}", self.made));
        self.made += 1;
        let (total, info) = (self.total(), self.agent_info());
        let mut capabilities = mesos::capabilities::agent_capabilities();
        if self.dice.once(6) {
            let gone = if self.dice.once(2) {
                slave_info::capability::Type::MultiRole
            } else {
                slave_info::capability::Type::HierarchicalRole
            };
            capabilities.retain(|has| has.r#type != Some(gone));
        }
        let mut used = BTreeMap::new();
        let known: Vec<FrameworkId> = self.frameworks.keys().cloned().collect();
        if self.dice.once(3)
            && let Some(framework) = self.dice.pick(&known).cloned()
        {
            let roles: Vec<String> = self.frameworks[&framework].iter().cloned().collect();
            if let Some(role) = self.dice.pick(&roles) {
                let part = Resources::parse("cpus:0.5;mem:32", "*").unwrap().allocated(role);
                used.insert(framework.clone(), part.clone());
                self.held.push(Held {
                    framework,
                    agent: id.clone(),
                    resources: part,
                    used: true,
                });
            }
        }
        self.agents.insert(id.clone(), total.clone());
        if let Some(plain) = &mut self.plain {
            let agent = reference::Agent {
                info: info.clone(),
                capabilities: capabilities.clone(),
                total: total.clone(),
                held: used.clone(),
                active: true,
            };
            plain.add_agent(&id, agent);
        }
        let agent = NewAgent {
            id,
            info,
            capabilities,
            unavailability: None,
            total,
            used,
        };
        self.real.add_agent(self.now, agent);
    }

    fn framework(&mut self) -> (v0::FrameworkInfo, FrameworkOptions, BTreeSet<String>) {
        let dice = &mut self.dice;
        let mut roles = BTreeSet::new();
        for _ in 0..1 + dice.roll(2) {
            roles.insert((*dice.pick(&ROLES).unwrap()).to_owned());
        }
        use framework_info::capability::Type;
        let mut kinds = vec![Type::MultiRole];
        for kind in [
            Type::GpuResources,
            Type::RegionAware,
            Type::SharedResources,
            Type::RevocableResources,
            Type::ReservationRefinement,
        ] {
            if dice.once(2) {
                kinds.push(kind);
            }
        }
        let capability = |kind| framework_info::Capability {
            r#type: Some(kind),
            ..Default::default()
        };
        let mut info = v0::FrameworkInfo {
            roles: roles.iter().cloned().collect(),
            capabilities: kinds.into_iter().map(capability).collect(),
            ..Default::default()
        };
        if dice.once(4) {
            let role = roles.first().unwrap().clone();
            let quantities = Quantities::parse("cpus:2").unwrap().to_protos();
            let least = v0::offer_filters::ResourceQuantities {
                quantities,
                ..Default::default()
            };
            let minima = v0::offer_filters::MinAllocatableResources {
                quantities: vec![least],
                ..Default::default()
            };
            let filters = v0::OfferFilters {
                min_allocatable_resources: Some(Box::new(minima)),
                ..Default::default()
            };
            info.offer_filters.insert(role, filters);
        }
        let mut options = FrameworkOptions::default();
        if dice.once(4) {
            options.suppressed.insert(roles.first().unwrap().clone());
        }
        if dice.once(4) {
            options.constraints = constraints(roles.last().unwrap(), dice);
        }
        (info, options, roles)
    }

    fn add_framework(&mut self) {
        let id = FrameworkId::new(format!("framework{}", self.made));
        self.made += 1;
        let (info, options, roles) = self.framework();
        let active = !self.dice.once(5);
        if let Some(plain) = &mut self.plain {
            plain.add_framework(&id, plain_framework(&info, &options, &roles, active));
        }
        self.real
            .add_framework(self.now, &id, &info, &BTreeMap::new(), active, options);
        self.frameworks.insert(id, roles);
    }

    fn update_framework(&mut self, id: &FrameworkId) {
        let (info, options, roles) = self.framework();
        if let Some(plain) = &mut self.plain {
            plain.update_framework(id, plain_framework(&info, &options, &roles, true));
        }
        self.real.update_framework(self.now, id, &info, options);
        self.frameworks.insert(id.clone(), roles);
    }

    fn give_back(&mut self) {
        if self.held.is_empty() {
            return;
        }
        let index = self.dice.roll(self.held.len() as u64) as usize;
        let mut back = self.held[index].clone();
        if self.dice.once(3) && back.resources.len() > 1 {
            // Part of it: the first resource.
            let first = back.resources.iter().next().cloned();
            let first: Resources = first.into_iter().collect();
            self.held[index].resources -= &first;
            back.resources = first;
        } else {
            self.held.remove(index);
        }
        let (filters, time) = match self.dice.roll(6) {
            0 => (None, None),
            1 => (Some(Some(0.0)), Some(0.0)),
            2 => (Some(None), Some(5.0)),
            3 => (Some(Some(-1.0)), Some(5.0)),
            4 => (Some(Some(1e12)), Some(365.0 * 86400.0)),
            _ => (Some(Some(3.5)), Some(3.5)),
        };
        let filters = filters.map(|refuse_seconds| v0::Filters {
            refuse_seconds,
            ..Default::default()
        });
        let time = time.map(Duration::from_secs_f64);
        if let Some(plain) = &mut self.plain {
            plain.recover(self.now, &back.framework, &back.agent, &back.resources, time);
        }
        self.real.recover_resources(
            self.now,
            &back.framework,
            &back.agent,
            &back.resources,
            filters.as_ref(),
            back.used,
        );
    }

    fn use_offer(&mut self) {
        let offered: Vec<usize> = (0..self.held.len())
            .filter(|index| !self.held[*index].used)
            .collect();
        let Some(index) = self.dice.pick(&offered).copied() else {
            return;
        };
        self.held[index].used = true;
        let held = self.held[index].clone();
        self.real
            .transition_offered_to_allocated(self.now, &held.agent, &held.resources);
    }

    fn set_quota(&mut self) {
        let role = (*self.dice.pick(&["a", "b", "c", "*"]).unwrap()).to_owned();
        let dice = &mut self.dice;
        let quota = match dice.roll(4) {
            0 => Quota::default(),
            1 => Quota {
                guarantees: Quantities::parse(&format!("cpus:{}", 1 + dice.roll(6))).unwrap(),
                limits: Limits::new(),
            },
            2 => Quota {
                guarantees: Quantities::new(),
                limits: Limits::parse(&format!("cpus:{};mem:{}", dice.roll(8), 64 * dice.roll(8))).unwrap(),
            },
            _ => Quota {
                guarantees: Quantities::parse(&format!("cpus:{};mem:64", 1 + dice.roll(3))).unwrap(),
                limits: Limits::parse(&format!("cpus:{}", 3 + dice.roll(6))).unwrap(),
            },
        };
        if quota.is_default() {
            self.quotas.remove(&role);
        } else {
            self.quotas.insert(role.clone(), quota.clone());
        }
        if let Some(plain) = &mut self.plain {
            plain.quotas.clone_from(&self.quotas);
        }
        self.real.update_quota(self.now, &role, quota);
    }

    fn set_weight(&mut self) {
        let role = (*self.dice.pick(&ROLES).unwrap()).to_owned();
        let weight = [0.5, 1.0, 2.0, 3.5][self.dice.roll(4) as usize];
        if let Some(plain) = &mut self.plain {
            plain.weights.insert(role.clone(), weight);
        }
        self.real.update_weights(self.now, &[(role, weight)]);
    }

    /// Something happens. Returns what was offered, if there was a run.
    pub fn step(&mut self) -> Option<Decisions> {
        let agents: Vec<AgentId> = self.agents.keys().cloned().collect();
        let frameworks: Vec<FrameworkId> = self.frameworks.keys().cloned().collect();
        let agent = self.dice.pick(&agents).cloned();
        let framework = self.dice.pick(&frameworks).cloned();
        match (self.dice.roll(40), agent, framework) {
            (0..=2, ..) if agents.len() < 7 => self.add_agent(),
            (3..=5, ..) if frameworks.len() < 8 => self.add_framework(),
            (6, Some(id), _) => {
                self.held.retain(|held| held.agent != id);
                self.agents.remove(&id);
                if let Some(plain) = &mut self.plain {
                    plain.remove_agent(&id);
                }
                self.real.remove_agent(self.now, &id);
            }
            (7, _, Some(id)) => {
                let (gone, kept) = std::mem::take(&mut self.held)
                    .into_iter()
                    .partition(|held| held.framework == id && held.used);
                self.held = kept;
                for held in gone {
                    if let Some(plain) = &mut self.plain {
                        plain.recover(self.now, &id, &held.agent, &held.resources, None);
                    }
                    self.real
                        .recover_resources(self.now, &id, &held.agent, &held.resources, None, true);
                }
                self.held.retain(|held| held.framework != id);
                self.frameworks.remove(&id);
                if let Some(plain) = &mut self.plain {
                    plain.remove_framework(&id);
                }
                self.real.remove_framework(self.now, &id);
            }
            (8, _, Some(id)) => self.update_framework(&id),
            (9, _, Some(id)) => {
                let active = self.dice.once(2);
                if let Some(plain) = &mut self.plain {
                    plain.set_active(&id, active);
                }
                if active {
                    self.real.activate_framework(self.now, &id);
                } else {
                    self.real.deactivate_framework(self.now, &id);
                }
            }
            (10..=11, _, Some(id)) => {
                let role = self.frameworks[&id].first().unwrap().clone();
                let roles = BTreeSet::from([role.clone()]);
                let suppress = self.dice.once(3);
                if let Some(plain) = &mut self.plain {
                    if suppress {
                        plain.suppress(&id, &role);
                    } else {
                        plain.revive(&id, &role);
                    }
                }
                if suppress {
                    self.real.suppress_offers(self.now, &id, &roles);
                } else {
                    self.real.revive_offers(self.now, &id, &roles);
                }
            }
            (12, Some(id), _) => {
                let active = !self.dice.once(3);
                if let Some(plain) = &mut self.plain {
                    plain.agents.get_mut(&id).unwrap().active = active;
                }
                if active {
                    self.real.activate_agent(self.now, &id);
                } else {
                    self.real.deactivate_agent(self.now, &id);
                }
            }
            (13, Some(id), _) => {
                let info = self.agent_info();
                if let Some(plain) = &mut self.plain {
                    let same = mesos::attributes::same(&plain.agents[&id].info.attributes, &info.attributes);
                    if same {
                        plain.agents.get_mut(&id).unwrap().info = info.clone();
                    } else {
                        plain.set_attributes(&id, info.clone());
                    }
                }
                let update = AgentUpdate {
                    info,
                    total: None,
                    capabilities: None,
                };
                self.real.update_agent(self.now, &id, update);
            }
            (14, ..) => {
                let hosts = ["host0".to_owned(), "host1".to_owned()];
                let hosts = self.dice.once(4).then(|| BTreeSet::from(hosts));
                if let Some(plain) = &mut self.plain {
                    plain.whitelist.clone_from(&hosts);
                }
                self.real.update_whitelist(self.now, hosts);
            }
            (15..=16, ..) => self.set_quota(),
            (17, ..) => self.set_weight(),
            (18..=26, ..) => self.give_back(),
            (27..=29, ..) => self.use_offer(),
            (30..=33, ..) => {
                let time = [2, 100, 700, 1000][self.dice.roll(4) as usize];
                self.now += Duration::from_millis(time);
            }
            _ => return Some(self.run()),
        }
        None
    }

    /// A run, by what the allocator asked for: all agents once a second, else those that changed.
    fn run(&mut self) -> Decisions {
        self.now = self.now.max(self.real.next_run().unwrap());
        let candidates = self.real.candidates(self.now);
        let decisions = self.real.run(self.now);
        if let Some(plain) = &mut self.plain {
            let wanted = plain.run(self.now, candidates.as_ref());
            let found: Offers = decisions
                .offers
                .iter()
                .map(|offer| {
                    let key = (
                        offer.framework_id.clone(),
                        offer.role.clone(),
                        offer.agent_id.clone(),
                    );
                    (key, offer.resources.clone())
                })
                .collect();
            assert_eq!(found, wanted, "other offers than by the rules");
            assert_eq!(self.real.counts(), plain.counts());
        }
        for offer in &decisions.offers {
            self.held.push(Held {
                framework: offer.framework_id.clone(),
                agent: offer.agent_id.clone(),
                resources: offer.resources.clone(),
                used: false,
            });
        }
        decisions
    }
}

fn plain_framework(
    info: &v0::FrameworkInfo,
    options: &FrameworkOptions,
    roles: &BTreeSet<String>,
    active: bool,
) -> reference::Framework {
    reference::Framework {
        info: info.clone(),
        roles: roles.clone(),
        suppressed: options.suppressed.clone(),
        constraints: options.constraints.clone(),
        active,
    }
}

fn constraints(role: &str, dice: &mut Dice) -> OfferConstraints {
    use scheduler::attribute_constraint::{Predicate, Selector, predicate};
    let regex = format!("r[{}-9]", dice.roll(2));
    let constraint = scheduler::AttributeConstraint {
        selector: Selector {
            attribute_name: Some("rack".to_owned()),
            ..Default::default()
        },
        predicate: Predicate {
            text_matches: Some(Box::new(predicate::TextMatches {
                regex,
                ..Default::default()
            })),
            ..Default::default()
        },
        ..Default::default()
    };
    let group = scheduler::offer_constraints::role_constraints::Group {
        attribute_constraints: vec![constraint],
        ..Default::default()
    };
    let of_role = scheduler::offer_constraints::RoleConstraints {
        groups: vec![group],
        ..Default::default()
    };
    let message = scheduler::OfferConstraints {
        role_constraints: BTreeMap::from([(role.to_owned(), of_role)]),
        ..Default::default()
    };
    OfferConstraints::compile(&message, crate::RegexLimits::default()).unwrap()
}
