//! Containers as real processes.
//!
//! A container here is one executor: a sandbox directory, a session of its own, and everything that runs in
//! that session. The agent asks for three things, and this crate does them without deciding anything about
//! frameworks or tasks:
//!
//! * [`Launcher::launch`] makes the sandbox, copies the URIs and starts the executor;
//! * [`Reaper::watch`] reports, exactly once and without polling, how its first process ended;
//! * [`Launcher::destroy`] ends every process of the container.
//!
//! ```no_run
//! use mesos_containerizer::{ContainerSpec, Launcher, PosixLauncher, Reaper};
//!
//! let launcher = PosixLauncher::new("/var/run/mesos")?;
//! let reaper = Reaper::start()?;
//! let spec = ContainerSpec::new("c1", "/tmp/sandbox", "sleep 10");
//! let container = launcher.launch(&spec)?;
//! reaper.watch(container.pid, Box::new(|exit| println!("{exit:?}")))?;
//! launcher.destroy("c1", container.pid);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Map: [`spec`] what to run; [`posix`] the launcher; [`sandbox`] directories and owners; [`fetch`] URIs;
//! [`spawn`] the fast fork-and-exec; [`reap`] exits; [`tree`] who belongs to a container; [`mod@usage`] what it
//! consumes; [`runtime`] the notes that let the next agent find what this one started.

pub mod error;
pub mod fetch;
pub mod posix;
pub mod reap;
pub mod runtime;
pub mod sandbox;
pub mod spawn;
pub mod spec;
pub mod tree;
pub mod usage;

pub use error::LaunchError;
pub use posix::PosixLauncher;
pub use reap::{Exit, Reaper};
pub use spec::{Command, ContainerSpec, Uri};
pub use usage::{Usage, usage};

/// A container that was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Container {
    /// The executor's process id, which is also its session and its process group.
    pub pid: u32,
}

/// Starts and ends containers. Both calls block: they belong on a thread for blocking work.
pub trait Launcher: Send + Sync {
    /// Makes the sandbox and starts the container's first process.
    ///
    /// # Errors
    ///
    /// Names the step that failed; what was started is ended again before the error is returned.
    fn launch(&self, spec: &ContainerSpec) -> Result<Container, LaunchError>;

    /// Kills every process of the container; the exit of the first one is reported by the [`Reaper`].
    fn destroy(&self, container_id: &str, pid: u32);

    /// Ends what the container left behind after its first process ended, and forgets the container.
    fn cleanup(&self, container_id: &str, pid: u32);

    /// Finds the containers an earlier agent on this host started and which still run.
    fn recover(&self) -> Vec<(String, Container)>;
}
