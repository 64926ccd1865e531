//! An agent as the master knows it.

use std::collections::{BTreeMap, BTreeSet};

use libprocess_core::time::Time;
use libprocess_core::upid::Upid;
use mesos::ids::{AgentId, ExecutorId, FrameworkId, OfferId, TaskId};
use mesos::{ResourceFormat, Resources};
use mesos_proto::v0;

/// Whether the master can reach an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connection {
    /// Its connection stands.
    Connected,
    /// Its connection broke; the number tells this disconnection from later ones.
    Disconnected(u64),
}

/// A registered agent.
#[derive(Debug, Clone)]
pub struct Agent {
    /// Its id, given by a master once and kept for ever.
    pub id: AgentId,
    /// What it says of itself; `info.id` is set.
    pub info: v0::SlaveInfo,
    /// Where messages to it go.
    pub pid: Upid,
    /// The version of its software.
    pub version: String,
    /// What it can do.
    pub capabilities: Vec<v0::slave_info::Capability>,
    /// When it joined this master.
    pub registered: Time,
    /// When it last returned.
    pub reregistered: Option<Time>,
    /// Whether it can be reached.
    pub connection: Connection,
    /// Tells this registration from later ones of the same agent; its pings carry it.
    pub epoch: u64,
    /// Pings sent and not answered.
    pub missed_pings: u32,
    /// Everything it has.
    pub total: Resources,
    /// What of it is reserved at run time or a persistent volume; the agent keeps it on disk.
    pub checkpointed: Resources,
    /// What is done to its resources: operations that are not over, or whose end nobody has acknowledged.
    pub operations: BTreeMap<OperationUuid, v0::Operation>,
    /// Which executors and tasks use it, by framework, with allocation.
    pub used: BTreeMap<FrameworkId, Resources>,
    /// Its tasks; the tasks themselves are with their frameworks, or in `orphans`.
    pub tasks: BTreeMap<FrameworkId, BTreeSet<TaskId>>,
    /// Its executors, without those of command tasks.
    pub executors: BTreeMap<FrameworkId, BTreeMap<ExecutorId, v0::ExecutorInfo>>,
    /// Tasks the scheduler wants dead that have not ended; told again when the agent returns.
    pub killed: BTreeMap<FrameworkId, BTreeSet<TaskId>>,
    /// Offers outstanding for it.
    pub offers: BTreeSet<OfferId>,
    /// Inverse offers outstanding for it.
    pub inverse_offers: BTreeSet<OfferId>,
    /// Names the state of its resources; goes with every task.
    pub resource_version: Option<v0::UUID>,
}

/// The sixteen bytes that name an operation.
pub type OperationUuid = [u8; 16];

impl Agent {
    /// Changes everything it has.
    pub(crate) fn set_total(&mut self, total: Resources) {
        self.checkpointed = total.needing_checkpointing();
        self.total = total;
    }

    /// What agents of old are to write down, in a form they can read.
    pub(crate) fn checkpointed_for_agent(&self) -> Vec<v0::Resource> {
        if self.can(v0::slave_info::capability::Type::ReservationRefinement) {
            return self.checkpointed.to_protos();
        }
        self.checkpointed
            .to_protos_in(ResourceFormat::Legacy)
            .unwrap_or_default()
    }

    /// The agent as refusals name it.
    pub(crate) fn described(&self) -> String {
        format!("{} at {} ({})", self.id, self.pid, self.info.hostname)
    }

    /// True when messages reach it.
    pub fn is_connected(&self) -> bool {
        self.connection == Connection::Connected
    }

    /// True when it runs this executor.
    pub fn has_executor(&self, framework: &FrameworkId, executor: &ExecutorId) -> bool {
        self.executor(framework, executor).is_some()
    }

    /// The executor with this id, if it runs.
    pub fn executor(&self, framework: &FrameworkId, executor: &ExecutorId) -> Option<&v0::ExecutorInfo> {
        self.executors.get(framework)?.get(executor)
    }

    /// The sum of what all frameworks use, with allocation.
    pub fn used_total(&self) -> Resources {
        let mut total = Resources::default();
        for used in self.used.values() {
            total += used;
        }
        total
    }

    pub(crate) fn book(&mut self, framework: &FrameworkId, resources: &Resources) {
        *self.used.entry(framework.clone()).or_default() += resources;
    }

    pub(crate) fn unbook(&mut self, framework: &FrameworkId, resources: &Resources) {
        if let Some(used) = self.used.get_mut(framework) {
            *used -= resources;
            if used.is_empty() {
                self.used.remove(framework);
            }
        }
    }

    /// True when it declared this capability.
    pub fn can(&self, capability: v0::slave_info::capability::Type) -> bool {
        self.capabilities.iter().any(|has| has.r#type == Some(capability))
    }
}
