//! How much of each name there may be.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::{Sub, SubAssign};
use std::sync::Arc;

use mesos_proto::v0;

use super::{Entries, Quantities, position, text};
use crate::{Error, Scalar};

/// Upper bounds by name. What is not named has no bound; a bound of nothing is one.
///
/// Mesos: src/common/resource_quantities.cpp, ResourceLimits
///
/// # Examples
///
/// ```
/// use mesos::{Limits, Quantities};
///
/// let limits = Limits::parse("cpus:4;gpus:0")?;
/// assert!(limits.allow(&Quantities::parse("cpus:4;mem:1000000")?));
/// assert!(!limits.allow(&Quantities::parse("gpus:1")?));
/// # Ok::<(), mesos::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Limits(Entries);

impl Limits {
    /// No bounds at all.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads `cpus:1;mem:32`.
    ///
    /// # Errors
    ///
    /// Fails with Mesos' words when a pair has no colon or several, when a value is no scalar, and when a
    /// name comes twice.
    ///
    /// Mesos: src/common/resource_quantities.cpp, ResourceLimits::fromString
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut limits = Self::new();
        for entry in text::entries(text, "limit") {
            let (name, scalar, value) = entry?;
            if limits.get(name).is_some() {
                return Err(Error::new(format!(
                    "Failed to parse '{value}' to limit: duplicate names are not allowed"
                )));
            }
            limits.set(name, scalar);
        }
        Ok(limits)
    }

    /// What a message such as `QuotaConfig` carries.
    pub fn from_protos(map: &BTreeMap<String, v0::value::Scalar>) -> Self {
        map.iter()
            .map(|(name, scalar)| (name.as_str(), Scalar::from(scalar)))
            .collect()
    }

    /// The bounds as a message carries them.
    pub fn to_protos(&self) -> BTreeMap<String, v0::value::Scalar> {
        self.iter()
            .map(|(name, scalar)| (name.to_owned(), scalar.to_proto()))
            .collect()
    }

    /// The bound of a name; `None` is no bound.
    pub fn get(&self, name: &str) -> Option<Scalar> {
        position(&self.0, name).ok().map(|index| self.0[index].1)
    }

    /// Bounds a name.
    pub fn set(&mut self, name: impl AsRef<str> + Into<Arc<str>>, limit: Scalar) {
        match position(&self.0, name.as_ref()) {
            Ok(index) => self.0[index].1 = limit,
            Err(index) => self.0.insert(index, (name.into(), limit)),
        }
    }

    /// Tells whether nothing exceeds its bound.
    pub fn allow(&self, quantities: &Quantities) -> bool {
        self.iter().all(|(name, limit)| quantities.get(name) <= limit)
    }

    /// Tells whether everything that `other` allows is allowed.
    pub fn contains(&self, other: &Limits) -> bool {
        self.iter()
            .all(|(name, limit)| other.get(name).is_some_and(|other| other <= limit))
    }

    /// The smaller bound of every name: what both allow.
    #[must_use]
    pub fn intersection(&self, other: &Limits) -> Limits {
        let mut both = self.clone();
        for (name, limit) in &other.0 {
            let limit = both.get(name).map_or(*limit, |own| own.min(*limit));
            both.set(name.clone(), limit);
        }
        both
    }

    /// The names and bounds, the names in ascending order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, Scalar)> {
        self.0.iter().map(|(name, limit)| (name.as_ref(), *limit))
    }

    /// Tells whether nothing is bounded.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many names are bounded.
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

impl<N: AsRef<str> + Into<Arc<str>>> FromIterator<(N, Scalar)> for Limits {
    fn from_iter<I: IntoIterator<Item = (N, Scalar)>>(bounds: I) -> Self {
        let mut limits: Entries = bounds
            .into_iter()
            .map(|(name, limit)| (name.into(), limit))
            .collect();
        // Of several bounds of one name the last counts, so it must come first.
        limits.reverse();
        limits.sort_by(|one, two| one.0.cmp(&two.0));
        limits.dedup_by(|next, kept| next.0 == kept.0);
        Self(limits)
    }
}

/// What is left of each bound, never below nothing.
impl SubAssign<&Quantities> for Limits {
    fn sub_assign(&mut self, quantities: &Quantities) {
        for (name, limit) in &mut self.0 {
            *limit = (*limit - quantities.get(name)).max(Scalar::ZERO);
        }
    }
}

impl Sub<&Quantities> for Limits {
    type Output = Limits;

    fn sub(mut self, quantities: &Quantities) -> Limits {
        self -= quantities;
        self
    }
}

/// `cpus:4; mem:1024`, or `{}`.
impl fmt::Display for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        text::print(&self.0, f)
    }
}
