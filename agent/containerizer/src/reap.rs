//! How processes end, reported once and without polling.
//!
//! One thread waits on the pid file descriptors of all watched processes. A child's exit status is exact; for
//! a process somebody else started (an executor recovered after the agent restarted) the end is known, the
//! status is not.

use std::{
    collections::HashMap,
    io,
    os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd, RawFd},
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use nix::{
    errno::Errno,
    sys::{
        epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout},
        wait::{Id, WaitPidFlag, WaitStatus, waitid},
    },
};
use tracing::error;

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// It ended by itself with this status.
    Code(i32),
    /// A signal ended it.
    Signal(i32),
    /// It ended, but it was nobody's child here, so the status is lost.
    Unknown,
}

impl Exit {
    /// The status as `wait` encodes it, which is what Mesos reports; `None` when it is lost.
    #[must_use]
    pub const fn wait_status(self) -> Option<i32> {
        match self {
            Self::Code(code) => Some((code & 0xff) << 8),
            Self::Signal(signal) => Some(signal & 0x7f),
            Self::Unknown => None,
        }
    }

    /// Whether the process ended by itself with status 0.
    #[must_use]
    pub const fn is_success(self) -> bool {
        matches!(self, Self::Code(0))
    }
}

/// Receives the end of one process, on the reaper's thread: it must not block.
pub type OnExit = Box<dyn FnOnce(Exit) + Send>;

/// Watches processes. Clones share one thread, which ends with the agent.
#[derive(Clone)]
pub struct Reaper {
    shared: Arc<Shared>,
}

struct Shared {
    epoll: Epoll,
    watched: Mutex<HashMap<RawFd, Watched>>,
}

struct Watched {
    pidfd: OwnedFd,
    on_exit: OnExit,
}

impl Reaper {
    /// Starts the reaper's thread.
    ///
    /// # Errors
    ///
    /// When the system gives neither an epoll descriptor nor a thread.
    pub fn start() -> io::Result<Self> {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        let shared = Arc::new(Shared {
            epoll,
            watched: Mutex::default(),
        });
        let weak = Arc::clone(&shared);
        thread::Builder::new()
            .name("reaper".to_owned())
            .stack_size(256 * 1024)
            .spawn(move || weak.run())?;
        Ok(Self { shared })
    }

    /// Calls `on_exit` when the process with this pid ends, at once if it already has.
    ///
    /// # Errors
    ///
    /// When there is no such process, in which case `on_exit` is not called.
    pub fn watch(&self, pid: u32, on_exit: OnExit) -> io::Result<()> {
        let pidfd = open(pid)?;
        let raw = pidfd.as_raw_fd();
        let data = u64::try_from(raw).expect("a file descriptor is not negative");
        let mut watched = self.shared.watched.lock().unwrap_or_else(PoisonError::into_inner);
        self.shared.epoll.add(
            &pidfd,
            EpollEvent::new(EpollFlags::EPOLLIN | EpollFlags::EPOLLONESHOT, data),
        )?;
        watched.insert(raw, Watched { pidfd, on_exit });
        Ok(())
    }
}

impl Shared {
    fn run(&self) {
        let mut events = [EpollEvent::empty(); 64];
        loop {
            let ready = match self.epoll.wait(&mut events, EpollTimeout::NONE) {
                Ok(ready) => ready,
                Err(Errno::EINTR) => continue,
                Err(error) => {
                    error!(%error, "the reaper cannot wait for processes any more");
                    return;
                }
            };
            for event in &events[..ready] {
                let Ok(raw) = RawFd::try_from(event.data()) else {
                    continue;
                };
                let found = self
                    .watched
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .remove(&raw);
                if let Some(watched) = found {
                    let exit = collect(&watched.pidfd);
                    drop(watched.pidfd);
                    (watched.on_exit)(exit);
                }
            }
        }
    }
}

fn open(pid: u32) -> io::Result<OwnedFd> {
    // JUSTIFICATION: neither the standard library nor nix wraps `pidfd_open`.
    // SAFETY: the call takes two numbers and returns a new descriptor nobody else owns, or an error.
    unsafe {
        let raw = libc::syscall(libc::SYS_pidfd_open, pid, 0);
        match RawFd::try_from(raw) {
            Ok(raw) if raw >= 0 => Ok(OwnedFd::from_raw_fd(raw)),
            _ => Err(io::Error::last_os_error()),
        }
    }
}

fn collect(pidfd: &OwnedFd) -> Exit {
    loop {
        return match waitid(Id::PIDFd(pidfd.as_fd()), WaitPidFlag::WEXITED) {
            Ok(WaitStatus::Exited(_, code)) => Exit::Code(code),
            Ok(WaitStatus::Signaled(_, signal, _)) => Exit::Signal(signal as i32),
            Err(Errno::EINTR) => continue,
            Ok(_) | Err(_) => Exit::Unknown,
        };
    }
}
