//! Bundles of resources and their algebra.

mod find;
mod index;
mod lookup;
mod parse;
mod print;
mod reservations;
mod shrink;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::{Add, AddAssign, Sub, SubAssign};
use std::sync::Arc;

use mesos_proto::v0;

use self::index::Index;
use self::lookup::Lookup;
use crate::resource::{Allocation, Neighbour, allocate_all, allocate_all_as};
use crate::{Error, Ranges, Resource, ResourceFormat, Scalar, Set, convert_format};

/// A bundle of resources. No two in it can be joined, and none is empty.
///
/// Equality and `contains` follow Mesos: the order does not matter.
///
/// # Examples
///
/// ```
/// use mesos::{Resources, Scalar};
///
/// let mut offer = Resources::parse("cpus:2;mem:512", "*")?;
/// offer.allocate("web");
/// assert_eq!(offer.to_string(), "cpus(allocated: web):2; mem(allocated: web):512");
/// assert_eq!(offer.cpus(), Some(Scalar::from_f64(2.0)));
/// # Ok::<(), mesos::Error>(())
/// ```
#[derive(Default)]
pub struct Resources {
    items: Vec<Resource>,
    /// Finds items of a large bundle; made when it is first needed.
    index: Option<Box<Index>>,
}

/// From so many items on, an index is quicker than a look at every one.
const INDEXED: usize = 24;

/// Among so many that look alike the first is looked for.
const ALIKE: usize = 64;

impl Resources {
    /// An empty bundle.
    pub const fn new() -> Self {
        Self {
            items: Vec::new(),
            index: None,
        }
    }

    /// Reads messages of any format. Empty resources are dropped.
    ///
    /// # Errors
    ///
    /// Fails at the first message that is no valid resource, with Mesos' words.
    ///
    /// Mesos: src/common/resources.cpp, Resources::validate of a list
    pub fn from_protos(messages: &[v0::Resource]) -> Result<Self, Error> {
        crate::validate::resources(messages)?;
        Ok(Self::read(messages.iter()))
    }

    /// Reads messages, and leaves out the invalid ones as Mesos' own conversion does.
    pub fn from_valid_protos(messages: &[v0::Resource]) -> Self {
        Self::read(
            messages
                .iter()
                .filter(|message| crate::validate::resource(message).is_ok()),
        )
    }

