//! Allocators by name.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::{Allocator, Hierarchical, Options};

type Make = dyn Fn(&Options, u64) -> Box<dyn Allocator> + Send + Sync;

/// Makes an allocator from options and a seed.
#[derive(Clone)]
pub struct Factory(Arc<Make>);

impl Factory {
    /// A factory from a function.
    pub fn new(make: impl Fn(&Options, u64) -> Box<dyn Allocator> + Send + Sync + 'static) -> Self {
        Self(Arc::new(make))
    }

    /// Makes an allocator that knows nobody yet. `seed` decides whatever is left to chance.
    pub fn make(&self, options: &Options, seed: u64) -> Box<dyn Allocator> {
        (self.0)(options, seed)
    }
}

impl Default for Factory {
    /// Makes [`Hierarchical`].
    fn default() -> Self {
        Self::new(|options, seed| Box::new(Hierarchical::new(options.clone(), seed)))
    }
}

impl fmt::Debug for Factory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Factory")
    }
}

/// The allocators a master can be told to use (`--allocator=NAME`).
///
/// A site that writes its own adds it to these and starts the master with them.
#[derive(Debug, Clone)]
pub struct Allocators(BTreeMap<String, Factory>);

impl Default for Allocators {
    /// Only Mesos' own, under its two names.
    fn default() -> Self {
        let names = ["hierarchical", "HierarchicalDRF"];
        Self(names.map(|name| (name.to_owned(), Factory::default())).into())
    }
}

impl Allocators {
    /// Adds an allocator, or puts it in the place of one with this name.
    #[must_use]
    pub fn with(mut self, name: &str, factory: Factory) -> Self {
        self.0.insert(name.to_owned(), factory);
        self
    }

    /// The allocator of a name.
    pub fn get(&self, name: &str) -> Option<&Factory> {
        self.0.get(name)
    }

    /// All names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}
