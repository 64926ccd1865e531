//! An agent as the allocator knows it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use libprocess_core::time::Time;
use mesos::ids::{AgentId, FrameworkId};
use mesos::{Allocation, Resources};
use mesos_proto::v0::{self, slave_info::capability};

use super::amounts::Names;
use super::bits::Bits;
use super::held::Held;
use super::parts::Parts;

/// When an agent will be away, and what frameworks say to it.
#[derive(Debug, Clone)]
pub(super) struct Maintenance {
    pub unavailability: v0::Unavailability,
    pub statuses: BTreeMap<FrameworkId, v0::allocator::InverseOfferStatus>,
    /// Frameworks that were asked and have not answered.
    pub outstanding: BTreeSet<u32>,
}

/// A pair refused these resources of the agent until a time.
#[derive(Debug, Clone)]
pub(super) struct Filter {
    pub pair: u32,
    /// The pair's at that time; a pair that revives forgets its filters by growing older.
    pub generation: u32,
    pub until: Time,
    pub refused: Arc<Resources>,
}

/// An agent.
#[derive(Debug, Clone)]
pub(super) struct Agent {
    pub id: AgentId,
    /// What its lots are drawn for.
    pub lot: u64,
    /// Without its resources.
    pub info: v0::SlaveInfo,
    pub multi_role: bool,
    pub hierarchical_role: bool,
    /// False while it is not to be offered.
    pub active: bool,
    /// In another region than the master.
    pub remote: bool,
    pub has_gpus: bool,
    /// All it has, without allocation.
    pub total: Resources,
    /// What can be offered: the total without what is held; shared resources can be however often they are held.
    pub available: Resources,
    /// The sums over `available`.
    pub parts: Parts,
    /// More is held than there is, since the total shrank.
    overdrawn: bool,
    /// What frameworks hold, offered or used, with allocation.
    pub held: Held,
    /// What of it is used.
    pub allocated: Resources,
    pub maintenance: Option<Maintenance>,
    /// Sorted by pair.
    pub filters: Vec<Filter>,
    /// The soonest end of a filter.
    pub next_expiry: Option<Time>,
    /// Pairs to which nothing of `blocked_for`, or of anything in it, can be offered.
    pub blocked: Bits,
    pub blocked_for: Resources,
    /// `blocked_for` is what is available now.
    blocked_exact: bool,
    /// Pairs that gave back what they were offered here, and are not asked again before the next regular run.
    pub resting: Bits,
    /// Something changed since it was last looked at.
    pub pending: bool,
    /// When last looked at, something was held back for quota.
    pub quota_held: bool,
}

impl Agent {
    pub fn new(id: AgentId, total: Resources, held: Held, names: &mut Names) -> Self {
        let mut agent = Self {
            lot: super::chance::of_text(id.as_str()),
            id,
            info: v0::SlaveInfo::default(),
            multi_role: false,
            hierarchical_role: false,
            active: true,
            remote: false,
            has_gpus: false,
            total: Resources::new(),
            available: Resources::new(),
            parts: Parts::default(),
            overdrawn: false,
            allocated: held.bundles().fold(Resources::new(), |sum, held| sum + held),
            held,
            maintenance: None,
            filters: Vec::new(),
            next_expiry: None,
            blocked: Bits::default(),
            blocked_for: Resources::new(),
            blocked_exact: false,
            resting: Bits::default(),
            pending: true,
            quota_held: false,
        };
        agent.set_total(total, names);
        agent
    }

    /// Takes over what the agent says of itself.
    pub fn set_info(&mut self, info: &v0::SlaveInfo, master: Option<&v0::DomainInfo>) {
        self.info = without_resources(info);
        self.remote = region(info.domain.as_deref())
            .zip(region(master))
            .is_some_and(|(own, masters)| own != masters);
    }

    /// Takes over what the agent can do; true when that changed.
    pub fn set_capabilities(&mut self, capabilities: &[v0::slave_info::Capability]) -> bool {
        let has = |kind| mesos::capabilities::agent_has(capabilities, kind);
        let before = (self.multi_role, self.hierarchical_role);
        self.multi_role = has(capability::Type::MultiRole);
        self.hierarchical_role = has(capability::Type::HierarchicalRole);
        before != (self.multi_role, self.hierarchical_role)
    }

    /// What frameworks hold, without allocation.
    pub fn taken(&self) -> Resources {
        self.held
            .bundles()
            .fold(Resources::new(), |sum, held| sum + &held.clone().unallocated())
    }

    /// Replaces the total.
    pub fn set_total(&mut self, total: Resources, names: &mut Names) {
        self.replace_total(total);
        self.recount(names);
    }

    fn replace_total(&mut self, total: Resources) {
        let has_gpus = total.gpus().is_some_and(|gpus| gpus > mesos::Scalar::ZERO);
        if self.has_gpus != has_gpus {
            // Other frameworks may be asked than before.
            self.blocked.clear();
            self.pending = true;
        }
        self.has_gpus = has_gpus;
        self.total = total;
    }

