//! What the allocator is told of an agent.

use std::collections::BTreeMap;

use mesos::Resources;
use mesos::ids::{AgentId, FrameworkId};
use mesos_proto::v0;

/// An agent that joins or returns.
#[derive(Debug, Clone, PartialEq)]
pub struct NewAgent {
    /// Its id.
    pub id: AgentId,
    /// Its host, domain and attributes.
    pub info: v0::SlaveInfo,
    /// What it can do.
    pub capabilities: Vec<v0::slave_info::Capability>,
    /// When it will be away for maintenance.
    pub unavailability: Option<v0::Unavailability>,
    /// All it has, without allocation; also what it can spare for now (revocable).
    pub total: Resources,
    /// What frameworks use of it, with allocation.
    pub used: BTreeMap<FrameworkId, Resources>,
}

/// What changed of an agent.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AgentUpdate {
    /// Its host, domain and attributes as they are now.
    pub info: v0::SlaveInfo,
    /// All it has now; unchanged when `None`.
    pub total: Option<Resources>,
    /// What it can do now; unchanged when `None`.
    pub capabilities: Option<Vec<v0::slave_info::Capability>>,
}
