//! Roles, as the tree that their paths make: quota, weights, reservations, and the order of shares.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::Quota;

use super::amounts::{Amounts, Names};
use super::parts::Parts;
use super::standing::{Pool, Standing, Tally};

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
        Self {
            path,
            name,
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
        let node = Node::new(path.into(), name.clone(), parent);
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
        // A stale list is sorted before its next use anyway.
        if self.node(parent).kids_epoch == pool.epoch {
            self.reckon(entry, pool);
            let place = self
                .node(parent)
                .kids
                .partition_point(|other| self.compare(*other, entry) == Ordering::Less);
            self.node_mut(parent).kids.insert(place, entry);
        } else {
            self.node_mut(parent).kids.push(entry);
        }
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
                node.sort.share = pool.share(&node.sort.tally.amounts, node.weight);
            }
            Entry::Leaf(index) => {
                if let Some(leaf) = &mut self.node_mut(index).leaf {
                    leaf.share = pool.share(&leaf.tally.amounts, 1.0);
                }
            }
        }
    }

    fn name(&self, entry: Entry) -> &str {
        match entry {
            Entry::Child(index) => &self.node(index).name,
            Entry::Leaf(_) => ".",
        }
    }

    /// The order of entries of one list: by share, then by how often they were given something, then by path.
    ///
    /// Mesos: `DRFSorter::Node::compareDRF`.
    fn compare(&self, one: Entry, two: Entry) -> Ordering {
        let (first, second) = (self.standing(one), self.standing(two));
        first
            .share
            .total_cmp(&second.share)
            .then_with(|| first.count.cmp(&second.count))
            .then_with(|| self.name(one).cmp(self.name(two)))
    }

    /// Sorts a node's list if shares changed that nobody touched.
    pub fn refresh(&mut self, index: u32, pool: &Pool) {
        if self.node(index).kids_epoch == pool.epoch {
            return;
        }
        let mut kids = std::mem::take(&mut self.node_mut(index).kids);
        for entry in &kids {
            self.reckon(*entry, pool);
        }
        kids.sort_unstable_by(|one, two| self.compare(*one, *two));
        let node = self.node_mut(index);
        node.kids = kids;
        node.kids_epoch = pool.epoch;
    }

    /// A change to what a role holds: every standing on the way up changes and takes its new place.
    pub fn restand(&mut self, role: u32, pool: &Pool, mut change: impl FnMut(&mut Standing)) {
        if self.node(role).leaf.is_some() {
            self.restand_entry(role, Entry::Leaf(role), pool, &mut change);
        }
        let mut index = role;
        while let Some(parent) = self.up(index) {
            self.restand_entry(parent, Entry::Child(index), pool, &mut change);
            index = parent;
        }
        change(&mut self.node_mut(ROOT).sort);
    }

    fn restand_entry(
        &mut self,
        list: u32,
        entry: Entry,
        pool: &Pool,
        change: &mut impl FnMut(&mut Standing),
    ) {
        let fresh = self.node(list).kids_epoch == pool.epoch;
        let place = if fresh {
            let kids = &self.node(list).kids;
            let place = kids.partition_point(|other| self.compare(*other, entry) == Ordering::Less);
            (kids.get(place) == Some(&entry)).then_some(place)
        } else {
            None
        };
        match entry {
            Entry::Child(index) => change(&mut self.node_mut(index).sort),
            Entry::Leaf(index) => {
                if let Some(leaf) = &mut self.node_mut(index).leaf {
                    change(leaf);
                }
            }
        }
        let Some(place) = place else { return };
        self.reckon(entry, pool);
        let kids = &self.node(list).kids;
        let before = |other: &Entry| self.compare(*other, entry) == Ordering::Less;
        let later = kids[place + 1..].partition_point(before);
        if later > 0 {
            self.node_mut(list).kids[place..=place + later].rotate_left(1);
            return;
        }
        let earlier = kids[..place].partition_point(before);
        self.node_mut(list).kids[earlier..=place].rotate_right(1);
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
        self.compare(entry(&first, one), entry(&second, two))
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
        let shared = parts.reserved_shared();
        self.for_chain(role, |node| {
            node.held_reserved.add(agent, &parts.reserved, &shared, names);
            node.held_free.add(&parts.free);
        });
    }

    /// Takes back what was booked.
    pub fn free(&mut self, role: u32, agent: u32, parts: &Parts, names: &mut Names) {
        let shared = parts.reserved_shared();
        self.for_chain(role, |node| {
            node.held_reserved.sub(agent, &parts.reserved, &shared, names);
            node.held_free.sub(&parts.free);
        });
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
