//! Numbers by the ids they stand for.

/// Where there is no number.
const NONE: u32 = u32::MAX;

/// The fewest places of a table that is not empty.
const LEAST: usize = 16;

/// An open table of numbers, by the hashes of ids. Who asks knows the ids, so none is kept here.
///
/// Each number lies at the place its hash says, or at the next one that was free; at least half of the places are. The
/// hash depends on the allocator's seed, which those who choose ids do not know.
#[derive(Debug, Clone)]
pub(super) struct Index {
    seed: u64,
    places: Vec<(u32, u32)>,
    count: usize,
}

impl Index {
    /// A table of nothing.
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            places: Vec::new(),
            count: 0,
        }
    }

    /// The number of an id; `is` says whether a number stands for it.
    pub fn get(&self, id: &str, is: impl Fn(u32) -> bool) -> Option<u32> {
        self.find(self.hash(id), is).map(|place| self.places[place].1)
    }

    /// Adds the number of an id that has none.
    pub fn insert(&mut self, id: &str, number: u32) {
        self.count += 1;
        if self.count * 2 > self.places.len() {
            let more = (self.places.len() * 2).max(LEAST);
            let all = std::mem::replace(&mut self.places, vec![(0, NONE); more]);
            for (hash, number) in all {
                if number != NONE {
                    self.put(hash, number);
                }
            }
        }
        self.put(self.hash(id), number);
    }

    /// Takes the number of an id out.
    pub fn remove(&mut self, id: &str, number: u32) {
        let Some(mut gap) = self.find(self.hash(id), |other| other == number) else {
            return;
        };
        self.count -= 1;
        // Those that lie behind since their places were taken move up.
        let last = self.places.len() - 1;
        let mut place = gap;
        loop {
            place = (place + 1) & last;
            let (hash, number) = self.places[place];
            if number == NONE {
                break;
            }
            let way = place.wrapping_sub(hash as usize) & last;
            if way >= (place.wrapping_sub(gap) & last) {
                self.places[gap] = (hash, number);
                gap = place;
            }
        }
        self.places[gap] = (0, NONE);
    }

    fn find(&self, hash: u32, is: impl Fn(u32) -> bool) -> Option<usize> {
        let last = self.places.len().checked_sub(1)?;
        let mut place = hash as usize & last;
        loop {
            let (other, number) = self.places[place];
            if number == NONE {
                return None;
            }
            if other == hash && is(number) {
                return Some(place);
            }
            place = (place + 1) & last;
        }
    }

    fn put(&mut self, hash: u32, number: u32) {
        let last = self.places.len() - 1;
        let mut place = hash as usize & last;
        while self.places[place].1 != NONE {
            place = (place + 1) & last;
        }
        self.places[place] = (hash, number);
    }

    fn hash(&self, id: &str) -> u32 {
        // The upper half of a product depends on all bits of both factors.
        #[allow(clippy::cast_possible_truncation, reason = "both halves are taken")]
        let mix = |state: u64, word: u64| {
            let product = u128::from(state ^ word ^ 0x9e37_79b9_7f4a_7c15) * 0xf39c_c060_5ced_c835;
            (product as u64) ^ ((product >> 64) as u64)
        };
        let (words, rest) = id.as_bytes().as_chunks::<8>();
        let state = words
            .iter()
            .fold(self.seed, |state, word| mix(state, u64::from_le_bytes(*word)));
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        let state = mix(state, u64::from_le_bytes(last));
        #[allow(clippy::cast_possible_truncation, reason = "the upper half")]
        let hash = (mix(state, id.len() as u64) >> 32) as u32;
        hash
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn finds_what_was_put_in_and_not_taken_out(seed: u64, steps in prop::collection::vec((0u32..60, any::<bool>()), 0..400)) {
            let mut index = Index::new(seed);
            let mut model = BTreeMap::new();
            let id = |n: u32| format!("agent-{n}");
            for (n, put) in steps {
                if put && model.insert(id(n), n).is_none() {
                    index.insert(&id(n), n);
                } else if !put && model.remove(&id(n)).is_some() {
                    index.remove(&id(n), n);
                }
                for n in 0..60 {
                    prop_assert_eq!(index.get(&id(n), |other| other == n), model.get(&id(n)).copied());
                }
            }
        }
    }

    #[test]
    fn ids_spread_over_all_places() {
        for seed in [0, 1, u64::MAX] {
            let mut index = Index::new(seed);
            for n in 0..50_000 {
                index.insert(&format!("9e8ed1d4-6a5c-4d2f-9d9b-3f0a3ee3f4a1-S{n}"), n);
            }
            let last = index.places.len() - 1;
            let ways = index
                .places
                .iter()
                .enumerate()
                .filter(|(_, (_, number))| *number != NONE);
            let ways: usize = ways
                .map(|(place, (hash, _))| place.wrapping_sub(*hash as usize) & last)
                .sum();
            assert!(ways < 50_000, "{ways} places beyond their own");
        }
    }
}
