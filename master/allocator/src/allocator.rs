//! What the master asks of whoever decides about offers.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use libprocess_core::time::Time;
use mesos::Resources;
use mesos::ids::{AgentId, FrameworkId};
use mesos_proto::v0;

use crate::{
    AgentUpdate, Conversion, Decisions, Exclusions, FrameworkOptions, InverseOfferAnswer, NewAgent, Quota,
    UpdateAvailableError,
};

/// Keeps the books of who holds what, and decides who is offered the rest.
///
/// The master calls it in the order in which things happen, from one thread. An allocator is pure: it is told the
/// time, it was given its seed, it does no I/O, so the same calls give the same offers. It never calls back.
///
/// # When it decides
///
/// No call hands out offers but [`Allocator::run`]. After every call (or batch of calls) the master asks
/// [`Allocator::next_run`] and calls `run` at that time, not before; the answer may be a time that has come already.
///
/// # What the caller keeps to
///
/// * Ids of agents and frameworks are given once. Calls about ids that are not known are ignored, since a framework
///   may end while its agent still reports.
/// * Resources of a framework carry the role they are allocated to ([`Resources::allocate`]); totals carry none.
/// * Whatever `run` offered and nobody uses comes back through [`Allocator::recover_resources`]. What is used stays
///   booked, and is marked by [`Allocator::transition_offered_to_allocated`].
/// * `now` does not run backwards.
///
/// Mesos: `include/mesos/allocator/allocator.hpp`.
pub trait Allocator: fmt::Debug + Send {
    /// The master has read its registry: so many agents may return, and these roles have quota.
    ///
    /// Called once, before all others. An allocator may hold back offers until enough agents are back to tell who is
    /// owed what.
    fn recover(&mut self, now: Time, expected_agents: usize, quotas: BTreeMap<String, Quota>);

    /// A framework comes, with what it holds on agents that are known already.
    ///
    /// `active` is false for a framework known only from the agents it runs on.
    fn add_framework(
        &mut self,
        now: Time,
        id: &FrameworkId,
        info: &v0::FrameworkInfo,
        used: &BTreeMap<AgentId, Resources>,
        active: bool,
        options: FrameworkOptions,
    );

    /// A framework is gone for good. What it used was recovered before; what it was offered is free.
    fn remove_framework(&mut self, now: Time, id: &FrameworkId);

    /// A framework is connected (again): it is offered what it does not suppress.
    fn activate_framework(&mut self, now: Time, id: &FrameworkId);

    /// A framework is disconnected: no offers, and what it refused is forgotten. It keeps what it holds.
    fn deactivate_framework(&mut self, now: Time, id: &FrameworkId);

    /// A framework changed its roles, capabilities, minima or wishes. All of its options are replaced.
    fn update_framework(
        &mut self,
        now: Time,
        id: &FrameworkId,
        info: &v0::FrameworkInfo,
        options: FrameworkOptions,
    );

    /// An agent comes, active, with what frameworks use of it.
    ///
    /// Use of frameworks that are not known is booked when they are added.
    fn add_agent(&mut self, now: Time, agent: NewAgent);

    /// An agent is gone. Whatever anybody held of it is forgotten.
    fn remove_agent(&mut self, now: Time, id: &AgentId);

    /// An agent changed its attributes, its total or its capabilities.
    fn update_agent(&mut self, now: Time, id: &AgentId, update: AgentUpdate);

    /// A resource provider of an agent brings resources, and what frameworks use of them.
    fn add_resource_provider(
        &mut self,
        now: Time,
        agent: &AgentId,
        total: &Resources,
        used: &BTreeMap<FrameworkId, Resources>,
    );

    /// An agent is offered again.
    fn activate_agent(&mut self, now: Time, id: &AgentId);

    /// An agent is not offered until it is activated. What is used of it stays booked.
    fn deactivate_agent(&mut self, now: Time, id: &AgentId);

    /// Only agents on these hosts are offered; all when `None`.
    fn update_whitelist(&mut self, now: Time, hosts: Option<BTreeSet<String>>);

    /// A framework asks for resources of some kind. An allocator may take it as a hint; Mesos' own does nothing.
    fn request_resources(&mut self, _now: Time, _framework: &FrameworkId, _requests: &[v0::Request]) {}

