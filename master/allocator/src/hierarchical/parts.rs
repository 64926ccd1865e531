//! A bundle taken apart once, by what the books tell apart.

use mesos::Resources;

use super::amounts::{Amounts, Names};

/// Sums over a bundle. Shared resources are in [`Parts::shared`] alone.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Parts {
    /// All scalars that are not shared.
    pub scalars: Amounts,
    /// What most bundles have nothing of.
    special: Option<Box<Special>>,
}

/// Sums over a bundle in which something is reserved, revocable or shared.
#[derive(Debug, Clone, Default, PartialEq)]
struct Special {
    reserved: Amounts,
    free: Amounts,
    revocable: Amounts,
    shared: Resources,
}

/// What plain bundles have.
static NOTHING: Special = Special {
    reserved: Amounts::new(),
    free: Amounts::new(),
    revocable: Amounts::new(),
    shared: Resources::new(),
};

impl Parts {
    /// Takes a bundle apart.
    pub fn of(resources: &Resources, names: &mut Names) -> Self {
        let mut parts = Self::default();
        for resource in resources {
            if resource.is_shared() {
                parts.special().shared.add(resource.clone());
                continue;
            }
            let (reserved, revocable) = (!resource.is_unreserved(), resource.is_revocable());
            if reserved || revocable {
                parts.special();
            }
            let Some(scalar) = resource.scalar() else {
                continue;
            };
            let (id, amount) = (names.id_of(resource), scalar.thousandths());
            parts.scalars.add_one(id, amount);
            let Some(special) = &mut parts.special else {
                continue;
            };
            if reserved {
                special.reserved.add_one(id, amount);
            }
            if revocable {
                special.revocable.add_one(id, amount);
            }
            if !reserved && !revocable {
                special.free.add_one(id, amount);
            }
        }
        parts
    }

    /// The special sums, made if need be: so far all was free.
    fn special(&mut self) -> &mut Special {
        self.special.get_or_insert_with(|| {
            Box::new(Special {
                free: self.scalars.clone(),
                ..Special::default()
            })
        })
    }

    /// True when nothing in it is reserved, revocable or shared.
    pub fn is_plain(&self) -> bool {
        self.special.is_none()
    }

    fn sums(&self) -> &Special {
        self.special.as_deref().unwrap_or(&NOTHING)
    }

    /// Those scalars that are reserved.
    pub fn reserved(&self) -> &Amounts {
        &self.sums().reserved
    }

    /// Those scalars that count for quota: neither reserved nor revocable.
    pub fn free(&self) -> &Amounts {
        self.special
            .as_ref()
            .map_or(&self.scalars, |special| &special.free)
    }

    /// Those scalars that are revocable.
    pub fn revocable(&self) -> &Amounts {
        &self.sums().revocable
    }

    /// Shared resources, copies and all.
    pub fn shared(&self) -> &Resources {
        &self.sums().shared
    }

    /// The shared resources that are reserved.
    pub fn reserved_shared(&self) -> Resources {
        self.shared().reserved(None)
    }
}
