//! An allocator that is slow and plain: the rules of Mesos written down one after the other, nothing remembered that can
//! be reckoned. What the real one decides must be what this one decides.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use libprocess_core::time::Time;
use mesos::ids::{AgentId, FrameworkId};
use mesos::{Limits, Quantities, Resource, Resources, Scalar};
use mesos_proto::v0::{self, framework_info::capability as can, slave_info::capability as has};

use crate::hierarchical::chance::{by_lot, draw, fraction, lot, of_text};
use crate::{Options, Quota, SorterKind};

mod maintenance;
mod metrics;
mod operations;

pub(super) struct Agent {
    pub info: v0::SlaveInfo,
    pub capabilities: Vec<v0::slave_info::Capability>,
    pub total: Resources,
    pub held: BTreeMap<FrameworkId, Resources>,
    pub active: bool,
}

pub(super) struct Framework {
    pub info: v0::FrameworkInfo,
    pub roles: BTreeSet<String>,
    pub suppressed: BTreeSet<String>,
    pub constraints: crate::OfferConstraints,
    pub active: bool,
}

struct Filter {
    framework: FrameworkId,
    role: String,
    agent: AgentId,
    refused: Resources,
    until: Time,
}

/// (framework, role, agent) and what is offered.
pub(super) type Offers = BTreeMap<(FrameworkId, String, AgentId), Resources>;

pub(super) struct Reference {
    options: Options,
    seed: u64,
    runs: u64,
    pub agents: BTreeMap<AgentId, Agent>,
    pub frameworks: BTreeMap<FrameworkId, Framework>,
    pub quotas: BTreeMap<String, Quota>,
    pub weights: BTreeMap<String, f64>,
    pub whitelist: Option<BTreeSet<String>>,
    filters: Vec<Filter>,
    absence: maintenance::Absence,
    /// Who is tracked in a role, with the number of allocations made to it there.
    members: BTreeMap<String, BTreeMap<FrameworkId, u64>>,
    /// Allocations made to a role and those below it.
    counts: BTreeMap<String, u64>,
    /// The same for the role itself, as long as there are roles below it.
    leaf_counts: BTreeMap<String, u64>,
}

fn above(role: &str) -> impl Iterator<Item = &str> {
    role.match_indices('/').map(|(at, _)| &role[..at])
}

fn is_in(role: &str, tree: &str) -> bool {
    role == tree || role.strip_prefix(tree).is_some_and(|rest| rest.starts_with('/'))
}

fn scalars(resources: &Resources) -> Quantities {
    Quantities::from_scalars(resources)
}

fn counts_for_quota(resource: &Resource) -> bool {
    resource.scalar().is_some() && resource.is_unreserved() && !resource.is_revocable()
}

impl Reference {
    pub fn new(options: Options, seed: u64) -> Self {
        Self {
            options,
            seed,
            runs: 0,
            agents: BTreeMap::new(),
            frameworks: BTreeMap::new(),
            quotas: BTreeMap::new(),
            weights: BTreeMap::new(),
            whitelist: None,
            filters: Vec::new(),
            absence: maintenance::Absence::default(),
            members: BTreeMap::new(),
            counts: BTreeMap::new(),
            leaf_counts: BTreeMap::new(),
        }
    }

    // Who is a client of the sorters.

    fn has_clients_below(&self, role: &str) -> bool {
        self.members
            .keys()
            .any(|other| other != role && is_in(other, role))
    }

    fn track(&mut self, framework: &FrameworkId, role: &str) {
        if self
            .members
            .get(role)
            .is_some_and(|of| of.contains_key(framework))
        {
            return;
        }
        if !self.members.contains_key(role) {
            if self.has_clients_below(role) {
                self.leaf_counts.insert(role.to_owned(), 0);
            }
            for parent in above(role) {
                if self.members.contains_key(parent) && !self.has_clients_below(parent) {
                    let count = self.counts.get(parent).copied().unwrap_or(0);
                    self.leaf_counts.insert(parent.to_owned(), count);
                }
            }
        }
        self.members
            .entry(role.to_owned())
            .or_default()
            .insert(framework.clone(), 0);
    }

