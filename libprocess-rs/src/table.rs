//! Local processes by id.

use crate::cell::AnyProcess;
use dashmap::{DashMap, Entry};
use rustc_hash::FxBuildHasher;
use std::borrow::Borrow;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// The processes of one system. An entry is two words: the id is read from the process itself.
pub(crate) struct Table(DashMap<Named, (), FxBuildHasher>);

struct Named(Arc<dyn AnyProcess>);

impl Default for Table {
    fn default() -> Table {
        Table(DashMap::with_hasher_and_shard_amount(FxBuildHasher, 16))
    }
}

impl Table {
    /// Enters a process; false when its id is taken.
    pub(crate) fn insert(&self, process: Arc<dyn AnyProcess>) -> bool {
        match self.0.entry(Named(process)) {
            Entry::Occupied(_) => false,
            Entry::Vacant(entry) => {
                drop(entry.insert(()));
                true
            }
        }
    }

    pub(crate) fn find(&self, id: &str) -> Option<Arc<dyn AnyProcess>> {
        self.0.get(id).map(|entry| entry.key().0.clone())
    }

    pub(crate) fn contains(&self, id: &str) -> bool {
        self.0.contains_key(id)
    }

    pub(crate) fn remove(&self, id: &str) {
        drop(self.0.remove(id));
    }

    /// All of them, in no order.
    pub(crate) fn all(&self) -> Vec<Arc<dyn AnyProcess>> {
        self.0.iter().map(|entry| entry.key().0.clone()).collect()
    }
}

impl Borrow<str> for Named {
    fn borrow(&self) -> &str {
        self.0.upid().id()
    }
}

impl Hash for Named {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.upid().id().hash(state);
    }
}

impl PartialEq for Named {
    fn eq(&self, other: &Named) -> bool {
        self.0.upid().id() == other.0.upid().id()
    }
}

impl Eq for Named {}
