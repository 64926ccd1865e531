//! Roles, as the tree that their paths make: quota, weights, reservations, and the order of shares.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound::{Excluded, Included, Unbounded};
use std::sync::Arc;

use mesos::Allocation;

use crate::Quota;

use super::amounts::{Amounts, Names};
use super::labels::{MIDDLE, between, spread};
use super::parts::Parts;
use super::standing::{Change, Place, Pool, Standing, Tally, ordered};

/// The name under which a role stands beside those below it.
const OWN: &str = ".";

/// The tree's root; it is no role.
pub(super) const ROOT: u32 = 0;

/// A place in the list of a node's children: a child, or the node itself as a client beside its children.
///
/// Mesos calls the latter a virtual leaf and names it `.`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Entry {
    Child(u32),
    Leaf(u32),
}

/// A role, or a role on the way to one.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub path: Arc<str>,
    name: Arc<str>,
    /// Allocates resources to it.
    pub allocation: Allocation,
    /// A number in the order of names beside each other, among which `.` has the middle.
    label: u64,
    pub parent: u32,
    pub children: BTreeMap<Arc<str>, u32>,
    pub quota: Quota,
    /// The guarantees and limits of `quota` by number.
    pub guarantees: Amounts,
    pub limits: Vec<(usize, i64)>,
    pub weight: f64,
    /// What agents have reserved for the role and those below it, used or not.
    pub reservations: Amounts,
    /// Reserved resources that are offered or used, of the role and those below it.
    pub held_reserved: Tally,
    /// Unreserved, non-revocable resources that are offered or used.
    pub held_free: Amounts,
    /// Unreserved, non-revocable resources that are used.
    pub used_free: Amounts,
    /// Frameworks tracked in the role, and their pairs.
    pub members: BTreeMap<u32, u32>,
    /// How many members have minima of their own.
    pub own_minima: u32,
    /// Roles with members in the subtree, the role itself included.
    pub clients: u32,
    /// What the subtree holds.
    pub sort: Standing,
    /// What the role itself holds, while it has children with clients.
    pub leaf: Option<Standing>,
    /// Children with clients and the leaf, by share; right when `kids_epoch` is the pool's.
    pub kids: Vec<Entry>,
    kids_epoch: u64,
    /// Pairs of members that want offers, by share; right when `order_epoch` is the pool's.
    pub order: Vec<u32>,
    pub order_epoch: u64,
}

/// All roles that matter: those with members, quota, weight or reservations, and the roles above them.
#[derive(Debug, Clone)]
pub(super) struct Tree {
    nodes: Vec<Node>,
    vacant: Vec<u32>,
    by_path: BTreeMap<Arc<str>, u32>,
}

impl Default for Tree {
    fn default() -> Self {
        Self {
            nodes: vec![Node::new("".into(), "".into(), ROOT)],
            vacant: Vec::new(),
            by_path: BTreeMap::new(),
        }
    }
}

impl Node {
    fn new(path: Arc<str>, name: Arc<str>, parent: u32) -> Self {
        let allocation = Allocation::new(path.clone());
        Self {
            path,
            name,
            allocation,
            label: MIDDLE,
            parent,
            children: BTreeMap::new(),
            quota: Quota::default(),
            guarantees: Amounts::default(),
            limits: Vec::new(),
            weight: 1.0,
            reservations: Amounts::default(),
            held_reserved: Tally::default(),
            held_free: Amounts::default(),
            used_free: Amounts::default(),
            members: BTreeMap::new(),
            own_minima: 0,
            clients: 0,
            sort: Standing::default(),
            leaf: None,
            kids: Vec::new(),
            kids_epoch: 0,
            order: Vec::new(),
            order_epoch: 0,
        }
    }

    /// True when nothing speaks for keeping it. Mesos: `Role::isEmpty`.
    fn is_empty(&self) -> bool {
        self.children.is_empty()
            && self.members.is_empty()
            && self.reservations.is_zero()
            && self.quota.is_default()
            && self.weight == 1.0
    }

    /// What counts against its quota: reservations, and unreserved resources offered or used.
    pub fn consumed(&self) -> Amounts {
        let mut consumed = self.held_free.clone();
        consumed.add(&self.reservations);
        consumed
    }
}

impl Tree {
    /// A node.
    pub fn node(&self, index: u32) -> &Node {
        &self.nodes[index as usize]
    }

    /// A node, to be changed.
    pub fn node_mut(&mut self, index: u32) -> &mut Node {
        &mut self.nodes[index as usize]
    }

    /// The node of a role that matters.
    pub fn find(&self, path: &str) -> Option<u32> {
        self.by_path.get(path).copied()
    }

