//! Messages over TCP, between this OS process and another.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::str::FromStr;

use anyhow::{Context as _, Result};
use libprocess::{System, Upid};

use super::row::{Goal, Row};

use super::rpc::{Clients, Load, Outcome};
use super::{Run, median};

/// How messages travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// As C++ libprocess writes them.
    Compatible,
    /// In frames, once both sides know that they can.
    Negotiated,
}

impl Wire {
    /// As in `--wire`.
    pub fn name(self) -> &'static str {
        match self {
            Wire::Compatible => "compatible",
            Wire::Negotiated => "negotiated",
        }
    }
}

impl FromStr for Wire {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Wire> {
        let found = [Wire::Compatible, Wire::Negotiated]
            .into_iter()
            .find(|wire| wire.name() == text);
        found.with_context(|| format!("there is no wire `{text}`: compatible and negotiated"))
    }
}

/// A server in an OS process of its own, `libprocess-bench server`, which ends with this value.
#[derive(Debug)]
pub struct Remote {
    child: Child,
    server: Upid,
    wire: Wire,
}

impl Remote {
    /// Starts the program and waits for its address.
    ///
    /// # Errors
    ///
    /// When it does not start, or says something else.
    pub fn start(program: &Path, wire: Wire) -> Result<Remote> {
        let mut child = Command::new(program)
            .args(["server", "--until-eof", "--wire", wire.name()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("failed to start `{}`", program.display()))?;
        let output = child.stdout.take().context("it has an output")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        let server = line.trim().parse().context("the first line is the address")?;
        Ok(Remote { child, server, wire })
    }

    /// Round trips of fresh clients.
    pub fn ask(&self, load: Load) -> Outcome {
        self.with(load, |clients| clients.ask(load))
    }

    /// Messages in one direction.
    pub fn blast(&self, load: Load) -> Outcome {
        self.with(load, |clients| clients.blast(load))
    }

    fn with(&self, load: Load, run: impl FnOnce(&Clients) -> Outcome) -> Outcome {
        let builder = System::builder().workers(2);
        let system = builder
            .framing(self.wire == Wire::Negotiated)
            .start()
            .expect("a free port exists");
        let outcome = run(&Clients::connect(&system, &self.server, load.clients));
        system.shutdown();
        outcome
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// What a wire should reach.
struct Goals {
    blasts: [f64; 2],
    asks: [f64; 2],
    single: f64,
}

impl Goals {
    fn of(wire: Wire) -> Goals {
        match wire {
            Wire::Compatible => Goals {
                blasts: [3.5e6, 1.4e6],
                asks: [800e3, 15e3],
                single: 45e3,
            },
            Wire::Negotiated => Goals {
                blasts: [25e6, 2.5e6],
                asks: [800e3, 15e3],
                single: 45e3,
            },
        }
    }
}

/// The rows of one wire.
pub(super) fn rows(run: &mut Run<'_>, remote: &Remote) {
    let goals = Goals::of(remote.wire);
    let size = run.size;
    let load = |clients, ahead, each: u64, bytes| Load {
        clients,
        ahead,
        each: size.of(each).max(ahead),
        bytes,
    };
    let wire = remote.wire.name();
    let blasts = [load(1, 1, 4_000_000, 64), load(1, 1, 1_000_000, 1024)];
    for (load, goal) in blasts.into_iter().zip(goals.blasts) {
        let ours = run.ours(|| remote.blast(load).per_second());
        let work = format!(
            "{wire}: messages of {} bytes, one way, one connection",
            load.bytes
        );
        run.push(Row {
            goals: vec![Goal::AtLeast(goal)],
            ours,
            ..Row::rate(&work, "/s")
        });
    }
    let asks = [
        (
            "3 bytes, 8 clients x 250 in flight",
            load(8, 250, 25_000, 3),
            40.4e3,
        ),
        (
            "100 KiB, 8 clients x 50 in flight",
            load(8, 50, 500, 100 * 1024),
            5.6e3,
        ),
    ];
    for ((text, load, cpp), goal) in asks.into_iter().zip(goals.asks) {
        let ours = run.ours(|| remote.ask(load).per_second());
        run.push(Row {
            cpp: Some(cpp),
            goals: vec![Goal::AtLeast(goal)],
            ours,
            ..Row::rate(&format!("{wire}: round trips of {text}"), "/s")
        });
    }
    let single = load(1, 1, 20_000, 3);
    let outcomes = (0..size.runs).map(|_| remote.ask(single));
    let (rates, times): (Vec<f64>, Vec<f64>) = outcomes
        .map(|outcome| (outcome.per_second(), outcome.median_us()))
        .unzip();
    run.push(Row {
        cpp: Some(9.5e3),
        goals: vec![Goal::AtLeast(goals.single)],
        ours: median(rates),
        ..Row::rate(&format!("{wire}: round trips of 3 bytes, one at a time"), "/s")
    });
    run.push(Row {
        ours: median(times),
        ..Row::time(&format!("{wire}: round trip of 3 bytes, p50"), "µs")
    });
}
