//! What a client of a sorter holds, and what place that gives it.

use std::collections::BTreeMap;

use mesos::Resources;

use super::amounts::{Amounts, Names};
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

/// A client's holdings, how often it was given something, and the share that its place follows from.
///
/// Mesos: `src/master/allocator/mesos/sorter/drf/sorter.hpp`, `DRFSorter::Node`.
#[derive(Debug, Clone, Default)]
pub(super) struct Standing {
    pub tally: Tally,
    /// Allocations made to it, ever.
    pub count: u64,
    /// The dominant share by weight; true as long as the list it stands in is fresh.
    pub share: f64,
}

impl Standing {
    /// It was given something.
    pub fn add(&mut self, agent: u32, parts: &Parts, names: &mut Names) {
        self.tally.add(agent, &parts.scalars, &parts.shared, names);
        self.count += 1;
    }

    /// Something came back.
    pub fn sub(&mut self, agent: u32, parts: &Parts, names: &mut Names) {
        self.tally.sub(agent, &parts.scalars, &parts.shared, names);
    }

    /// Holds something else instead, which is no allocation.
    pub fn replace(&mut self, agent: u32, before: &Parts, after: &Parts, names: &mut Names) {
        self.tally.sub(agent, &before.scalars, &before.shared, names);
        self.tally.add(agent, &after.scalars, &after.shared, names);
    }
}

/// All that is shared, as the measure of shares.
#[derive(Debug, Clone, Default)]
pub(super) struct Pool {
    pub total: Amounts,
    /// Numbers of scalars that do not count.
    pub excluded: Vec<usize>,
    /// Changes whenever shares may have changed that nobody touched.
    pub epoch: u64,
}

impl Pool {
    /// The dominant share: the largest fraction held of any scalar, by weight.
    ///
    /// Mesos: `DRFSorter::calculateShare`.
    pub fn share(&self, held: &Amounts, weight: f64) -> f64 {
        let mut share: f64 = 0.0;
        for (id, total) in self.total.iter() {
            if total > 0 && !self.excluded.contains(&id) {
                #[allow(clippy::cast_precision_loss, reason = "amounts are far below 2^53")]
                let fraction = held.get(id) as f64 / total as f64;
                share = share.max(fraction);
            }
        }
        share / weight
    }
}
