//! A master and its agents.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::daemon::Daemon;
use crate::http::get_json;

/// What cluster to start.
#[derive(Debug, Clone)]
pub struct Options {
    /// How many agents.
    pub agents: usize,
    /// What each agent has, as `--resources`.
    pub resources: String,
    /// The directory for everything the daemons write; a scratch directory when `None`.
    pub directory: Option<PathBuf>,
    /// Where the programs are; beside the running program when `None`.
    pub programs: Option<PathBuf>,
    /// The port of the master; a free one when `None`.
    pub port: Option<u16>,
    /// More flags for the master.
    pub master_flags: Vec<String>,
    /// More flags for every agent.
    pub agent_flags: Vec<String>,
}

impl Default for Options {
    /// One agent with `cpus:4;mem:4096;disk:10240`.
    fn default() -> Self {
        Self {
            agents: 1,
            resources: "cpus:4;mem:4096;disk:10240;ports:[31000-32000]".to_owned(),
            directory: None,
            programs: None,
            port: None,
            master_flags: Vec::new(),
            agent_flags: Vec::new(),
        }
    }
}

/// A running cluster; dropping it stops the daemons and everything they started.
#[derive(Debug)]
pub struct Cluster {
    // Agents are dropped, and so stopped, before the master.
    agents: Vec<Daemon>,
    master: Daemon,
    directory: PathBuf,
    programs: PathBuf,
    resources: String,
    agent_flags: Vec<String>,
    scratch: Option<tempfile::TempDir>,
}

impl Cluster {
    /// Starts the daemons. The agents may still have to register: see [`Cluster::wait_for_agents`].
    ///
    /// # Errors
    ///
    /// When a daemon cannot be started; the text shows its log.
    pub fn start(options: &Options) -> Result<Self> {
        let scratch = match &options.directory {
            Some(_) => None,
            None => Some(
                tempfile::Builder::new()
                    .prefix("mesos-local-")
                    .tempdir()
                    .context("no scratch directory")?,
            ),
        };
        let directory = match (&options.directory, &scratch) {
            (Some(directory), _) => directory.clone(),
            (None, Some(scratch)) => scratch.path().to_path_buf(),
            (None, None) => unreachable!("one of the two was just made"),
        };
        std::fs::create_dir_all(&directory)
            .with_context(|| format!("failed to create `{}`", directory.display()))?;
        let programs = match &options.programs {
            Some(programs) => programs.clone(),
            None => beside_us()?,
        };
        let mut flags = vec![format!("--work_dir={}", directory.join("master").display())];
        flags.extend(options.master_flags.iter().cloned());
        let master = Daemon::start(
            &programs.join("mesos-master"),
            options.port,
            &flags,
            &directory.join("master.log"),
        )?;
        let mut cluster = Self {
            agents: Vec::new(),
            master,
            directory,
            programs,
            resources: options.resources.clone(),
            agent_flags: options.agent_flags.clone(),
            scratch,
        };
        for _ in 0..options.agents {
            cluster.add_agent()?;
        }
        Ok(cluster)
    }

    /// Starts one more agent.
    ///
    /// # Errors
    ///
    /// When it cannot be started; the text shows its log.
    pub fn add_agent(&mut self) -> Result<()> {
        let name = format!("agent{}", self.agents.len());
        let mut flags = vec![
            format!("--master={}", self.master.address()),
            format!("--work_dir={}", self.directory.join(&name).display()),
            format!(
                "--runtime_dir={}",
                self.directory.join(format!("{name}-run")).display()
            ),
            format!("--launcher_dir={}", self.programs.display()),
            format!("--resources={}", self.resources),
        ];
        flags.extend(self.agent_flags.iter().cloned());
        let log = self.directory.join(format!("{name}.log"));
        self.agents.push(Daemon::start(
            &self.programs.join("mesos-agent"),
            None,
            &flags,
            &log,
        )?);
        Ok(())
    }

    /// Where the master listens, as `127.0.0.1:port`.
    pub fn master(&self) -> &str {
        self.master.address()
    }

    /// The master's process.
    pub fn master_daemon(&self) -> &Daemon {
        &self.master
    }

    /// The master's process, to be restarted.
    pub fn master_daemon_mut(&mut self) -> &mut Daemon {
        &mut self.master
    }

    /// The agents' processes.
    pub fn agents(&self) -> &[Daemon] {
        &self.agents
    }

    /// The agents' processes, to be signalled or replaced.
    pub fn agents_mut(&mut self) -> &mut Vec<Daemon> {
        &mut self.agents
    }

    /// Where the daemons write.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Waits until so many agents are registered.
    ///
    /// # Errors
    ///
    /// When they are not after thirty seconds.
    pub fn wait_for_agents(&self, n: usize) -> Result<()> {
        let started = Instant::now();
        loop {
            let slaves = get_json(self.master(), "/slaves")?;
            let active = slaves["slaves"].as_array().map_or(0, |slaves| {
                slaves.iter().filter(|slave| slave["active"] == true).count()
            });
            if active >= n {
                return Ok(());
            }
            if started.elapsed() > Duration::from_secs(30) {
                bail!(
                    "{active} of {n} agents are registered; the last one says:\n{}",
                    self.agents.last().map(Daemon::tail).unwrap_or_default()
                );
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Leaves the daemons running and returns the directory they write to.
    pub fn keep(mut self) -> PathBuf {
        if let Some(scratch) = self.scratch.take() {
            let _ = scratch.keep();
        }
        let directory = self.directory.clone();
        std::mem::forget(self);
        directory
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // Executors live in sessions of their own and outlive their agent: that is what checkpoints are for.
        self.agents.clear();
        let _ = self.master.signal(Signal::SIGKILL);
        kill_everything_in(&self.directory);
    }
}

/// Kills every process whose working directory lies in `directory`: the executors and tasks of a cluster.
fn kill_everything_in(directory: &Path) {
    let Ok(directory) = directory.canonicalize() else {
        return;
    };
    for process in procfs::process::all_processes().into_iter().flatten().flatten() {
        let inside = process.cwd().is_ok_and(|cwd| cwd.starts_with(&directory));
        if inside && process.pid() != std::process::id().cast_signed() {
            let _ = kill(Pid::from_raw(process.pid()), Signal::SIGKILL);
        }
    }
}

/// The directory of the running program, which holds the daemons too: `target/debug`, also for tests and benchmarks,
/// which are one directory further down.
fn beside_us() -> Result<PathBuf> {
    let us = std::env::current_exe().context("where is the running program?")?;
    let directory = us.parent().context("the running program has no directory")?;
    let directories = [Some(directory), directory.parent()];
    let found = directories
        .into_iter()
        .flatten()
        .find(|directory| directory.join("mesos-master").is_file());
    found.map(Path::to_path_buf).with_context(|| {
        format!(
            "mesos-master is not beside `{}`: run `cargo build --workspace --bins` first",
            us.display()
        )
    })
}
