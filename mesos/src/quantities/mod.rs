//! How much of each name there is, whatever tells the resources apart: what quotas are made of.

mod limits;
mod text;

use std::collections::BTreeMap;
use std::fmt;
use std::ops::{Add, AddAssign, Sub, SubAssign};
use std::sync::Arc;

use mesos_proto::v0;

pub use self::limits::Limits;
use crate::{Error, Resource, Resources, Scalar, Value};

/// Amounts by name. What is not named is not there: there are no entries of nothing.
///
/// A scalar counts by its value, ranges and sets by the number of their elements.
///
/// Mesos: src/common/resource_quantities.cpp, ResourceQuantities
///
/// # Examples
///
/// ```
/// use mesos::{Quantities, Resources, Scalar};
///
/// let guarantee = Quantities::parse("cpus:4;mem:512")?;
/// let held = Quantities::from_resources(&Resources::parse("cpus:1.5;ports:[1-10]", "*")?);
/// assert_eq!(held.get("ports"), Scalar::from_f64(10.0));
/// assert_eq!((guarantee - &held).to_string(), "cpus:2.5; mem:512");
/// # Ok::<(), mesos::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Quantities(Entries);

/// Amounts by name, the names in ascending order. There are few of them.
type Entries = Vec<(Arc<str>, Scalar)>;

/// So many entries may be moved for a new one.
const FEW: usize = 64;

fn position(entries: &Entries, name: &str) -> Result<usize, usize> {
    entries.binary_search_by(|entry| entry.0.as_ref().cmp(name))
}

impl Quantities {
    /// Nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads `cpus:1;mem:32`. A name may come twice; amounts of nothing are dropped.
    ///
    /// # Errors
    ///
    /// Fails with Mesos' words when a pair has no colon or several, and when a value is no scalar.
    ///
    /// Mesos: src/common/resource_quantities.cpp, ResourceQuantities::fromString
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut quantities = Self::new();
        for entry in text::entries(text, "quantity") {
            let (name, scalar, _) = entry?;
            quantities.increase(name, scalar);
        }
        Ok(quantities)
    }

    /// What is in a bundle: scalars by value, ranges and sets by the number of their elements. Saturates.
    pub fn from_resources(resources: &Resources) -> Self {
        resources.iter().collect()
    }

    /// The scalars of a bundle, without all that tells them apart.
    ///
    /// Mesos: src/common/resources.cpp, createStrippedScalarQuantity
    pub fn from_scalars(resources: &Resources) -> Self {
        resources
            .iter()
            .filter(|resource| resource.scalar().is_some())
            .collect()
    }

    /// What a message such as `QuotaConfig` carries. Amounts that are not above nothing are dropped.
    pub fn from_protos(map: &BTreeMap<String, v0::value::Scalar>) -> Self {
        map.iter()
            .map(|(name, scalar)| (name.as_str(), Scalar::from(scalar)))
            .collect()
    }

    /// The amounts as a message carries them.
    pub fn to_protos(&self) -> BTreeMap<String, v0::value::Scalar> {
        self.iter()
            .map(|(name, scalar)| (name.to_owned(), scalar.to_proto()))
            .collect()
    }

    /// How much there is of a name.
    pub fn get(&self, name: &str) -> Scalar {
        position(&self.0, name).map_or(Scalar::ZERO, |index| self.0[index].1)
    }

    /// Adds to a name. An amount that is not above nothing changes nothing.
    pub fn increase(&mut self, name: impl AsRef<str> + Into<Arc<str>>, amount: Scalar) {
        if amount <= Scalar::ZERO {
            return;
        }
        match position(&self.0, name.as_ref()) {
            Ok(index) => self.0[index].1 += amount,
            Err(index) => self.0.insert(index, (name.into(), amount)),
        }
    }

    /// Takes from a name, as much as there is.
    pub fn decrease(&mut self, name: &str, amount: Scalar) {
        let Ok(index) = position(&self.0, name) else {
            return;
        };
        if amount >= self.0[index].1 {
            self.0.remove(index);
        } else if amount > Scalar::ZERO {
            self.0[index].1 -= amount;
        }
    }

    /// Tells whether there is at least as much of every name as in `other`.
    pub fn contains(&self, other: &Quantities) -> bool {
        other.iter().all(|(name, amount)| self.get(name) >= amount)
    }

    /// The larger amount of every name.
    #[must_use]
    pub fn union(&self, other: &Quantities) -> Quantities {
        let mut union = self.clone();
        for (name, amount) in &other.0 {
            match position(&union.0, name) {
                Ok(index) => union.0[index].1 = union.0[index].1.max(*amount),
                Err(index) => union.0.insert(index, (name.clone(), *amount)),
            }
        }
        union
    }

    /// The smaller amount of every name.
    #[must_use]
    pub fn intersection(&self, other: &Quantities) -> Quantities {
        self.iter()
            .map(|(name, amount)| (name, amount.min(other.get(name))))
            .collect()
    }

    /// The names and amounts, the names in ascending order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, Scalar)> {
        self.0.iter().map(|(name, amount)| (name.as_ref(), *amount))
    }

    /// Tells whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many names there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

