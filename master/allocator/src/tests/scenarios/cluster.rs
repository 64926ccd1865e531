//! A cluster that a story is told about: agents and frameworks by name, offers in tables.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use libprocess_core::time::Time;
use mesos::ids::{AgentId, FrameworkId};
use mesos::operation::Conversion;
use mesos::{Limits, Quantities, Resources};
use mesos_proto::v0::{self, framework_info::capability::Type};

use super::bundles::Bundle;
use crate::{
    AgentUpdate, Allocator, Allotment, FrameworkOptions, Hierarchical, InverseAllotment, NewAgent, Options,
    Quota,
};

/// Tells a story in the order of Mesos and in ours, and with several lots: it must go the same way each time.
pub(super) fn always(story: impl Fn(&mut Cluster)) {
    always_with(&Options::default(), story);
}

/// The same with other options.
pub(super) fn always_with(options: &Options, story: impl Fn(&mut Cluster)) {
    for event_driven in [false, true] {
        let options = Options {
            event_driven,
            ..options.clone()
        };
        told(&options, &story);
    }
}

/// Tells a story in which it matters that what is declined waits for the next regular round, as in Mesos.
pub(super) fn in_rounds(story: impl Fn(&mut Cluster)) {
    in_rounds_with(&Options::default(), story);
}

/// The same with other options.
pub(super) fn in_rounds_with(options: &Options, story: impl Fn(&mut Cluster)) {
    let options = Options {
        event_driven: false,
        ..options.clone()
    };
    told(&options, &story);
}

fn told(options: &Options, story: &impl Fn(&mut Cluster)) {
    for seed in 1..=8 {
        story(&mut Cluster::new(options.clone(), seed));
    }
}

/// An allocator with what it decided since it was last asked.
#[derive(Clone)]
pub(super) struct Cluster {
    pub allocator: Hierarchical,
    pub now: Time,
    options: Options,
    seed: u64,
    decided: Vec<Allotment>,
    asked: Vec<InverseAllotment>,
}

fn agent_id(name: &str) -> AgentId {
    AgentId::new(name)
}

fn framework_id(name: &str) -> FrameworkId {
    FrameworkId::new(name)
}

/// A framework of some roles (`a b`); all can handle several roles.
pub(super) fn info(roles: &str, capabilities: &[Type]) -> v0::FrameworkInfo {
    let capability = |kind: &Type| v0::framework_info::Capability {
        r#type: Some(*kind),
        ..Default::default()
    };
    v0::FrameworkInfo {
        roles: roles.split(' ').map(str::to_owned).collect(),
        capabilities: capabilities
            .iter()
            .chain(&[Type::MultiRole])
            .map(capability)
            .collect(),
        ..Default::default()
    }
}

fn host(name: &str) -> v0::SlaveInfo {
    v0::SlaveInfo {
        hostname: name.to_owned(),
        ..Default::default()
    }
}

