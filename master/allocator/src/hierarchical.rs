//! The books and the walk over them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use libprocess_core::time::Time;
use mesos::ids::{AgentId, FrameworkId};
use mesos::{Resources, Scalar};
use mesos_proto::v0::{self, framework_info::capability};

use crate::agent::Agent;
use crate::filter::{Filters, REFUSE_MAX};
use crate::framework::Framework;
use crate::sorter::Sorter;
use crate::{
    AgentUpdate, Allocator, Allotment, Conversion, Decisions, FrameworkOptions, InverseOfferAnswer, NewAgent,
    Options, Quota, UpdateAvailableError,
};

/// Keeps the books of who holds what and decides who is offered the rest.
#[derive(Debug, Clone)]
pub struct Hierarchical {
    options: Options,
    agents: BTreeMap<AgentId, Agent>,
    frameworks: BTreeMap<FrameworkId, Framework>,
    filters: Filters,
    roles: Sorter<String>,
    in_role: BTreeMap<String, Sorter<FrameworkId>>,
    pool: BTreeMap<String, Scalar>,
    rng: u64,
    runs: u64,
    regular: Option<Time>,
    wanted: Option<Time>,
    paused: bool,
    quotas: BTreeMap<String, Quota>,
    weights: BTreeMap<String, f64>,
}

impl Hierarchical {
    /// An allocator that knows nobody yet. `seed` decides the order in which agents are walked.
    pub fn new(options: Options, seed: u64) -> Self {
        Self {
            options,
            agents: BTreeMap::new(),
            frameworks: BTreeMap::new(),
            filters: Filters::default(),
            roles: Sorter::default(),
            in_role: BTreeMap::new(),
            pool: BTreeMap::new(),
            rng: seed | 1,
            runs: 0,
            regular: None,
            wanted: None,
            paused: false,
            quotas: BTreeMap::new(),
            weights: BTreeMap::new(),
        }
    }

    /// Admits an agent with everything it has, of which `used` is with frameworks already.
    ///
    /// Adding an agent that is known replaces it.
    fn do_add_agent(&mut self, id: AgentId, total: Resources, used: &[(FrameworkId, Resources)]) {
        self.do_remove_agent(&id);
        self.add_to_pool(&total);
        let has_gpus = total.scalar("gpus").is_some_and(|gpus| gpus > Scalar::default());
        self.agents.insert(
            id.clone(),
            Agent {
                total,
                taken: Resources::default(),
                active: true,
                has_gpus,
            },
        );
        for (framework, resources) in used {
            self.take(framework, &id, resources);
        }
    }

    /// Forgets an agent. What anyone held of it must have been recovered before.
    fn do_remove_agent(&mut self, id: &AgentId) {
        if let Some(agent) = self.agents.remove(id) {
            for (name, amount) in agent.total.scalars() {
                if let Some(pooled) = self.pool.get_mut(&name) {
                    *pooled -= amount;
                }
            }
            self.filters.forget_agent(id);
        }
    }

    /// Starts or stops offering what an agent has.
    fn set_agent_active(&mut self, id: &AgentId, active: bool) {
        if let Some(agent) = self.agents.get_mut(id) {
            agent.active = active;
        }
    }

    /// Admits a framework, or takes over new roles, suppression and capabilities of one that is known.
    fn do_add_framework(&mut self, id: FrameworkId, framework: Framework) {
        for role in &framework.roles {
            self.roles.add(role.clone());
            self.in_role.entry(role.clone()).or_default().add(id.clone());
        }
        if let Some(before) = self.frameworks.insert(id.clone(), framework.clone()) {
            for role in before.roles.difference(&framework.roles) {
                self.leave_role(&id, role);
            }
        }
    }

    /// Forgets a framework. What it held must have been recovered before.
    fn do_remove_framework(&mut self, id: &FrameworkId) {
        if let Some(framework) = self.frameworks.remove(id) {
            for role in &framework.roles {
                self.leave_role(id, role);
            }
        }
        self.filters.revive(id, &[]);
    }

