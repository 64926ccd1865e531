//! What routes say about themselves, for `/help`.

use parking_lot::RwLock;
use smol_str::SmolStr;
use std::collections::BTreeMap;

/// The help of each endpoint of one process, by its path with a slash before it; none where its author wrote none.
pub(crate) type Endpoints = BTreeMap<String, Option<String>>;

/// The endpoints of a whole system.
#[derive(Default)]
pub(crate) struct Helps(RwLock<BTreeMap<SmolStr, Endpoints>>);

impl Helps {
    /// Notes an endpoint; replaces what was said about it before.
    pub(crate) fn add(&self, id: SmolStr, path: &str, help: Option<String>) {
        let path = format!("/{}", path.trim_matches('/'));
        self.0.write().entry(id).or_default().insert(path, help);
    }

    /// Forgets a process.
    pub(crate) fn remove(&self, id: &str) {
        self.0.write().remove(id);
    }

    /// The endpoints of one process.
    pub(crate) fn of(&self, id: &str) -> Option<Endpoints> {
        self.0.read().get(id).cloned()
    }

    /// All of them.
    pub(crate) fn all(&self) -> BTreeMap<SmolStr, Endpoints> {
        self.0.read().clone()
    }
}