    fn untrack(&mut self, framework: &FrameworkId, role: &str) {
        let subscribed = self
            .frameworks
            .get(framework)
            .is_some_and(|own| own.roles.contains(role));
        if subscribed || !self.held_in(role, framework).is_empty() {
            return;
        }
        let Some(members) = self.members.get_mut(role) else {
            return;
        };
        members.remove(framework);
        let none_left = members.is_empty();
        self.forget_filters(framework, role);
        if !none_left {
            return;
        }
        self.members.remove(role);
        self.leaf_counts.remove(role);
        for tree in above(role).chain([role]) {
            if !self.members.keys().any(|other| is_in(other, tree)) {
                self.counts.remove(tree);
            }
            if !self.has_clients_below(tree) {
                self.leaf_counts.remove(tree);
            }
        }
    }

    fn held_in(&self, role: &str, framework: &FrameworkId) -> Resources {
        let held = self.agents.values().filter_map(|agent| agent.held.get(framework));
        held.fold(Resources::new(), |sum, held| {
            sum + &held.filter(|resource| resource.allocation_role() == Some(role))
        })
    }

    // What happens.

    /// What it uses counts from now on, if its agents said so before.
    pub fn add_framework(&mut self, id: &FrameworkId, framework: Framework) {
        let roles = framework.roles.clone();
        self.frameworks.insert(id.clone(), framework);
        for role in &roles {
            self.track(id, role);
        }
        let used: Vec<Resources> = self
            .agents
            .values()
            .filter_map(|agent| agent.held.get(id).cloned())
            .collect();
        for role in used.iter().flat_map(|used| used.allocations().into_keys()) {
            self.count(id, &role);
        }
    }

    pub fn remove_framework(&mut self, id: &FrameworkId) {
        for agent in self.agents.values_mut() {
            agent.held.remove(id);
        }
        self.frameworks.remove(id);
        self.absence.remove_framework(id);
        self.filters.retain(|filter| filter.framework != *id);
        let roles: Vec<String> = self.members.keys().cloned().collect();
        for role in roles {
            self.untrack(id, &role);
        }
    }

    pub fn set_active(&mut self, id: &FrameworkId, active: bool) {
        self.frameworks.get_mut(id).unwrap().active = active;
        if !active {
            self.absence.forget_framework(id);
            self.filters.retain(|filter| filter.framework != *id);
        }
    }

    pub fn update_framework(&mut self, id: &FrameworkId, mut new: Framework) {
        let old = self.frameworks.get(id).unwrap();
        new.active = old.active;
        let left: Vec<String> = old.roles.difference(&new.roles).cloned().collect();
        let revived: Vec<String> = old
            .suppressed
            .difference(&new.suppressed)
            .filter(|role| new.roles.contains(*role))
            .cloned()
            .collect();
        let roles = new.roles.clone();
        self.frameworks.insert(id.clone(), new);
        for role in &roles {
            self.track(id, role);
        }
        for role in left {
            self.forget_filters(id, &role);
            self.untrack(id, &role);
        }
        for role in revived {
            self.forget_filters(id, &role);
        }
        self.absence.forget_framework(id);
    }

    fn forget_filters(&mut self, id: &FrameworkId, role: &str) {
        self.filters
            .retain(|filter| filter.framework != *id || filter.role != role);
    }

    pub fn suppress(&mut self, id: &FrameworkId, roles: &BTreeSet<String>) {
        let framework = self.frameworks.get_mut(id).unwrap();
        framework.suppressed.extend(roles.iter().cloned());
    }

    pub fn revive(&mut self, id: &FrameworkId, roles: &BTreeSet<String>) {
        self.absence.forget_framework(id);
        for role in roles {
            self.forget_filters(id, role);
            self.frameworks.get_mut(id).unwrap().suppressed.remove(role);
        }
    }

    pub fn add_agent(&mut self, id: &AgentId, agent: Agent) {
        let held = agent.held.clone();
        self.agents.insert(
            id.clone(),
            Agent {
                held: BTreeMap::new(),
                ..agent
            },
        );
        for (framework, resources) in held {
            self.hold(id, &framework, &resources);
        }
    }

    /// A framework holds something that it was not offered. What an unknown one holds counts from when it comes.
    fn hold(&mut self, agent: &AgentId, framework: &FrameworkId, resources: &Resources) {
        if self.frameworks.contains_key(framework) {
            for role in resources.allocations().into_keys() {
                self.count(framework, &role);
            }
        }
        let held = &mut self.agents.get_mut(agent).unwrap().held;
        *held.entry(framework.clone()).or_default() += resources;
    }

    pub fn remove_agent(&mut self, id: &AgentId) {
        let agent = self.agents.remove(id).unwrap();
        self.absence.remove_agent(id);
        self.filters.retain(|filter| filter.agent != *id);
        for (framework, held) in agent.held {
            for role in held.allocations().into_keys() {
                self.untrack(&framework, &role);
            }
        }
    }

