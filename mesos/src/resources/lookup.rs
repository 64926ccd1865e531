//! Many resources looked for in a bundle that does not change.

use super::index::Index;
use super::{INDEXED, Resources};
use crate::Resource;

/// Finds items of a bundle: where they are supposed to be first, then by an index if there are many.
pub(super) struct Lookup<'a> {
    bundle: &'a Resources,
    /// Whether so much is looked for that an index is worth making.
    many: bool,
    own: Option<Index>,
}

impl<'a> Lookup<'a> {
    /// For so many searches in `bundle`.
    pub(super) fn new(bundle: &'a Resources, searches: usize) -> Self {
        Self {
            bundle,
            many: searches >= INDEXED && bundle.items.len() >= INDEXED,
            own: None,
        }
    }

    /// Where an item is of which `fits` holds. Such an item has the slot of `resource`.
    pub(super) fn position(
        &mut self,
        resource: &Resource,
        hint: usize,
        fits: impl Fn(usize, &Resource) -> bool,
    ) -> Option<usize> {
        let items = &self.bundle.items;
        if items.get(hint).is_some_and(|own| fits(hint, own)) {
            return Some(hint);
        }
        let index = match &self.bundle.index {
            Some(index) => index.as_ref(),
            None if self.many => self.own.get_or_insert_with(|| Index::new(items)),
            None => return items.iter().enumerate().position(|(at, own)| fits(at, own)),
        };
        index
            .candidates(resource.slot())
            .find(|position| fits(*position, &items[*position]))
    }
}