    /// All roles that matter, by path.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &Node)> {
        self.by_path.values().map(|index| (*index, self.node(*index)))
    }

    /// The node of a role, made with those above it if need be.
    pub fn make(&mut self, path: &str) -> u32 {
        if let Some(found) = self.find(path) {
            return found;
        }
        // From the top down, and not by calling itself: a role may have very many parts.
        let mut parent = ROOT;
        let mut start = 0;
        for (end, _) in path.match_indices('/').chain([(path.len(), "")]) {
            parent = match self.find(&path[..end]) {
                Some(found) => found,
                None => self.add(&path[..end], &path[start..end], parent),
            };
            start = end + 1;
        }
        parent
    }

    fn add(&mut self, path: &str, name: &str, parent: u32) -> u32 {
        let name: Arc<str> = name.into();
        let mut node = Node::new(path.into(), name.clone(), parent);
        node.label = self.label_of(parent, &name);
        let index = match self.vacant.pop() {
            Some(index) => {
                self.nodes[index as usize] = node;
                index
            }
            None => {
                self.nodes.push(node);
                u32::try_from(self.nodes.len() - 1).expect("there are fewer than 2^32 roles")
            }
        };
        self.by_path.insert(path.into(), index);
        self.node_mut(parent).children.insert(name, index);
        index
    }

    /// A number between those of the children of a node whose names come before and behind.
    fn label_of(&mut self, parent: u32, name: &str) -> u64 {
        let children = &self.node(parent).children;
        let low = name < OWN;
        let label = |entry: Option<(&Arc<str>, &u32)>| entry.map(|(_, child)| self.node(*child).label);
        let before = label(children.range::<str, _>((Unbounded, Excluded(name))).next_back());
        let behind = label(children.range::<str, _>((Included(name), Unbounded)).next());
        let bounded = if low {
            (before, Some(behind.map_or(MIDDLE, |behind| behind.min(MIDDLE))))
        } else {
            (Some(before.map_or(MIDDLE, |before| before.max(MIDDLE))), behind)
        };
        if let Some(label) = between(bounded.0, bounded.1) {
            return label;
        }
        // No room: those on the same side of `.` get new ones, in the order they have, so that no list changes.
        let same_side: Vec<(bool, u32)> = children
            .iter()
            .filter(|(other, _)| (***other < *OWN) == low)
            .map(|(other, child)| (**other < *name, *child))
            .collect();
        let (from, to) = if low { (0, MIDDLE) } else { (MIDDLE, u64::MAX) };
        let mut fresh = spread(from, to, same_side.len() + 1);
        let mut next = || fresh.next().unwrap_or(to);
        let (first, rest): (Vec<_>, Vec<_>) = same_side.into_iter().partition(|(first, _)| *first);
        for (_, child) in first {
            self.node_mut(child).label = next();
        }
        let own = next();
        for (_, child) in rest {
            self.node_mut(child).label = next();
        }
        own
    }

    /// Drops a node that nothing speaks for, and those above it; nothing happens when it is gone already. Mesos:
    /// `RoleTree::tryRemove`.
    pub fn try_remove(&mut self, mut index: u32) {
        while index != ROOT && self.node(index).is_empty() {
            let node = self.node(index);
            if node.path.is_empty() {
                return;
            }
            let (path, name, parent) = (node.path.clone(), node.name.clone(), node.parent);
            self.by_path.remove(&path);
            self.node_mut(parent).children.remove(&name);
            *self.node_mut(index) = Node::new("".into(), "".into(), ROOT);
            self.vacant.push(index);
            index = parent;
        }
    }

    /// A node and those above it, the root last.
    pub fn chain(&self, index: u32) -> Chain<'_> {
        Chain {
            tree: self,
            next: Some(index),
        }
    }

    fn up(&self, index: u32) -> Option<u32> {
        (index != ROOT).then(|| self.node(index).parent)
    }

    /// Does something to a node and to those above it, the root included.
    pub fn for_chain(&mut self, index: u32, mut change: impl FnMut(&mut Node)) {
        let mut next = Some(index);
        while let Some(index) = next {
            change(self.node_mut(index));
            next = self.up(index);
        }
    }

    /// The role has its first member: it is a client from now on.
    pub fn add_client(&mut self, index: u32, pool: &Pool) {
        let splits = !self.node(index).kids.is_empty();
        if splits {
            // It holds nothing itself yet.
            self.node_mut(index).leaf = Some(Standing::default());
            self.insert_kid(index, Entry::Leaf(index), pool);
        }
        let mut child = index;
        // Who has clients stands in the list of its parent.
        let mut listed = self.node(index).clients > 0;
        self.node_mut(index).clients += 1;
        while let Some(parent) = self.up(child) {
            let node = self.node_mut(parent);
            let was_leaf = !node.members.is_empty() && node.leaf.is_none();
            let parent_listed = node.clients > 0;
            node.clients += 1;
            if was_leaf {
                // A client gets a child: what it held so far, it holds beside it.
                node.leaf = Some(node.sort.clone());
                self.insert_kid(parent, Entry::Leaf(parent), pool);
            }
            if !listed {
                self.insert_kid(parent, Entry::Child(child), pool);
            }
            (child, listed) = (parent, parent_listed);
        }
    }

    /// These roles lost their last members and hold nothing: they are no clients any more.
    ///
    /// However many they are, each list is gone through once.
    pub fn remove_clients(&mut self, roles: &[u32]) {
        let mut gone: BTreeMap<u32, BTreeSet<Entry>> = BTreeMap::new();
        for index in roles {
            let node = self.node_mut(*index);
            node.leaf = None;
            node.clients -= 1;
            gone.entry(*index).or_default().insert(Entry::Leaf(*index));
            let mut child = *index;
            while let Some(parent) = self.up(child) {
                let node = self.node_mut(child);
                if node.clients == 0 {
                    node.sort = Standing::default();
                    node.kids.clear();
                    gone.entry(parent).or_default().insert(Entry::Child(child));
                }
                self.node_mut(parent).clients -= 1;
                child = parent;
            }
        }
        for (list, entries) in gone {
            let node = self.node_mut(list);
            node.kids.retain(|entry| !entries.contains(entry));
            if node.kids == [Entry::Leaf(list)] {
                node.leaf = None;
                node.kids.clear();
            }
        }
    }

    fn insert_kid(&mut self, parent: u32, entry: Entry, pool: &Pool) {
        if self.node(parent).kids_epoch == pool.epoch {
            self.reckon(entry, pool);
        }
        // A list that is not fresh is sorted before its next use, which costs the less the less is out of order.
        let is = self.place(entry);
        let kids = &self.node(parent).kids;
        let place = kids.partition_point(|other| self.place(*other) < is);
        self.node_mut(parent).kids.insert(place, entry);
    }

    fn standing(&self, entry: Entry) -> &Standing {
        match entry {
            Entry::Child(index) => &self.node(index).sort,
            Entry::Leaf(index) => self
                .node(index)
                .leaf
                .as_ref()
                .expect("an entry for a leaf stands for a leaf"),
        }
    }

    fn reckon(&mut self, entry: Entry, pool: &Pool) {
        match entry {
            Entry::Child(index) => {
                let node = self.node_mut(index);
                node.sort.rank.share = ordered(pool.share(&node.sort.tally.amounts, node.weight));
            }
            Entry::Leaf(index) => {
                if let Some(leaf) = &mut self.node_mut(index).leaf {
                    leaf.rank.share = ordered(pool.share(&leaf.tally.amounts, 1.0));
                }
            }
        }
    }

    /// What an entry's place in its list follows from: its share, how often it was given something, its name.
    ///
    /// Mesos: `DRFSorter::Node::compareDRF`.
    fn place(&self, entry: Entry) -> Place {
        Place {
            rank: self.standing(entry).rank,
            label: match entry {
                Entry::Child(index) => self.node(index).label,
                Entry::Leaf(_) => MIDDLE,
            },
        }
    }

    /// Sorts a node's list if shares changed that nobody touched.
    pub fn refresh(&mut self, index: u32, pool: &Pool) {
        if self.node(index).kids_epoch == pool.epoch {
            return;
        }
        let mut kids = std::mem::take(&mut self.node_mut(index).kids);
        let mut keys: Vec<(Place, Entry)> = Vec::with_capacity(kids.len());
        for entry in &kids {
            self.reckon(*entry, pool);
            keys.push((self.place(*entry), *entry));
        }
        // Mostly in order already, which a stable sort takes advantage of.
        keys.sort_by_key(|key| key.0);
        kids.clear();
        kids.extend(keys.into_iter().map(|(_, entry)| entry));
        let node = self.node_mut(index);
        node.kids = kids;
        node.kids_epoch = pool.epoch;
    }

    /// A change to what a role holds: every standing on the way up changes and takes its new place.
    pub fn restand(&mut self, role: u32, pool: &Pool, change: Change<'_>, names: &mut Names) {
        if self.node(role).leaf.is_some() {
            self.restand_entry(role, Entry::Leaf(role), pool, change, names);
        }
        let mut index = role;
        while let Some(parent) = self.up(index) {
            self.restand_entry(parent, Entry::Child(index), pool, change, names);
            index = parent;
        }
        let root = &mut self.node_mut(ROOT).sort;
        change.apply(&mut root.tally, &mut root.rank, names);
    }

    fn restand_entry(&mut self, list: u32, entry: Entry, pool: &Pool, change: Change<'_>, names: &mut Names) {
        let was = self.place(entry);
        let standing = match entry {
            Entry::Child(index) => Some(&mut self.node_mut(index).sort),
            Entry::Leaf(index) => self.node_mut(index).leaf.as_mut(),
        };
        if let Some(standing) = standing {
            change.apply(&mut standing.tally, &mut standing.rank, names);
        }
        if self.node(list).kids_epoch != pool.epoch {
            return;
        }
        self.reckon(entry, pool);
        let is = self.place(entry);
        let kids = &self.node(list).kids;
        // The one that moves stands where it stood.
        let place = kids.partition_point(|other| *other != entry && self.place(*other) < was);
        if kids.get(place) != Some(&entry) {
            return;
        }
        let before = |other: &Entry| self.place(*other) < is;
        if is > was {
            let later = kids[place + 1..].partition_point(before);
            self.node_mut(list).kids[place..=place + later].rotate_left(1);
        } else {
            let earlier = kids[..place].partition_point(before);
            self.node_mut(list).kids[earlier..=place].rotate_right(1);
        }
    }

    /// Which of two clients comes first in a walk over all of them. All lists on their ways must be fresh.
    pub fn compare_clients(&self, one: u32, two: u32) -> Ordering {
        if one == two {
            return Ordering::Equal;
        }
        let (first, second) = (self.way(one), self.way(two));
        let common = first.iter().zip(&second).take_while(|(a, b)| a == b).count();
        let entry = |way: &[u32], client: u32| match way.get(common) {
            Some(index) => Entry::Child(*index),
            None => Entry::Leaf(client),
        };
        let place = |way: &[u32], client| self.place(entry(way, client));
        place(&first, one).cmp(&place(&second, two))
    }

    /// The nodes from below the root to a node.
    fn way(&self, index: u32) -> Vec<u32> {
        let mut way: Vec<u32> = self.chain(index).filter(|node| *node != ROOT).collect();
        way.reverse();
        way
    }

    /// Freshens every list that a comparison with this client needs.
    pub fn refresh_way(&mut self, client: u32, pool: &Pool) {
        let mut next = Some(client);
        while let Some(index) = next {
            self.refresh(index, pool);
            next = self.up(index);
        }
    }

    /// Replaces the quota of a role.
    pub fn set_quota(&mut self, path: &str, quota: Quota, names: &mut Names) -> u32 {
        let index = self.make(path);
        let node = self.node_mut(index);
        node.guarantees = names.amounts(&quota.guarantees);
        node.limits = names.bounds(&quota.limits);
        node.quota = quota;
        index
    }

    /// Books what a role holds of an agent, offered or used.
    pub fn hold(&mut self, role: u32, agent: u32, parts: &Parts, names: &mut Names) {
        self.for_chain(role, |node| node.held_free.add(parts.free()));
        if !parts.is_plain() {
            let shared = parts.reserved_shared();
            self.for_chain(role, |node| {
                node.held_reserved.add(agent, parts.reserved(), &shared, names);
            });
        }
    }

    /// Takes back what was booked.
    pub fn free(&mut self, role: u32, agent: u32, parts: &Parts, names: &mut Names) {
        self.for_chain(role, |node| node.held_free.sub(parts.free()));
        if !parts.is_plain() {
            let shared = parts.reserved_shared();
            self.for_chain(role, |node| {
                node.held_reserved.sub(agent, parts.reserved(), &shared, names);
            });
        }
    }
}

/// See [`Tree::chain`].
pub(super) struct Chain<'a> {
    tree: &'a Tree,
    next: Option<u32>,
}

impl Iterator for Chain<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        let index = self.next?;
        self.next = self.tree.up(index);
        Some(index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_beside_each_other_are_numbered_by_name_and_their_parent_is_among_them() {
        let mut tree = Tree::default();
        let names = (0..100).map(|n| format!("m{:03}", 999 - n));
        let small = (0..100).map(|n| format!("!{n:03}"));
        for name in ["a", "z"]
            .map(str::to_owned)
            .into_iter()
            .chain(names)
            .chain(small)
        {
            tree.make(&format!("top/{name}"));
            let top = tree.find("top").unwrap();
            let labels = tree
                .node(top)
                .children
                .iter()
                .map(|(name, child)| (&**name, tree.node(*child).label));
            let mut all: Vec<(&str, u64)> = labels.chain([(OWN, MIDDLE)]).collect();
            all.sort_unstable();
            assert!(all.is_sorted_by(|one, two| one.1 < two.1), "{all:?}");
        }
    }
}
