//! What tells a resource from others, in a form that is quick to copy and to compare.
//!
//! Most resources are one of five names and nothing else: a byte says so. All others share a [`Key`], which is
//! made once and compared by its address first, by its hash then, and by its contents only when both leave it
//! open.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use super::identity::Identity;

/// The names nearly all resources have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    Cpus,
    Mem,
    Disk,
    Ports,
    Gpus,
    /// The name stands in the key.
    Other,
}

impl Known {
    pub(super) fn of(name: &str) -> Self {
        match name {
            "cpus" => Self::Cpus,
            "mem" => Self::Mem,
            "disk" => Self::Disk,
            "ports" => Self::Ports,
            "gpus" => Self::Gpus,
            _ => Self::Other,
        }
    }

    /// The name, unless it stands in the key.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Cpus => "cpus",
            Self::Mem => "mem",
            Self::Disk => "disk",
            Self::Ports => "ports",
            Self::Gpus => "gpus",
            Self::Other => "",
        }
    }
}

/// Everything but the value and a well-known name.
#[derive(Clone, Debug, Default)]
pub(super) struct Parts {
    /// A name that is not well known.
    pub(super) name: Option<Arc<str>>,
    /// The role it is allocated to.
    pub(super) allocation: Option<Arc<str>>,
    /// What only few resources have.
    pub(super) identity: Identity,
}

impl Parts {
    /// Tells whether nothing is left without the allocation.
    pub(super) fn is_only_allocated(&self) -> bool {
        self.name.is_none() && self.identity.is_plain()
    }
}

impl PartialEq for Parts {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.allocation == other.allocation && self.identity == other.identity
    }
}

/// Parts that do not change any more.
#[derive(Debug)]
pub(super) struct Key {
    hash: u64,
    /// See [`Identity::is_exclusive`].
    exclusive: bool,
    parts: Parts,
}

impl Key {
    /// A key of these parts; `None` when there is nothing to tell.
    pub(super) fn new(parts: Parts) -> Option<Arc<Self>> {
        if parts.name.is_none() && parts.allocation.is_none() && parts.identity.is_plain() {
            return None;
        }
        let mut hasher = DefaultHasher::new();
        parts.name.hash(&mut hasher);
        parts.allocation.hash(&mut hasher);
        if !parts.identity.is_plain() {
            parts.identity.hash(&mut hasher);
        }
        Some(Arc::new(Self {
            hash: hasher.finish(),
            exclusive: parts.identity.is_exclusive(),
            parts,
        }))
    }

    pub(super) fn parts(&self) -> &Parts {
        &self.parts
    }

    pub(super) fn hash(&self) -> u64 {
        self.hash
    }

    pub(super) fn is_exclusive(&self) -> bool {
        self.exclusive
    }
}

/// Tells whether two keys, which may be absent, say the same.
#[inline]
pub(super) fn same(one: Option<&Arc<Key>>, two: Option<&Arc<Key>>) -> bool {
    match (one, two) {
        (None, None) => true,
        (Some(one), Some(two)) => Arc::ptr_eq(one, two) || (one.hash == two.hash && one.parts == two.parts),
        _ => false,
    }
}