    fn read<'a>(valid: impl Iterator<Item = &'a v0::Resource>) -> Self {
        let mut neighbour = Neighbour::default();
        valid
            .map(|message| Resource::from_valid_beside(message, &mut neighbour))
            .collect()
    }

    /// The messages, in the format of the daemons ([`ResourceFormat::Refined`]).
    pub fn to_protos(&self) -> Vec<v0::Resource> {
        self.items.iter().map(Resource::to_proto).collect()
    }

    /// The messages in a format.
    ///
    /// # Errors
    ///
    /// Fails when a refined reservation shall become [`ResourceFormat::Legacy`].
    pub fn to_protos_in(&self, format: ResourceFormat) -> Result<Vec<v0::Resource>, Error> {
        let mut messages = self.to_protos();
        for message in &mut messages {
            convert_format(message, format)?;
        }
        Ok(messages)
    }

    /// The messages as the endpoints show them ([`ResourceFormat::Endpoint`]).
    pub fn to_endpoint_protos(&self) -> Vec<v0::Resource> {
        self.to_protos_in(ResourceFormat::Endpoint)
            .expect("every resource has an endpoint format")
    }

    /// Tells whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// How many distinct resources are in it.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// The resources, in the order they came.
    pub fn iter(&self) -> std::slice::Iter<'_, Resource> {
        self.items.iter()
    }

    /// All items, to be put into another order.
    fn as_mut_slice(&mut self) -> &mut [Resource] {
        self.index = None;
        &mut self.items
    }

    /// Adds a resource that cannot be joined to any in it.
    fn push(&mut self, resource: Resource) {
        if resource.is_empty() {
            return;
        }
        if let Some(index) = &mut self.index {
            index.push(resource.slot());
        }
        self.items.push(resource);
    }

    /// Takes an item out.
    fn remove(&mut self, position: usize) {
        if let Some(index) = &mut self.index {
            index.swap_remove(position);
        }
        // Mesos moves the last one into the gap, and its order shows in answers.
        self.items.swap_remove(position);
    }

    /// Where an item is of which `fits` holds. Such an item has the slot of `resource`.
    fn position(&mut self, resource: &Resource, fits: impl Fn(&Resource) -> bool) -> Option<usize> {
        if self.items.len() < INDEXED {
            return self.items.iter().position(fits);
        }
        let index = self
            .index
            .get_or_insert_with(|| Box::new(Index::new(&self.items)));
        // Of volumes that look alike Mesos takes the first.
        let alike = if resource.is_exclusive() { ALIKE } else { 1 };
        index
            .candidates(resource.slot())
            .filter(|position| fits(&self.items[*position]))
            .take(alike)
            .min()
    }

    /// Adds one resource.
    pub fn add(&mut self, resource: Resource) {
        if resource.is_empty() {
            return;
        }
        match self.joins(&resource) {
            Some(position) => self.items[position].add(&resource),
            None => self.push(resource),
        }
    }

    /// Which item a resource can be joined to.
    fn joins(&mut self, resource: &Resource) -> Option<usize> {
        if resource.is_exclusive() && !resource.is_shared() {
            return None;
        }
        self.position(resource, |own| own.is_addable(resource))
    }

    /// Takes one resource away, or as much of it as there is.
    pub fn subtract(&mut self, resource: &Resource) {
        if resource.is_empty() {
            return;
        }
        if let Some(position) = self.position(resource, |own| own.is_subtractable(resource)) {
            self.subtract_at(position, resource);
        }
    }

    fn subtract_at(&mut self, position: usize, resource: &Resource) {
        if !self.items[position].subtract(resource) {
            self.remove(position);
        }
    }

    /// Tells whether all of `other` is in it.
    pub fn contains(&self, other: &Resources) -> bool {
        let mut lookup = Lookup::new(self, other.items.len());
        // Two volumes may look alike, so each is counted only once.
        let mut taken = BTreeSet::new();
        other.items.iter().enumerate().all(|(hint, part)| {
            if !part.is_persistent_volume() {
                return lookup.position(part, hint, |_, own| own.contains(part)).is_some();
            }
            let free = |position, own: &Resource| own.contains(part) && !taken.contains(&position);
            let found = lookup.position(part, hint, free);
            found.is_some_and(|position| taken.insert(position))
        })
    }

    /// Tells whether all of a resource is in it.
    pub fn contains_one(&self, part: &Resource) -> bool {
        let mut lookup = Lookup::new(self, 1);
        lookup.position(part, 0, |_, own| own.contains(part)).is_some()
    }

    /// What is left without `other`; `None` when not all of it is in it.
    pub fn checked_sub(&self, other: &Resources) -> Option<Resources> {
        self.contains(other).then(|| self.clone() - other)
    }

    /// The same, allocated to a role.
    #[must_use]
    pub fn allocated(mut self, role: &str) -> Self {
        self.allocate(role);
        self
    }

    /// The same without allocation.
    #[must_use]
    pub fn unallocated(mut self) -> Self {
        self.unallocate();
        self
    }

    /// Allocates every resource to a role.
    pub fn allocate(&mut self, role: &str) {
        self.allocate_to(&role.into());
    }

    /// Allocates every resource to a role whose name is shared already.
    pub fn allocate_to(&mut self, role: &Arc<str>) {
        self.set_allocation(Some(role));
    }

    /// Allocates every resource to a role that much is allocated to.
    pub fn allocate_as(&mut self, allocation: &Allocation) {
        self.change_allocation(|items| allocate_all_as(items, allocation));
    }

    /// Takes every allocation back.
    pub fn unallocate(&mut self) {
        self.set_allocation(None);
    }

    fn set_allocation(&mut self, role: Option<&Arc<str>>) {
        self.change_allocation(|items| allocate_all(items, role));
    }

    fn change_allocation(&mut self, change: impl FnOnce(&mut [Resource])) {
        self.index = None;
        let first = self.items.first().and_then(Resource::allocation_role);
        let uniform = self.items.iter().all(|item| item.allocation_role() == first);
        change(&mut self.items);
        if !uniform {
            self.rebuild(|_| {});
        }
    }

    /// Changes every resource; those that became alike are joined.
    fn rebuild(&mut self, mut change: impl FnMut(&mut Resource)) {
        self.index = None;
        for mut resource in std::mem::take(&mut self.items) {
            change(&mut resource);
            self.add(resource);
        }
    }

    /// The bundles by the role they are allocated to; what is allocated to none is left out.
    pub fn allocations(&self) -> BTreeMap<String, Resources> {
        self.by(Resource::allocation_role)
    }

    /// The bundles by the role they are reserved for; what is unreserved is left out.
    pub fn reservations(&self) -> BTreeMap<String, Resources> {
        self.by(Resource::reservation_role)
    }

    fn by<'a>(&'a self, role: impl Fn(&'a Resource) -> Option<&'a str>) -> BTreeMap<String, Resources> {
        let mut bundles: BTreeMap<String, Resources> = BTreeMap::new();
        for resource in &self.items {
            if let Some(role) = role(resource) {
                bundles.entry(role.to_owned()).or_default().add(resource.clone());
            }
        }
        bundles
    }

    /// The resources a predicate holds for.
    #[must_use]
    pub fn filter(&self, mut keep: impl FnMut(&Resource) -> bool) -> Resources {
        let mut items = Vec::with_capacity(self.items.len());
        for item in &self.items {
            if keep(item) {
                items.push(item.clone());
            }
        }
        Self { items, index: None }
    }

    /// The resources of a name.
    #[must_use]
    pub fn named(&self, name: &str) -> Resources {
        self.filter(|resource| resource.name() == name)
    }

    /// The reserved resources, of one role if it is given.
    #[must_use]
    pub fn reserved(&self, role: Option<&str>) -> Resources {
        self.filter(|resource| resource.is_reserved(role))
    }

    /// The resources reserved for nobody.
    #[must_use]
    pub fn unreserved(&self) -> Resources {
        self.filter(Resource::is_unreserved)
    }

    /// The resources that may be taken back at any time.
    #[must_use]
    pub fn revocable(&self) -> Resources {
        self.filter(Resource::is_revocable)
    }

    /// The resources that may not be taken back.
    #[must_use]
    pub fn non_revocable(&self) -> Resources {
        self.filter(|resource| !resource.is_revocable())
    }

    /// The shared resources.
    #[must_use]
    pub fn shared(&self) -> Resources {
        self.filter(Resource::is_shared)
    }

    /// The resources that one task at a time may use.
    #[must_use]
    pub fn non_shared(&self) -> Resources {
        self.filter(|resource| !resource.is_shared())
    }

    /// The resources that outlive the tasks that use them.
    #[must_use]
    pub fn persistent_volumes(&self) -> Resources {
        self.filter(Resource::is_persistent_volume)
    }

    /// The resources that exist by operations, which an agent keeps on disk.
    #[must_use]
    pub fn needing_checkpointing(&self) -> Resources {
        self.filter(Resource::needs_checkpointing)
    }

    /// The resources with a scalar value.
    #[must_use]
    pub fn only_scalars(&self) -> Resources {
        self.filter(|resource| resource.scalar().is_some())
    }

    /// The resources reserved for a role or one below it.
    #[must_use]
    pub fn reserved_to_subtree(&self, role: &str) -> Resources {
        self.filter(|resource| resource.is_reserved_to_subtree(role))
    }

    /// The resources allocated to a role or one below it.
    #[must_use]
    pub fn allocated_to_subtree(&self, role: &str) -> Resources {
        self.filter(|resource| resource.is_allocated_to_subtree(role))
    }

    /// The resources a framework of this role may have.
    #[must_use]
    pub fn allocatable_to(&self, role: &str) -> Resources {
        self.filter(|resource| resource.is_allocatable_to(role))
    }

    /// The names in it.
    pub fn names(&self) -> BTreeSet<&str> {
        self.items.iter().map(Resource::name).collect()
    }

    /// The sum of a scalar; `None` when there is none of it.
    pub fn scalar(&self, name: &str) -> Option<Scalar> {
        let mut found = None;
        for scalar in self
            .items
            .iter()
            .filter(|resource| resource.name() == name)
            .filter_map(Resource::scalar)
        {
            *found.get_or_insert(Scalar::ZERO) += scalar;
        }
        found
    }

    /// The union of the ranges of a name; `None` when there are none.
    pub fn ranges(&self, name: &str) -> Option<Ranges> {
        let mut found: Option<Ranges> = None;
        for ranges in self
            .items
            .iter()
            .filter(|resource| resource.name() == name)
            .filter_map(Resource::ranges)
        {
            *found.get_or_insert_default() += ranges;
        }
        found
    }

    /// The union of the sets of a name; `None` when there are none.
    pub fn set(&self, name: &str) -> Option<Set> {
        let mut found: Option<Set> = None;
        for set in self
            .items
            .iter()
            .filter(|resource| resource.name() == name)
            .filter_map(Resource::set)
        {
            *found.get_or_insert_default() += set;
        }
        found
    }

    /// The processors.
    pub fn cpus(&self) -> Option<Scalar> {
        self.scalar("cpus")
    }

    /// The graphics processors.
    pub fn gpus(&self) -> Option<Scalar> {
        self.scalar("gpus")
    }

    /// The memory, in megabytes.
    pub fn mem(&self) -> Option<Scalar> {
        self.scalar("mem")
    }

    /// The disk, in megabytes.
    pub fn disk(&self) -> Option<Scalar> {
        self.scalar("disk")
    }

    /// The sums of all scalars by name.
    pub fn scalars(&self) -> BTreeMap<String, Scalar> {
        let mut sums = BTreeMap::new();
        for resource in &self.items {
            if let Some(scalar) = resource.scalar() {
                *sums.entry(resource.name().to_owned()).or_insert(Scalar::ZERO) += scalar;
            }
        }
        sums
    }

    /// How much of each name is in it, to find overlaps: thousandths of a scalar, or the number of elements.
    pub(crate) fn amounts(&self) -> BTreeMap<&str, u128> {
        let mut amounts = BTreeMap::new();
        for resource in &self.items {
            let amount = match resource.value() {
                crate::Value::Scalar(scalar) => u128::try_from(scalar.thousandths()).unwrap_or(0),
                crate::Value::Ranges(ranges) => ranges.count(),
                crate::Value::Set(set) => set.items().len() as u128,
                crate::Value::Text(_) => 0,
            };
            *amounts.entry(resource.name()).or_insert(0) += amount;
        }
        amounts
    }
}

