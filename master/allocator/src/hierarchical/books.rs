//! What frameworks hold, in all sums at once.

use std::collections::BTreeMap;
use std::ops::Bound::{Excluded, Included, Unbounded};

use mesos::Resources;
use mesos::ids::FrameworkId;

use super::Hierarchical;
use super::amounts::Amounts;
use super::framework::{Framework, Pair};
use super::labels::{between, spread};
use super::parts::Parts;
use super::standing::{Change, Place, ordered};

/// The one role that a bundle is allocated to, as it mostly is.
pub(super) fn one_role(resources: &Resources) -> Option<&str> {
    let first = resources.iter().next()?.allocation_role()?;
    let same = |other: &mesos::Resource| other.allocation_role() == Some(first);
    resources.iter().all(same).then_some(first)
}

/// A bundle by the role it is allocated to.
pub(super) fn by_role(resources: &Resources) -> Vec<(String, Resources)> {
    match one_role(resources) {
        Some(role) => vec![(role.to_owned(), resources.clone())],
        None => resources.allocations().into_iter().collect(),
    }
}

impl Hierarchical {
    /// The number of a framework, known or not.
    pub(super) fn intern_framework(&mut self, id: &FrameworkId) -> u32 {
        if let Some(number) = self.any_framework_number(id) {
            return number;
        }
        let framework = Framework {
            id: Some(id.clone()),
            label: self.label_of(id),
            ..Framework::default()
        };
        let number = match self.vacant_frameworks.pop() {
            Some(number) => {
                *self.framework_mut(number) = framework;
                number
            }
            None => {
                self.frameworks.push(framework);
                u32::try_from(self.frameworks.len() - 1).expect("there are fewer than 2^32 frameworks")
            }
        };
        self.framework_numbers.insert(id.clone(), number);
        self.framework_index.insert(id.as_str(), number);
        number
    }

    /// A number between those of the frameworks whose ids come before and behind.
    fn label_of(&mut self, id: &FrameworkId) -> u64 {
        let label =
            |entry: Option<(&FrameworkId, &u32)>| entry.map(|(_, number)| self.framework(*number).label);
        let (up_to, from) = ((Unbounded, Excluded(id)), (Included(id), Unbounded));
        let before = label(self.framework_numbers.range::<FrameworkId, _>(up_to).next_back());
        let behind = label(self.framework_numbers.range::<FrameworkId, _>(from).next());
        if let Some(label) = between(before, behind) {
            return label;
        }
        // No room: all get new ones, in the order they have, so that no list changes.
        let fresh = spread(0, u64::MAX, self.framework_numbers.len() + 1);
        let mut found = 0;
        let mut all: Vec<Option<u32>> = self.framework_numbers.values().copied().map(Some).collect();
        let place = self.framework_numbers.range::<FrameworkId, _>(up_to).count();
        all.insert(place, None);
        for (number, label) in all.into_iter().zip(fresh) {
            let Some(number) = number else {
                found = label;
                continue;
            };
            let framework = &mut self.frameworks[number as usize];
            framework.label = label;
            for pair in framework.pairs.values() {
                self.places[*pair as usize].label = label;
            }
        }
        found
    }

    /// The pair of a framework and a role, made if need be. Mesos: `trackFrameworkUnderRole`.
    pub(super) fn make_pair(&mut self, framework: u32, role: &str) -> u32 {
        let node = self.tree.make(role);
        if let Some(pair) = self.framework(framework).pairs.get(&node) {
            return *pair;
        }
        let pair = Pair {
            framework,
            role: node,
            ..Pair::default()
        };
        let number = match self.vacant_pairs.pop() {
            Some(number) => {
                *self.pair_mut(number) = pair;
                number
            }
            None => {
                self.pairs.push(pair);
                self.places.push(Place::default());
                u32::try_from(self.pairs.len() - 1).expect("there are fewer than 2^32 pairs")
            }
        };
        self.places[number as usize] = Place {
            label: self.framework(framework).label,
            ..Place::default()
        };
        self.framework_mut(framework).pairs.insert(node, number);
        let first = self.tree.node(node).members.is_empty();
        if first {
            self.tree.add_client(node, &self.pool);
        }
        self.tree.node_mut(node).members.insert(framework, number);
        number
    }