    /// Starts or stops offering to a framework. Stopping also forgets what it refused.
    fn set_framework_active(&mut self, id: &FrameworkId, active: bool) {
        if let Some(framework) = self.frameworks.get_mut(id) {
            framework.active = active;
            if !active {
                self.filters.revive(id, &[]);
            }
        }
    }

    /// Stops offers for the given roles of a framework (all of its roles when empty).
    fn do_suppress(&mut self, id: &FrameworkId, roles: &[String]) {
        if let Some(framework) = self.frameworks.get_mut(id) {
            let roles = if roles.is_empty() {
                framework.roles.iter().cloned().collect()
            } else {
                roles.to_vec()
            };
            framework.suppressed.extend(roles);
        }
    }

    /// Resumes offers for the given roles of a framework (all when empty) and forgets what it refused there.
    fn do_revive(&mut self, id: &FrameworkId, roles: &[String]) {
        if let Some(framework) = self.frameworks.get_mut(id) {
            if roles.is_empty() {
                framework.suppressed.clear();
            } else {
                framework.suppressed.retain(|role| !roles.contains(role));
            }
            self.filters.revive(id, roles);
        }
    }

    /// Books resources that a framework holds without having been offered them here, as after a failover.
    fn take(&mut self, framework: &FrameworkId, agent: &AgentId, resources: &Resources) {
        if let Some(agent) = self.agents.get_mut(agent) {
            agent.taken += &resources.clone().unallocated();
            self.book(framework, resources, true);
        }
    }

    /// Takes back resources that were offered to or used by a framework.
    ///
    /// `refuse` is for how long the framework does not want them again; `None` or zero sets no filter.
    fn do_recover(
        &mut self,
        framework: &FrameworkId,
        agent_id: &AgentId,
        resources: &Resources,
        refuse: Option<Duration>,
        now: Time,
    ) {
        if resources.is_empty() {
            return;
        }
        let Some(agent) = self.agents.get_mut(agent_id) else {
            return;
        };
        agent.taken -= &resources.clone().unallocated();
        self.book(framework, resources, false);
        let Some(refuse) = refuse.filter(|refuse| !refuse.is_zero()) else {
            return;
        };
        if !self
            .frameworks
            .get(framework)
            .is_some_and(|framework| framework.active)
        {
            return;
        }
        let lasting = refuse.min(REFUSE_MAX).max(self.options.allocation_interval);
        for (role, part) in resources.allocations() {
            self.filters
                .refuse(framework, &role, agent_id, part.unallocated(), now + lasting);
        }
    }

    /// Decides who is offered what is free now, and books it to them.
    ///
    /// Mesos: `hierarchical.cpp`, `__generateOffers`, its fair share stage. Each agent is walked in random order, for
    /// it the roles by share, for each role its frameworks by share; the first that wants the agent gets all of it.
    fn do_allocate(&mut self, now: Time) -> Vec<Allotment> {
        self.runs += 1;
        let mut candidates: Vec<AgentId> = self
            .agents
            .iter()
            .filter(|(_, agent)| agent.active && agent.taken != agent.total)
            .map(|(id, _)| id.clone())
            .collect();
        self.shuffle(&mut candidates);
        let mut allotments = Vec::new();
        for agent_id in candidates {
            self.allocate_agent(&agent_id, now, &mut allotments);
        }
        allotments
    }

    /// The dominant share of a role, in 0..=1.
    fn role_share(&self, role: &str) -> f64 {
        self.roles.share(&role.to_owned(), &self.pool)
    }

    /// What is offered to or used by frameworks on an agent; `None` when the agent is unknown.
    fn taken(&self, agent: &AgentId) -> Option<&Resources> {
        self.agents.get(agent).map(|agent| &agent.taken)
    }

