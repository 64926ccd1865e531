//! Starting programs, talking to them through pipes, waiting for their end.
//!
//! ```
//! use libprocess::subprocess::{Stdio, Subprocess};
//! use libprocess::{System, io};
//!
//! let system = System::builder().client_only().start()?;
//! let sorted = Subprocess::shell("sort")
//!     .stdin(Stdio::Pipe)
//!     .stdout(Stdio::Pipe)
//!     .start(&system);
//! let mut child = sorted.wait().expect("there is a shell");
//! let stdin = child.stdin.take().expect("it is a pipe");
//! io::write(&system, &stdin, "b\na\n").wait().expect("it reads");
//! drop(stdin); // The end of its input.
//! let stdout = child.stdout.take().expect("it is a pipe");
//! assert_eq!(io::read_to_end(&system, &stdout, 1024).wait(), Ok("a\nb\n".into()));
//! let status = child.status().wait().expect("it ends");
//! assert!(status.is_some_and(|status| status.success()));
//! system.shutdown();
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! A process starts programs with [`Context::then`](crate::Context::then): the start is a future, since a fork takes its time.
//!
//! Mesos: 3rdparty/libprocess/include/process/subprocess.hpp.

use crate::{Future, System, reap};
use libprocess_spawn::{ParentHook, Spawn};
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::{File, OpenOptions};
use std::io::{self, PipeReader, PipeWriter};
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{self, ExitStatus};

pub use libprocess_spawn::ChildHook;

/// Where input comes from, or output goes.
#[derive(Debug, Default)]
pub enum Stdio {
    /// Where that of this OS process does.
    #[default]
    Inherit,
    /// A pipe, whose other end is in the [`Subprocess`].
    Pipe,
    /// A file: read from the start, or appended to and made when it is missing.
    Path(PathBuf),
    /// An open descriptor, which the child gets and this process loses.
    Descriptor(OwnedFd),
}

impl Stdio {
    /// A file.
    pub fn path(path: impl Into<PathBuf>) -> Stdio {
        Stdio::Path(path.into())
    }
}

/// A program that was started.
#[derive(Debug)]
pub struct Subprocess {
    pid: u32,
    /// Its input, when that is a pipe. Dropped, it ends.
    pub stdin: Option<PipeWriter>,
    /// Its output, when that is a pipe.
    pub stdout: Option<PipeReader>,
    /// Its complaints, when they go into a pipe.
    pub stderr: Option<PipeReader>,
    status: Future<Option<ExitStatus>>,
}

impl Subprocess {
    /// Describes a program to be started, by its path or by a name to be found in `PATH`.
    pub fn command(program: impl AsRef<OsStr>) -> Command {
        Command::new(program.as_ref())
    }

    /// Describes a line for `sh -c`.
    pub fn shell(line: impl AsRef<OsStr>) -> Command {
        Command::new("sh".as_ref()).args([OsStr::new("-c"), line.as_ref()])
    }

    /// Its number for the machine; that of the supervisor, if there is one.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Ready when it has ended; none if somebody else has waited for it. A discard has no effect.
    pub fn status(&self) -> Future<Option<ExitStatus>> {
        self.status.clone().undiscardable()
    }
}

/// A program, and how to start it.
#[must_use = "nothing runs before `start`"]
pub struct Command {
    command: process::Command,
    stdin: Stdio,
    stdout: Stdio,
    stderr: Stdio,
    parent: Vec<ParentHook>,
    child: Vec<ChildHook>,
    kept: Vec<OwnedFd>,
}

impl Command {
    fn new(program: &OsStr) -> Command {
        Command {
            command: process::Command::new(program),
            stdin: Stdio::Inherit,
            stdout: Stdio::Inherit,
            stderr: Stdio::Inherit,
            parent: Vec::new(),
            child: Vec::new(),
            kept: Vec::new(),
        }
    }

    /// Calls the program by another name than that of its file.
    pub fn arg0(mut self, name: impl AsRef<OsStr>) -> Command {
        self.command.arg0(name);
        self
    }

