//! Walks over clients in their order, while serving them changes it.

use super::standing::Pool;
use super::tree::{Entry, ROOT, Tree};

/// A place in a list whose elements may move back when they are served.
///
/// Walks as over a copy of the list made at the start. An element that is served moves towards the end, and those
/// between close up; so the next one is at the same place if the last one moved, and those that moved are skipped when
/// they come by again. Mesos copies the list for every agent.
#[derive(Debug, Clone)]
pub(super) struct Cursor<E> {
    place: usize,
    last: Option<E>,
    moved: Vec<E>,
}

impl<E> Default for Cursor<E> {
    fn default() -> Self {
        Self {
            place: 0,
            last: None,
            moved: Vec::new(),
        }
    }
}

impl<E: Copy + PartialEq> Cursor<E> {
    /// The next element; `list` is the list as it is now.
    pub fn next(&mut self, list: &[E]) -> Option<E> {
        if let Some(last) = self.last.take() {
            if list.get(self.place) == Some(&last) {
                self.place += 1;
            } else {
                self.moved.push(last);
            }
        }
        loop {
            let element = *list.get(self.place)?;
            if !self.moved.is_empty() && self.moved.contains(&element) {
                self.place += 1;
                continue;
            }
            self.last = Some(element);
            return Some(element);
        }
    }
}

/// A walk over all roles with members, depth first, by share.
#[derive(Debug, Clone)]
pub(super) struct RoleWalk(Vec<(u32, Cursor<Entry>)>);

impl RoleWalk {
    /// A walk from the start.
    pub fn new() -> Self {
        Self(vec![(ROOT, Cursor::default())])
    }

    /// The next role.
    pub fn next(&mut self, tree: &mut Tree, pool: &Pool) -> Option<u32> {
        while let Some((index, cursor)) = self.0.last_mut() {
            tree.refresh(*index, pool);
            match cursor.next(&tree.node(*index).kids) {
                None => {
                    self.0.pop();
                }
                Some(Entry::Leaf(role)) => return Some(role),
                Some(Entry::Child(child)) => {
                    if tree.node(child).kids.is_empty() {
                        return Some(child);
                    }
                    self.0.push((child, Cursor::default()));
                }
            }
        }
        None
    }
}