    pub fn set_attributes(&mut self, id: &AgentId, info: v0::SlaveInfo) {
        self.absence.forget_agent(id);
        self.filters.retain(|filter| filter.agent != *id);
        self.agents.get_mut(id).unwrap().info = info;
    }

    /// A role of a framework is given something.
    fn count(&mut self, framework: &FrameworkId, role: &str) {
        self.track(framework, role);
        *self.members.get_mut(role).unwrap().get_mut(framework).unwrap() += 1;
        for tree in above(role).chain([role]) {
            *self.counts.entry(tree.to_owned()).or_default() += 1;
        }
        if let Some(count) = self.leaf_counts.get_mut(role) {
            *count += 1;
        }
    }

    /// `time` is how long they are refused.
    pub fn recover(
        &mut self,
        now: Time,
        framework: &FrameworkId,
        agent: &AgentId,
        resources: &Resources,
        time: Option<Duration>,
    ) {
        let held = &mut self.agents.get_mut(agent).unwrap().held;
        let own = held.get_mut(framework).unwrap();
        *own -= resources;
        if own.is_empty() {
            held.remove(framework);
        }
        for (role, part) in resources.allocations() {
            self.untrack(framework, &role);
            if let Some(time) = time.filter(|time| !time.is_zero())
                && self.frameworks.get(framework).is_some_and(|known| known.active)
                && self
                    .members
                    .get(&role)
                    .is_some_and(|of| of.contains_key(framework))
            {
                self.filters.push(Filter {
                    framework: framework.clone(),
                    role: role.clone(),
                    agent: agent.clone(),
                    refused: part.unallocated(),
                    until: now + time.max(self.options.allocation_interval),
                });
            }
        }
    }

    /// How often each role, and each role beside those below it, was given something.
    pub fn counts(&self) -> BTreeMap<String, (u64, Option<u64>)> {
        let roles = self.members.keys();
        let trees: BTreeSet<&str> = roles
            .flat_map(|role| above(role).chain([role.as_str()]))
            .collect();
        trees
            .into_iter()
            .map(|tree| {
                let count = self.counts.get(tree).copied().unwrap_or(0);
                (tree.to_owned(), (count, self.leaf_counts.get(tree).copied()))
            })
            .collect()
    }

    // Sums.

    /// All that is held by clients in a part of the tree; shared resources count once an agent and role.
    fn held_by(&self, wanted: impl Fn(&FrameworkId, &str) -> bool) -> Vec<Resources> {
        self.agents
            .values()
            .map(|agent| {
                let mut sum = Resources::new();
                for (framework, held) in &agent.held {
                    for (role, part) in held.allocations() {
                        if self.frameworks.contains_key(framework) && wanted(framework, &role) {
                            sum += &part;
                        }
                    }
                }
                sum
            })
            .collect()
    }

    fn total_of(bundles: &[Resources], keep: impl Fn(&Resource) -> bool) -> Quantities {
        bundles.iter().fold(Quantities::new(), |sum, bundle| {
            sum + &scalars(&bundle.filter(|resource| keep(resource)))
        })
    }

    fn pool(&self) -> Quantities {
        let agents = self.agents.values();
        agents.fold(Quantities::new(), |sum, agent| sum + &scalars(&agent.total))
    }

    fn share(&self, held: &Quantities, weight: f64) -> f64 {
        let share = self
            .pool()
            .iter()
            .filter(|(name, _)| !self.options.excluded_from_fairness.contains(*name))
            .map(|(name, total)| held.get(name).thousandths() as f64 / total.thousandths() as f64)
            .fold(0.0, f64::max);
        share / weight
    }

    fn weight(&self, role: &str) -> f64 {
        self.weights.get(role).copied().unwrap_or(1.0)
    }

    fn reservations(&self, tree: &str) -> Quantities {
        let agents: Vec<Resources> = self.agents.values().map(|agent| agent.total.clone()).collect();
        Self::total_of(&agents, |resource| {
            resource
                .reservation_role()
                .is_some_and(|role| tree.is_empty() || is_in(role, tree))
        })
    }

    fn consumed(&self, tree: &str) -> Quantities {
        let held = self.held_by(|_, role| is_in(role, tree));
        self.reservations(tree) + &Self::total_of(&held, counts_for_quota)
    }

