//! A bundle taken apart once, by what the books tell apart.

use mesos::Resources;

use super::amounts::{Amounts, Names};

/// Sums over a bundle. Shared resources are in `shared` alone.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Parts {
    /// All scalars that are not shared.
    pub scalars: Amounts,
    /// Those of them that are reserved.
    pub reserved: Amounts,
    /// Those of them that count for quota: neither reserved nor revocable.
    pub free: Amounts,
    /// Those of them that are revocable.
    pub revocable: Amounts,
    /// Shared resources, copies and all.
    pub shared: Resources,
    /// Nothing in it is reserved, revocable or shared.
    pub plain: bool,
}

impl Parts {
    /// Takes a bundle apart.
    pub fn of(resources: &Resources, names: &mut Names) -> Self {
        let mut parts = Self {
            plain: true,
            ..Self::default()
        };
        for resource in resources {
            if resource.is_shared() {
                parts.shared.add(resource.clone());
                parts.plain = false;
                continue;
            }
            let (reserved, revocable) = (!resource.is_unreserved(), resource.is_revocable());
            parts.plain &= !reserved && !revocable;
            let Some(scalar) = resource.scalar() else {
                continue;
            };
            let (id, amount) = (names.id_of(resource), scalar.thousandths());
            parts.scalars.add_one(id, amount);
            if reserved {
                parts.reserved.add_one(id, amount);
            }
            if revocable {
                parts.revocable.add_one(id, amount);
            }
            if !reserved && !revocable {
                parts.free.add_one(id, amount);
            }
        }
        parts
    }

    /// The shared resources that are reserved.
    pub fn reserved_shared(&self) -> Resources {
        self.shared.reserved(None)
    }
}
