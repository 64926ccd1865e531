//! What a framework keeps itself from being offered.

use std::collections::{BTreeMap, BTreeSet};

use mesos::ids::{AgentId, FrameworkId};

/// One framework's suppressed roles and the agents that its offer constraints exclude.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exclusions {
    /// Whose they are.
    pub framework: FrameworkId,
    /// The roles it wants no offers for.
    pub suppressed_roles: BTreeSet<String>,
    /// For each of its roles, the agents it is never offered.
    pub agents: BTreeMap<String, Vec<AgentId>>,
}
