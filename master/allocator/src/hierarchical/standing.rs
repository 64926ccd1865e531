//! What a client of a sorter holds, and what place that gives it.

use std::collections::BTreeMap;

use mesos::Resources;

use super::amounts::{Amounts, INLINE, Names};
use super::parts::Parts;

/// Sums of scalars in which a shared resource of an agent counts once, however often it is held.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Tally {
    pub amounts: Amounts,
    /// Shared resources by agent; mostly there are none.
    shared: BTreeMap<u32, Resources>,
}

impl Tally {
    /// Adds `amounts`, which leave out `shared`, held on an agent.
    pub fn add(&mut self, agent: u32, amounts: &Amounts, shared: &Resources, names: &mut Names) {
        self.amounts.add(amounts);
        if !shared.is_empty() {
            let before = self.shared.entry(agent).or_default();
            let new = shared.filter(|resource| !before.iter().any(|own| own == resource));
            *before += shared;
            self.amounts.add(&Amounts::of(&new, names));
        }
    }

    /// Takes back what was added.
    pub fn sub(&mut self, agent: u32, amounts: &Amounts, shared: &Resources, names: &mut Names) {
        self.amounts.sub(amounts);
        if shared.is_empty() {
            return;
        }
        if let Some(held) = self.shared.get_mut(&agent) {
            let known = shared.filter(|resource| held.iter().any(|own| own == resource));
            *held -= shared;
            let gone = known.filter(|resource| !held.iter().any(|own| own == resource));
            if held.is_empty() {
                self.shared.remove(&agent);
            }
            self.amounts.sub(&Amounts::of(&gone, names));
        }
    }

    /// True when nothing is held.
    pub fn is_empty(&self) -> bool {
        self.amounts.is_zero() && self.shared.is_empty()
    }
}

/// What a client's place in a list follows from, but for its name.
///
/// Mesos: `src/master/allocator/mesos/sorter/drf/sorter.hpp`, `DRFSorter::Node`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank {
    /// The dominant share by weight, see [`ordered`]; true as long as the list is fresh.
    pub share: i64,
    /// Allocations made to it, ever.
    pub count: u64,
}

/// A rank, and a number in the order of names.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub rank: Rank,
    /// See `labels`.
    pub label: u64,
}

/// What happens to a client's holdings on an agent.
#[derive(Clone, Copy)]
pub(super) enum Change<'a> {
    /// It is given something.
    Add(u32, &'a Parts),
    /// Something comes back.
    Sub(u32, &'a Parts),
    /// It holds something else instead, which is no allocation.
    Replace(u32, &'a Parts, &'a Parts),
}

impl Change<'_> {
    /// Makes the change.
    pub fn apply(self, tally: &mut Tally, rank: &mut Rank, names: &mut Names) {
        match self {
            Self::Add(agent, parts) => {
                tally.add(agent, &parts.scalars, parts.shared(), names);
                rank.count += 1;
            }
            Self::Sub(agent, parts) => tally.sub(agent, &parts.scalars, parts.shared(), names),
            Self::Replace(agent, before, after) => {
                tally.sub(agent, &before.scalars, before.shared(), names);
                tally.add(agent, &after.scalars, after.shared(), names);
            }
        }
    }
}

/// A client's holdings, and what place they give it.
#[derive(Debug, Clone, Default)]
pub(super) struct Standing {
    pub tally: Tally,
    pub rank: Rank,
}

/// A number that compares as a share does.
pub(super) fn ordered(share: f64) -> i64 {
    let bits = share.to_bits().cast_signed();
    // Of negative numbers all bits but the sign are turned round.
    bits ^ ((bits >> 63).cast_unsigned() >> 1).cast_signed()
}

/// All that is shared, as the measure of shares.
#[derive(Debug, Clone)]
pub(super) struct Pool {
    pub total: Amounts,
    /// Numbers of scalars that do not count.
    excluded: Vec<usize>,
    /// Changes whenever shares may have changed that nobody touched.
    pub epoch: u64,
    /// What amounts are divided by: the totals; without bounds where there is nothing, or what does not count.
    few: [f64; INLINE],
    /// The same for numbers that have no place in amounts themselves.
    more: Vec<f64>,
}

impl Pool {
    /// A pool of nothing yet.
    pub fn new(excluded: Vec<usize>) -> Self {
        Self {
            total: Amounts::default(),
            excluded,
            epoch: 1,
            few: [f64::INFINITY; INLINE],
            more: Vec::new(),
        }
    }

    /// There is something else in it.
    pub fn change(&mut self, before: &Amounts, after: &Amounts) {
        if before == after {
            return;
        }
        self.total.sub(before);
        self.total.add(after);
        self.epoch += 1;
        let divisor = |(id, total): (usize, i64)| {
            #[allow(clippy::cast_precision_loss, reason = "amounts are far below 2^53")]
            let total = total as f64;
            let counts = total > 0.0 && !self.excluded.contains(&id);
            if counts { total } else { f64::INFINITY }
        };
        self.more = self
            .total
            .iter()
            .skip(INLINE)
            .map(|(id, total)| divisor((id, total)))
            .collect();
        for (place, entry) in self.total.iter().take(INLINE).map(divisor).enumerate() {
            self.few[place] = entry;
        }
    }

    /// The dominant share: the largest fraction held of any scalar, by weight.
    ///
    /// Mesos: `DRFSorter::calculateShare`.
    #[inline]
    pub fn share(&self, held: &Amounts, weight: f64) -> f64 {
        let (few, more) = held.slices();
        #[allow(clippy::cast_precision_loss, reason = "amounts are far below 2^53")]
        let larger = |share: f64, (held, total): (&i64, &f64)| {
            let fraction = *held as f64 / total;
            if fraction > share { fraction } else { share }
        };
        let mut share = few.iter().zip(&self.few).fold(0.0, larger);
        if !more.is_empty() {
            share = more.iter().zip(&self.more).fold(share, larger);
        }
        share / weight
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_compare_as_shares() {
        let shares = [
            f64::NEG_INFINITY,
            -2.0,
            -1e-300,
            -0.0,
            0.0,
            5e-324,
            0.1,
            1.0 / 3.0,
            7.0,
            f64::INFINITY,
            f64::NAN,
        ];
        for one in shares {
            for two in shares {
                assert_eq!(
                    ordered(one).cmp(&ordered(two)),
                    one.total_cmp(&two),
                    "{one} and {two}"
                );
            }
        }
    }
}
