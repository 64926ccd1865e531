//! Bundles of resources and their algebra.

mod find;
mod parse;
mod print;
mod reservations;
mod shrink;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Add, AddAssign, Sub, SubAssign};
use std::sync::Arc;

use mesos_proto::v0;

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
#[derive(Clone, Debug, Default)]
pub struct Resources(Vec<Resource>);

impl Resources {
    /// An empty bundle.
    pub fn new() -> Self {
        Self::default()
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
        Ok(Self::from_valid_protos(messages))
    }

    /// Reads messages, and leaves out the invalid ones as Mesos' own conversion does.
    pub fn from_valid_protos(messages: &[v0::Resource]) -> Self {
        messages
            .iter()
            .filter_map(|message| Resource::from_proto(message).ok())
            .collect()
    }

    /// The messages, in the format of the daemons ([`ResourceFormat::Refined`]).
    pub fn to_protos(&self) -> Vec<v0::Resource> {
        self.0.iter().map(Resource::to_proto).collect()
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
        self.0.is_empty()
    }

    /// How many distinct resources are in it.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The resources, in the order they came.
    pub fn iter(&self) -> std::slice::Iter<'_, Resource> {
        self.0.iter()
    }

    fn as_mut_slice(&mut self) -> &mut [Resource] {
        &mut self.0
    }

    /// Adds a resource that cannot be joined to any in it.
    fn push(&mut self, resource: Resource) {
        if !resource.is_empty() {
            self.0.push(resource);
        }
    }

    /// Adds one resource.
    pub fn add(&mut self, resource: Resource) {
        if resource.is_empty() {
            return;
        }
        match self.0.iter_mut().find(|own| own.is_addable(&resource)) {
            Some(own) => own.add(&resource),
            None => self.0.push(resource),
        }
    }

    /// Takes one resource away, or as much of it as there is.
    pub fn subtract(&mut self, resource: &Resource) {
        if resource.is_empty() {
            return;
        }
        let Some(index) = self.0.iter().position(|own| own.is_subtractable(resource)) else {
            return;
        };
        if !self.0[index].subtract(resource) {
            // Mesos moves the last one into the gap, and its order shows in answers.
            self.0.swap_remove(index);
        }
    }

    /// Tells whether all of `other` is in it.
    pub fn contains(&self, other: &Resources) -> bool {
        if !other.0.iter().any(Resource::is_persistent_volume) {
            return other
                .0
                .iter()
                .all(|part| self.0.iter().any(|own| own.contains(part)));
        }
        // Two volumes may look alike, so each is counted only once.
        let mut rest = self.clone();
        other.0.iter().all(|part| {
            let contained = rest.0.iter().any(|own| own.contains(part));
            if contained && part.is_persistent_volume() {
                rest.subtract(part);
            }
            contained
        })
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

    /// Takes every allocation back.
    pub fn unallocate(&mut self) {
        self.set_allocation(None);
    }

    fn set_allocation(&mut self, role: Option<&Arc<str>>) {
        let first = self.0.first().and_then(Resource::allocation_role);
        if self.0.iter().all(|resource| resource.allocation_role() == first) {
            // What differed before differs still.
            for resource in &mut self.0 {
                resource.set_allocation_role(role.cloned());
            }
        } else {
            self.rebuild(|resource| resource.set_allocation_role(role.cloned()));
        }
    }

    /// Changes every resource; those that became alike are joined.
    fn rebuild(&mut self, mut change: impl FnMut(&mut Resource)) {
        for mut resource in std::mem::take(&mut self.0) {
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
        for resource in &self.0 {
            if let Some(role) = role(resource) {
                bundles.entry(role.to_owned()).or_default().add(resource.clone());
            }
        }
        bundles
    }

    /// The resources a predicate holds for.
    #[must_use]
    pub fn filter(&self, mut keep: impl FnMut(&Resource) -> bool) -> Resources {
        Self(self.0.iter().filter(|resource| keep(resource)).cloned().collect())
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
        self.0.iter().map(Resource::name).collect()
    }

    /// The sum of a scalar; `None` when there is none of it.
    pub fn scalar(&self, name: &str) -> Option<Scalar> {
        let mut found = None;
        for scalar in self
            .0
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
            .0
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
            .0
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
        for resource in &self.0 {
            if let Some(scalar) = resource.scalar() {
                *sums.entry(resource.name().to_owned()).or_insert(Scalar::ZERO) += scalar;
            }
        }
        sums
    }

    /// How much of each name is in it, to find overlaps: thousandths of a scalar, or the number of elements.
    pub(crate) fn amounts(&self) -> BTreeMap<&str, u128> {
        let mut amounts = BTreeMap::new();
        for resource in &self.0 {
            let amount = match resource.value() {
                crate::Value::Scalar(scalar) => u128::try_from(scalar.thousandths()).unwrap_or(0),
                crate::Value::Ranges(ranges) => u128::from(ranges.count()),
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

impl AddAssign<&Resources> for Resources {
    fn add_assign(&mut self, other: &Resources) {
        for resource in &other.0 {
            self.add(resource.clone());
        }
    }
}

impl SubAssign<&Resources> for Resources {
    fn sub_assign(&mut self, other: &Resources) {
        for resource in &other.0 {
            self.subtract(resource);
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
        self.0.iter()
    }
}

#[cfg(test)]
mod tests;