impl PartialEq for Resources {
    fn eq(&self, other: &Self) -> bool {
        self.contains(other) && other.contains(self)
    }
}

impl Eq for Resources {}

impl Clone for Resources {
    fn clone(&self) -> Self {
        Self {
            items: self.items.clone(),
            index: None,
        }
    }
}

impl fmt::Debug for Resources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.items).finish()
    }
}

impl AddAssign<&Resources> for Resources {
    fn add_assign(&mut self, other: &Resources) {
        for (hint, part) in other.items.iter().enumerate() {
            // Bundles that meet often have one order, and hold plain scalars.
            if let Some(own) = self.items.get_mut(hint) {
                if let Some((sum, part)) = own.plain_scalars(part) {
                    *sum += part;
                    continue;
                }
                if own.is_addable(part) {
                    own.add(part);
                    continue;
                }
            }
            match self.joins(part) {
                Some(position) => self.items[position].add(part),
                None => self.push(part.clone()),
            }
        }
    }
}

impl SubAssign<&Resources> for Resources {
    fn sub_assign(&mut self, other: &Resources) {
        for (hint, part) in other.items.iter().enumerate() {
            if let Some(own) = self.items.get_mut(hint) {
                if let Some((rest, part)) = own.plain_scalars(part) {
                    *rest -= part;
                    if *rest <= Scalar::ZERO {
                        self.remove(hint);
                    }
                    continue;
                }
                // Of several alike the first goes.
                if !own.is_exclusive() && own.is_subtractable(part) {
                    self.subtract_at(hint, part);
                    continue;
                }
            }
            self.subtract(part);
        }
    }
}

