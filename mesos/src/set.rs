//! Sets of words.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::{AddAssign, SubAssign};

use mesos_proto::v0;

/// Distinct words in the order they came.
#[derive(Clone, Debug, Default)]
pub struct Set(Vec<String>);

/// Up to so many words are compared one by one; more are looked up.
const FEW: usize = 16;

/// Words to look others up in.
enum Lookup<'a> {
    Few(&'a [String]),
    Many(BTreeSet<&'a str>),
}

impl<'a> Lookup<'a> {
    /// In these words, so often.
    fn new(words: &'a [String], searches: usize) -> Self {
        if words.len() <= FEW || searches <= 1 {
            Self::Few(words)
        } else {
            Self::Many(words.iter().map(String::as_str).collect())
        }
    }

    fn contains(&self, word: &str) -> bool {
        match self {
            Self::Few(words) => words.iter().any(|own| own == word),
            Self::Many(words) => words.contains(word),
        }
    }
}

impl Set {
    /// The distinct words of these.
    pub fn new(items: impl IntoIterator<Item = String>) -> Self {
        let mut items: Vec<String> = items.into_iter().collect();
        let mut seen = BTreeSet::new();
        let first: Vec<bool> = items.iter().map(|item| seen.insert(item.as_str())).collect();
        if first.contains(&false) {
            let mut first = first.into_iter();
            items.retain(|_| first.next().unwrap_or_default());
        }
        Self(items)
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
        let own = Lookup::new(&self.0, other.0.len());
        other.0.len() <= self.0.len() && other.0.iter().all(|item| own.contains(item))
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
        let own = Lookup::new(&self.0, other.0.len());
        let new: Vec<String> = other
            .0
            .iter()
            .filter(|item| !own.contains(item))
            .cloned()
            .collect();
        self.0.extend(new);
    }
}

impl SubAssign<&Set> for Set {
    fn sub_assign(&mut self, other: &Set) {
        let taken = Lookup::new(&other.0, self.0.len());
        self.0.retain(|item| !taken.contains(item));
    }
}

/// `{a, b}`.
impl fmt::Display for Set {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{}}}", self.0.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn set() -> impl Strategy<Value = Set> {
        prop::collection::vec("[a-z]{1,2}", 0..60).prop_map(Set::new)
    }

    fn words(set: &Set) -> BTreeSet<&str> {
        set.0.iter().map(String::as_str).collect()
    }

    proptest! {
        #[test]
        fn behave_like_sets(one in set(), two in set()) {
            prop_assert_eq!(words(&one).len(), one.items().len());
            let mut sum = one.clone();
            sum += &two;
            prop_assert_eq!(words(&sum), &words(&one) | &words(&two));
            prop_assert!(sum.items().starts_with(one.items()));
            let mut rest = one.clone();
            rest -= &two;
            prop_assert_eq!(words(&rest), &words(&one) - &words(&two));
            prop_assert_eq!(one.contains(&two), words(&one).is_superset(&words(&two)));
            let mut turned = one.0.clone();
            turned.reverse();
            prop_assert_eq!(Set::new(turned), one);
        }
    }
}
