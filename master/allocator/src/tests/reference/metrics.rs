//! What the metrics should say.

use std::collections::{BTreeMap, BTreeSet};

use libprocess_core::time::Time;
use mesos::ids::FrameworkId;
use mesos::{Quantities, Resources};

use super::{Reference, above, counts_for_quota, is_in, scalars};

impl Reference {
    /// All that is said of the allocator but how many runs there were; `used` is what is used of what is held.
    pub fn metrics(&self, now: Time, used: &[(FrameworkId, Resources)]) -> BTreeMap<String, f64> {
        let mut metrics = BTreeMap::new();
        let mut say = |name: String, value: f64| metrics.insert(format!("allocator/mesos/{name}"), value);
        for name in ["cpus", "mem", "disk"] {
            let mut held = Quantities::new();
            for agent in self.agents.values() {
                let all = agent.held.values();
                let all = all.fold(Resources::new(), |sum, held| sum + &held.clone().unallocated());
                held += &scalars(&all);
            }
            say(format!("resources/{name}/total"), self.pool().get(name).to_f64());
            let held = held.get(name).to_f64();
            say(format!("resources/{name}/offered_or_allocated"), held);
        }
        for role in self.members.keys() {
            // What the role itself holds, without the roles below it; the weight is the whole tree's.
            let own = Self::total_of(&self.held_by(|_, of| of == role), |_| true);
            let weight = if self.has_clients_below(role) {
                1.0
            } else {
                self.weight(role)
            };
            say(format!("roles/{role}/shares/dominant"), self.share(&own, weight));
        }
        for role in self.all_roles() {
            let filters = self.filters.iter();
            let filters = filters.filter(|filter| filter.role == *role && filter.until > now);
            say(
                format!("offer_filters/roles/{role}/active"),
                filters.count() as f64,
            );
        }
        for (role, quota) in &self.quotas {
            for (name, guarantee) in quota.guarantees.iter() {
                let value = guarantee.to_f64();
                say(format!("quota/roles/{role}/resources/{name}/guarantee"), value);
            }
            for (name, limit) in quota.limits.iter() {
                say(
                    format!("quota/roles/{role}/resources/{name}/limit"),
                    limit.to_f64(),
                );
            }
            let guaranteed = quota.guarantees.iter().map(|(name, _)| name);
            for name in guaranteed.chain(quota.limits.iter().map(|(name, _)| name)) {
                let own = Self::total_of(&self.held_by(|_, of| of == role), |_| true);
                let value = own.get(name).to_f64();
                say(
                    format!("quota/roles/{role}/resources/{name}/offered_or_allocated"),
                    value,
                );
            }
        }
        // The root has no name, and is counted, too.
        for role in self.all_roles().into_iter().chain([String::new()]) {
            let is_in = |of: &str| role.is_empty() || is_in(of, &role);
            let mut consumed = self.reservations(&role);
            for (_, used) in used.iter().filter(|(id, _)| self.frameworks.contains_key(id)) {
                consumed += &scalars(&used.filter(|resource| {
                    counts_for_quota(resource) && resource.allocation_role().is_some_and(is_in)
                }));
            }
            for (name, consumed) in consumed.iter() {
                let value = consumed.to_f64();
                say(format!("quota/roles/{role}/resources/{name}/consumed"), value);
            }
        }
        metrics
    }

    /// Roles with members, reservations, quota or a weight, and those above them.
    fn all_roles(&self) -> BTreeSet<String> {
        let mut roles: BTreeSet<String> = self.members.keys().cloned().collect();
        roles.extend(self.quotas.keys().cloned());
        let weights = self.weights.iter().filter(|(_, weight)| **weight != 1.0);
        roles.extend(weights.map(|(role, _)| role.clone()));
        for agent in self.agents.values() {
            let scalars = agent.total.only_scalars();
            roles.extend(scalars.reservations().into_keys());
        }
        let more: Vec<String> = roles
            .iter()
            .flat_map(|role| above(role))
            .map(str::to_owned)
            .collect();
        roles.extend(more);
        roles
    }
}