    /// Checks that no agent has more taken than it has.
    ///
    /// # Errors
    ///
    /// Names the first agent for which it does not hold.
    fn do_check(&self) -> Result<(), String> {
        for (id, agent) in &self.agents {
            if !agent.total.non_revocable().contains(&agent.taken.non_revocable()) {
                return Err(format!(
                    "agent {id} has {} but {} is taken",
                    agent.total, agent.taken
                ));
            }
        }
        Ok(())
    }

    fn allocate_agent(&mut self, agent_id: &AgentId, now: Time, allotments: &mut Vec<Allotment>) {
        for role in self.roles.sorted(&self.pool) {
            let frameworks = match self.in_role.get(&role) {
                Some(frameworks) => frameworks.sorted(&self.pool),
                None => continue,
            };
            for framework_id in frameworks {
                let Some(agent) = self.agents.get(agent_id) else {
                    return;
                };
                let available = agent.available().allocatable_to(&role);
                if !self.is_allocatable(&available) {
                    break;
                }
                let Some(framework) = self.frameworks.get(&framework_id) else {
                    continue;
                };
                let gpus_hidden = self.options.filter_gpus && agent.has_gpus && !framework.gpu_aware;
                if !framework.wants(&role)
                    || gpus_hidden
                    || self
                        .filters
                        .covers(&framework_id, &role, agent_id, &available, now)
                {
                    continue;
                }
                let resources = available.allocated(&role);
                self.take(&framework_id, agent_id, &resources);
                allotments.push(Allotment {
                    framework_id,
                    role: role.clone(),
                    agent_id: agent_id.clone(),
                    resources,
                });
            }
        }
    }

    fn is_allocatable(&self, resources: &Resources) -> bool {
        if resources.is_empty() {
            return false;
        }
        let held = mesos::Quantities::from_resources(resources);
        self.options.min_allocatable.is_empty()
            || self
                .options
                .min_allocatable
                .iter()
                .any(|least| held.contains(least))
    }

    fn book(&mut self, framework: &FrameworkId, resources: &Resources, add: bool) {
        for (role, part) in resources.allocations() {
            let frameworks = self.in_role.entry(role.clone()).or_default();
            if add {
                self.roles.allocated(&role, &part);
                frameworks.allocated(framework, &part);
            } else {
                self.roles.unallocated(&role, &part);
                frameworks.unallocated(framework, &part);
            }
        }
    }

    fn leave_role(&mut self, id: &FrameworkId, role: &str) {
        if let Some(sorter) = self.in_role.get_mut(role) {
            sorter.remove(id);
            if sorter.is_empty() {
                self.in_role.remove(role);
                self.roles.remove(&role.to_owned());
            }
        }
    }

    fn add_to_pool(&mut self, total: &Resources) {
        for (name, amount) in total.scalars() {
            let pooled = self.pool.entry(name).or_default();
            *pooled += amount;
        }
    }

    /// Fisher-Yates over a xorshift generator: cheap, seeded, good enough to be fair.
    fn shuffle(&mut self, agents: &mut [AgentId]) {
        for i in (1..agents.len()).rev() {
            self.rng ^= self.rng << 13;
            self.rng ^= self.rng >> 7;
            self.rng ^= self.rng << 17;
            let bound = u64::try_from(i + 1).expect("a slice is shorter than 2^64");
            let j = usize::try_from(self.rng % bound).expect("the remainder is at most i");
            agents.swap(i, j);
        }
    }

    /// How many rounds there have been.
    fn runs(&self) -> u64 {
        self.runs
    }

    /// How many refusals are remembered in a role.
    fn active_filters(&self, role: &str) -> usize {
        self.filters.count(role)
    }

    /// The roles that any framework is subscribed to.
    fn active_roles(&self) -> BTreeSet<&str> {
        self.in_role.keys().map(String::as_str).collect()
    }
}

/// How soon after something became free a run is made: long enough to gather a burst of finished tasks into one run,
/// short enough not to be felt.
const SOON: Duration = Duration::from_millis(2);

