//! What the master knows.

mod agent;
mod framework;
mod machine;
mod pending;
mod task;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use libprocess_core::time::Time;
use libprocess_core::upid::Upid;
use mesos::Resources;
use mesos::ids::{AgentId, FrameworkId, OfferId};
use mesos_allocator::{Allocator, Quota};
use mesos_proto::v0;

pub use agent::{Agent, Connection, OperationUuid};
pub use framework::{Framework, FrameworkState};
pub use machine::{Machine, MachineKey};
pub(crate) use pending::{Pending, PendingWrites};
pub use task::Task;

use crate::effect::StreamId;
use crate::ids::Ids;
use crate::metrics::Metrics;
use crate::options::Options;

/// The master: everything it knows and the one way to change it, [`Master::handle`].
#[derive(Debug, Clone)]
pub struct Master {
    pub(crate) options: Options,
    pub(crate) info: v0::MasterInfo,
    pub(crate) started: Time,
    pub(crate) elected: Option<Time>,
    pub(crate) ids: Ids,
    pub(crate) allocator: Box<dyn Allocator>,
    pub(crate) metrics: Metrics,
    /// Registered agents, connected or not.
    pub(crate) agents: BTreeMap<AgentId, Agent>,
    /// The same agents by where they are.
    pub(crate) addresses: BTreeSet<(Upid, AgentId)>,
    /// Agents known from the registry that have not returned since the master started.
    pub(crate) recovered: BTreeMap<AgentId, v0::SlaveInfo>,
    /// Agents given up for the time being, and when.
    pub(crate) unreachable: BTreeMap<AgentId, Time>,
    /// Agents that may never return.
    pub(crate) gone: BTreeSet<AgentId>,
    /// Agents removed during this life of the master, oldest first.
    pub(crate) removed: VecDeque<AgentId>,
    pub(crate) frameworks: BTreeMap<FrameworkId, Framework>,
    pub(crate) completed: VecDeque<Framework>,
    pub(crate) offers: BTreeMap<OfferId, Offer>,
    /// Inverse offers outstanding.
    pub(crate) inverse_offers: BTreeMap<OfferId, InverseOffer>,
    /// What roles are owed and may have.
    pub(crate) quotas: BTreeMap<String, Quota>,
    /// How much roles count that do not count one.
    pub(crate) weights: BTreeMap<String, f64>,
    /// Machines in the maintenance schedule.
    pub(crate) machines: BTreeMap<MachineKey, Machine>,
    /// The maintenance schedule; at most one.
    pub(crate) schedules: Vec<v0::maintenance::Schedule>,
    /// Which framework listens on which stream.
    pub(crate) streams: BTreeMap<StreamId, FrameworkId>,
    /// Operators' streams, oldest first.
    pub(crate) subscribers: VecDeque<StreamId>,
    /// Registry writes in flight and what is to be done when they are durable.
    pub(crate) pending: PendingWrites,
    /// For when the allocator's next wake-up is asked for.
    pub(crate) allocation_armed: Option<Time>,
    /// How often the allocator has decided.
    pub(crate) allocations: u64,
    /// Resources of tasks that ended during the handled input, not yet back with the allocator.
    pub(crate) freed: Vec<(FrameworkId, AgentId, Resources)>,
    /// Events of the handled input for operators; delivered at its end.
    pub(crate) operator_events: Vec<v0::master::Event>,
}

/// Resources offered to a framework and not answered yet.
#[derive(Debug, Clone, PartialEq)]
pub struct Offer {
    /// The offer's id.
    pub id: OfferId,
    /// Who was offered.
    pub framework_id: FrameworkId,
    /// Whose resources these are.
    pub agent_id: AgentId,
    /// In which role.
    pub role: String,
    /// What is offered, allocated to the role.
    pub resources: Resources,
}

/// A framework was asked to leave an agent and has not answered yet.
#[derive(Debug, Clone, PartialEq)]
pub struct InverseOffer {
    /// The inverse offer's id.
    pub id: OfferId,
    /// Who was asked.
    pub framework_id: FrameworkId,
    /// Which agent it is to leave.
    pub agent_id: AgentId,
    /// When the agent will be away.
    pub unavailability: v0::Unavailability,
}

impl Master {
    /// A master that has not read its registry yet and therefore does nothing.
    ///
    /// `info.id` prefixes every id it gives; `seed` decides the order in which agents are offered.
    pub fn new(options: Options, info: v0::MasterInfo, now: Time, seed: u64) -> Self {
        Self {
            ids: Ids::new(info.id.clone(), seed),
            allocator: options.make_allocator.make(&options.allocator, seed),
            metrics: Metrics::default(),
            options,
            info,
            started: now,
            elected: None,
            agents: BTreeMap::new(),
            addresses: BTreeSet::new(),
            recovered: BTreeMap::new(),
            unreachable: BTreeMap::new(),
            gone: BTreeSet::new(),
            removed: VecDeque::new(),
            frameworks: BTreeMap::new(),
            completed: VecDeque::new(),
            offers: BTreeMap::new(),
            inverse_offers: BTreeMap::new(),
            quotas: BTreeMap::new(),
            weights: BTreeMap::new(),
            machines: BTreeMap::new(),
            schedules: Vec::new(),
            streams: BTreeMap::new(),
            subscribers: VecDeque::new(),
            pending: PendingWrites::default(),
            allocation_armed: None,
            allocations: 0,
            freed: Vec::new(),
            operator_events: Vec::new(),
        }
    }

    /// Who this master is.
    pub fn info(&self) -> &v0::MasterInfo {
        &self.info
    }

    /// True when the registry was read and the master acts.
    pub fn is_recovered(&self) -> bool {
        self.elected.is_some()
    }

    /// The options it was made with.
    pub fn options(&self) -> &Options {
        &self.options
    }

    pub(crate) fn is_completed(&self, id: &FrameworkId) -> bool {
        self.completed.iter().any(|framework| framework.id == *id)
    }

    /// The agents at an address: one, but for those that were there before it.
    pub(crate) fn agents_at(&self, pid: &Upid) -> impl Iterator<Item = &AgentId> {
        let from = (pid.clone(), AgentId::new(""));
        let found = self.addresses.range(from..);
        found.take_while(move |(at, _)| at == pid).map(|(_, id)| id)
    }
}
