//! A framework as the master knows it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use libprocess_core::time::Time;
use mesos::Resources;
use mesos::ids::{AgentId, FrameworkId, OfferId, TaskId};
use mesos_allocator::{FrameworkOptions, OfferConstraints, RegexLimits};
use mesos_proto::v0::{self, framework_info::capability};

use crate::effect::StreamId;
use crate::metrics::FrameworkMetrics;
use crate::state::{OperationUuid, Task};

/// Where a framework is in its life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FrameworkState {
    /// Known only from agents that returned; its scheduler has not been heard of.
    Recovered,
    /// Subscribed on this stream.
    Active(StreamId),
    /// Its stream broke; the number tells this disconnection from later ones.
    Disconnected(u64),
    /// Removed; kept to be shown.
    Completed,
}

/// A framework.
#[derive(Debug, Clone)]
pub struct Framework {
    /// Its id; `info.id` is the same.
    pub id: FrameworkId,
    /// What its scheduler says of it.
    pub info: v0::FrameworkInfo,
    /// The roles it is in: `info.roles`, or `info.role` for frameworks of old.
    pub roles: BTreeSet<String>,
    /// The roles for which it wants no offers.
    pub suppressed: BTreeSet<String>,
    /// Which agents it wants to hear of.
    pub constraints: Option<v0::scheduler::OfferConstraints>,
    /// The allocator was told of it.
    pub(crate) known_to_allocator: bool,
    /// Where it is in its life.
    pub state: FrameworkState,
    /// When it first subscribed here.
    pub registered: Time,
    /// When it last subscribed again.
    pub reregistered: Option<Time>,
    /// When it was removed.
    pub unregistered: Option<Time>,
    /// Tasks that have not ended, or whose end the scheduler has not acknowledged.
    pub tasks: BTreeMap<TaskId, Task>,
    /// Tasks on agents that were given up, oldest first.
    pub unreachable_tasks: VecDeque<Task>,
    /// Tasks that ended, oldest first.
    pub completed_tasks: VecDeque<Task>,
    /// Offers outstanding.
    pub offers: BTreeSet<OfferId>,
    /// Inverse offers outstanding.
    pub inverse_offers: BTreeSet<OfferId>,
    /// What its tasks and executors use, with allocation.
    pub used: Resources,
    /// What is offered to it, with allocation.
    pub offered: Resources,
    /// Its operations that are not over or not acknowledged, and the agents that know them.
    pub operations: BTreeMap<OperationUuid, AgentId>,
    /// Those that it gave an id.
    pub operation_ids: BTreeMap<String, OperationUuid>,
    /// Counters of its own.
    pub metrics: FrameworkMetrics,
}

impl Framework {
    /// A framework that nobody has subscribed for yet.
    pub fn new(id: FrameworkId, mut info: v0::FrameworkInfo, now: Time) -> Self {
        info.id = Some(Box::new(id.to_proto()));
        Self {
            roles: mesos::roles::of_framework(&info),
            id,
            info,
            suppressed: BTreeSet::new(),
            constraints: None,
            known_to_allocator: false,
            state: FrameworkState::Recovered,
            registered: now,
            reregistered: None,
            unregistered: None,
            tasks: BTreeMap::new(),
            unreachable_tasks: VecDeque::new(),
            completed_tasks: VecDeque::new(),
            offers: BTreeSet::new(),
            inverse_offers: BTreeSet::new(),
            used: Resources::default(),
            offered: Resources::default(),
            operations: BTreeMap::new(),
            operation_ids: BTreeMap::new(),
            metrics: FrameworkMetrics::default(),
        }
    }

    /// True when its scheduler asked for this capability.
    pub fn can(&self, capability: capability::Type) -> bool {
        mesos::capabilities::framework_has(&self.info, capability)
    }

    /// True when its scheduler tells tasks that may still run from tasks that are lost.
    pub fn is_partition_aware(&self) -> bool {
        self.can(capability::Type::PartitionAware)
    }

    /// The stream its scheduler listens on.
    pub fn stream(&self) -> Option<&StreamId> {
        match &self.state {
            FrameworkState::Active(stream) => Some(stream),
            FrameworkState::Recovered | FrameworkState::Disconnected(_) | FrameworkState::Completed => None,
        }
    }

    pub(crate) fn add_operation(
        &mut self,
        uuid: OperationUuid,
        agent: AgentId,
        id: Option<&v0::OperationID>,
    ) {
        self.operations.insert(uuid, agent);
        if let Some(id) = id {
            self.operation_ids.insert(id.value.clone(), uuid);
        }
    }

    pub(crate) fn remove_operation(&mut self, uuid: &OperationUuid) {
        self.operations.remove(uuid);
        self.operation_ids.retain(|_, known| known != uuid);
    }

    /// True when its scheduler listens.
    pub fn is_connected(&self) -> bool {
        self.stream().is_some()
    }

    /// Remembers a task that ended, and forgets the oldest when there are more than `max`.
    pub(crate) fn complete_task(&mut self, task: Task, max: usize) {
        self.completed_tasks.push_back(task);
        while self.completed_tasks.len() > max {
            self.completed_tasks.pop_front();
        }
    }

    /// What the allocator is told of it beside its `info`.
    pub(crate) fn allocator_options(&self, limits: RegexLimits) -> FrameworkOptions {
        let compile = |constraints| OfferConstraints::compile(constraints, limits);
        let constraints = self.constraints.as_ref().map(compile);
        FrameworkOptions {
            suppressed: self.suppressed.clone(),
            // Checked when the scheduler said it.
            constraints: constraints.and_then(Result::ok).unwrap_or_default(),
        }
    }
}