    /// Operations of a framework changed what it holds of an agent: each conversion takes its `consumed` out of
    /// `offered` and puts `converted` in its place, in the agent's total, too.
    ///
    /// `offered` and the conversions carry the allocation.
    fn update_allocation(
        &mut self,
        now: Time,
        framework: &FrameworkId,
        agent: &AgentId,
        offered: &Resources,
        conversions: &[Conversion],
    );

    /// Operations of an operator change what is free on an agent.
    ///
    /// # Errors
    ///
    /// When the agent is unknown, or no longer has free what the conversions consume. Nothing is changed then; the
    /// caller takes offers back ([`Allocator::recover_resources`]) and tries again.
    fn update_available(
        &mut self,
        now: Time,
        agent: &AgentId,
        conversions: &[Conversion],
    ) -> Result<(), UpdateAvailableError>;

    /// An agent will be away for maintenance at some time, or not any more.
    fn update_unavailability(
        &mut self,
        now: Time,
        agent: &AgentId,
        unavailability: Option<v0::Unavailability>,
    );

    /// An inverse offer is not outstanding any more: it was answered, or taken back (`answer` is `None`).
    fn update_inverse_offer(
        &mut self,
        now: Time,
        agent: &AgentId,
        framework: &FrameworkId,
        answer: Option<InverseOfferAnswer>,
    );

    /// What frameworks said to the inverse offers of agents that have an unavailability.
    fn inverse_offer_statuses(
        &self,
    ) -> BTreeMap<AgentId, BTreeMap<FrameworkId, v0::allocator::InverseOfferStatus>>;

    /// Resources offered to a framework are used from now on: a task was launched with them.
    ///
    /// Is said after what is left of the offer was recovered: who used a part of it did not decline it.
    fn transition_offered_to_allocated(
        &mut self,
        now: Time,
        framework: &FrameworkId,
        agent: &AgentId,
        resources: &Resources,
    );

    /// Resources come back that were offered to a framework or used by it.
    ///
    /// `filters` are those of a decline, also of the unused rest of an ACCEPT; without them nothing is refused.
    /// `is_allocated` tells what was used from what was only offered.
    fn recover_resources(
        &mut self,
        now: Time,
        framework: &FrameworkId,
        agent: &AgentId,
        resources: &Resources,
        filters: Option<&v0::Filters>,
        is_allocated: bool,
    );

    /// A framework wants no offers for these roles, for all of its roles when there are none.
    fn suppress_offers(&mut self, now: Time, framework: &FrameworkId, roles: &BTreeSet<String>);

    /// A framework wants offers for these roles, for all of its roles when there are none. What it refused is
    /// forgotten.
    fn revive_offers(&mut self, now: Time, framework: &FrameworkId, roles: &BTreeSet<String>);

    /// A role has this quota from now on; [`Quota::default`] takes it away.
    fn update_quota(&mut self, now: Time, role: &str, quota: Quota);

    /// These roles have these weights from now on.
    fn update_weights(&mut self, now: Time, weights: &[(String, f64)]);

    /// No offers until [`Allocator::resume`].
    fn pause(&mut self, now: Time);

    /// Offers again.
    fn resume(&mut self, now: Time);

    /// When [`Allocator::run`] should be called next; `None` for never, unless something happens.
    ///
    /// It may lie in the past. It changes with any call.
    fn next_run(&self) -> Option<Time>;

    /// Decides. What is offered is booked already.
    fn run(&mut self, now: Time) -> Decisions;

    /// What `/metrics/snapshot` shows of the allocator, with the names of Mesos (`allocator/mesos/...`).
    fn metrics(&self, out: &mut Vec<(String, f64)>);

    /// Which agents each framework is never offered because of its constraints: `/allocator/offer_constraints_debug`.
    ///
    /// An allocator that knows no constraints has nothing to say.
    fn exclusions(&self) -> Vec<Exclusions> {
        Vec::new()
    }

    /// What is offered to or used by frameworks on an agent, without allocation; `None` when it is unknown.
    fn offered_or_allocated(&self, agent: &AgentId) -> Option<Resources>;

    /// Checks that every sum equals its parts and nothing is given twice.
    ///
    /// # Errors
    ///
    /// Says what does not hold.
    fn check(&self) -> Result<(), String>;

    /// A copy of its own, for a copy of the master.
    fn boxed_clone(&self) -> Box<dyn Allocator>;
}

impl Clone for Box<dyn Allocator> {
    fn clone(&self) -> Self {
        self.boxed_clone()
    }
}