/// What a refusal lasts when the scheduler does not say. Mesos: `Filters.refuse_seconds`.
const REFUSE_DEFAULT: Duration = Duration::from_secs(5);

impl Hierarchical {
    fn want(&mut self, at: Time) {
        if !self.paused {
            self.wanted = Some(self.wanted.map_or(at, |wanted| wanted.min(at)));
        }
    }

    fn spec(info: &v0::FrameworkInfo, active: bool, options: &FrameworkOptions) -> Framework {
        Framework {
            roles: mesos::roles::of_framework(info),
            suppressed: options.suppressed.clone(),
            active,
            gpu_aware: mesos::capabilities::framework_has(info, capability::Type::GpuResources),
        }
    }
}

fn refuse_for(filters: &v0::Filters) -> Duration {
    match filters.refuse_seconds {
        Some(seconds) if seconds >= 0.0 => Duration::try_from_secs_f64(seconds).unwrap_or(REFUSE_MAX),
        _ => REFUSE_DEFAULT,
    }
}

impl Allocator for Hierarchical {
    fn recover(&mut self, now: Time, _expected_agents: usize, quotas: BTreeMap<String, Quota>) {
        self.quotas = quotas;
        self.regular = Some(now + self.options.allocation_interval);
    }

    fn add_framework(
        &mut self,
        now: Time,
        id: &FrameworkId,
        info: &v0::FrameworkInfo,
        used: &BTreeMap<AgentId, Resources>,
        active: bool,
        options: FrameworkOptions,
    ) {
        self.do_add_framework(id.clone(), Self::spec(info, active, &options));
        for (agent, resources) in used {
            self.take(id, agent, resources);
        }
        if active {
            self.want(now);
        }
    }

    fn remove_framework(&mut self, _now: Time, id: &FrameworkId) {
        self.do_remove_framework(id);
    }

    fn activate_framework(&mut self, now: Time, id: &FrameworkId) {
        self.set_framework_active(id, true);
        self.want(now);
    }

    fn deactivate_framework(&mut self, _now: Time, id: &FrameworkId) {
        self.set_framework_active(id, false);
    }

    fn update_framework(
        &mut self,
        _now: Time,
        id: &FrameworkId,
        info: &v0::FrameworkInfo,
        options: FrameworkOptions,
    ) {
        let active = self.frameworks.get(id).is_some_and(|framework| framework.active);
        self.do_add_framework(id.clone(), Self::spec(info, active, &options));
    }

    fn add_agent(&mut self, now: Time, agent: NewAgent) {
        let used: Vec<_> = agent.used.into_iter().collect();
        self.do_add_agent(agent.id, agent.total, &used);
        self.want(now);
    }

    fn remove_agent(&mut self, _now: Time, id: &AgentId) {
        self.do_remove_agent(id);
    }

    fn update_agent(&mut self, now: Time, id: &AgentId, update: AgentUpdate) {
        if let (Some(agent), Some(total)) = (self.agents.get_mut(id), update.total) {
            agent.total = total;
        }
        self.want(now);
    }

    fn add_resource_provider(
        &mut self,
        _now: Time,
        _agent: &AgentId,
        _total: &Resources,
        _used: &BTreeMap<FrameworkId, Resources>,
    ) {
    }

    fn activate_agent(&mut self, now: Time, id: &AgentId) {
        self.set_agent_active(id, true);
        self.want(now);
    }

    fn deactivate_agent(&mut self, _now: Time, id: &AgentId) {
        self.set_agent_active(id, false);
    }

    fn update_whitelist(&mut self, _now: Time, _hosts: Option<BTreeSet<String>>) {}

    fn update_allocation(
        &mut self,
        _now: Time,
        _framework: &FrameworkId,
        _agent: &AgentId,
        _offered: &Resources,
        _conversions: &[Conversion],
    ) {
    }

