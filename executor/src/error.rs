//! What keeps an executor from starting.

use std::io;

use thiserror::Error;

/// Why an executor cannot run.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ExecutorError {
    /// A variable the agent sets is not there: the program was not started by an agent.
    #[error("Expecting '{0}' to be set in the environment")]
    Missing(&'static str),
    /// A variable has a value that cannot be read.
    #[error("Failed to parse value '{value}' of '{name}': {reason}")]
    Invalid {
        /// The variable.
        name: &'static str,
        /// Its value.
        value: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The runtime could not be started.
    #[error("failed to start the runtime")]
    Runtime(#[source] io::Error),
    /// The process could not be spawned.
    #[error("failed to spawn the executor's process: {0}")]
    Spawn(String),
}
