//! In which order roles, and frameworks in a role, are asked about an agent.

use std::collections::BTreeMap;

use crate::SorterKind;

use super::Hierarchical;
use super::chance::{draw, fraction, lot, of_text};
use super::run::Run;
use super::tree::{Entry, ROOT};
use super::walk::{Cursor, RoleWalk};

/// Up to so many clients are picked out and sorted; of more, the first in order are likely to be among them.
const FEW: usize = 64;

/// Roles to be asked.
#[derive(Debug)]
pub(super) enum Roles {
    /// All, as their order is kept.
    Walk(RoleWalk),
    /// These, in this order.
    List(std::vec::IntoIter<u32>),
}

/// Frameworks of one role to be asked.
#[derive(Debug)]
pub(super) enum Pairs {
    /// All, as their order is kept.
    Walk(Cursor<u32>),
    /// These, in this order.
    List(std::vec::IntoIter<u32>),
}

/// Whom to ask about one agent.
#[derive(Debug)]
pub(super) struct Order {
    roles: Roles,
    /// The only pairs left, by role; all when `None`.
    few: Option<BTreeMap<u32, Vec<u32>>>,
}

impl Hierarchical {
    /// Whom to ask about an agent: everybody whom it has not marked as blocked.
    pub(super) fn order(&mut self, run: &Run, agent: u32) -> Order {
        let known = self.agent(agent);
        // Where nobody is out of question, the first in order are likely to want the agent.
        let all = known.blocked.is_empty() && known.resting.is_empty();
        let left = if all {
            None
        } else {
            self.active_pairs.without(&known.blocked, &known.resting, FEW)
        };
        let few = left.map(|pairs| {
            let mut by_role: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
            for pair in pairs {
                by_role.entry(self.pair(pair).role).or_default().push(pair);
            }
            by_role
        });
        let roles = match &few {
            Some(by_role) => self.sort_roles(run, agent, by_role.keys().copied().collect()),
            None => self.all_roles(run, agent),
        };
        Order { roles, few }
    }

    /// The roles to ask about an agent that are owed something.
    pub(super) fn guaranteed_roles(&mut self, run: &Run, agent: u32) -> Roles {
        if run.unsatisfied.len() <= FEW || self.options.role_sorter == SorterKind::Random {
            return self.sort_roles(run, agent, run.unsatisfied.iter().copied().collect());
        }
        self.all_roles(run, agent)
    }

    fn all_roles(&mut self, run: &Run, agent: u32) -> Roles {
        match self.options.role_sorter {
            SorterKind::Drf => Roles::Walk(RoleWalk::new()),
            SorterKind::Random => {
                let clients = self.tree.iter().filter(|(_, node)| !node.members.is_empty());
                let clients = clients.map(|(index, _)| index).collect();
                self.sort_roles(run, agent, clients)
            }
        }
    }

    fn sort_roles(&mut self, run: &Run, agent: u32, mut roles: Vec<u32>) -> Roles {
        roles.retain(|role| !self.tree.node(*role).members.is_empty());
        match self.options.role_sorter {
            SorterKind::Drf => {
                if roles.len() > 1 {
                    for role in &roles {
                        self.tree.refresh_way(*role, &self.pool);
                    }
                    roles.sort_unstable_by(|one, two| self.tree.compare_clients(*one, *two));
                }
            }
            SorterKind::Random => {
                let mut drawn: Vec<(f64, u32)> = roles
                    .iter()
                    .map(|role| (self.role_lot(run, agent, *role), *role))
                    .collect();
                drawn.sort_by(|one, two| {
                    let path = |role: u32| &self.tree.node(role).path;
                    two.0.total_cmp(&one.0).then_with(|| path(one.1).cmp(path(two.1)))
                });
                roles = drawn.into_iter().map(|(_, role)| role).collect();
            }
        }
        Roles::List(roles.into_iter())
    }

    /// A role's lot; the greatest comes first. Its chance is the product of its part in the weights on its way.
    ///
    /// Mesos: `src/master/allocator/mesos/sorter/random/sorter.cpp`, a weighted shuffle.
    fn role_lot(&self, run: &Run, agent: u32, role: u32) -> f64 {
        let mut chance = 1.0;
        let mut entry = if self.tree.node(role).leaf.is_some() {
            chance *= 1.0 / self.weight_of_kids(role);
            Entry::Child(role)
        } else {
            Entry::Child(role)
        };
        while let Entry::Child(index) = entry
            && index != ROOT
        {
            let node = self.tree.node(index);
            chance *= node.weight / self.weight_of_kids(node.parent);
            entry = Entry::Child(node.parent);
        }
        let path = of_text(&self.tree.node(role).path);
        let what = [lot::ROLE, run.stage, run.number, self.agent(agent).lot, path];
        fraction(draw(self.seed, &what)).powf(1.0 / chance)
    }

    fn weight_of_kids(&self, index: u32) -> f64 {
        let node = self.tree.node(index);
        let children = node.children.values().map(|child| self.tree.node(*child));
        let children: f64 = children
            .filter(|child| child.clients > 0)
            .map(|child| child.weight)
            .sum();
        children + if node.leaf.is_some() { 1.0 } else { 0.0 }
    }

    /// The next role to ask.
    pub(super) fn next_role(&mut self, roles: &mut Roles) -> Option<u32> {
        match roles {
            Roles::Walk(walk) => walk.next(&mut self.tree, &self.pool),
            Roles::List(list) => list.next(),
        }
    }

    /// The next role of an order.
    pub(super) fn next_role_of(&mut self, order: &mut Order) -> Option<u32> {
        self.next_role(&mut order.roles)
    }

    /// The frameworks of a role to ask about an agent.
    pub(super) fn pairs(&mut self, run: &Run, agent: u32, role: u32, order: Option<&mut Order>) -> Pairs {
        let few = order.and_then(|order| order.few.as_mut());
        let list = match few {
            Some(few) => Some(few.remove(&role).unwrap_or_default()),
            None if self.options.framework_sorter == SorterKind::Random => {
                Some(self.tree.node(role).order.clone())
            }
            None => None,
        };
        self.refresh_pairs(role);
        let Some(mut list) = list else {
            return Pairs::Walk(Cursor::default());
        };
        match self.options.framework_sorter {
            SorterKind::Drf => list.sort_unstable_by_key(|pair| self.place(*pair)),
            SorterKind::Random => {
                let of_role = of_text(&self.tree.node(role).path);
                let of_agent = self.agent(agent).lot;
                list.sort_by_cached_key(|pair| {
                    let id = self.framework(self.pair(*pair).framework).id.as_ref();
                    let framework = id.map_or(0, |id| of_text(id.as_str()));
                    let what = [
                        lot::FRAMEWORK,
                        run.stage,
                        run.number,
                        of_agent,
                        of_role,
                        framework,
                    ];
                    draw(self.seed, &what)
                });
            }
        }
        Pairs::List(list.into_iter())
    }

    /// The next framework to ask.
    pub(super) fn next_pair(&self, role: u32, pairs: &mut Pairs) -> Option<u32> {
        match pairs {
            Pairs::Walk(cursor) => cursor.next(&self.tree.node(role).order),
            Pairs::List(list) => list.next(),
        }
    }
}