impl Add<&Resources> for Resources {
    type Output = Resources;

    fn add(mut self, other: &Resources) -> Resources {
        self += other;
        self
    }
}

impl Sub<&Resources> for Resources {
    type Output = Resources;

    fn sub(mut self, other: &Resources) -> Resources {
        self -= other;
        self
    }
}

impl Add<&Resources> for &Resources {
    type Output = Resources;

    fn add(self, other: &Resources) -> Resources {
        self.clone() + other
    }
}

impl Sub<&Resources> for &Resources {
    type Output = Resources;

    fn sub(self, other: &Resources) -> Resources {
        self.clone() - other
    }
}

impl FromIterator<Resource> for Resources {
    fn from_iter<I: IntoIterator<Item = Resource>>(resources: I) -> Self {
        let mut bundle = Self::new();
        bundle.extend(resources);
        bundle
    }
}

impl Extend<Resource> for Resources {
    fn extend<I: IntoIterator<Item = Resource>>(&mut self, resources: I) {
        for resource in resources {
            self.add(resource);
        }
    }
}

impl<'a> IntoIterator for &'a Resources {
    type Item = &'a Resource;
    type IntoIter = std::slice::Iter<'a, Resource>;

    fn into_iter(self) -> Self::IntoIter {
        self.items.iter()
    }
}

#[cfg(test)]
mod tests;