    /// Counts what is available anew.
    fn recount(&mut self, names: &mut Names) {
        let taken = self.taken().non_shared();
        let whole = self.total.non_shared();
        self.overdrawn = !whole.contains(&taken);
        self.available = whole - &taken + &self.total.shared();
        self.changed(true, names);
    }

    /// A framework is offered something of what is available.
    pub fn hold(&mut self, framework: u32, resources: &Resources, names: &mut Names) {
        self.held.add(framework, resources);
        if self.overdrawn {
            self.recount(names);
            return;
        }
        self.available -= &resources.non_shared().unallocated();
        self.changed(false, names);
    }

    /// A framework turns out to use something, whether it is there or not.
    pub fn take_up(&mut self, framework: u32, resources: &Resources, names: &mut Names) {
        self.held.add(framework, resources);
        self.allocated += resources;
        self.recount(names);
    }

    /// A framework holds all that is available, which is plain. Returns it, allocated to the role.
    pub fn hold_all(&mut self, framework: u32, role: &Allocation, names: &mut Names) -> Resources {
        let mut all = std::mem::take(&mut self.available);
        all.allocate_as(role);
        self.held.add(framework, &all);
        self.changed(false, names);
        all
    }

    /// A framework holds something less.
    pub fn free(&mut self, framework: u32, resources: &Resources, names: &mut Names) {
        let all = self.held.sub(framework, resources);
        if self.overdrawn {
            self.recount(names);
            return;
        }
        let bare = all.unwrap_or_else(|| resources.clone()).unallocated();
        if bare.iter().any(mesos::Resource::is_shared) {
            self.available += &bare.non_shared();
        } else if self.available.is_empty() {
            self.available = bare;
        } else {
            self.available += &bare;
        }
        self.changed(true, names);
    }

    /// What a framework holds became something else, and so did the total; nothing else is free than was.
    pub fn convert(
        &mut self,
        framework: u32,
        before: &Resources,
        after: &Resources,
        total: Resources,
        names: &mut Names,
    ) {
        self.held.replace(framework, before, after);
        let had_shared = !self.total.shared().is_empty();
        self.replace_total(total);
        let shared = self.total.shared();
        if self.overdrawn {
            self.recount(names);
        } else if had_shared || !shared.is_empty() {
            self.available = self.available.non_shared() + &shared;
            self.changed(true, names);
        }
    }

    /// `available` changed.
    fn changed(&mut self, grew: bool, names: &mut Names) {
        self.parts = Parts::of(&self.available, names);
        self.blocked_exact = false;
        if grew {
            self.pending = true;
            if !self.blocked.is_empty() && !self.blocked_for.contains(&self.available) {
                self.blocked.clear();
            }
        }
    }

    /// Remembers that a pair can be offered nothing of what is available, as long as it does not become more.
    pub fn block(&mut self, pair: u32) {
        if !self.blocked_exact {
            // What is true of more is true of less.
            self.blocked_for.clone_from(&self.available);
            self.blocked_exact = true;
        }
        self.blocked.set(pair);
    }

    /// True when all that is available is plain, and no more is held than there is.
    pub fn is_plain_and_covered(&self) -> bool {
        self.parts.is_plain() && !self.overdrawn
    }

    /// Reads from wherever a visit reads, and what it reads does not matter.
    pub fn glance(&self) -> u64 {
        let first = self.available.iter().next().and_then(mesos::Resource::scalar);
        let first = first.map_or(0, |scalar| scalar.thousandths().cast_unsigned());
        let filter = self.filters.first().map_or(0, |filter| u64::from(filter.pair));
        let sum = self.parts.scalars.get(0).cast_unsigned();
        let flags =
            u64::from(self.quota_held) + u64::from(self.blocked.has(0)) + u64::from(self.resting.has(0));
        [first, filter, sum, flags, self.lot]
            .into_iter()
            .chain([self.blocked_for.len() as u64, u64::from(self.held.has(0))])
            .fold(0, u64::wrapping_add)
    }

    /// True when more is held than there is: the total shrank, which nobody asked the holders about.
    pub fn is_overdrawn(&self) -> bool {
        self.overdrawn
    }

    /// True when a pair need not be asked.
    pub fn is_out_of_question(&self, pair: u32) -> bool {
        self.blocked.has(pair) || self.resting.has(pair)
    }

    /// The filters of a pair that hold.
    pub fn filters_of(&self, pair: u32, generation: u32, now: Time) -> impl Iterator<Item = &Filter> {
        let start = self.filters.partition_point(|filter| filter.pair < pair);
        self.filters[start..]
            .iter()
            .take_while(move |filter| filter.pair == pair)
            .filter(move |filter| filter.generation == generation && filter.until > now)
    }
}

/// What is compared and asked of an agent's info.
pub(super) fn without_resources(info: &v0::SlaveInfo) -> v0::SlaveInfo {
    v0::SlaveInfo {
        hostname: info.hostname.clone(),
        attributes: info.attributes.clone(),
        domain: info.domain.clone(),
        port: info.port,
        ..Default::default()
    }
}

fn region(domain: Option<&v0::DomainInfo>) -> Option<&str> {
    Some(&domain?.fault_domain.as_deref()?.region.name)
}
