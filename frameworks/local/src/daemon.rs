//! One daemon as a child process.

use std::fs::File;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::http::get;

/// How long a daemon may take to answer after its start.
const START: Duration = Duration::from_secs(30);

/// A daemon that runs until it is dropped.
#[derive(Debug)]
pub struct Daemon {
    child: Child,
    program: PathBuf,
    flags: Vec<String>,
    address: String,
    log: PathBuf,
}

impl Daemon {
    /// Starts a program on the loopback address, on this port or a free one, with its output in `log`, and waits until it
    /// answers at `/health`.
    ///
    /// # Errors
    ///
    /// When it cannot be started, or ends or stays silent instead; the text shows the end of its log.
    pub fn start(program: &Path, port: Option<u16>, flags: &[String], log: &Path) -> Result<Self> {
        let port = port.map_or_else(free_port, Ok)?;
        let flags: Vec<String> = ["--ip=127.0.0.1".to_owned(), format!("--port={port}")]
            .into_iter()
            .chain(flags.iter().cloned())
            .collect();
        let output = File::create(log).with_context(|| format!("failed to create `{}`", log.display()))?;
        let mut daemon = Self {
            child: spawn(program, &flags, output)?,
            program: program.to_path_buf(),
            flags,
            address: format!("127.0.0.1:{port}"),
            log: log.to_path_buf(),
        };
        daemon.wait_until_up()?;
        Ok(daemon)
    }

    /// Kills it as a crash would, starts it again with the same flags at the same address, and waits until it answers.
    /// Its log goes on.
    ///
    /// # Errors
    ///
    /// As [`Daemon::start`].
    pub fn restart(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        let output = File::options()
            .append(true)
            .open(&self.log)
            .with_context(|| format!("failed to open `{}`", self.log.display()))?;
        self.child = spawn(&self.program, &self.flags, output)?;
        self.wait_until_up()
    }

    fn wait_until_up(&mut self) -> Result<()> {
        let started = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait()? {
                bail!(
                    "`{}` ended with {status}:\n{}",
                    self.program.display(),
                    self.tail()
                );
            }
            if get(&self.address, "/health").is_ok_and(|(status, _)| status == 200) {
                return Ok(());
            }
            if started.elapsed() > START {
                bail!(
                    "`{}` does not answer at {}:\n{}",
                    self.program.display(),
                    self.address,
                    self.tail()
                );
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Where it listens, as `127.0.0.1:port`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal.
    ///
    /// # Errors
    ///
    /// When it is gone.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        let pid = i32::try_from(self.child.id()).context("process id")?;
        kill(Pid::from_raw(pid), signal).with_context(|| format!("failed to signal {}", self.address))
    }

    /// Waits for its end and returns its status.
    ///
    /// # Errors
    ///
    /// When the operating system does not tell.
    pub fn wait(&mut self) -> Result<std::process::ExitStatus> {
        Ok(self.child.wait()?)
    }

    /// The last lines it logged.
    pub fn tail(&self) -> String {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(program: &Path, flags: &[String], output: File) -> Result<Child> {
    Command::new(program)
        .args(flags)
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output)
        .spawn()
        .with_context(|| format!("failed to start `{}`", program.display()))
}

/// A port that nobody listens on now.
fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no port is free")?;
    Ok(listener.local_addr()?.port())
}