    fn available(&self, id: &AgentId) -> Resources {
        let agent = &self.agents[id];
        let mut free = agent.total.non_shared();
        for held in agent.held.values() {
            free -= &held.non_shared().unallocated();
        }
        free + &agent.total.shared()
    }

    // Order.

    fn roles_in_order(&self, stage: u64, agent: &AgentId) -> Vec<String> {
        if self.options.role_sorter == SorterKind::Random {
            let mut drawn: Vec<(f64, &String)> = Vec::new();
            for role in self.members.keys() {
                let parts = [
                    lot::ROLE,
                    stage,
                    self.runs,
                    of_text(agent.as_str()),
                    of_text(role),
                ];
                let lot = fraction(draw(self.seed, &parts));
                drawn.push((lot.powf(1.0 / self.chance(role)), role));
            }
            drawn.sort_by(|one, two| two.0.total_cmp(&one.0).then_with(|| one.1.cmp(two.1)));
            return drawn.into_iter().map(|(_, role)| role.clone()).collect();
        }
        let mut order = Vec::new();
        self.list_tree("", &mut order);
        order
    }

    /// The names of children in the tree of clients.
    fn children(&self, tree: &str) -> BTreeSet<String> {
        let below = self.members.keys().filter_map(|role| {
            let rest = if tree.is_empty() {
                role.as_str()
            } else {
                role.strip_prefix(tree)?.strip_prefix('/')?
            };
            Some(rest.split('/').next().unwrap().to_owned())
        });
        below.collect()
    }

    fn list_tree(&self, tree: &str, order: &mut Vec<String>) {
        let mut entries: Vec<(f64, u64, String, String)> = Vec::new();
        for name in self.children(tree) {
            let path = if tree.is_empty() {
                name.clone()
            } else {
                format!("{tree}/{name}")
            };
            let held = Self::total_of(&self.held_by(|_, role| is_in(role, &path)), |_| true);
            let count = self.counts.get(&path).copied().unwrap_or(0);
            entries.push((self.share(&held, self.weight(&path)), count, name, path));
        }
        if self.members.contains_key(tree) {
            let held = Self::total_of(&self.held_by(|_, role| role == tree), |_| true);
            let count = self.leaf_counts.get(tree).copied().unwrap_or(0);
            entries.push((self.share(&held, 1.0), count, ".".to_owned(), tree.to_owned()));
        }
        entries.sort_by(|one, two| {
            one.0
                .total_cmp(&two.0)
                .then_with(|| (one.1, &one.2).cmp(&(two.1, &two.2)))
        });
        for (_, _, name, path) in entries {
            if name == "." || !self.has_clients_below(&path) {
                order.push(path);
            } else {
                self.list_tree(&path, order);
            }
        }
    }

    fn chance(&self, role: &str) -> f64 {
        let siblings = |tree: &str| {
            let children = self.children(tree).into_iter();
            let children = children.map(|name| {
                self.weight(&if tree.is_empty() {
                    name
                } else {
                    format!("{tree}/{name}")
                })
            });
            let own = if self.members.contains_key(tree) { 1.0 } else { 0.0 };
            children.sum::<f64>() + own
        };
        let mut chance = 1.0;
        if self.has_clients_below(role) {
            chance *= 1.0 / siblings(role);
        }
        let mut path = role;
        loop {
            let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
            chance *= self.weight(path) / siblings(parent);
            if parent.is_empty() {
                return chance;
            }
            path = parent;
        }
    }

    fn frameworks_in_order(&self, stage: u64, agent: &AgentId, role: &str) -> Vec<FrameworkId> {
        let wants = |id: &FrameworkId| {
            self.frameworks.get(id).is_some_and(|framework| {
                framework.active && framework.roles.contains(role) && !framework.suppressed.contains(role)
            })
        };
        let members = self.members[role].iter().filter(|(id, _)| wants(id));
        if self.options.framework_sorter == SorterKind::Random {
            let mut order: Vec<FrameworkId> = members.map(|(id, _)| id.clone()).collect();
            order.sort_by_key(|id| {
                let (agent, role) = (of_text(agent.as_str()), of_text(role));
                let what = [
                    lot::FRAMEWORK,
                    stage,
                    self.runs,
                    agent,
                    role,
                    of_text(id.as_str()),
                ];
                draw(self.seed, &what)
            });
            return order;
        }
        let mut order: Vec<(f64, u64, FrameworkId)> = members
            .map(|(id, count)| {
                let held = self.held_by(|framework, of| framework == id && of == role);
                (
                    self.share(&Self::total_of(&held, |_| true), 1.0),
                    *count,
                    id.clone(),
                )
            })
            .collect();
        order.sort_by(|one, two| {
            one.0
                .total_cmp(&two.0)
                .then_with(|| (one.1, &one.2).cmp(&(two.1, &two.2)))
        });
        order.into_iter().map(|(_, _, id)| id).collect()
    }

