//! Why something could not be done.

use mesos::ids::AgentId;

/// Why an operator's operation could not be applied to what is free on an agent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UpdateAvailableError {
    /// The agent is not known.
    #[error("agent {0} is unknown")]
    UnknownAgent(AgentId),
    /// Somebody was offered it, or uses it. The texts are what is needed and what is free.
    #[error("{needed} is no longer available: only {available} is")]
    NotAvailable {
        /// What the operation consumes.
        needed: String,
        /// What is free.
        available: String,
    },
}
