//! Many resources allocated at once.

use std::sync::Arc;

use super::Resource;
use super::key::{Key, Parts};

/// A role that resources are allocated to again and again.
///
/// What tells a resource of a well-known name from others once it is allocated is made once here, and shared by all.
///
/// ```
/// use mesos::{Allocation, Resources};
///
/// let web = Allocation::new("web");
/// let mut offer = Resources::parse("cpus:2;mem:512", "*")?;
/// offer.allocate_as(&web);
/// assert_eq!(offer, Resources::parse("cpus:2;mem:512", "*")?.allocated("web"));
/// # Ok::<(), mesos::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Allocation {
    role: Arc<str>,
    /// The key of what has none without the allocation.
    plain: Option<Arc<Key>>,
}

impl Allocation {
    /// An allocation to this role.
    pub fn new(role: impl Into<Arc<str>>) -> Self {
        let role = role.into();
        let parts = Parts {
            allocation: Some(role.clone()),
            ..Parts::default()
        };
        Self {
            role,
            plain: Key::new(parts),
        }
    }

    /// The role.
    pub fn role(&self) -> &Arc<str> {
        &self.role
    }
}

/// A key before and after an allocation.
struct Change {
    before: Option<Arc<Key>>,
    after: Option<Arc<Key>>,
}

/// Allocates resources as said.
pub(crate) fn allocate_all_as(resources: &mut [Resource], allocation: &Allocation) {
    let plain = Change {
        before: None,
        after: allocation.plain.clone(),
    };
    change_all(resources, Some(&allocation.role), Some(plain));
}

/// Allocates resources to a role, or to none. Those that had one key keep having one.
pub(crate) fn allocate_all(resources: &mut [Resource], role: Option<&Arc<str>>) {
    change_all(resources, role, None);
}

fn change_all(resources: &mut [Resource], role: Option<&Arc<str>>, mut last: Option<Change>) {
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
