//! What roles hold: one walk over all frameworks and agents, however many roles there are.

use std::collections::BTreeMap;

use mesos::ids::FrameworkId;
use mesos::{Quantities, Resource, Resources};

use crate::state::Master;

/// What a role and the roles below it hold.
#[derive(Debug, Clone, Default)]
pub(crate) struct RoleSums {
    /// What their tasks and executors use.
    pub allocated: Quantities,
    /// What they are offered.
    pub offered: Quantities,
    /// What is reserved for them, used or not.
    pub reserved: Quantities,
    /// What counts against limits: what is used, and what is reserved whether used or not.
    ///
    /// Mesos: `Master::RoleResourceBreakdown::consumedQuota`.
    pub consumed: Quantities,
    /// The frameworks in the role itself, or that hold something in it, in the order of their ids.
    pub frameworks: Vec<FrameworkId>,
}

impl Master {
    /// The sums of every role that holds something or has a framework, and of the roles above those that hold.
    pub(crate) fn role_sums(&self) -> BTreeMap<String, RoleSums> {
        let mut sums: BTreeMap<String, RoleSums> = BTreeMap::new();
        for framework in self.frameworks.values() {
            let used = by_role(&framework.used, Resource::allocation_role);
            let offered = by_role(&framework.offered, Resource::allocation_role);
            let mut roles: Vec<&str> = framework.roles.iter().map(String::as_str).collect();
            roles.extend(used.keys().chain(offered.keys()));
            roles.sort_unstable();
            roles.dedup();
            for role in roles {
                of(&mut sums, role).frameworks.push(framework.id.clone());
            }
            for (role, amounts) in used {
                each_above(role, |role| {
                    let sums = of(&mut sums, role);
                    sums.allocated += &amounts;
                    sums.consumed += &amounts;
                });
            }
            for (role, amounts) in offered {
                each_above(role, |role| of(&mut sums, role).offered += &amounts);
            }
        }
        for agent in self.agents.values() {
            let reserved = below(&by_role(&agent.total, Resource::reservation_role));
            if reserved.is_empty() {
                continue;
            }
            let mut idle = reserved.clone();
            for used in agent.used.values() {
                for (role, amounts) in below(&by_role(used, Resource::reservation_role)) {
                    if let Some(idle) = idle.get_mut(role) {
                        *idle -= &amounts;
                    }
                }
            }
            for (role, amounts) in reserved {
                of(&mut sums, role).reserved += &amounts;
            }
            for (role, amounts) in idle {
                of(&mut sums, role).consumed += &amounts;
            }
        }
        sums
    }
}

fn of<'a>(sums: &'a mut BTreeMap<String, RoleSums>, role: &str) -> &'a mut RoleSums {
    sums.entry(role.to_owned()).or_default()
}

/// A role and those above it.
fn each_above<'r>(role: &'r str, mut each: impl FnMut(&'r str)) {
    each(role);
    mesos::roles::ancestors(role).for_each(each);
}

/// Amounts by a role of each resource; what has none is left out.
fn by_role<'a>(
    resources: &'a Resources,
    role: impl Fn(&'a Resource) -> Option<&'a str>,
) -> BTreeMap<&'a str, Quantities> {
    let mut amounts: BTreeMap<&str, Quantities> = BTreeMap::new();
    for resource in resources {
        if let Some(role) = role(resource) {
            *amounts.entry(role).or_default() += &std::iter::once(resource).collect();
        }
    }
    amounts
}

/// The same, with what is in the roles below each.
fn below<'a>(amounts: &BTreeMap<&'a str, Quantities>) -> BTreeMap<&'a str, Quantities> {
    let mut sums: BTreeMap<&str, Quantities> = BTreeMap::new();
    for (role, amounts) in amounts {
        each_above(role, |role| *sums.entry(role).or_default() += amounts);
    }
    sums
}
