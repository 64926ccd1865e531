//! Sets of whole numbers, kept as ranges.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::{AddAssign, SubAssign};
use std::sync::Arc;

use mesos_proto::v0;

/// Disjoint inclusive ranges in ascending order, none touching the next.
///
/// Copies share them, so that copying the ports of an agent costs as little as copying its memory.
///
/// Mesos: src/common/values.cpp, coalesce and subtract
#[derive(Clone, Debug, Default, Eq, PartialOrd, Ord)]
pub struct Ranges(Arc<Vec<(u64, u64)>>);

impl Ranges {
    /// The union of these (begin, end) pairs, both inclusive. Pairs that end before they begin hold nothing.
    pub fn new(pairs: impl IntoIterator<Item = (u64, u64)>) -> Self {
        let mut pairs: Vec<(u64, u64)> = pairs.into_iter().filter(|(begin, end)| begin <= end).collect();
        pairs.sort_unstable();
        let mut merged: Vec<(u64, u64)> = Vec::with_capacity(pairs.len());
        for (begin, end) in pairs {
            match merged.last_mut() {
                Some(last) if begin <= last.1.saturating_add(1) => last.1 = last.1.max(end),
                _ => merged.push((begin, end)),
            }
        }
        Self(Arc::new(merged))
    }

    /// The ranges as (begin, end), both inclusive.
    pub fn pairs(&self) -> &[(u64, u64)] {
        &self.0
    }

    /// Tells whether there is no number in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many numbers are in it.
    pub fn count(&self) -> u128 {
        self.0
            .iter()
            .map(|(begin, end)| u128::from(end - begin) + 1)
            .sum()
    }

    /// Every number, in ascending order.
    pub fn numbers(&self) -> impl Iterator<Item = u64> + '_ {
        self.0.iter().flat_map(|&(begin, end)| begin..=end)
    }

    /// Tells whether every number of `other` is in it.
    pub fn contains(&self, other: &Ranges) -> bool {
        if Arc::ptr_eq(&self.0, &other.0) {
            return true;
        }
        // A walk through both where most would be visited anyhow, else a search for each.
        let walk = other.0.len() > self.0.len() / 8;
        let mut rest = self.0.as_slice();
        other.0.iter().all(|&(begin, end)| {
            let passed = if walk {
                rest.iter().take_while(|range| range.1 < begin).count()
            } else {
                rest.partition_point(|range| range.1 < begin)
            };
            rest = &rest[passed..];
            rest.first()
                .is_some_and(|range| range.0 <= begin && end <= range.1)
        })
    }

    /// The ranges as a message.
    pub fn to_proto(&self) -> v0::value::Ranges {
        let range = self
            .0
            .iter()
            .map(|&(begin, end)| v0::value::Range {
                begin,
                end,
                ..Default::default()
            })
            .collect();
        v0::value::Ranges {
            range,
            ..Default::default()
        }
    }
}

impl PartialEq for Ranges {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0 == other.0
    }
}

