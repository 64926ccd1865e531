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
        let address = format!("127.0.0.1:{port}");
        let output = File::create(log).with_context(|| format!("failed to create `{}`", log.display()))?;
        let child = Command::new(program)
            .args(["--ip=127.0.0.1".to_owned(), format!("--port={port}")])
            .args(flags)
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()
            .with_context(|| format!("failed to start `{}`", program.display()))?;
        let mut daemon = Self {
            child,
            address,
            log: log.to_path_buf(),
        };
        daemon.wait_until_up(program)?;
        Ok(daemon)
    }

    fn wait_until_up(&mut self, program: &Path) -> Result<()> {
        let started = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait()? {
                bail!("`{}` ended with {status}:\n{}", program.display(), self.tail());
            }
            if get(&self.address, "/health").is_ok_and(|(status, _)| status == 200) {
                return Ok(());
            }
            if started.elapsed() > START {
                bail!(
                    "`{}` does not answer at {}:\n{}",
                    program.display(),
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

/// A port that nobody listens on now.
fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no port is free")?;
    Ok(listener.local_addr()?.port())
}
