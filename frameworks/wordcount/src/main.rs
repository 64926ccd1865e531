//! The demonstration: a real cluster of one master and three agents counts the words of some files.
//!
//! One task counts one chunk with the tools every machine has; the counts are read back from the tasks' sandboxes
//! over HTTP, as an operator would read them, and summed up here. `chunks.rs` cuts the files, `scheduler.rs` runs the
//! tasks, `reduce.rs` fetches and sums, `screen.rs` shows.
#![forbid(unsafe_code)]

mod chunks;
mod reduce;
mod scheduler;
mod screen;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use clap::Parser;
use libprocess::System;
use mesos_local::{Cluster, Options};
use mesos_scheduler::Framework;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::reduce::{Counts, Fetchers};
use crate::scheduler::{News, WordCount};
use crate::screen::Screen;

/// Counts the words of files on a real cluster of one master and three agents.
#[derive(Debug, Parser)]
#[command(name = "mesos-wordcount", bin_name = "cargo demo")]
struct Arguments {
    /// The files and directories to count; this repository when none is named.
    files: Vec<PathBuf>,
    /// Leave the cluster running and print where it is.
    #[arg(long)]
    keep: bool,
    /// How many agents to run.
    #[arg(long, default_value_t = 3)]
    agents: usize,
    /// How many words to show.
    #[arg(long, default_value_t = 20)]
    top: usize,
}

/// How long the whole job may take before it is given up.
const PATIENCE: Duration = Duration::from_secs(600);

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let (news, received) = mpsc::channel();
    let result = stop_on_signals(news.clone()).and_then(|()| run(&arguments, news, &received));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("demo: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Caught, not blocked: the daemons would inherit a blocked signal, and nobody could end them with it.
fn stop_on_signals(news: Sender<News>) -> Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM]).context("failed to catch signals")?;
    std::thread::spawn(move || {
        signals.forever().next();
        let _ = news.send(News::Interrupted);
    });
    Ok(())
}

fn run(arguments: &Arguments, news: Sender<News>, received: &Receiver<News>) -> Result<()> {
    let files = if arguments.files.is_empty() {
        vec![std::env::var_os("MESOS_DEMO_DEFAULT").map_or_else(|| ".".into(), PathBuf::from)]
    } else {
        arguments.files.clone()
    };
    let chunks = chunks::cut(&files)?;
    ensure!(
        !chunks.is_empty(),
        "there is nothing to count: no file with text was found"
    );
    let bytes: u64 = chunks.iter().map(|chunk| chunk.length).sum();

    println!("starting a master and {} agents ...", arguments.agents);
    let cluster = Cluster::start(&Options {
        agents: arguments.agents,
        ..Options::default()
    })?;
    cluster.wait_for_agents(arguments.agents)?;
    println!(
        "cluster  http://{}  ({} agents, files in {})",
        cluster.master(),
        arguments.agents,
        cluster.directory().display()
    );
    println!(
        "job      {} chunks, {:.1} MB of text",
        chunks.len(),
        bytes as f64 / 1e6
    );

    let screen = Screen::new(chunks.len());
    let system = System::builder()
        .client_only()
        .start()
        .context("failed to start")?;
    let started = Instant::now();
    let fetchers = Fetchers::start(&news);
    let scheduler = WordCount::new(chunks, news);
    let tasks = scheduler.tasks();
    let handle = Framework::new("wordcount", cluster.master()).start(&system, scheduler);
    let counts = collect(&cluster, &screen, received, &fetchers, tasks, started)?;
    let elapsed = started.elapsed();
    screen.finish();
    handle.tell(|_, driver| driver.teardown());
    let _ = handle.outcome().wait_for(Duration::from_secs(5));
    system.shutdown();

    println!("{}", screen::table(&counts, arguments.top));
    println!(
        "{tasks} tasks in {:.2} s: {:.0} tasks/s, {} words, {} different ones",
        elapsed.as_secs_f64(),
        tasks as f64 / elapsed.as_secs_f64(),
        counts.total(),
        counts.distinct()
    );
    if arguments.keep {
        let master = cluster.master().to_owned();
        let directory = cluster.keep();
        println!(
            "the cluster goes on at http://{master}/state, files in {}",
            directory.display()
        );
        println!("stop it with: pkill -f {}", directory.display());
    }
    Ok(())
}

/// Follows the job to its end: fetches and sums what finished, shows how it goes once a second.
fn collect(
    cluster: &Cluster,
    screen: &Screen,
    received: &Receiver<News>,
    fetchers: &Fetchers,
    tasks: usize,
    started: Instant,
) -> Result<Counts> {
    let mut counts = Counts::default();
    let mut fetched = 0;
    let mut next_line = started + Duration::from_secs(1);
    while fetched < tasks {
        ensure!(
            started.elapsed() < PATIENCE,
            "the job did not end in {PATIENCE:?}"
        );
        let wait = next_line.saturating_duration_since(Instant::now());
        match received.recv_timeout(wait) {
            Ok(News::State {
                staged,
                running,
                finished,
            }) => screen.states(staged, running, finished),
            Ok(News::Finished(place)) => fetchers.fetch(place),
            Ok(News::Fetched(lines)) => {
                counts.add(&lines?);
                fetched += 1;
                screen.reduced(fetched);
            }
            Ok(News::Failed(why)) => bail!("{why}"),
            Ok(News::Interrupted) => bail!("interrupted, everything is stopped"),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => bail!("the scheduler ended"),
        }
        if Instant::now() >= next_line {
            screen.line(&shares(cluster)?);
            next_line += Duration::from_secs(1);
        }
    }
    Ok(counts)
}

/// Offers and shares as the master sees them.
fn shares(cluster: &Cluster) -> Result<String> {
    let metrics = mesos_local::get_json(cluster.master(), "/metrics/snapshot")?;
    let metric = |name: &str| metrics[name].as_f64().unwrap_or(0.0);
    Ok(format!(
        "offers {:.0} out | cpus {:.1} of {:.0} used | mem {:.0} of {:.0} MB used | role * has {:.0} % of the cluster",
        metric("master/outstanding_offers"),
        metric("master/cpus_used"),
        metric("master/cpus_total"),
        metric("master/mem_used"),
        metric("master/mem_total"),
        metric("allocator/mesos/roles/*/shares/dominant") * 100.0
    ))
}