impl Hash for Ranges {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl From<&v0::value::Ranges> for Ranges {
    fn from(ranges: &v0::value::Ranges) -> Self {
        Self::new(ranges.range.iter().map(|range| (range.begin, range.end)))
    }
}

impl AddAssign<&Ranges> for Ranges {
    fn add_assign(&mut self, other: &Ranges) {
        let (Some(first), Some(last)) = (other.0.first(), self.0.last()) else {
            if self.0.is_empty() {
                self.0 = Arc::clone(&other.0);
            }
            return;
        };
        if last.1 < first.0.saturating_sub(1) {
            // Who gathers ranges in ascending order does not pay for those before.
            Arc::make_mut(&mut self.0).extend_from_slice(&other.0);
            return;
        }
        let (one, two) = (self.0.as_slice(), other.0.as_slice());
        let mut merged = Vec::with_capacity(one.len() + two.len());
        let (mut i, mut j) = (0, 0);
        let mut current = one[0].min(two[0]);
        // The side that begins earlier goes on.
        while let (Some(&a), Some(&b)) = (one.get(i), two.get(j)) {
            let from_one = a.0 <= b.0;
            let (begin, end) = if from_one { a } else { b };
            i += usize::from(from_one);
            j += usize::from(!from_one);
            if begin <= current.1.saturating_add(1) {
                current.1 = current.1.max(end);
            } else {
                merged.push(current);
                current = (begin, end);
            }
        }
        // Of one side something may be left, the beginning of which may be covered.
        let mut rest = if i < one.len() { &one[i..] } else { &two[j..] };
        while let Some((range, after)) = rest.split_first() {
            if range.0 > current.1.saturating_add(1) {
                break;
            }
            current.1 = current.1.max(range.1);
            rest = after;
        }
        merged.push(current);
        merged.extend_from_slice(rest);
        self.0 = Arc::new(merged);
    }
}

impl SubAssign<&Ranges> for Ranges {
    fn sub_assign(&mut self, other: &Ranges) {
        if other.0.is_empty() {
            return;
        }
        let mut left = Vec::with_capacity(self.0.len() + 1);
        let mut cuts = other.0.iter().peekable();
        for &(mut begin, end) in self.0.as_slice() {
            let mut open = true;
            while let Some(&&(cut_begin, cut_end)) = cuts.peek() {
                if cut_begin > end {
                    break;
                }
                if cut_begin > begin {
                    left.push((begin, cut_begin - 1));
                }
                if cut_end >= end {
                    // The cut may reach into the next range: keep it.
                    open = false;
                    break;
                }
                begin = begin.max(cut_end + 1);
                cuts.next();
            }
            if open {
                left.push((begin, end));
            }
        }
        self.0 = Arc::new(left);
    }
}

/// `[31000-32000, 33000-33001]`.
impl fmt::Display for Ranges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        for (index, (begin, end)) in self.0.iter().enumerate() {
            let comma = if index > 0 { ", " } else { "" };
            write!(f, "{comma}{begin}-{end}")?;
        }
        f.write_str("]")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ranges() -> impl Strategy<Value = Ranges> {
        prop::collection::vec((0u64..60, 0u64..8), 0..8)
            .prop_map(|pairs| Ranges::new(pairs.into_iter().map(|(begin, len)| (begin, begin + len))))
    }

    fn set(ranges: &Ranges) -> std::collections::BTreeSet<u64> {
        ranges.numbers().collect()
    }

    proptest! {
        #[test]
        fn behave_like_sets_of_numbers(left in ranges(), right in ranges()) {
            let mut sum = left.clone();
            sum += &right;
            prop_assert_eq!(set(&sum), &set(&left) | &set(&right));
            let mut difference = left.clone();
            difference -= &right;
            prop_assert_eq!(set(&difference), &set(&left) - &set(&right));
            prop_assert_eq!(left.contains(&right), set(&left).is_superset(&set(&right)));
            prop_assert_eq!(left.count(), set(&left).len() as u128);
            prop_assert_eq!(&difference, &Ranges::new(difference.pairs().iter().copied()));
        }
    }

    #[test]
    fn a_copy_changes_alone() {
        let ports = Ranges::new([(1, 4), (8, 9)]);
        for (change, changed) in [((20, 21), "[1-4, 8-9, 20-21]"), ((5, 7), "[1-9]")] {
            let mut copy = ports.clone();
            copy += &Ranges::new([change]);
            assert_eq!(copy.to_string(), changed);
            assert_ne!(copy, ports);
            copy -= &Ranges::new([change]);
            assert_eq!(copy, ports);
            assert!(copy.contains(&ports) && ports.contains(&copy));
            assert_eq!(ports.to_string(), "[1-4, 8-9]");
        }
    }

    #[test]
    fn ends_of_the_number_line() {
        let all = Ranges::new([(0, u64::MAX)]);
        let mut rest = all.clone();
        rest -= &Ranges::new([(5, u64::MAX)]);
        assert_eq!(rest.to_string(), "[0-4]");
        rest -= &all;
        assert!(rest.is_empty());
        assert_eq!(Ranges::new([(1, 2), (3, 4), (9, 9)]).to_string(), "[1-4, 9-9]");
    }
}
