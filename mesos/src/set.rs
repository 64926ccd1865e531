//! Sets of words.

use std::fmt;
use std::ops::{AddAssign, SubAssign};

use mesos_proto::v0;

/// Distinct words in the order they came.
#[derive(Clone, Debug, Default)]
pub struct Set(Vec<String>);

impl Set {
    /// The distinct words of these.
    pub fn new(items: impl IntoIterator<Item = String>) -> Self {
        let mut set = Self::default();
        for item in items {
            set.insert(item);
        }
        set
    }

    fn insert(&mut self, item: String) {
        if !self.0.contains(&item) {
            self.0.push(item);
        }
    }

    /// The words.
    pub fn items(&self) -> &[String] {
        &self.0
    }

    /// Tells whether there is no word in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Tells whether every word of `other` is in it.
    pub fn contains(&self, other: &Set) -> bool {
        other.0.iter().all(|item| self.0.contains(item))
    }

    /// The set as a message.
    pub fn to_proto(&self) -> v0::value::Set {
        v0::value::Set {
            item: self.0.clone(),
            ..Default::default()
        }
    }
}

impl From<&v0::value::Set> for Set {
    fn from(set: &v0::value::Set) -> Self {
        Self::new(set.item.iter().cloned())
    }
}

/// The order of the words does not matter.
impl PartialEq for Set {
    fn eq(&self, other: &Self) -> bool {
        self.0.len() == other.0.len() && self.contains(other)
    }
}

impl Eq for Set {}

impl AddAssign<&Set> for Set {
    fn add_assign(&mut self, other: &Set) {
        for item in &other.0 {
            self.insert(item.clone());
        }
    }
}

impl SubAssign<&Set> for Set {
    fn sub_assign(&mut self, other: &Set) {
        self.0.retain(|item| !other.0.contains(item));
    }
}

/// `{a, b}`.
impl fmt::Display for Set {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{}}}", self.0.join(", "))
    }
}
