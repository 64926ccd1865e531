//! What can go wrong while a container starts.

use std::{io, path::PathBuf};

use thiserror::Error;

/// Why a container did not start. The text reaches the framework inside the task's final update.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LaunchError {
    /// The sandbox could not be made.
    #[error("failed to create the sandbox directory '{}': {source}", path.display())]
    Sandbox {
        /// The directory or file that could not be made.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A persistent volume could not be linked into the sandbox.
    #[error("failed to link the persistent volume '{}' into the sandbox: {reason}", path.display())]
    Volume {
        /// The directory of the volume.
        path: PathBuf,
        /// What failed.
        reason: String,
    },
    /// The user the task asks for does not exist on this host.
    #[error("failed to find the user '{user}' on this agent")]
    UnknownUser {
        /// The name as the framework wrote it.
        user: String,
    },
    /// A URI could not be fetched.
    #[error("failed to fetch '{uri}': {reason}")]
    Fetch {
        /// The URI as the framework wrote it.
        uri: String,
        /// What failed.
        reason: String,
    },
    /// The command has neither a shell line nor an executable.
    #[error("the command of the container has no value")]
    EmptyCommand,
    /// The command holds a byte no program can receive.
    #[error("the command or its environment contains a null byte")]
    NullByte,
    /// The process could not be started.
    #[error("failed to start '{program}': {source}")]
    Spawn {
        /// The program that was to be executed.
        program: String,
        /// What the system said.
        source: io::Error,
    },
    /// The note that lets the next agent find this container could not be written.
    #[error("failed to checkpoint the pid of the container to '{}': {source}", path.display())]
    Checkpoint {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}