    /// Drops a pair that is neither subscribed nor holds anything. Mesos: `tryUntrackFrameworkUnderRole`.
    pub(super) fn try_drop_pair(&mut self, number: u32) {
        if self.is_idle_pair(number) {
            self.drop_pairs(&[number]);
        }
    }

    /// Drops those of some pairs that are neither subscribed nor hold anything.
    pub(super) fn try_drop_pairs(&mut self, numbers: &[u32]) {
        let idle = numbers
            .iter()
            .copied()
            .filter(|number| self.is_idle_pair(*number));
        let idle: Vec<u32> = idle.collect();
        self.drop_pairs(&idle);
    }

    fn is_idle_pair(&self, number: u32) -> bool {
        let pair = self.pair(number);
        let path = &self.tree.node(pair.role).path;
        let framework = self.framework(pair.framework);
        let subscribed = framework.known && framework.roles.contains(&**path);
        !subscribed && pair.tally.is_empty() && !self.holds_in(pair.framework, path)
    }

    fn drop_pairs(&mut self, numbers: &[u32]) {
        for number in numbers {
            self.set_pair_active(*number, false);
            self.set_pair_minima(*number, None);
        }
        self.clear_marks(numbers);
        let mut empty = Vec::new();
        for number in numbers {
            let pair = self.pair(*number);
            let (framework, role) = (pair.framework, pair.role);
            self.framework_mut(framework).pairs.remove(&role);
            // Filters that are left over die with the generation.
            let generation = self.pair(*number).generation.wrapping_add(1);
            *self.pair_mut(*number) = Pair {
                generation,
                ..Pair::default()
            };
            let node = self.tree.node_mut(role);
            node.members.remove(&framework);
            if node.members.is_empty() {
                empty.push(role);
            }
        }
        self.tree.remove_clients(&empty);
        for role in empty {
            self.tree.try_remove(role);
        }
        self.drop_filters_of_pairs(numbers);
        self.vacant_pairs.extend(numbers);
    }

    /// True when a framework holds anything in a role, scalar or not.
    fn holds_in(&self, framework: u32, role: &str) -> bool {
        let agents = self.framework(framework).agents.iter();
        let mut held = agents.filter_map(|agent| self.agent(agent).held.get(framework));
        held.any(|held| held.iter().any(|one| one.allocation_role() == Some(role)))
    }

    /// A pair wants offers from now on, or none.
    pub(super) fn set_pair_active(&mut self, number: u32, active: bool) {
        if self.pair(number).active == active {
            return;
        }
        self.pair_mut(number).active = active;
        let role = self.pair(number).role;
        if active {
            self.active_pairs.set(number);
            self.insert_in_order(role, number);
        } else {
            self.active_pairs.unset(number);
            self.tree.node_mut(role).order.retain(|other| *other != number);
        }
    }

    /// A pair has minima of its own, or none.
    pub(super) fn set_pair_minima(&mut self, number: u32, minima: Option<Vec<mesos::Quantities>>) {
        let role = self.pair(number).role;
        let (had, has) = (
            u32::from(self.pair(number).minima.is_some()),
            u32::from(minima.is_some()),
        );
        self.own_minima = self.own_minima + has - had;
        let node = self.tree.node_mut(role);
        node.own_minima = node.own_minima + has - had;
        self.pair_mut(number).minima = minima;
    }

    fn insert_in_order(&mut self, role: u32, number: u32) {
        if self.tree.node(role).order_epoch == self.pool.epoch {
            self.reckon_pair(number);
        }
        // A list that is not fresh is sorted before its next use, which costs the less the less is out of order.
        let is = self.place(number);
        let order = &self.tree.node(role).order;
        let place = order.partition_point(|other| self.place(*other) < is);
        self.tree.node_mut(role).order.insert(place, number);
    }