/// How much a resource counts for. Elements saturate where thousandths end.
pub(crate) fn amount(resource: &Resource) -> Scalar {
    let elements = |count: u128| {
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        Scalar::from_thousandths(count.saturating_mul(1000))
    };
    match resource.value() {
        Value::Scalar(scalar) => *scalar,
        Value::Ranges(ranges) => elements(ranges.count()),
        Value::Set(set) => elements(set.items().len() as u128),
        Value::Text(_) => Scalar::ZERO,
    }
}

impl<'a> FromIterator<&'a Resource> for Quantities {
    fn from_iter<I: IntoIterator<Item = &'a Resource>>(resources: I) -> Self {
        resources
            .into_iter()
            .map(|resource| (resource.name(), amount(resource)))
            .collect()
    }
}

impl<N: AsRef<str> + Into<Arc<str>>> FromIterator<(N, Scalar)> for Quantities {
    fn from_iter<I: IntoIterator<Item = (N, Scalar)>>(amounts: I) -> Self {
        let mut quantities = Self::new();
        // New names among many are sorted in the end: to make room for each would take a square of them.
        let mut later: Vec<(Arc<str>, Scalar)> = Vec::new();
        for (name, amount) in amounts {
            if quantities.0.len() < FEW || position(&quantities.0, name.as_ref()).is_ok() {
                quantities.increase(name, amount);
            } else if amount > Scalar::ZERO {
                later.push((name.into(), amount));
            }
        }
        later.sort_by(|one, two| one.0.cmp(&two.0));
        later.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            if same {
                kept.1 += next.1;
            }
            same
        });
        if !later.is_empty() {
            quantities.0.append(&mut later);
            quantities.0.sort_by(|one, two| one.0.cmp(&two.0));
        }
        quantities
    }
}

impl AddAssign<&Quantities> for Quantities {
    fn add_assign(&mut self, other: &Quantities) {
        let own = std::mem::take(&mut self.0);
        let mut sum = Vec::with_capacity(own.len().max(other.0.len()));
        let mut parts = other.0.iter().peekable();
        for (name, amount) in own {
            while let Some(part) = parts.next_if(|part| part.0 < name) {
                sum.push(part.clone());
            }
            let added = parts.next_if(|part| part.0 == name).map(|part| part.1);
            sum.push((name, amount + added.unwrap_or_default()));
        }
        sum.extend(parts.cloned());
        self.0 = sum;
    }
}

/// Never below nothing.
impl SubAssign<&Quantities> for Quantities {
    fn sub_assign(&mut self, other: &Quantities) {
        let mut parts = other.0.iter().peekable();
        self.0.retain_mut(|(name, amount)| {
            while parts.next_if(|part| part.0 < *name).is_some() {}
            if let Some(part) = parts.next_if(|part| part.0 == *name) {
                *amount -= part.1;
            }
            *amount > Scalar::ZERO
        });
    }
}

impl Add<&Quantities> for Quantities {
    type Output = Quantities;

    fn add(mut self, other: &Quantities) -> Quantities {
        self += other;
        self
    }
}

impl Sub<&Quantities> for Quantities {
    type Output = Quantities;

    fn sub(mut self, other: &Quantities) -> Quantities {
        self -= other;
        self
    }
}

/// `cpus:4; mem:1024`, or `{}`.
impl fmt::Display for Quantities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        text::print(&self.0, f)
    }
}

#[cfg(test)]
mod tests;
