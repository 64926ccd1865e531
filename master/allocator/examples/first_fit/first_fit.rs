//! An allocator in one short file: agents in the order they came, frameworks in turns, first come, first served.
//!
//! It knows neither roles nor shares nor quota: every framework is offered things in the first of its roles. It shows what a site has to
//! write; the rules an allocator keeps to are said at [`Allocator`].

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use libprocess_core::time::Time;
use mesos::Resources;
use mesos::ids::{AgentId, FrameworkId};
use mesos::operation::Conversion;
use mesos_allocator::{
    AgentUpdate, Allocator, Allotment, Decisions, FrameworkOptions, InverseOfferAnswer, NewAgent, Options,
    Quota, UpdateAvailableError,
};
use mesos_proto::v0;

#[derive(Debug, Clone)]
struct Agent {
    total: Resources,
    held: Resources,
    active: bool,
}

#[derive(Debug, Clone)]
struct Framework {
    role: String,
    active: bool,
    suppressed: bool,
    /// Agents it does not want to hear of until a time.
    refused: BTreeMap<AgentId, Time>,
}

/// First fit, in turns.
#[derive(Debug, Clone)]
pub struct FirstFit {
    interval: Duration,
    agents: BTreeMap<AgentId, Agent>,
    frameworks: BTreeMap<FrameworkId, Framework>,
    /// Whose turn it is, first.
    turns: Vec<FrameworkId>,
    next_run: Option<Time>,
    paused: bool,
}

impl FirstFit {
    /// An allocator that knows nobody yet.
    pub fn new(options: &Options) -> Self {
        Self {
            interval: options.allocation_interval,
            agents: BTreeMap::new(),
            frameworks: BTreeMap::new(),
            turns: Vec::new(),
            next_run: None,
            paused: false,
        }
    }

    fn want(&mut self, at: Time) {
        self.next_run = Some(self.next_run.map_or(at, |due| due.min(at)));
    }

    fn change_framework(&mut self, id: &FrameworkId, change: impl FnOnce(&mut Framework)) {
        if let Some(framework) = self.frameworks.get_mut(id) {
            change(framework);
        }
    }

    fn take(&mut self, agent: &AgentId, resources: &Resources) {
        if let Some(agent) = self.agents.get_mut(agent) {
            agent.held += &resources.clone().unallocated();
        }
    }
}

fn role(info: &v0::FrameworkInfo) -> String {
    mesos::roles::of_framework(info)
        .into_iter()
        .next()
        .unwrap_or_default()
}

impl Allocator for FirstFit {
    fn recover(&mut self, now: Time, _expected_agents: usize, _quotas: BTreeMap<String, Quota>) {
        self.want(now + self.interval);
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
        let role = role(info);
        let framework = Framework {
            suppressed: options.suppressed.contains(&role),
            role,
            active,
            refused: BTreeMap::new(),
        };
        self.frameworks.insert(id.clone(), framework);
        self.turns.push(id.clone());
        for (agent, resources) in used {
            self.take(agent, resources);
        }
        self.want(now);
    }

    fn remove_framework(&mut self, _now: Time, id: &FrameworkId) {
        self.frameworks.remove(id);
        self.turns.retain(|other| other != id);
    }

    fn activate_framework(&mut self, now: Time, id: &FrameworkId) {
        self.change_framework(id, |framework| framework.active = true);
        self.want(now);
    }

    fn deactivate_framework(&mut self, _now: Time, id: &FrameworkId) {
        self.change_framework(id, |framework| {
            framework.active = false;
            framework.refused.clear();
        });
    }

    fn update_framework(
        &mut self,
        _now: Time,
        id: &FrameworkId,
        info: &v0::FrameworkInfo,
        options: FrameworkOptions,
    ) {
        self.change_framework(id, |framework| {
            framework.role = role(info);
            framework.suppressed = options.suppressed.contains(&framework.role);
        });
    }

    fn add_agent(&mut self, now: Time, agent: NewAgent) {
        let held = agent.used.into_values();
        let held = held.fold(Resources::new(), |sum, used| sum + &used.unallocated());
        let entry = Agent {
            total: agent.total,
            held,
            active: true,
        };
        self.agents.insert(agent.id, entry);
        self.want(now);
    }

    fn remove_agent(&mut self, _now: Time, id: &AgentId) {
        self.agents.remove(id);
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
        id: &AgentId,
        total: &Resources,
        used: &BTreeMap<FrameworkId, Resources>,
    ) {
        if let Some(agent) = self.agents.get_mut(id) {
            agent.total += total;
        }
        for resources in used.values() {
            self.take(id, resources);
        }
    }

    fn activate_agent(&mut self, now: Time, id: &AgentId) {
        if let Some(agent) = self.agents.get_mut(id) {
            agent.active = true;
        }
        self.want(now);
    }

    fn deactivate_agent(&mut self, _now: Time, id: &AgentId) {
        if let Some(agent) = self.agents.get_mut(id) {
            agent.active = false;
        }
    }

    fn update_whitelist(&mut self, _now: Time, _hosts: Option<BTreeSet<String>>) {}

