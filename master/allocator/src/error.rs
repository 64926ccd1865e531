//! Why something could not be done.

use mesos::ids::AgentId;

/// Why an operator's operation could not be applied to what is free on an agent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UpdateAvailableError {
    /// The agent is not known.
    #[error("agent {0} is unknown")]
    UnknownAgent(AgentId),
    /// Somebody was offered it, or uses it; in Mesos' words.
    #[error("{0}")]
    NotAvailable(mesos::Error),
}