    fn reckon_pair(&mut self, number: u32) {
        let share = self.pool.share(&self.pair(number).tally.amounts, 1.0);
        self.places[number as usize].rank.share = ordered(share);
    }

    /// What a pair's place follows from: its share, how often it was given something, its framework's id.
    pub(super) fn place(&self, number: u32) -> Place {
        self.places[number as usize]
    }

    /// Sorts the pairs of a role if shares changed that nobody touched.
    pub(super) fn refresh_pairs(&mut self, role: u32) {
        if self.tree.node(role).order_epoch == self.pool.epoch {
            return;
        }
        let mut order = std::mem::take(&mut self.tree.node_mut(role).order);
        for number in &order {
            self.reckon_pair(*number);
        }
        sort(&mut order, &self.places);
        let epoch = self.pool.epoch;
        let node = self.tree.node_mut(role);
        node.order = order;
        node.order_epoch = epoch;
    }

    /// Changes what a pair holds and moves it to its new place.
    fn restand_pair(&mut self, number: u32, change: Change<'_>) {
        let role = self.pair(number).role;
        let listed = self.pair(number).active && self.tree.node(role).order_epoch == self.pool.epoch;
        let was = self.place(number);
        change.apply(
            &mut self.pairs[number as usize].tally,
            &mut self.places[number as usize].rank,
            &mut self.names,
        );
        if !listed {
            return;
        }
        self.reckon_pair(number);
        let is = self.place(number);
        let (places, order) = (&self.places, &mut self.tree.node_mut(role).order);
        let place = order.partition_point(|other| {
            // The one that moves stands where it stood.
            *other != number && places[*other as usize] < was
        });
        let before = |other: &u32| places[*other as usize] < is;
        if is > was {
            let later = order[place + 1..].partition_point(before);
            order[place..=place + later].rotate_left(1);
        } else {
            let earlier = order[..place].partition_point(before);
            order[earlier..=place].rotate_right(1);
        }
    }

    /// What a pair holds changes, and so does what its role and those above it hold: all take their new places.
    pub(super) fn stand(&mut self, pair: u32, change: Change<'_>) {
        let role = self.pair(pair).role;
        self.restand_pair(pair, change);
        self.tree.restand(role, &self.pool, change, &mut self.names);
    }

    /// A framework holds resources of an agent in one role: the sums above the agent. Mesos: `trackAllocatedResources`.
    pub(super) fn book(&mut self, agent: u32, pair: u32, parts: &Parts) {
        let role = self.pair(pair).role;
        self.stand(pair, Change::Add(agent, parts));
        let names = &mut self.names;
        self.tree.hold(role, agent, parts, names);
        self.quota_dirty = true;
    }

    /// A framework does not hold resources any more. Mesos: `untrackAllocatedResources`.
    pub(super) fn unbook(&mut self, agent: u32, pair: u32, parts: &Parts) {
        let role = self.pair(pair).role;
        self.stand(pair, Change::Sub(agent, parts));
        let names = &mut self.names;
        self.tree.free(role, agent, parts, names);
        self.quota_dirty = true;
        self.try_drop_pair(pair);
    }

    /// What a framework holds became something else.
    pub(super) fn rebook(&mut self, agent: u32, pair: u32, before: &Parts, after: &Parts) {
        let role = self.pair(pair).role;
        self.stand(pair, Change::Replace(agent, before, after));
        let names = &mut self.names;
        self.tree.free(role, agent, before, names);
        self.tree.hold(role, agent, after, names);
        self.quota_dirty = true;
    }

    /// Books in all roles what a known framework holds of an agent.
    pub(super) fn book_all(&mut self, agent: u32, framework: u32, resources: &Resources) {
        for (role, part) in by_role(resources) {
            let pair = self.make_pair(framework, &role);
            let parts = Parts::of(&part, &mut self.names);
            self.book(agent, pair, &parts);
        }
        if !resources.is_empty() {
            self.framework_mut(framework).agents.set(agent);
        }
    }