    fn update_available(
        &mut self,
        _now: Time,
        agent: &AgentId,
        _conversions: &[Conversion],
    ) -> Result<(), UpdateAvailableError> {
        Err(UpdateAvailableError::UnknownAgent(agent.clone()))
    }

    fn update_unavailability(
        &mut self,
        _now: Time,
        _agent: &AgentId,
        _unavailability: Option<v0::Unavailability>,
    ) {
    }

    fn update_inverse_offer(
        &mut self,
        _now: Time,
        _agent: &AgentId,
        _framework: &FrameworkId,
        _answer: Option<InverseOfferAnswer>,
    ) {
    }

    fn inverse_offer_statuses(
        &self,
    ) -> BTreeMap<AgentId, BTreeMap<FrameworkId, v0::allocator::InverseOfferStatus>> {
        BTreeMap::new()
    }

    fn transition_offered_to_allocated(&mut self, _now: Time, _agent: &AgentId, _resources: &Resources) {}

    fn recover_resources(
        &mut self,
        now: Time,
        framework: &FrameworkId,
        agent: &AgentId,
        resources: &Resources,
        filters: Option<&v0::Filters>,
        is_allocated: bool,
    ) {
        self.do_recover(framework, agent, resources, filters.map(refuse_for), now);
        if (is_allocated || filters.is_none()) && self.options.event_driven {
            self.want(now + SOON);
        }
    }

    fn suppress_offers(&mut self, _now: Time, framework: &FrameworkId, roles: &BTreeSet<String>) {
        self.do_suppress(framework, &roles.iter().cloned().collect::<Vec<_>>());
    }

    fn revive_offers(&mut self, now: Time, framework: &FrameworkId, roles: &BTreeSet<String>) {
        self.do_revive(framework, &roles.iter().cloned().collect::<Vec<_>>());
        self.want(now);
    }

    fn update_quota(&mut self, _now: Time, role: &str, quota: Quota) {
        self.quotas.insert(role.to_owned(), quota);
    }

    fn update_weights(&mut self, _now: Time, weights: &[(String, f64)]) {
        self.weights.extend(weights.iter().cloned());
    }

    fn pause(&mut self, _now: Time) {
        self.paused = true;
    }

    fn resume(&mut self, now: Time) {
        self.paused = false;
        self.want(now);
    }

    fn next_run(&self) -> Option<Time> {
        match (self.wanted, self.regular) {
            (Some(wanted), Some(regular)) => Some(wanted.min(regular)),
            (wanted, regular) => wanted.or(regular),
        }
    }

    fn run(&mut self, now: Time) -> Decisions {
        self.wanted = None;
        if self.regular.is_some_and(|regular| regular <= now) {
            self.regular = Some(now + self.options.allocation_interval);
        }
        let mut offers = self.do_allocate(now);
        offers.sort_by(|a, b| {
            (&a.framework_id, &a.role, &a.agent_id).cmp(&(&b.framework_id, &b.role, &b.agent_id))
        });
        Decisions {
            offers,
            inverse_offers: Vec::new(),
        }
    }

    fn metrics(&self, out: &mut Vec<(String, f64)>) {
        for role in self.active_roles() {
            let prefix = "allocator/mesos";
            out.push((
                format!("{prefix}/roles/{role}/shares/dominant"),
                self.role_share(role),
            ));
            let active = u32::try_from(self.active_filters(role)).unwrap_or(u32::MAX);
            out.push((
                format!("{prefix}/offer_filters/roles/{role}/active"),
                f64::from(active),
            ));
        }
        let runs = u32::try_from(self.runs()).unwrap_or(u32::MAX);
        out.push(("allocator/mesos/allocation_runs".to_owned(), f64::from(runs)));
    }

    fn offered_or_allocated(&self, agent: &AgentId) -> Option<Resources> {
        self.taken(agent).cloned()
    }

    fn check(&self) -> Result<(), String> {
        self.do_check()
    }

    fn boxed_clone(&self) -> Box<dyn Allocator> {
        Box::new(self.clone())
    }
}