    // Gates.

    fn is_allocatable(&self, resources: &Resources, role: &str, framework: &Framework) -> bool {
        if resources.is_empty() {
            return false;
        }
        let own = framework
            .info
            .offer_filters
            .get(role)
            .and_then(|filters| filters.min_allocatable_resources.as_deref());
        let minima: Vec<Quantities> = match own {
            Some(own) => own
                .quantities
                .iter()
                .map(|least| Quantities::from_protos(&least.quantities))
                .collect(),
            None => self.options.min_allocatable.clone(),
        };
        minima.is_empty() || minima.iter().any(|least| resources.contains_quantities(least))
    }

    fn is_capable(&self, framework: &Framework, agent: &Agent) -> bool {
        let can = |kind| mesos::capabilities::framework_has(&framework.info, kind);
        let gpus = agent.total.gpus().is_some_and(|gpus| gpus > Scalar::ZERO);
        let region =
            |domain: Option<&v0::DomainInfo>| Some(domain?.fault_domain.as_deref()?.region.name.clone());
        let remote = match (
            region(agent.info.domain.as_deref()),
            region(self.options.domain.as_ref()),
        ) {
            (Some(own), Some(masters)) => own != masters,
            _ => false,
        };
        (!self.options.filter_gpus || !gpus || can(can::Type::GpuResources))
            && (!remote || can(can::Type::RegionAware))
    }

    fn strip(framework: &Framework, resources: &Resources) -> Resources {
        let can = |kind| mesos::capabilities::framework_has(&framework.info, kind);
        resources.filter(|resource| {
            (can(can::Type::SharedResources) || !resource.is_shared())
                && (can(can::Type::RevocableResources) || !resource.is_revocable())
                && (can(can::Type::ReservationRefinement) || !resource.has_refined_reservations())
        })
    }

    fn is_filtered(
        &self,
        now: Time,
        id: &FrameworkId,
        role: &str,
        agent_id: &AgentId,
        resources: &Resources,
    ) -> bool {
        let (framework, agent) = (&self.frameworks[id], &self.agents[agent_id]);
        let agent_has = |kind| mesos::capabilities::agent_has(&agent.capabilities, kind);
        if mesos::capabilities::framework_has(&framework.info, can::Type::MultiRole)
            && !agent_has(has::Type::MultiRole)
        {
            return true;
        }
        if role.contains('/') && !agent_has(has::Type::HierarchicalRole) {
            return true;
        }
        self.filters.iter().any(|filter| {
            filter.framework == *id
                && filter.role == role
                && filter.agent == *agent_id
                && filter.until > now
                && filter.refused.contains(resources)
        })
    }

    /// A bundle in the order of its lots.
    #[allow(clippy::too_many_arguments, reason = "all that a lot is drawn for")]
    fn drawn(
        &self,
        why: u64,
        stage: u64,
        agent: &AgentId,
        framework: &FrameworkId,
        role: &str,
        resources: Resources,
    ) -> Resources {
        let (agent, framework) = (of_text(agent.as_str()), of_text(framework.as_str()));
        let what = [
            lot::RESOURCE,
            why,
            stage,
            self.runs,
            agent,
            framework,
            of_text(role),
        ];
        let seed = draw(self.seed, &what);
        by_lot(&resources, seed)
    }

    // A run.

    /// What is offered, and who is asked to leave which agent.
    pub fn run(
        &mut self,
        now: Time,
        candidates: Option<&BTreeSet<AgentId>>,
    ) -> (Offers, BTreeSet<(FrameworkId, AgentId)>) {
        let offers = self.offers(now, candidates);
        let asked = self.ask(now, candidates);
        (offers, asked)
    }

