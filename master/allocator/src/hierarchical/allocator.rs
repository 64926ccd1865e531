//! The interface, handed on to the operations.

use std::collections::{BTreeMap, BTreeSet};

use libprocess_core::time::Time;
use mesos::Resources;
use mesos::ids::{AgentId, FrameworkId};
use mesos::operation::Conversion;
use mesos_proto::v0;
use tracing::debug;

use crate::{
    AgentUpdate, Allocator, Decisions, Exclusions, FrameworkOptions, InverseOfferAnswer, NewAgent, Quota,
    UpdateAvailableError,
};

use super::Hierarchical;

impl Allocator for Hierarchical {
    fn recover(&mut self, now: Time, expected_agents: usize, quotas: BTreeMap<String, Quota>) {
        self.start_recovery(now, expected_agents, quotas);
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
        self.framework_added(now, id, info, used, active, options);
    }

    fn remove_framework(&mut self, now: Time, id: &FrameworkId) {
        self.framework_removed(now, id);
    }

    fn activate_framework(&mut self, now: Time, id: &FrameworkId) {
        self.framework_activated(now, id);
    }

    fn deactivate_framework(&mut self, _now: Time, id: &FrameworkId) {
        self.framework_deactivated(id);
    }

    fn update_framework(
        &mut self,
        _now: Time,
        id: &FrameworkId,
        info: &v0::FrameworkInfo,
        options: FrameworkOptions,
    ) {
        self.framework_updated(id, info, options);
    }

    fn add_agent(&mut self, now: Time, agent: NewAgent) {
        self.agent_added(now, agent);
    }

    fn remove_agent(&mut self, _now: Time, id: &AgentId) {
        self.agent_removed(id);
    }

    fn update_agent(&mut self, now: Time, id: &AgentId, update: AgentUpdate) {
        self.agent_updated(now, id, update);
    }

    fn add_resource_provider(
        &mut self,
        _now: Time,
        agent: &AgentId,
        total: &Resources,
        used: &BTreeMap<FrameworkId, Resources>,
    ) {
        self.provider_added(agent, total, used);
    }

    fn activate_agent(&mut self, now: Time, id: &AgentId) {
        self.set_agent_active(id, true);
        if let Some(number) = self.agent_number(id) {
            self.want_soon(now, number);
        }
    }

    fn deactivate_agent(&mut self, _now: Time, id: &AgentId) {
        self.set_agent_active(id, false);
    }

    fn update_whitelist(&mut self, _now: Time, hosts: Option<BTreeSet<String>>) {
        self.set_whitelist(hosts);
    }

    fn update_allocation(
        &mut self,
        _now: Time,
        framework: &FrameworkId,
        agent: &AgentId,
        offered: &Resources,
        conversions: &[Conversion],
    ) {
        self.convert_held(framework, agent, offered, conversions);
    }

    fn update_available(
        &mut self,
        now: Time,
        agent: &AgentId,
        conversions: &[Conversion],
    ) -> Result<(), UpdateAvailableError> {
        self.convert_available(now, agent, conversions)
    }

    fn update_unavailability(
        &mut self,
        now: Time,
        agent: &AgentId,
        unavailability: Option<v0::Unavailability>,
    ) {
        self.set_unavailability(now, agent, unavailability);
    }

    fn update_inverse_offer(
        &mut self,
        now: Time,
        agent: &AgentId,
        framework: &FrameworkId,
        answer: Option<InverseOfferAnswer>,
    ) {
        self.inverse_offer_ended(now, agent, framework, answer);
    }

    fn inverse_offer_statuses(
        &self,
    ) -> BTreeMap<AgentId, BTreeMap<FrameworkId, v0::allocator::InverseOfferStatus>> {
        self.inverse_statuses()
    }

    fn transition_offered_to_allocated(
        &mut self,
        now: Time,
        framework: &FrameworkId,
        agent: &AgentId,
        resources: &Resources,
    ) {
        self.used(now, framework, agent, resources);
    }

    fn recover_resources(
        &mut self,
        now: Time,
        framework: &FrameworkId,
        agent: &AgentId,
        resources: &Resources,
        filters: Option<&v0::Filters>,
        is_allocated: bool,
    ) {
        self.recovered(now, framework, agent, resources, filters, is_allocated);
    }

    fn suppress_offers(&mut self, _now: Time, framework: &FrameworkId, roles: &BTreeSet<String>) {
        self.suppress(framework, roles);
    }

    fn revive_offers(&mut self, now: Time, framework: &FrameworkId, roles: &BTreeSet<String>) {
        self.revive(now, framework, roles);
    }

    fn update_quota(&mut self, _now: Time, role: &str, quota: Quota) {
        self.set_quota(role, quota);
    }

    fn update_weights(&mut self, _now: Time, weights: &[(String, f64)]) {
        self.set_weights(weights);
    }

    fn pause(&mut self, _now: Time) {
        debug!("allocation paused");
        self.trigger.paused = true;
    }

    fn resume(&mut self, _now: Time) {
        debug!("allocation resumed");
        self.trigger.paused = false;
    }

    fn next_run(&self) -> Option<Time> {
        self.due()
    }

    fn run(&mut self, now: Time) -> Decisions {
        self.decide(now)
    }

    fn metrics(&self, out: &mut Vec<(String, f64)>) {
        self.write_metrics(out);
    }

    fn exclusions(&self) -> Vec<Exclusions> {
        self.excluded_by_constraints()
    }

    fn offered_or_allocated(&self, agent: &AgentId) -> Option<Resources> {
        Some(self.agent(self.agent_number(agent)?).taken())
    }

    fn check(&self) -> Result<(), String> {
        self.check_books()
    }

    fn boxed_clone(&self) -> Box<dyn Allocator> {
        Box::new(self.clone())
    }
}
