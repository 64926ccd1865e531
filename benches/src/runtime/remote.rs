//! Messages over TCP, between this OS process and another.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result};
use libprocess::{System, Upid};

use super::ours::system;
use super::rpc::{Clients, Load, Outcome};

/// A server in an OS process of its own, `libprocess-bench server`, which ends with this value.
#[derive(Debug)]
pub struct Remote {
    child: Child,
    server: Upid,
}

impl Remote {
    /// Starts the program and waits for its address.
    ///
    /// # Errors
    ///
    /// When it does not start, or says something else.
    pub fn start(program: &Path) -> Result<Remote> {
        let mut child = Command::new(program)
            .args(["server", "--until-eof"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("failed to start `{}`", program.display()))?;
        let output = child.stdout.take().context("it has an output")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        let server = line.trim().parse().context("the first line is the address")?;
        Ok(Remote { child, server })
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
        let system: System = system(2);
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
