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

mod maintenance;
mod operations;
mod providers;

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
    /// What each agent has.
    pub agents: BTreeMap<AgentId, Resources>,
    infos: BTreeMap<AgentId, v0::SlaveInfo>,
    pub frameworks: BTreeMap<FrameworkId, BTreeSet<String>>,
    pub held: Vec<Held>,
    pub quotas: BTreeMap<String, Quota>,
    /// No offers before so many agents are there, or this time.
    waits: Option<(usize, Time)>,
    paused: bool,
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
        let mut quotas = BTreeMap::new();
        let mut waits = None;
        if dice.once(4) {
            quotas.insert("a".to_owned(), quota(&mut dice));
            quotas.retain(|_, quota| !quota.is_default());
            let expected = dice.roll(6) as usize;
            let enough = expected * 4 / 5;
            if !quotas.is_empty() && enough > 0 {
                waits = Some((enough, now + options.recovery_timeout));
            }
            real.recover(now, expected, quotas.clone());
        } else {
            real.recover(now, 0, BTreeMap::new());
        }
        let mut plain = with_reference.then(|| Reference::new(options, seed));
        if let Some(plain) = &mut plain {
            plain.quotas.clone_from(&quotas);
        }
        Self {
            dice,
            now,
            real,
            plain,
            agents: BTreeMap::new(),
            infos: BTreeMap::new(),
            frameworks: BTreeMap::new(),
            held: Vec::new(),
            quotas,
            paused: waits.is_some(),
            waits,
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
        let returns = self.dice.once(6);
        let user = if returns {
            // One that is not known yet, as after a failover of the master.
            Some(FrameworkId::new(format!("returns{}", self.dice.roll(3))))
        } else {
            self.dice.pick(&known).cloned()
        };
        if (returns || self.dice.once(3))
            && let Some(framework) = user
        {
            let mut roles: Vec<String> = ROLES.map(str::to_owned).to_vec();
            if let Some(known) = self.frameworks.get(&framework) {
                roles = known.iter().cloned().collect();
            }
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
        self.infos.insert(id.clone(), info.clone());
        if self.waits.is_some_and(|(enough, _)| self.agents.len() >= enough) {
            self.waits = None;
            self.paused = false;
        }
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
        let mut id = FrameworkId::new(format!("framework{}", self.made));
        self.made += 1;
        let returning = self.held.iter().map(|held| &held.framework);
        let returning: BTreeSet<FrameworkId> = returning
            .filter(|id| !self.frameworks.contains_key(*id))
            .cloned()
            .collect();
        if let Some(returning) = returning.first()
            && self.dice.once(2)
        {
            id = returning.clone();
        }
        let mut used: BTreeMap<AgentId, Resources> = BTreeMap::new();
        for held in self.held.iter().filter(|held| held.framework == id) {
            *used.entry(held.agent.clone()).or_default() += &held.resources;
        }
        let (info, options, roles) = self.framework();
        let active = !self.dice.once(5);
        if let Some(plain) = &mut self.plain {
            plain.add_framework(&id, plain_framework(&info, &options, &roles, active));
        }
        self.real
            .add_framework(self.now, &id, &info, &used, active, options);
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
            .transition_offered_to_allocated(self.now, &held.framework, &held.agent, &held.resources);
    }

    fn set_quota(&mut self) {
        let role = (*self.dice.pick(&["a", "b", "c", "*"]).unwrap()).to_owned();
        let quota = quota(&mut self.dice);
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
        match (self.dice.roll(60), agent, framework) {
            (0..=2, ..) if agents.len() < 7 => self.add_agent(),
            (3..=5, ..) if frameworks.len() < 8 => self.add_framework(),
            (6, Some(id), _) => {
                self.held.retain(|held| held.agent != id);
                self.agents.remove(&id);
                self.infos.remove(&id);
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
                let own = self.frameworks[&id].clone();
                // None named stands for all.
                let (roles, meant) = if self.dice.once(3) {
                    (BTreeSet::new(), own)
                } else {
                    let first = BTreeSet::from([own.first().unwrap().clone()]);
                    (first.clone(), first)
                };
                let suppress = self.dice.once(3);
                if let Some(plain) = &mut self.plain {
                    if suppress {
                        plain.suppress(&id, &meant);
                    } else {
                        plain.revive(&id, &meant);
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
                self.infos.insert(id.clone(), info.clone());
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
            (34..=37, Some(id), _) => self.operate_on_free(&id),
            (38..=42, ..) => self.operate_on_offer(),
            (43..=44, Some(id), framework) => self.add_provider(&id, framework.as_ref()),
            (45..=46, Some(id), _) => self.change_agent(&id),
            (47, Some(id), _) => self.change_unavailability(&id),
            (48..=49, Some(agent), Some(framework)) => self.answer_inverse_offer(&agent, &framework),
            (50, _, Some(id)) if self.dice.once(4) => {
                // A hint that Mesos' allocator does not take.
                self.real
                    .request_resources(self.now, &id, &[v0::Request::default()]);
            }
            (50, ..) => self.operate_on_nobody(),
            (51, ..) if self.waits.is_none() && self.dice.once(3) => {
                self.paused = true;
                self.real.pause(self.now);
            }
            (52, ..) => {
                // A copy goes on as its original would.
                self.real = self.real.clone();
            }
            _ => return Some(self.run()),
        }
        None
    }

    /// What is free of agents, and what metrics say, are what they should be.
    pub fn compare(&self) {
        self.compare_answers();
        for id in self.agents.keys() {
            let held = self.held.iter().filter(|held| held.agent == *id);
            let taken = held.fold(Resources::new(), |sum, held| {
                sum + &held.resources.clone().unallocated()
            });
            assert_eq!(self.real.offered_or_allocated(id), Some(taken), "held of {id}");
        }
        let Some(plain) = &self.plain else { return };
        let mut shown = Vec::new();
        self.real.metrics(&mut shown);
        let mut shown: BTreeMap<String, f64> = shown.into_iter().collect();
        shown.remove("allocator/mesos/allocation_runs");
        let used = self.held.iter().filter(|held| held.used);
        let used: Vec<(FrameworkId, Resources)> = used
            .map(|held| (held.framework.clone(), held.resources.clone()))
            .collect();
        let wanted = plain.metrics(self.now, &used);
        let differ = |one: &BTreeMap<String, f64>, two: &BTreeMap<String, f64>| {
            let all = one.clone().into_iter();
            all.filter(|(name, value)| two.get(name) != Some(value))
                .collect::<Vec<_>>()
        };
        let (too_much, missing) = (differ(&shown, &wanted), differ(&wanted, &shown));
        assert!(
            too_much.is_empty() && missing.is_empty(),
            "metrics are {too_much:?}, not {missing:?}"
        );
    }

    /// A run, by what the allocator asked for: all agents once a second, else those that changed.
    fn run(&mut self) -> Decisions {
        if self.paused && self.waits.is_none() && self.dice.once(3) {
            self.paused = false;
            self.real.resume(self.now);
        }
        self.now = self.now.max(self.real.next_run().unwrap());
        if self.waits.is_some_and(|(_, until)| until <= self.now) {
            self.waits = None;
            self.paused = false;
        }
        let candidates = self.real.candidates(self.now);
        let decisions = self.real.run(self.now);
        if self.paused {
            assert!(decisions.is_empty(), "offers while there should be none");
            return decisions;
        }
        if let Some(plain) = &mut self.plain {
            let (wanted, asked) = plain.run(self.now, candidates.as_ref());
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
            let inverse = decisions.inverse_offers.iter();
            let inverse: BTreeSet<(FrameworkId, AgentId)> = inverse
                .map(|one| (one.framework_id.clone(), one.agent_id.clone()))
                .collect();
            assert_eq!(inverse, asked, "others are asked to leave");
            assert_eq!(inverse.len(), decisions.inverse_offers.len());
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
        self.compare();
        decisions
    }
}

fn quota(dice: &mut Dice) -> Quota {
    match dice.roll(4) {
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
