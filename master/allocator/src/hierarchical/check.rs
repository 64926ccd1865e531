//! What must hold after every call.

use std::collections::{BTreeMap, BTreeSet};

use mesos::Resources;

use super::Hierarchical;
use super::amounts::{Amounts, Names};
use super::books::by_role;
use super::parts::Parts;
use super::standing::Tally;
use super::tree::ROOT;

/// Sums of one role, counted from what agents know.
#[derive(Default)]
struct Sums {
    sort: Tally,
    reserved: Tally,
    free: Amounts,
    reservations: Amounts,
}

impl Hierarchical {
    /// Every sum equals its parts, nothing is given twice, nothing points nowhere.
    pub(super) fn check_books(&self) -> Result<(), String> {
        let mut names = self.names.clone();
        self.check_agents(&mut names)?;
        self.check_roles(&mut names)?;
        self.check_pairs(&mut names)?;
        self.check_order()
    }

    fn check_agents(&self, names: &mut Names) -> Result<(), String> {
        let (mut total, mut revocable) = (Amounts::default(), Amounts::default());
        for (id, number) in &self.agent_numbers {
            let agent = self.agent(*number);
            let taken = agent.taken();
            let covered = agent.total.non_shared().contains(&taken.non_shared());
            if covered == agent.is_overdrawn() {
                return Err(format!("agent {id} has {} but {taken} is taken", agent.total));
            }
            let available = agent.total.non_shared() - &taken.non_shared() + &agent.total.shared();
            if agent.available != available {
                return Err(format!(
                    "agent {id} should have {available} available, not {}",
                    agent.available
                ));
            }
            let all = agent
                .held
                .bundles()
                .fold(Resources::new(), |sum, held| sum + held);
            if !all.contains(&agent.allocated) {
                return Err(format!(
                    "agent {id}: {} is used, but {all} is held",
                    agent.allocated
                ));
            }
            if agent.parts != Parts::of(&agent.available, names) {
                return Err(format!("agent {id}: the sums of what is available are wrong"));
            }
            total.add(&Amounts::of(&agent.total, names));
            revocable.add(agent.parts.revocable());
            if !agent.blocked.is_empty() && !agent.blocked_for.contains(&agent.available) {
                return Err(format!(
                    "agent {id} remembers pairs as blocked for less than it has"
                ));
            }
            if agent.pending && !self.pending.contains(number) {
                return Err(format!("agent {id} waits for a run that will not come"));
            }
            for (framework, _) in agent.held.iter() {
                let framework = self.framework(framework);
                if framework.known && !framework.agents.has(*number) {
                    return Err(format!("agent {id} is unknown to a framework that holds it"));
                }
            }
        }
        if total != self.pool.total || revocable != self.revocable {
            return Err("the pool is not the sum of the agents".to_owned());
        }
        Ok(())
    }

    fn check_roles(&self, names: &mut Names) -> Result<(), String> {
        let mut sums: BTreeMap<u32, Sums> = BTreeMap::new();
        for number in self.agent_numbers.values() {
            let agent = self.agent(*number);
            for (framework, held) in agent.held.iter() {
                if !self.framework(framework).known {
                    continue;
                }
                for (role, part) in by_role(held) {
                    let node = self
                        .tree
                        .find(&role)
                        .ok_or_else(|| format!("role {role} is held but unknown"))?;
                    let parts = Parts::of(&part, names);
                    for index in self.tree.chain(node) {
                        let sums = sums.entry(index).or_default();
                        sums.sort.add(*number, &parts.scalars, parts.shared(), names);
                        let shared = parts.reserved_shared();
                        sums.reserved.add(*number, parts.reserved(), &shared, names);
                        sums.free.add(parts.free());
                    }
                }
            }
            for (role, reserved) in agent.total.only_scalars().reservations() {
                let node = self
                    .tree
                    .find(&role)
                    .ok_or_else(|| format!("role {role} has reservations but is unknown"))?;
                let amounts = Amounts::of(&reserved, names);
                for index in self.tree.chain(node) {
                    sums.entry(index).or_default().reservations.add(&amounts);
                }
            }
        }
        let none = Sums::default();
        let all = std::iter::once((ROOT, self.tree.node(ROOT))).chain(self.tree.iter());
        for (index, node) in all {
            let sums = sums.get(&index).unwrap_or(&none);
            if node.sort.tally != sums.sort
                || node.held_reserved != sums.reserved
                || node.held_free != sums.free
                || node.reservations != sums.reservations
            {
                return Err(format!(
                    "the sums of role '{}' are not those of its parts",
                    node.path
                ));
            }
            if node.used_free.exceeds(&node.held_free) {
                return Err(format!("role '{}' uses more than it holds", node.path));
            }
        }
        Ok(())
    }

    fn check_pairs(&self, names: &mut Names) -> Result<(), String> {
        let mut filters: BTreeMap<u32, u32> = BTreeMap::new();
        for number in self.agent_numbers.values() {
            for filter in &self.agent(*number).filters {
                if self.pair(filter.pair).generation == filter.generation {
                    *filters.entry(filter.pair).or_default() += 1;
                }
            }
        }
        for framework in self.frameworks.iter().filter(|framework| framework.known) {
            for (node, number) in &framework.pairs {
                let (pair, path) = (self.pair(*number), &self.tree.node(*node).path);
                if pair.role != *node || pair.active != framework.wants(path) {
                    return Err(format!(
                        "a framework in role {path} is not as active as it should be"
                    ));
                }
                if pair.filters != filters.get(number).copied().unwrap_or(0) {
                    return Err(format!("filters in role {path} are not counted right"));
                }
                let mut tally = Tally::default();
                for agent in framework.agents.iter() {
                    let held = self.agent(agent).held.get(pair.framework);
                    for (role, part) in held.map(by_role).unwrap_or_default() {
                        if role == **path {
                            let parts = Parts::of(&part, names);
                            tally.add(agent, &parts.scalars, parts.shared(), names);
                        }
                    }
                }
                if pair.tally != tally {
                    return Err(format!(
                        "a framework in role {path} holds something else than agents say"
                    ));
                }
            }
        }
        Ok(())
    }

    /// Lists that claim to be in order are, and hold who should be in them.
    fn check_order(&self) -> Result<(), String> {
        for (_, node) in self.tree.iter() {
            let wanting: BTreeSet<u32> = node
                .members
                .values()
                .copied()
                .filter(|pair| self.pair(*pair).active)
                .collect();
            if node.order.iter().copied().collect::<BTreeSet<u32>>() != wanting
                || node.order.len() != wanting.len()
            {
                return Err(format!("role {} does not list those who want offers", node.path));
            }
            if node.order_epoch == self.pool.epoch
                && !node
                    .order
                    .is_sorted_by(|one, two| self.place(*one) < self.place(*two))
            {
                return Err(format!("the frameworks of role {} are out of order", node.path));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
impl Hierarchical {
    /// How often each role, and each role beside those below it, was given something.
    pub(crate) fn counts(&self) -> BTreeMap<String, (u64, Option<u64>)> {
        let clients = self.tree.iter().filter(|(_, node)| node.clients > 0);
        clients
            .map(|(_, node)| {
                let leaf = node.leaf.as_ref().map(|leaf| leaf.rank.count);
                (node.path.to_string(), (node.sort.rank.count, leaf))
            })
            .collect()
    }
}
