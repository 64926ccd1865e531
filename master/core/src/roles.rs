//! Which roles there are, and what they are offered.

use std::collections::BTreeSet;

use mesos::Quantities;

use crate::state::Master;

/// Whether a role is `root` or below it.
pub(crate) fn is_in_subtree(role: &str, root: &str) -> bool {
    role == root || mesos::roles::is_strict_subrole_of(role, root)
}

impl Master {
    /// The roles that frameworks are in, or hold something in.
    pub(crate) fn roles_in_use(&self) -> BTreeSet<String> {
        let mut roles = BTreeSet::new();
        for framework in self.frameworks.values() {
            roles.extend(framework.roles.iter().cloned());
            roles.extend(framework.used.allocations().into_keys());
            roles.extend(framework.offered.allocations().into_keys());
        }
        roles
    }

    /// The roles that operators are shown, with those above them: those of `--roles`, or else those in use, with a
    /// reservation, a weight or a quota.
    ///
    /// Mesos: `Master::knownRoles`.
    pub(crate) fn known_roles(&self) -> BTreeSet<String> {
        let mut known = BTreeSet::new();
        if let Some(roles) = &self.options.roles {
            known.extend(roles.iter().cloned());
            known.insert("*".to_owned());
            return with_ancestors(known);
        }
        known.extend(self.weights.keys().cloned());
        known.extend(self.quotas.keys().cloned());
        known.append(&mut self.roles_in_use());
        for agent in self.agents.values() {
            known.extend(agent.total.reservations().into_keys());
        }
        with_ancestors(known)
    }

    /// What is offered in a role and below it.
    pub(crate) fn offered_quantities(&self, role: &str) -> Quantities {
        let mut sum = Quantities::new();
        for framework in self.frameworks.values() {
            sum += &Quantities::from_resources(&framework.offered.allocated_to_subtree(role));
        }
        sum
    }
}

fn with_ancestors(mut roles: BTreeSet<String>) -> BTreeSet<String> {
    let above: Vec<String> = roles
        .iter()
        .flat_map(|role| mesos::roles::ancestors(role))
        .map(str::to_owned)
        .collect();
    roles.extend(above);
    roles
}