/// What a framework uses of an agent, of each its name, the role and how much.
pub(super) type Used<'a> = &'a [(&'a str, &'a str, &'a str)];

impl Cluster {
    pub fn new(options: Options, seed: u64) -> Self {
        let mut cluster = Self::before_recovery(options, seed);
        cluster.allocator.recover(cluster.now, 0, BTreeMap::new());
        cluster
    }

    /// A master that has not read its registry yet.
    pub fn before_recovery(options: Options, seed: u64) -> Self {
        Self {
            allocator: Hierarchical::new(options.clone(), seed),
            now: Time::EPOCH,
            options,
            seed,
            decided: Vec::new(),
            asked: Vec::new(),
        }
    }

    // Who comes and changes.

    pub fn agent(&mut self, name: &str, total: impl Bundle) {
        self.agent_with(name, total, |_| {});
    }

    /// An agent some of which is in use: by framework, in a role.
    pub fn agent_used(&mut self, name: &str, total: impl Bundle, used: Used<'_>) {
        self.agent_with(name, total, |agent| {
            for (framework, role, bundle) in used {
                let held = agent.used.entry(framework_id(framework)).or_default();
                *held += &bundle.bundle().allocated(role);
            }
        });
    }

    /// An agent that differs from others.
    pub fn agent_with(&mut self, name: &str, total: impl Bundle, differs: impl FnOnce(&mut NewAgent)) {
        let mut agent = NewAgent {
            id: agent_id(name),
            info: host(name),
            capabilities: mesos::capabilities::agent_capabilities(),
            unavailability: None,
            total: total.bundle(),
            used: BTreeMap::new(),
        };
        differs(&mut agent);
        self.allocator.add_agent(self.now, agent);
        self.settle();
    }

    pub fn total(&mut self, agent: &str, total: impl Bundle) {
        self.update_agent(agent, |update| update.total = Some(total.bundle()));
    }

    pub fn update_agent(&mut self, agent: &str, change: impl FnOnce(&mut AgentUpdate)) {
        let mut update = AgentUpdate {
            info: host(agent),
            ..AgentUpdate::default()
        };
        change(&mut update);
        self.allocator.update_agent(self.now, &agent_id(agent), update);
        self.settle();
    }

    pub fn remove_agent(&mut self, agent: &str) {
        self.allocator.remove_agent(self.now, &agent_id(agent));
        self.settle();
    }

    /// A resource provider with what frameworks use of the agent with it.
    pub fn provider(&mut self, agent: &str, total: impl Bundle, used: Used<'_>) {
        let mut by_framework: BTreeMap<FrameworkId, Resources> = BTreeMap::new();
        for (framework, role, bundle) in used {
            let held = by_framework.entry(framework_id(framework)).or_default();
            *held += &bundle.bundle().allocated(role);
        }
        self.allocator
            .add_resource_provider(self.now, &agent_id(agent), &total.bundle(), &by_framework);
        self.settle();
    }

    pub fn framework(&mut self, name: &str, roles: &str) {
        self.framework_that(name, roles, &[]);
    }

    /// A framework that can handle more than others.
    pub fn framework_that(&mut self, name: &str, roles: &str, can: &[Type]) {
        self.join(name, &info(roles, can), true, FrameworkOptions::default());
    }

    pub fn idle_framework(&mut self, name: &str, roles: &str) {
        self.join(name, &info(roles, &[]), false, FrameworkOptions::default());
    }

    /// A framework comes with what it uses of an agent: its name, the role and how much.
    pub fn framework_using(&mut self, name: &str, roles: &str, used: Used<'_>) {
        let mut by_agent: BTreeMap<AgentId, Resources> = BTreeMap::new();
        for (agent, role, bundle) in used {
            *by_agent.entry(agent_id(agent)).or_default() += &bundle.bundle().allocated(role);
        }
        let (id, info, options) = (framework_id(name), info(roles, &[]), FrameworkOptions::default());
        self.allocator
            .add_framework(self.now, &id, &info, &by_agent, true, options);
        self.settle();
    }

    pub fn join(&mut self, name: &str, info: &v0::FrameworkInfo, active: bool, options: FrameworkOptions) {
        let id = framework_id(name);
        self.allocator
            .add_framework(self.now, &id, info, &BTreeMap::new(), active, options);
        self.settle();
    }

    pub fn update_framework(&mut self, name: &str, info: &v0::FrameworkInfo) {
        let options = FrameworkOptions::default();
        self.allocator
            .update_framework(self.now, &framework_id(name), info, options);
        self.settle();
    }

    pub fn activate(&mut self, framework: &str) {
        self.allocator
            .activate_framework(self.now, &framework_id(framework));
        self.settle();
    }

    pub fn deactivate(&mut self, framework: &str) {
        self.allocator
            .deactivate_framework(self.now, &framework_id(framework));
        self.settle();
    }

    pub fn remove_framework(&mut self, framework: &str) {
        self.allocator
            .remove_framework(self.now, &framework_id(framework));
        self.settle();
    }

    /// Whatever the roles are, as in a call; none for all.
    pub fn suppress(&mut self, framework: &str, roles: &[&str]) {
        let roles = roles.iter().map(|role| (*role).to_owned()).collect();
        self.allocator
            .suppress_offers(self.now, &framework_id(framework), &roles);
        self.settle();
    }

    pub fn revive(&mut self, framework: &str, roles: &[&str]) {
        let roles = roles.iter().map(|role| (*role).to_owned()).collect();
        self.allocator
            .revive_offers(self.now, &framework_id(framework), &roles);
        self.settle();
    }

    pub fn whitelist(&mut self, hosts: &[&str]) {
        let hosts = hosts.iter().map(|host| (*host).to_owned()).collect();
        self.allocator.update_whitelist(self.now, Some(hosts));
        self.settle();
    }

    // Rules.

    /// A role is guaranteed so much, and may not have more.
    pub fn quota(&mut self, role: &str, both: &str) {
        self.guarantee_and_limit(role, both, both);
    }

    pub fn guarantee_and_limit(&mut self, role: &str, guarantee: &str, limit: &str) {
        let quota = Quota {
            guarantees: Quantities::parse(guarantee).unwrap(),
            limits: Limits::parse(limit).unwrap(),
        };
        self.allocator.update_quota(self.now, role, quota);
        self.settle();
    }

    pub fn no_quota(&mut self, role: &str) {
        self.guarantee_and_limit(role, "", "");
    }

    pub fn weight(&mut self, role: &str, weight: f64) {
        self.allocator
            .update_weights(self.now, &[(role.to_owned(), weight)]);
        self.settle();
    }

    // What comes back.

    /// A framework gives back a part of what it was offered, and refuses nothing.
    pub fn back(&mut self, framework: &str, role: &str, agent: &str, bundle: impl Bundle) {
        self.recover(framework, role, agent, bundle, None, false);
    }

    /// A framework refuses an offer for some seconds.
    pub fn refuse(&mut self, framework: &str, role: &str, agent: &str, bundle: impl Bundle, seconds: f64) {
        self.recover(framework, role, agent, bundle, Some(seconds), false);
    }

    /// What a framework used is free.
    pub fn finished(&mut self, framework: &str, role: &str, agent: &str, bundle: impl Bundle) {
        self.recover(framework, role, agent, bundle, None, true);
    }

    fn recover(
        &mut self,
        framework: &str,
        role: &str,
        agent: &str,
        bundle: impl Bundle,
        seconds: Option<f64>,
        is_allocated: bool,
    ) {
        let bundle = bundle.bundle().allocated(role);
        let filters = seconds.map(|seconds| v0::Filters {
            refuse_seconds: Some(seconds),
            ..Default::default()
        });
        let (framework, agent) = (framework_id(framework), agent_id(agent));
        self.allocator.recover_resources(
            self.now,
            &framework,
            &agent,
            &bundle,
            filters.as_ref(),
            is_allocated,
        );
        self.settle();
    }

    /// A framework uses a part of what it was offered.
    pub fn launch(&mut self, framework: &str, role: &str, agent: &str, bundle: impl Bundle) {
        let bundle = bundle.bundle().allocated(role);
        let (framework, agent) = (framework_id(framework), agent_id(agent));
        self.allocator
            .transition_offered_to_allocated(self.now, &framework, &agent, &bundle);
        self.settle();
    }

    /// A framework turns a part of what it holds into something else.
    pub fn convert(
        &mut self,
        framework: &str,
        role: &str,
        agent: &str,
        held: impl Bundle,
        (from, to): (impl Bundle, impl Bundle),
    ) {
        let of_role = |bundle: Resources| bundle.allocated(role);
        let conversion = Conversion::new(of_role(from.bundle()), of_role(to.bundle()));
        let (framework, agent) = (framework_id(framework), agent_id(agent));
        self.allocator.update_allocation(
            self.now,
            &framework,
            &agent,
            &of_role(held.bundle()),
            &[conversion],
        );
        self.settle();
    }

    /// An operator turns a part of what is free into something else; false when it is not free.
    pub fn operate(&mut self, agent: &str, from: impl Bundle, to: impl Bundle) -> bool {
        let conversion = Conversion::new(from.bundle(), to.bundle());
        let done = self
            .allocator
            .update_available(self.now, &agent_id(agent), &[conversion]);
        self.settle();
        done.is_ok()
    }

    pub fn away(&mut self, agent: &str, unavailability: Option<v0::Unavailability>) {
        self.allocator
            .update_unavailability(self.now, &agent_id(agent), unavailability);
        self.settle();
    }

    // Time.

    /// Runs that are due are made.
    fn settle(&mut self) {
        while self.allocator.next_run().is_some_and(|due| due <= self.now) {
            let decisions = self.allocator.run(self.now);
            self.decided.extend(decisions.offers);
            self.asked.extend(decisions.inverse_offers);
        }
        assert_eq!(self.allocator.check(), Ok(()), "{}", self.told_with());
    }

    /// Time passes, with all runs that are due on the way.
    pub fn pass(&mut self, time: Duration) {
        let until = self.now + time;
        while let Some(due) = self.allocator.next_run().filter(|due| *due <= until) {
            self.now = self.now.max(due);
            self.settle();
        }
        self.now = until;
    }

    /// An allocation interval passes.
    pub fn round(&mut self) {
        self.pass(self.options.allocation_interval);
    }

    /// A moment passes, long enough for runs that are soon due.
    pub fn moment(&mut self) {
        self.pass(Duration::from_millis(10));
    }

    // What came of it.

    /// These offers were made since the last question, as (framework, role, agent, what), and no others.
    pub fn offers<B: Bundle, const N: usize>(&mut self, expected: [(&str, &str, &str, B); N]) {
        let mut expected: Vec<Allotment> = expected
            .into_iter()
            .map(|(framework, role, agent, bundle)| Allotment {
                framework_id: framework_id(framework),
                role: role.to_owned(),
                agent_id: agent_id(agent),
                resources: bundle.bundle().allocated(role),
            })
            .collect();
        let mut decided = self.taken_offers();
        for list in [&mut expected, &mut decided] {
            list.sort_by(|one, two| key(one).cmp(&key(two)));
        }
        assert!(
            expected == decided,
            "expected {:#?}, got {:#?} ({})",
            lines(&expected),
            lines(&decided),
            self.told_with()
        );
    }

    pub fn no_offers(&mut self) {
        self.offers::<Resources, 0>([]);
    }

    /// The offers made since the last question.
    pub fn taken_offers(&mut self) -> Vec<Allotment> {
        std::mem::take(&mut self.decided)
    }

    /// All that each framework was offered since the last question, without allocation, whatever the agents.
    pub fn sums(&mut self) -> BTreeMap<String, Resources> {
        let mut sums: BTreeMap<String, Resources> = BTreeMap::new();
        for offer in self.taken_offers() {
            let sum = sums.entry(offer.framework_id.to_string()).or_default();
            *sum += &offer.resources.unallocated();
        }
        sums
    }

    /// Frameworks were offered so much in all since the last question, whatever the agents.
    pub fn sums_are<const N: usize>(&mut self, expected: [(&str, &str); N]) {
        let expected: BTreeMap<String, Resources> = expected
            .into_iter()
            .map(|(framework, bundle)| (framework.to_owned(), bundle.bundle()))
            .collect();
        let sums = self.sums();
        assert!(
            sums == expected,
            "expected {expected:?}, got {sums:?} ({})",
            self.told_with()
        );
    }

    /// The inverse offers made since the last question.
    pub fn taken_inverse_offers(&mut self) -> Vec<InverseAllotment> {
        std::mem::take(&mut self.asked)
    }

    /// These frameworks were asked to leave these agents since the last question.
    pub fn asked_to_leave<const N: usize>(&mut self, expected: [(&str, &str); N]) {
        let asked: Vec<(String, String)> = self
            .taken_inverse_offers()
            .into_iter()
            .map(|asked| (asked.framework_id.to_string(), asked.agent_id.to_string()))
            .collect();
        let expected = expected.map(|(framework, agent)| (framework.to_owned(), agent.to_owned()));
        assert_eq!(asked, expected, "{}", self.told_with());
    }

    /// A number that `/metrics/snapshot` shows below `allocator/mesos`.
    pub fn metric(&self, name: &str) -> Option<f64> {
        let mut shown = Vec::new();
        self.allocator.metrics(&mut shown);
        let name = format!("allocator/mesos/{name}");
        let mut found = shown.into_iter().filter(|(other, _)| *other == name);
        let value = found.next().map(|(_, value)| value);
        assert!(found.next().is_none(), "{name} is shown twice");
        value
    }

    /// Numbers of `/metrics/snapshot`, `None` for what is not shown.
    pub fn metrics_are<const N: usize>(&self, expected: [(&str, Option<f64>); N]) {
        for (name, value) in expected {
            assert_eq!(self.metric(name), value, "{name} ({})", self.told_with());
        }
    }

    /// The order in which frameworks with their roles would be offered something new: for each its name and the role.
    ///
    /// A probe: a resource nobody has, so that nobody's share changes; whoever got it suppresses offers.
    pub fn order(&self) -> Vec<(String, String)> {
        let mut order: Vec<(String, String)> = Vec::new();
        loop {
            let mut probe = self.clone();
            probe.decided.clear();
            for (framework, role) in &order {
                probe.suppress(framework, &[role]);
            }
            probe.taken_offers();
            probe.agent("probe", "probe:1");
            let mut offers = probe.taken_offers();
            offers.retain(|offer| offer.agent_id == agent_id("probe"));
            match offers.pop() {
                Some(offer) => order.push((offer.framework_id.to_string(), offer.role)),
                None => return order,
            }
        }
    }

    /// The roles in the order in which they would be offered something new.
    pub fn roles_in_order(&self) -> Vec<String> {
        self.order().into_iter().map(|(_, role)| role).collect()
    }

    fn told_with(&self) -> String {
        format!("seed {}, event-driven {}", self.seed, self.options.event_driven)
    }
}

fn key(offer: &Allotment) -> (&FrameworkId, &str, &AgentId) {
    (&offer.framework_id, &offer.role, &offer.agent_id)
}

fn lines(offers: &[Allotment]) -> BTreeSet<String> {
    let line = |offer: &Allotment| {
        let (framework, role, agent) = key(offer);
        format!("{framework} {role} {agent}: {}", offer.resources)
    };
    offers.iter().map(line).collect()
}
