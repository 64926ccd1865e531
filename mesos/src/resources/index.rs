//! Where in a large bundle a resource may be.

use crate::Resource;

/// Nowhere.
const NONE: u32 = u32::MAX;

/// Positions by [`Resource::slot`]: chains through the positions, doubly linked, so that every change takes
/// constant time however many resources share a slot.
#[derive(Debug)]
pub(super) struct Index {
    /// The first of each chain; a power of two of them.
    heads: Vec<u32>,
    links: Vec<Link>,
}

#[derive(Clone, Copy, Debug)]
struct Link {
    previous: u32,
    next: u32,
    slot: u32,
}

impl Index {
    pub(super) fn new(items: &[Resource]) -> Self {
        let mut index = Self {
            heads: vec![NONE; (2 * items.len()).next_power_of_two()],
            links: Vec::with_capacity(items.len() + items.len() / 2),
        };
        for item in items {
            index.push(item.slot());
        }
        index
    }

    fn head(&mut self, slot: u32) -> &mut u32 {
        let mask = self.heads.len() - 1;
        &mut self.heads[slot as usize & mask]
    }

    /// Notes the slot of the next position.
    pub(super) fn push(&mut self, slot: u32) {
        if self.links.len() >= self.heads.len() {
            let slots: Vec<u32> = self.links.drain(..).map(|link| link.slot).collect();
            self.heads = vec![NONE; 2 * self.heads.len()];
            for slot in slots {
                self.link(slot);
            }
        }
        self.link(slot);
    }

    fn link(&mut self, slot: u32) {
        // More positions than this do not fit into memory.
        let position = self.links.len() as u32;
        let next = std::mem::replace(self.head(slot), position);
        if let Some(link) = self.links.get_mut(next as usize) {
            link.previous = position;
        }
        self.links.push(Link {
            previous: NONE,
            next,
            slot,
        });
    }

    /// Forgets a position, and gives its number to the last one.
    pub(super) fn swap_remove(&mut self, position: usize) {
        let removed = self.links[position];
        self.relink(removed, removed.next, removed.previous);
        let last = self.links.len() - 1;
        if position != last {
            let moved = self.links[last];
            self.relink(moved, position as u32, position as u32);
            self.links[position] = moved;
        }
        self.links.pop();
    }

    /// What came before `link` goes on with `next`, what came after goes back to `previous`.
    fn relink(&mut self, link: Link, next: u32, previous: u32) {
        match self.links.get_mut(link.previous as usize) {
            Some(before) => before.next = next,
            None => *self.head(link.slot) = next,
        }
        if let Some(after) = self.links.get_mut(link.next as usize) {
            after.previous = previous;
        }
    }

    /// The positions where a resource with this slot may be.
    pub(super) fn candidates(&self, slot: u32) -> impl Iterator<Item = usize> + '_ {
        let mask = self.heads.len() - 1;
        let mut next = self.heads[slot as usize & mask];
        std::iter::from_fn(move || {
            loop {
                let position = next as usize;
                let link = self.links.get(position)?;
                next = link.next;
                if link.slot == slot {
                    return Some(position);
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn knows_what_a_list_knows(steps in prop::collection::vec((any::<bool>(), 0usize..100, 0u32..9), 0..200)) {
            let mut index = Index::new(&[]);
            let mut list: Vec<u32> = Vec::new();
            for (add, position, slot) in steps {
                // Slots that differ in high bits only share a chain.
                let slot = slot << 28 | slot & 1;
                if add || list.is_empty() {
                    index.push(slot);
                    list.push(slot);
                } else {
                    let position = position % list.len();
                    index.swap_remove(position);
                    list.swap_remove(position);
                }
                for slot in (0..9).map(|slot| slot << 28 | slot & 1) {
                    let mut found: Vec<usize> = index.candidates(slot).collect();
                    found.sort_unstable();
                    let expected: Vec<usize> = (0..list.len()).filter(|at| list[*at] == slot).collect();
                    prop_assert_eq!(found, expected);
                }
            }
        }
    }
}
