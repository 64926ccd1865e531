//! Runs a whole cluster in one process tree: a master and N agents, until Ctrl-C.

use std::{io::Write as _, path::PathBuf};

use anyhow::Result;
use clap::Parser;
use mesos_daemon::flags::{exit_with, load_or_exit};
use mesos_local::{Cluster, Options};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// Runs a whole cluster on this machine: a master and N agents, until Ctrl-C.
#[derive(Debug, Parser)]
#[command(name = "mesos-local", rename_all = "snake_case")]
struct Flags {
    /// How many agents to run.
    #[arg(long, default_value_t = 1, alias = "num_slaves")]
    num_agents: usize,
    /// What each agent has.
    #[arg(long, default_value = "cpus:4;mem:4096;disk:10240;ports:[31000-32000]")]
    resources: String,
    /// The directory for everything the daemons write. Default: a scratch directory, removed at the end.
    #[arg(long, value_name = "DIR")]
    work_dir: Option<PathBuf>,
    /// The port of the master. Default: a free one.
    #[arg(long)]
    port: Option<u16>,
}

/// Prints a line. A reader that has left must not end the cluster.
macro_rules! say {
    ($($text:tt)*) => {
        let _ = writeln!(std::io::stdout(), $($text)*);
    };
}

fn main() {
    let flags = load_or_exit::<Flags>().flags;
    if let Err(error) = run(flags) {
        exit_with(&format!("{error:#}"));
    }
}

fn run(flags: Flags) -> Result<()> {
    // Caught, not blocked: the daemons would inherit a blocked signal, and nobody could end them with it.
    let mut signals = Signals::new([SIGINT, SIGTERM])?;
    let options = Options {
        agents: flags.num_agents,
        resources: flags.resources,
        directory: flags.work_dir,
        port: flags.port,
        ..Options::default()
    };
    let cluster = Cluster::start(&options)?;
    cluster.wait_for_agents(flags.num_agents)?;
    say!("master   http://{}", cluster.master());
    for agent in cluster.agents() {
        say!("agent    http://{}", agent.address());
    }
    say!("files    {}", cluster.directory().display());
    say!("Ctrl-C stops everything.");
    signals.forever().next();
    say!("stopping");
    drop(cluster);
    Ok(())
}
