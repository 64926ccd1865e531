//! What a container is asked to run.

use std::path::PathBuf;

/// How the first process of a container is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// A line for `/bin/sh -c`.
    Shell(String),
    /// A program, found through `PATH` when it has no slash, and its argument vector (`argv[0]` included).
    Exec {
        /// The file to execute.
        program: String,
        /// The argument vector; empty means just the program's own name.
        arguments: Vec<String>,
    },
}

/// One file the container wants in its sandbox before it starts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Uri {
    /// `file:///...` or an absolute path.
    pub value: String,
    /// Make the copy executable.
    pub executable: bool,
    /// Unpack archives into the sandbox; this launcher leaves that to the fetcher issue and refuses archives
    /// only when they would have to be unpacked.
    pub extract: bool,
    /// Name of the copy inside the sandbox, instead of the last part of the value.
    pub output_file: Option<String>,
}

/// Everything the launcher needs to start one container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerSpec {
    /// The container's id, a UUID.
    pub container_id: String,
    /// The sandbox: working directory, `stdout` and `stderr` of the container.
    pub directory: PathBuf,
    /// A symbolic link that shall point to `directory` (`runs/latest`).
    pub latest: Option<PathBuf>,
    /// What to run.
    pub command: Command,
    /// The whole environment; nothing of the agent's own is added, except a default `PATH` when there is none.
    pub environment: Vec<(String, String)>,
    /// Files to place in the sandbox first.
    pub uris: Vec<Uri>,
    /// The user to run as; the agent's own when unset.
    pub user: Option<String>,
    /// Directories of the host that the sandbox shows: the name there, and the directory.
    pub volumes: Vec<(String, PathBuf)>,
    /// Where to note the process id for recovery (`pids/forked.pid`), for checkpointing frameworks.
    pub forked_pid_path: Option<PathBuf>,
}

impl ContainerSpec {
    /// Describes a container that runs a shell line in `directory`, with an empty environment.
    #[must_use]
    pub fn new(container_id: &str, directory: impl Into<PathBuf>, shell: &str) -> Self {
        Self {
            container_id: container_id.to_owned(),
            directory: directory.into(),
            latest: None,
            command: Command::Shell(shell.to_owned()),
            environment: Vec::new(),
            uris: Vec::new(),
            user: None,
            volumes: Vec::new(),
            forked_pid_path: None,
        }
    }
}
