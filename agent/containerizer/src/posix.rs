//! The posix launcher: a session of its own for every container.

use std::{fs, io, path::PathBuf};

use tracing::{debug, info, warn};

use crate::{
    Container, ContainerSpec, LaunchError, Launcher, fetch,
    runtime::Runtime,
    sandbox::{self, Owner},
    spawn::{self, Spawn},
    spec::Command,
    tree,
};

/// The search path a container gets when nobody sets one.
///
/// Mesos: 3rdparty/stout/include/stout/os/posix/environment.hpp, `os::host_default_path`.
pub const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Starts containers as plain processes, each the leader of its own session and process group.
///
/// Mesos: src/slave/containerizer/mesos/launcher.cpp, `SubprocessLauncher`.
#[derive(Debug)]
pub struct PosixLauncher {
    runtime: Runtime,
}

impl PosixLauncher {
    /// Makes a launcher that notes its containers below `runtime_dir`.
    ///
    /// # Errors
    ///
    /// When `runtime_dir/containers` cannot be made.
    pub fn new(runtime_dir: impl Into<PathBuf>) -> io::Result<Self> {
        Ok(Self {
            runtime: Runtime::open(runtime_dir.into())?,
        })
    }
}

impl Launcher for PosixLauncher {
    /// Trip 7/14: the container gets its sandbox and its first process.
    fn launch(&self, spec: &ContainerSpec) -> Result<Container, LaunchError> {
        let owner = spec.user.as_deref().map(Owner::of).transpose()?.flatten();
        sandbox::create(spec, owner.as_ref())?;
        for (name, path) in &spec.volumes {
            sandbox::link_volume(&spec.directory, name, path)?;
        }
        fetch::fetch_all(spec, owner.as_ref())?;
        let (program, arguments) = match &spec.command {
            Command::Shell(line) if line.is_empty() => return Err(LaunchError::EmptyCommand),
            Command::Shell(line) => (
                "/bin/sh".to_owned(),
                vec!["sh".to_owned(), "-c".to_owned(), line.clone()],
            ),
            Command::Exec { program, .. } if program.is_empty() => return Err(LaunchError::EmptyCommand),
            Command::Exec { program, arguments } if arguments.is_empty() => {
                (program.clone(), vec![program.clone()])
            }
            Command::Exec { program, arguments } => (program.clone(), arguments.clone()),
        };
        let mut environment = spec.environment.clone();
        if !environment.iter().any(|(name, _)| name == "PATH") {
            environment.push(("PATH".to_owned(), DEFAULT_PATH.to_owned()));
        }
        let pid = spawn::spawn(&Spawn {
            program: &program,
            arguments: &arguments,
            environment: &environment,
            directory: &spec.directory,
            stdout: &spec.directory.join("stdout"),
            stderr: &spec.directory.join("stderr"),
            owner: owner.as_ref(),
        })?;
        info!(trip = 7, pid, "container started");
        if let Err(error) = self.note(spec, pid) {
            tree::kill_session(pid);
            return Err(error);
        }
        debug!(container_id = %spec.container_id, pid, "container started");
        Ok(Container { pid })
    }

    fn destroy(&self, container_id: &str, pid: u32) {
        let killed = tree::kill_session(pid);
        debug!(%container_id, pid, killed, "container destroyed");
    }

    fn cleanup(&self, container_id: &str, pid: u32) {
        let left = tree::kill_session(pid);
        if left > 0 {
            warn!(%container_id, pid, left, "killed processes the executor left behind");
        }
        self.runtime.forget(container_id);
    }

    fn recover(&self) -> Vec<(String, Container)> {
        self.runtime.living()
    }
}

impl PosixLauncher {
    /// Notes the pid, for the next agent on this host, before anybody hears of the container.
    fn note(&self, spec: &ContainerSpec, pid: u32) -> Result<(), LaunchError> {
        self.runtime.remember(&spec.container_id, pid, &spec.directory)?;
        let Some(path) = &spec.forked_pid_path else {
            return Ok(());
        };
        let failed = |source| LaunchError::Checkpoint {
            path: path.clone(),
            source,
        };
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(failed)?;
        }
        fs::write(path, pid.to_string()).map_err(failed)
    }
}
