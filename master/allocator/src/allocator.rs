//! The books and the walk over them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use libprocess_core::time::Time;
use mesos::ids::{AgentId, FrameworkId};
use mesos::{Resources, Scalar};

use crate::agent::Agent;
use crate::filter::{Filters, REFUSE_MAX};
use crate::framework::Framework;
use crate::sorter::{Quantities, Sorter};

/// What an operator can set.
#[derive(Debug, Clone)]
pub struct Options {
    /// How often the master asks for a round anyway; a refusal lasts at least this long.
    pub allocation_interval: Duration,
    /// An offer must hold at least one of these bundles (`--min_allocatable_resources`). Empty: anything goes.
    pub min_allocatable: Vec<BTreeMap<String, Scalar>>,
    /// Hide agents with GPUs from frameworks without the capability `GPU_RESOURCES`.
    pub filter_gpus: bool,
}

impl Default for Options {
    /// Mesos' defaults: a round a second, at least 0.01 cpus or 32 MB, GPUs hidden.
    fn default() -> Self {
        Self {
            allocation_interval: Duration::from_secs(1),
            min_allocatable: vec![
                BTreeMap::from([("cpus".to_owned(), Scalar::from_f64(0.01))]),
                BTreeMap::from([("mem".to_owned(), Scalar::from_f64(32.0))]),
            ],
            filter_gpus: true,
        }
    }
}

/// Resources of one agent that one framework is to be offered in one role.
#[derive(Debug, Clone, PartialEq)]
pub struct Allotment {
    /// Who gets the offer.
    pub framework_id: FrameworkId,
    /// In which of its roles.
    pub role: String,
    /// Whose resources these are.
    pub agent_id: AgentId,
    /// What is offered, allocated to `role`.
    pub resources: Resources,
}

/// Keeps the books of who holds what and decides who is offered the rest.
#[derive(Debug, Clone)]
pub struct Allocator {
    options: Options,
    agents: BTreeMap<AgentId, Agent>,
    frameworks: BTreeMap<FrameworkId, Framework>,
    filters: Filters,
    roles: Sorter<String>,
    in_role: BTreeMap<String, Sorter<FrameworkId>>,
    pool: Quantities,
    rng: u64,
    runs: u64,
}

impl Allocator {
    /// An allocator that knows nobody yet. `seed` decides the order in which agents are walked.
    pub fn new(options: Options, seed: u64) -> Self {
        Self {
            options,
            agents: BTreeMap::new(),
            frameworks: BTreeMap::new(),
            filters: Filters::default(),
            roles: Sorter::default(),
            in_role: BTreeMap::new(),
            pool: Quantities::new(),
            rng: seed | 1,
            runs: 0,
        }
    }

    /// Admits an agent with everything it has, of which `used` is with frameworks already.
    ///
    /// Adding an agent that is known replaces it.
    pub fn add_agent(&mut self, id: AgentId, total: Resources, used: &[(FrameworkId, Resources)]) {
        self.remove_agent(&id);
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
    pub fn remove_agent(&mut self, id: &AgentId) {
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
    pub fn set_agent_active(&mut self, id: &AgentId, active: bool) {
        if let Some(agent) = self.agents.get_mut(id) {
            agent.active = active;
        }
    }

    /// Admits a framework, or takes over new roles, suppression and capabilities of one that is known.
    pub fn add_framework(&mut self, id: FrameworkId, framework: Framework) {
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
    pub fn remove_framework(&mut self, id: &FrameworkId) {
        if let Some(framework) = self.frameworks.remove(id) {
            for role in &framework.roles {
                self.leave_role(id, role);
            }
        }
        self.filters.revive(id, &[]);
    }

    /// Starts or stops offering to a framework. Stopping also forgets what it refused.
    pub fn set_framework_active(&mut self, id: &FrameworkId, active: bool) {
        if let Some(framework) = self.frameworks.get_mut(id) {
            framework.active = active;
            if !active {
                self.filters.revive(id, &[]);
            }
        }
    }

    /// Stops offers for the given roles of a framework (all of its roles when empty).
    pub fn suppress(&mut self, id: &FrameworkId, roles: &[String]) {
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
    pub fn revive(&mut self, id: &FrameworkId, roles: &[String]) {
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
    pub fn take(&mut self, framework: &FrameworkId, agent: &AgentId, resources: &Resources) {
        if let Some(agent) = self.agents.get_mut(agent) {
            agent.taken += &resources.clone().unallocated();
            self.book(framework, resources, true);
        }
    }

    /// Takes back resources that were offered to or used by a framework.
    ///
    /// `refuse` is for how long the framework does not want them again; `None` or zero sets no filter.
    pub fn recover(
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
    pub fn allocate(&mut self, now: Time) -> Vec<Allotment> {
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

    /// The pool of all agents' scalar quantities, in thousandths, by resource name.
    pub fn totals(&self) -> &BTreeMap<String, Scalar> {
        &self.pool
    }

    /// The dominant share of a role, in 0..=1.
    pub fn role_share(&self, role: &str) -> f64 {
        self.roles.share(&role.to_owned(), &self.pool)
    }

    /// What is offered to or used by frameworks on an agent; `None` when the agent is unknown.
    pub fn taken(&self, agent: &AgentId) -> Option<&Resources> {
        self.agents.get(agent).map(|agent| &agent.taken)
    }

    /// Checks that no agent has more taken than it has.
    ///
    /// # Errors
    ///
    /// Names the first agent for which it does not hold.
    pub fn check(&self) -> Result<(), String> {
        for (id, agent) in &self.agents {
            if !agent.total.contains(&agent.taken) {
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
        let held = resources.scalars();
        self.options.min_allocatable.is_empty()
            || self.options.min_allocatable.iter().any(|bundle| {
                bundle
                    .iter()
                    .all(|(name, least)| held.get(name).is_some_and(|amount| amount >= least))
            })
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
    pub fn runs(&self) -> u64 {
        self.runs
    }

    /// How many refusals are remembered in a role.
    pub fn active_filters(&self, role: &str) -> usize {
        self.filters.count(role)
    }

    /// The roles that any framework is subscribed to.
    pub fn active_roles(&self) -> BTreeSet<&str> {
        self.in_role.keys().map(String::as_str).collect()
    }
}
