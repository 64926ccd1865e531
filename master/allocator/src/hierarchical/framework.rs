//! A framework as the allocator knows it, and its memberships in roles.

use std::collections::{BTreeMap, BTreeSet};

use libprocess_core::time::Time;
use mesos::Quantities;
use mesos::ids::FrameworkId;
use mesos_proto::v0::{self, framework_info::capability::Type};

use crate::OfferConstraints;

use super::bits::Bits;
use super::standing::Tally;

/// What a framework can handle.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Abilities {
    pub multi_role: bool,
    pub gpus: bool,
    pub regions: bool,
    pub shared: bool,
    pub revocable: bool,
    pub refined: bool,
}

/// A framework, or the place of one that holds something but has not been added.
#[derive(Debug, Clone, Default)]
pub(super) struct Framework {
    pub id: Option<FrameworkId>,
    /// A number in the order of ids.
    pub label: u64,
    /// It was added.
    pub known: bool,
    pub active: bool,
    pub roles: BTreeSet<String>,
    pub suppressed: BTreeSet<String>,
    pub can: Abilities,
    pub constraints: OfferConstraints,
    /// Minima of its own, by role.
    pub minima: BTreeMap<String, Vec<Quantities>>,
    /// Its pairs by the node of the role.
    pub pairs: BTreeMap<u32, u32>,
    /// Agents on which it holds something.
    pub agents: Bits,
    /// Agents it does not want to be asked to leave, and until when.
    pub inverse_filters: BTreeMap<u32, Vec<Time>>,
}

/// A framework in a role: the client of a framework sorter.
#[derive(Debug, Clone, Default)]
pub(super) struct Pair {
    pub framework: u32,
    pub role: u32,
    pub tally: Tally,
    /// It wants offers: subscribed, connected, not suppressed.
    pub active: bool,
    /// Minima of its own.
    pub minima: Option<Vec<Quantities>>,
    /// How many filters it has.
    pub filters: u32,
    /// Filters of other generations do not count.
    pub generation: u32,
    /// Some agent may have marked it as blocked.
    pub marked: bool,
}

impl Framework {
    /// Takes over what the framework says of itself.
    pub fn set_info(&mut self, info: &v0::FrameworkInfo) {
        let has = |kind| mesos::capabilities::framework_has(info, kind);
        self.can = Abilities {
            multi_role: has(Type::MultiRole),
            gpus: has(Type::GpuResources),
            regions: has(Type::RegionAware),
            shared: has(Type::SharedResources),
            revocable: has(Type::RevocableResources),
            refined: has(Type::ReservationRefinement),
        };
        self.roles = mesos::roles::of_framework(info);
        self.minima = info
            .offer_filters
            .iter()
            .filter_map(|(role, filters)| {
                let minima = filters.min_allocatable_resources.as_deref()?;
                let minima = minima.quantities.iter();
                Some((
                    role.clone(),
                    minima
                        .map(|least| Quantities::from_protos(&least.quantities))
                        .collect(),
                ))
            })
            .collect();
    }

    /// True when it wants offers for a role.
    pub fn wants(&self, role: &str) -> bool {
        self.known && self.active && self.roles.contains(role) && !self.suppressed.contains(role)
    }
}