    /// Unbooks in all roles what a known framework holds of an agent.
    pub(super) fn unbook_all(&mut self, agent: u32, framework: u32, resources: &Resources) {
        for (role, part) in by_role(resources) {
            let pair = self
                .tree
                .find(&role)
                .and_then(|node| self.framework(framework).pairs.get(&node).copied());
            if let Some(pair) = pair {
                let parts = Parts::of(&part, &mut self.names);
                self.unbook(agent, pair, &parts);
            }
        }
    }

    /// Resources are used from now on (or not any more, when `used` is false). Mesos: `RoleTree::trackAllocated`.
    pub(super) fn mark_used(&mut self, agent: u32, resources: &Resources, used: bool) {
        let entry = self.agent_mut(agent);
        if used {
            entry.allocated += resources;
        } else {
            entry.allocated -= resources;
        }
        self.count_used(resources, used);
    }

    /// The sums of what is used, above the agent.
    pub(super) fn count_used(&mut self, resources: &Resources, used: bool) {
        for (role, part) in by_role(resources) {
            let parts = Parts::of(&part, &mut self.names);
            let Some(node) = self.tree.find(&role) else {
                continue;
            };
            self.tree.for_chain(node, |node| {
                if used {
                    node.used_free.add(parts.free());
                } else {
                    node.used_free.sub(parts.free());
                }
            });
        }
    }

    /// An agent's total changed: the sums above it. Mesos: `updateSlaveTotal`.
    pub(super) fn change_total(&mut self, before: &Resources, after: &Resources) {
        let all = |resources: &Resources, names: &mut super::amounts::Names| Amounts::of(resources, names);
        let (old, new) = (all(before, &mut self.names), all(after, &mut self.names));
        self.pool.change(&old, &new);
        self.track_reservations(after, true);
        self.track_reservations(before, false);
        self.quota_dirty = true;
    }

    /// Mesos: `RoleTree::trackReservations`.
    fn track_reservations(&mut self, resources: &Resources, add: bool) {
        let mut by_role: BTreeMap<&str, Amounts> = BTreeMap::new();
        for resource in resources {
            if let (Some(role), Some(scalar)) = (resource.reservation_role(), resource.scalar()) {
                let id = self.names.id(resource.name());
                by_role.entry(role).or_default().add_one(id, scalar.thousandths());
            }
        }
        for (role, amounts) in by_role {
            let node = self.tree.make(role);
            self.tree.for_chain(node, |node| {
                if add {
                    node.reservations.add(&amounts);
                } else {
                    node.reservations.sub(&amounts);
                }
            });
            if !add {
                self.tree.try_remove(node);
            }
        }
    }

    /// Runs `change` on an agent and keeps the sum of what is revocable and available.
    pub(super) fn with_agent<T>(
        &mut self,
        number: u32,
        change: impl FnOnce(&mut super::agent::Agent, &mut super::amounts::Names) -> T,
    ) -> T {
        let agent = self.agents[number as usize]
            .as_mut()
            .expect("numbers of agents are those of agents");
        let was_pending = agent.pending;
        if !agent.parts.is_plain() {
            self.revocable.sub(agent.parts.revocable());
        }
        let result = change(agent, &mut self.names);
        if !agent.parts.is_plain() {
            self.revocable.add(agent.parts.revocable());
        }
        if agent.pending && !was_pending {
            self.pending.push(number);
        }
        result
    }
}

/// Puts pairs in the order of their places.
fn sort(order: &mut Vec<u32>, places: &[Place]) {
    let place = |number: u32| places[number as usize];
    if order.is_sorted_by_key(|number| place(*number)) {
        return;
    }
    // Most are told apart by their shares, which are quicker to sort by themselves.
    let key = |number: &u32| (place(*number).rank.share, *number);
    let mut keys: Vec<(i64, u32)> = order.iter().map(key).collect();
    keys.sort_by_key(|(share, _)| *share);
    for alike in keys.chunk_by_mut(|one, two| one.0 == two.0) {
        alike.sort_by_key(|(_, number)| place(*number));
    }
    order.clear();
    order.extend(keys.into_iter().map(|(_, number)| number));
}