    fn update_allocation(
        &mut self,
        _now: Time,
        _framework: &FrameworkId,
        id: &AgentId,
        _offered: &Resources,
        conversions: &[Conversion],
    ) {
        if let Some(agent) = self.agents.get_mut(id) {
            for conversion in conversions {
                let consumed = conversion.consumed().clone().unallocated();
                let converted = conversion.converted().clone().unallocated();
                for bundle in [&mut agent.total, &mut agent.held] {
                    *bundle -= &consumed;
                    *bundle += &converted;
                }
            }
        }
    }

    fn update_available(
        &mut self,
        _now: Time,
        id: &AgentId,
        conversions: &[Conversion],
    ) -> Result<(), UpdateAvailableError> {
        let agent = self.agents.get_mut(id);
        let agent = agent.ok_or_else(|| UpdateAvailableError::UnknownAgent(id.clone()))?;
        let failed = UpdateAvailableError::NotAvailable;
        (agent.total.clone() - &agent.held)
            .apply_conversions(conversions)
            .map_err(failed)?;
        agent.total = agent.total.apply_conversions(conversions).map_err(failed)?;
        Ok(())
    }

    fn update_unavailability(&mut self, _now: Time, _agent: &AgentId, _window: Option<v0::Unavailability>) {}

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

    fn transition_offered_to_allocated(
        &mut self,
        _now: Time,
        _framework: &FrameworkId,
        _agent: &AgentId,
        _resources: &Resources,
    ) {
    }

    fn recover_resources(
        &mut self,
        now: Time,
        framework: &FrameworkId,
        id: &AgentId,
        resources: &Resources,
        filters: Option<&v0::Filters>,
        _is_allocated: bool,
    ) {
        if let Some(agent) = self.agents.get_mut(id) {
            agent.held -= &resources.clone().unallocated();
        }
        if let Some(filters) = filters {
            let seconds = filters.refuse_seconds.unwrap_or(5.0);
            let time = Duration::try_from_secs_f64(seconds)
                .unwrap_or_default()
                .max(self.interval);
            self.change_framework(framework, |framework| {
                framework.refused.insert(id.clone(), now + time);
            });
        }
    }

    fn suppress_offers(&mut self, _now: Time, id: &FrameworkId, _roles: &BTreeSet<String>) {
        self.change_framework(id, |framework| framework.suppressed = true);
    }

    fn revive_offers(&mut self, now: Time, id: &FrameworkId, _roles: &BTreeSet<String>) {
        self.change_framework(id, |framework| {
            framework.suppressed = false;
            framework.refused.clear();
        });
        self.want(now);
    }

    fn update_quota(&mut self, _now: Time, _role: &str, _quota: Quota) {}

    fn update_weights(&mut self, _now: Time, _weights: &[(String, f64)]) {}

    fn pause(&mut self, _now: Time) {
        self.paused = true;
    }

    fn resume(&mut self, now: Time) {
        self.paused = false;
        self.want(now);
    }

    fn next_run(&self) -> Option<Time> {
        self.next_run
    }

    fn run(&mut self, now: Time) -> Decisions {
        self.next_run = Some(now + self.interval);
        let mut decisions = Decisions::default();
        if self.paused {
            return decisions;
        }
        for (agent_id, agent) in &mut self.agents {
            let free = agent.total.clone() - &agent.held;
            let wants = |id: &FrameworkId| {
                self.frameworks.get(id).is_some_and(|framework| {
                    framework.active
                        && !framework.suppressed
                        && framework.refused.get(agent_id).is_none_or(|until| *until <= now)
                        && !free.allocatable_to(&framework.role).is_empty()
                })
            };
            if !agent.active || free.is_empty() {
                continue;
            }
            let Some(turn) = self.turns.iter().position(wants) else {
                continue;
            };
            // It had its turn.
            let framework_id = self.turns.remove(turn);
            self.turns.push(framework_id.clone());
            let role = self.frameworks[&framework_id].role.clone();
            let offered = free.allocatable_to(&role);
            agent.held += &offered;
            decisions.offers.push(Allotment {
                framework_id,
                resources: offered.allocated(&role),
                role,
                agent_id: agent_id.clone(),
            });
        }
        let key = |offer: &Allotment| {
            (
                offer.framework_id.clone(),
                offer.role.clone(),
                offer.agent_id.clone(),
            )
        };
        decisions.offers.sort_by_key(key);
        decisions
    }

    fn metrics(&self, _out: &mut Vec<(String, f64)>) {}

    fn offered_or_allocated(&self, id: &AgentId) -> Option<Resources> {
        self.agents.get(id).map(|agent| agent.held.clone())
    }

    fn check(&self) -> Result<(), String> {
        let over = |agent: &Agent| !agent.total.contains(&agent.held);
        match self.agents.iter().find(|(_, agent)| over(agent)) {
            Some((id, agent)) => Err(format!(
                "agent {id} has {} but {} is held",
                agent.total, agent.held
            )),
            None => Ok(()),
        }
    }

    fn boxed_clone(&self) -> Box<dyn Allocator> {
        Box::new(self.clone())
    }
}
