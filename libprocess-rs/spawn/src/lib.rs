//! Fork and exec with hooks on both sides of the fork: what [`std::process::Command`] leaves out.
//!
//! This crate exists to fence unsafe code: what runs in a child between fork and exec may only make system calls, and neither
//! the standard library nor a crate of calls can promise that for us. `libprocess::subprocess` is the door to it.
//!
//! ```
//! use libprocess_spawn::{ChildHook, Spawn};
//!
//! let mut command = std::process::Command::new("true");
//! let pid = Spawn::new(command).child_hook(ChildHook::Setsid).start()?;
//! assert!(pid > 1); // Who starts it waits for it, by its pid.
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! Order of events, as in Mesos: fork; the child redirects its input and output and stops; the parent's hooks run; the child's
//! hooks run; descriptors that were not asked for are closed by the exec.
//!
//! Mesos: 3rdparty/libprocess/src/posix/subprocess.hpp, `cloneChild` and `childMain`.
#![deny(unsafe_op_in_unsafe_fn)]

mod child;
mod supervisor;

use child::{Gate, Setup, Step};
use std::ffi::CString;
use std::io::{self, PipeWriter, Read, Write};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command};

/// What the child does between fork and exec, in the order in which hooks were added. One that fails ends the child, and the start
/// fails.
#[derive(Debug)]
#[non_exhaustive]
pub enum ChildHook {
    /// Goes to a working directory.
    Chdir(PathBuf),
    /// Begins a session of its own, so that signals for the group of the parent do not reach it.
    Setsid,
    /// Gives a descriptor another number, under which it survives the exec. Numbers that the child uses itself until the exec are
    /// lost to it: 0 to 2, or large ones, are safe.
    Dup2(OwnedFd, RawFd),
    /// Puts a supervisor between parent and child, in a process group of their own. It ends with the status of the child, and kills
    /// the whole group when the parent ends before or when it gets SIGTERM. No session should be begun after it.
    Supervisor,
}

/// What the parent does while the child waits, with the pid of the child; the message of a failure.
pub type ParentHook = Box<dyn FnOnce(u32) -> Result<(), String> + Send>;

/// A process to be started.
pub struct Spawn {
    command: Command,
    parent: Vec<ParentHook>,
    child: Vec<ChildHook>,
    kept: Vec<OwnedFd>,
}

impl Spawn {
    /// Takes the program, its arguments, environment, input and output from a command of the standard library.
    pub fn new(command: Command) -> Spawn {
        Spawn {
            command,
            parent: Vec::new(),
            child: Vec::new(),
            kept: Vec::new(),
        }
    }

    /// Adds a hook that runs here while the child waits. When it fails, the child is killed.
    #[must_use]
    pub fn parent_hook(mut self, hook: ParentHook) -> Spawn {
        self.parent.push(hook);
        self
    }

    /// Adds a hook that runs in the child.
    #[must_use]
    pub fn child_hook(mut self, hook: ChildHook) -> Spawn {
        self.child.push(hook);
        self
    }

    /// Leaves a descriptor open in the child, under its number. All others but 0, 1 and 2 are closed.
    #[must_use]
    pub fn keep(mut self, descriptor: OwnedFd) -> Spawn {
        self.kept.push(descriptor);
        self
    }

    /// Forks, and returns the pid once the program runs. Nobody waits for it: the caller does, by the pid.
    ///
    /// Blocks while the program is loaded and the hooks run.
    ///
    /// # Errors
    ///
    /// When the program cannot be started or a hook fails. There is no child then.
    pub fn start(mut self) -> io::Result<u32> {
        let steps = self.child.iter().map(Step::new).collect::<io::Result<_>>()?;
        let supervised = self
            .child
            .iter()
            .any(|hook| matches!(hook, ChildHook::Supervisor));
        let mut setup = Setup {
            steps,
            kept: self.kept.iter().map(AsRawFd::as_raw_fd).collect(),
            lifeline: if supervised { supervisor::lifeline()? } else { -1 },
            gate: None,
        };
        if self.parent.is_empty() {
            prepare(&mut self.command, setup);
            return self.command.spawn().map(|child| child.id());
        }
        let (mut hello, say) = io::pipe()?;
        let (hear, go) = io::pipe()?;
        setup.gate = Some(Gate {
            say: say.as_raw_fd(),
            hear: hear.as_raw_fd(),
            go: go.as_raw_fd(),
        });
        prepare(&mut self.command, setup);
        let command = &mut self.command;
        let hooks = self.parent;
        std::thread::scope(|scope| {
            // The standard library returns after the exec, for which the child waits at the gate: so another thread forks.
            let starting = scope.spawn(move || {
                let started = command.spawn();
                drop((say, hear));
                started
            });
            let mut pid = [0; 4];
            let outcome = match hello.read_exact(&mut pid) {
                Ok(()) => open_gate(go, u32::from_ne_bytes(pid), hooks),
                // The fork has failed, and the thread knows why.
                Err(_) => Ok(()),
            };
            let started = starting
                .join()
                .unwrap_or_else(|_| Err(io::Error::other("the thread that forks has panicked")));
            settle(outcome, started)
        })
    }
}

/// Runs the hooks of the parent, then lets the child go on; kills it when one fails.
fn open_gate(mut go: PipeWriter, pid: u32, hooks: Vec<ParentHook>) -> io::Result<()> {
    let opened = hooks
        .into_iter()
        .try_for_each(|hook| hook(pid))
        .map_err(|error| {
            io::Error::other(format!(
                "Failed to execute Subprocess::ParentHook in parent for child '{pid}': {error}"
            ))
        })
        .and_then(|()| go.write_all(&[0]));
    if opened.is_err() {
        child::kill(pid);
    }
    opened
}

/// What the caller learns. A child that a hook has refused is waited for here.
fn settle(outcome: io::Result<()>, started: io::Result<Child>) -> io::Result<u32> {
    match (outcome, started) {
        (Ok(()), started) => started.map(|child| child.id()),
        (Err(refused), Ok(mut child)) => {
            let _ = child.wait();
            Err(refused)
        }
        (Err(refused), Err(_)) => Err(refused),
    }
}

fn prepare(command: &mut Command, setup: Setup) {
    // JUSTIFICATION: hooks of the child must run in the child.
    // SAFETY: `Setup::run` makes system calls only: it takes no lock and allocates nothing. The descriptors it names stay open
    // until the start is over, since `Spawn` and the ends of the gate own them.
    unsafe { command.pre_exec(move || setup.run()) };
}

impl Step {
    fn new(hook: &ChildHook) -> io::Result<Step> {
        Ok(match hook {
            ChildHook::Chdir(path) => Step::Chdir(CString::new(path.as_os_str().as_bytes())?),
            ChildHook::Setsid => Step::Setsid,
            ChildHook::Dup2(from, to) => Step::Dup2(from.as_raw_fd(), *to),
            ChildHook::Supervisor => Step::Supervise,
        })
    }
}
