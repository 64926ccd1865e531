//! Amounts of scalars, dense by the number of their name.

use std::sync::Arc;

use mesos::{Limits, Quantities, Resource, Scalar};

/// How many names have their place in the value itself; more of them cost an allocation.
pub(super) const INLINE: usize = 6;

/// Numbers the names of scalars. There are few, so they are looked up one after another.
#[derive(Debug, Clone)]
pub(super) struct Names(Vec<Arc<str>>);

impl Default for Names {
    /// The usual names come first, so that they have their places in the values themselves.
    fn default() -> Self {
        Self(Resource::SCALARS.map(Arc::from).to_vec())
    }
}

impl Names {
    /// The number of a resource's name, a new one if need be.
    pub fn id_of(&mut self, resource: &Resource) -> usize {
        resource
            .scalar_place()
            .unwrap_or_else(|| self.id(resource.name()))
    }

    /// The number of a resource's name that was seen before.
    fn get_of(&self, resource: &Resource) -> Option<usize> {
        resource.scalar_place().or_else(|| self.get(resource.name()))
    }

    /// The number of a name, a new one if need be.
    pub fn id(&mut self, name: &str) -> usize {
        self.get(name).unwrap_or_else(|| {
            self.0.push(name.into());
            self.0.len() - 1
        })
    }

    /// The number of a name that was seen before.
    pub fn get(&self, name: &str) -> Option<usize> {
        self.0.iter().position(|known| **known == *name)
    }

    /// The names in the order of their numbers.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|name| &**name)
    }

    /// Amounts by number.
    pub fn amounts(&mut self, quantities: &Quantities) -> Amounts {
        let mut amounts = Amounts::default();
        for (name, amount) in quantities.iter() {
            amounts.add_one(self.id(name), amount.thousandths());
        }
        amounts
    }

    /// Bounds by number.
    pub fn bounds(&mut self, limits: &Limits) -> Vec<(usize, i64)> {
        limits
            .iter()
            .map(|(name, limit)| (self.id(name), limit.thousandths()))
            .collect()
    }

    /// Amounts by name.
    pub fn quantities(&self, amounts: &Amounts) -> Quantities {
        let scalars = self.iter().enumerate();
        scalars
            .map(|(id, name)| (name, Scalar::from_thousandths(amounts.get(id))))
            .collect()
    }
}

/// So many thousandths of each scalar.
#[derive(Debug, Clone, Default)]
pub(super) struct Amounts {
    few: [i64; INLINE],
    more: Vec<i64>,
}

impl Amounts {
    /// Nothing of anything.
    pub const fn new() -> Self {
        Self {
            few: [0; INLINE],
            more: Vec::new(),
        }
    }

    /// How much of a scalar.
    pub fn get(&self, id: usize) -> i64 {
        match self.few.get(id) {
            Some(amount) => *amount,
            None => self.more.get(id - INLINE).copied().unwrap_or(0),
        }
    }

    /// Adds to a scalar.
    pub fn add_one(&mut self, id: usize, amount: i64) {
        *self.slot(id) += amount;
    }

    fn slot(&mut self, id: usize) -> &mut i64 {
        if id < INLINE {
            return &mut self.few[id];
        }
        let place = id - INLINE;
        if self.more.len() <= place {
            self.more.resize(place + 1, 0);
        }
        &mut self.more[place]
    }

    /// Adds all of `other`.
    pub fn add(&mut self, other: &Amounts) {
        self.each(other, |own, other| own + other);
    }

    /// Takes away all of `other`.
    pub fn sub(&mut self, other: &Amounts) {
        self.each(other, |own, other| own - other);
    }

    /// Takes away `other`, as much as there is.
    pub fn sub_floor(&mut self, other: &Amounts) {
        self.each(other, |own, other| (own - other).max(0));
    }

    fn each(&mut self, other: &Amounts, change: impl Fn(i64, i64) -> i64) {
        for (own, other) in self.few.iter_mut().zip(&other.few) {
            *own = change(*own, *other);
        }
        if self.more.len() < other.more.len() {
            self.more.resize(other.more.len(), 0);
        }
        for (place, own) in self.more.iter_mut().enumerate() {
            *own = change(*own, other.more.get(place).copied().unwrap_or(0));
        }
    }

    /// What is left of it without `other`, never below nothing.
    pub fn less(&self, other: &Amounts) -> Amounts {
        let mut less = self.clone();
        less.sub_floor(other);
        less
    }

    /// True when there is nothing of anything.
    pub fn is_zero(&self) -> bool {
        self.few.iter().chain(&self.more).all(|amount| *amount == 0)
    }

    /// True when there is more of anything than in `other`.
    pub fn exceeds(&self, other: &Amounts) -> bool {
        self.iter().any(|(id, amount)| amount > other.get(id))
    }

    /// The amounts that have their places in the value, and those that have not.
    #[inline]
    pub fn slices(&self) -> (&[i64; INLINE], &[i64]) {
        (&self.few, &self.more)
    }

    /// The amounts with their numbers.
    pub fn iter(&self) -> impl Iterator<Item = (usize, i64)> + '_ {
        self.few.iter().chain(&self.more).copied().enumerate()
    }

    /// The scalars of some resources whose names were all seen before.
    pub fn of_known(resources: &mesos::Resources, names: &Names) -> Amounts {
        let mut amounts = Amounts::default();
        for resource in resources {
            if let (Some(id), Some(scalar)) = (names.get_of(resource), resource.scalar()) {
                amounts.add_one(id, scalar.thousandths());
            }
        }
        amounts
    }

    /// The scalars of some resources.
    pub fn of<'a>(resources: impl IntoIterator<Item = &'a Resource>, names: &mut Names) -> Amounts {
        let mut amounts = Amounts::default();
        for resource in resources {
            if let Some(scalar) = resource.scalar() {
                amounts.add_one(names.id_of(resource), scalar.thousandths());
            }
        }
        amounts
    }
}

impl PartialEq for Amounts {
    fn eq(&self, other: &Self) -> bool {
        !self.exceeds(other) && !other.exceeds(self)
    }
}