    /// Adds arguments, behind the name of the program.
    pub fn args<A: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = A>) -> Command {
        self.command.args(arguments);
        self
    }

    /// The whole environment of the program. Without this, it is that of this OS process.
    pub fn environment(mut self, variables: BTreeMap<OsString, OsString>) -> Command {
        self.command.env_clear().envs(variables);
        self
    }

    /// Where its input comes from.
    pub fn stdin(mut self, stdin: Stdio) -> Command {
        self.stdin = stdin;
        self
    }

    /// Where its output goes.
    pub fn stdout(mut self, stdout: Stdio) -> Command {
        self.stdout = stdout;
        self
    }

    /// Where its complaints go.
    pub fn stderr(mut self, stderr: Stdio) -> Command {
        self.stderr = stderr;
        self
    }

    /// Runs `hook` with the pid when the program has been forked, while it waits to be executed: to put it under limits, or to note
    /// it on disk. It runs on a thread that may block. When it fails, the child is killed and the start fails.
    pub fn parent_hook(mut self, hook: impl FnOnce(u32) -> Result<(), String> + Send + 'static) -> Command {
        self.parent.push(Box::new(hook));
        self
    }

    /// Adds something the child does before the program begins, after the hooks of the parent.
    pub fn child_hook(mut self, hook: ChildHook) -> Command {
        self.child.push(hook);
        self
    }

    /// Leaves a descriptor open for the program, under its number. All others are closed.
    pub fn keep(mut self, descriptor: OwnedFd) -> Command {
        self.kept.push(descriptor);
        self
    }

    /// Starts it. Ready when it runs; fails when a file cannot be opened, a hook fails, or there is no such program.
    pub fn start(self, system: &System) -> Future<Subprocess> {
        let program = Path::new(self.command.get_program()).display().to_string();
        let started = system.0.blocking(move || self.fork());
        let system = system.clone();
        started.then(move |forked| match forked {
            Err(error) => Future::failed(format!("Failed to start '{program}': {error}")),
            Ok((pid, stdin, stdout, stderr)) => Future::ready(Subprocess {
                pid,
                stdin,
                stdout,
                stderr,
                status: reap::reap(&system, pid),
            }),
        })
    }

    fn fork(mut self) -> io::Result<Forked> {
        let (stdin, mine_in) = input(self.stdin)?;
        let (stdout, mine_out) = output(self.stdout)?;
        let (stderr, mine_err) = output(self.stderr)?;
        self.command.stdin(stdin).stdout(stdout).stderr(stderr);
        let mut spawn = Spawn::new(self.command);
        for hook in self.parent {
            spawn = spawn.parent_hook(hook);
        }
        for hook in self.child {
            spawn = spawn.child_hook(hook);
        }
        for descriptor in self.kept {
            spawn = spawn.keep(descriptor);
        }
        Ok((spawn.start()?, mine_in, mine_out, mine_err))
    }
}

type Forked = (u32, Option<PipeWriter>, Option<PipeReader>, Option<PipeReader>);

/// What the child gets as its input, and what stays here.
fn input(stdio: Stdio) -> io::Result<(process::Stdio, Option<PipeWriter>)> {
    Ok(match stdio {
        Stdio::Inherit => (process::Stdio::inherit(), None),
        Stdio::Descriptor(descriptor) => (descriptor.into(), None),
        Stdio::Path(path) => (
            File::open(&path).map_err(|error| named(&path, &error))?.into(),
            None,
        ),
        Stdio::Pipe => {
            let (reader, writer) = io::pipe()?;
            (reader.into(), Some(writer))
        }
    })
}

/// What the child gets as an output, and what stays here.
fn output(stdio: Stdio) -> io::Result<(process::Stdio, Option<PipeReader>)> {
    Ok(match stdio {
        Stdio::Inherit => (process::Stdio::inherit(), None),
        Stdio::Descriptor(descriptor) => (descriptor.into(), None),
        Stdio::Path(path) => {
            let opened = OpenOptions::new().append(true).create(true).open(&path);
            (opened.map_err(|error| named(&path, &error))?.into(), None)
        }
        Stdio::Pipe => {
            let (reader, writer) = io::pipe()?;
            (writer.into(), Some(reader))
        }
    })
}

fn named(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(
        error.kind(),
        format!("Failed to open '{}': {error}", path.display()),
    )
}