    fn offers(&mut self, now: Time, candidates: Option<&BTreeSet<AgentId>>) -> Offers {
        self.runs += 1;
        self.filters.retain(|filter| filter.until > now);
        let mut offers = Offers::new();
        let candidates: Vec<AgentId> = self
            .agents
            .iter()
            .filter(|(id, agent)| {
                candidates.is_none_or(|candidates| candidates.contains(*id))
                    && agent.active
                    && self
                        .whitelist
                        .as_ref()
                        .is_none_or(|hosts| hosts.contains(&agent.info.hostname))
            })
            .map(|(id, _)| id.clone())
            .collect();
        let mut consumed: BTreeMap<String, Quantities> = BTreeMap::new();
        for role in self.quotas.keys() {
            consumed.insert(role.clone(), self.consumed(role));
        }
        let mut required = Quantities::new();
        for (role, quota) in &self.quotas {
            if !role.contains('/') {
                required += &(quota.guarantees.clone() - &consumed[role]);
            }
        }
        let all_held = self.held_by(|_, _| true);
        let mut headroom = self.pool() - &Self::total_of(&all_held, |_| true);
        headroom -=
            &(self.reservations("") - &Self::total_of(&all_held, |resource| !resource.is_unreserved()));
        for id in self.agents.keys() {
            headroom -= &scalars(&self.available(id).revocable());
        }
        let mut shared: BTreeMap<AgentId, Resources> = BTreeMap::new();

        for stage in [lot::AGENT_GUARANTEED, lot::AGENT_FAIR] {
            let guaranteed = stage == lot::AGENT_GUARANTEED;
            let mut order = candidates.clone();
            order.sort_by_key(|id| draw(self.seed, &[stage, self.runs, of_text(id.as_str())]));
            for agent in &order {
                for role in self.roles_in_order(stage, agent) {
                    let quota = self.quotas.get(&role).cloned().unwrap_or_default();
                    if guaranteed && quota.guarantees.is_empty() {
                        continue;
                    }
                    if self.available(agent).is_empty() {
                        break;
                    }
                    for id in self.frameworks_in_order(stage, agent, &role) {
                        let spent = consumed.get(&role).cloned().unwrap_or_default();
                        let owed = quota.guarantees.clone() - &spent;
                        if guaranteed && owed.is_empty() {
                            break;
                        }
                        let framework = &self.frameworks[&id];
                        if framework.constraints.excludes(&role, &self.agents[agent].info) {
                            continue;
                        }
                        let mut available = self.available(agent).allocatable_to(&role);
                        if let Some(shared) = shared.get(agent) {
                            available -= shared;
                        }
                        if available.is_empty() {
                            break;
                        }
                        if !self.is_allocatable(&available, &role, framework)
                            || !self.is_capable(framework, &self.agents[agent])
                        {
                            continue;
                        }
                        let available = Self::strip(framework, &available);
                        let unreserved = available.filter(counts_for_quota);
                        let draw = |why, resources| self.drawn(why, stage, agent, &id, &role, resources);
                        let part = if guaranteed {
                            draw(1, unreserved.clone()).shrink_to(&owed)
                        } else {
                            Resources::new()
                        };
                        if guaranteed && part.is_empty() {
                            continue;
                        }
                        let mut extra = unreserved - &part;
                        if !quota.limits.is_empty() {
                            let left: Limits = quota.limits.clone() - &spent - &scalars(&part);
                            extra = draw(2, extra).shrink_within(&left);
                        }
                        if !required.is_empty() && !extra.is_empty() {
                            extra = draw(3, extra).shrink_to(&(headroom.clone() - &required));
                        }
                        let fixed = available.filter(|resource| {
                            let reserved = if guaranteed {
                                resource.is_reserved(Some(&role))
                            } else {
                                !resource.is_unreserved()
                            };
                            reserved || resource.scalar().is_none() || resource.is_revocable()
                        });
                        let counted = scalars(&part) + &scalars(&extra);
                        let offer = fixed + &part + &extra;
                        if !self.is_allocatable(&offer, &role, framework)
                            || self.is_filtered(now, &id, &role, agent, &offer)
                        {
                            continue;
                        }
                        *shared.entry(agent.clone()).or_default() += &offer.shared();
                        if guaranteed || self.quotas.contains_key(&role) {
                            for tree in above(&role).chain([&*role]) {
                                if let Some(consumed) = consumed.get_mut(tree) {
                                    *consumed += &counted;
                                }
                            }
                        }
                        if guaranteed {
                            required -= &scalars(&part);
                        }
                        headroom -= &counted;
                        let offer = offer.allocated(&role);
                        self.hold(agent, &id, &offer);
                        *offers
                            .entry((id.clone(), role.clone(), agent.clone()))
                            .or_default() += &offer;
                    }
                }
            }
        }
        offers
    }
}
