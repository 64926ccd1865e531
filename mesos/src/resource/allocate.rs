//! Many resources allocated at once.

use std::sync::Arc;

use super::Resource;
use super::key::Key;

/// A key before and after an allocation.
struct Change {
    before: Option<Arc<Key>>,
    after: Option<Arc<Key>>,
}

/// Allocates resources to a role, or to none. Those that had one key keep having one.
pub(crate) fn allocate_all(resources: &mut [Resource], role: Option<&Arc<str>>) {
    let mut last: Option<Change> = None;
    for resource in resources {
        match &last {
            Some(change) if is_one(change.before.as_ref(), resource.key.as_ref()) => {
                resource.key.clone_from(&change.after);
            }
            _ => {
                let before = resource.key.clone();
                resource.set_allocation_role(role.cloned());
                last = Some(Change {
                    before,
                    after: resource.key.clone(),
                });
            }
        }
    }
}

fn is_one(one: Option<&Arc<Key>>, two: Option<&Arc<Key>>) -> bool {
    match (one, two) {
        // Only well-known names have no key, and they stand beside it.
        (None, None) => true,
        (Some(one), Some(two)) => Arc::ptr_eq(one, two),
        _ => false,
    }
}
