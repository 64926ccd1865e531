//! A process between parent and child that takes the child with it when the parent ends.
//!
//! Mesos: 3rdparty/libprocess/src/subprocess.cpp, `Subprocess::ChildHook::SUPERVISOR`. Differs from Mesos: the supervisor learns of
//! the parent's end by a pipe, not by PR_SET_PDEATHSIG, which goes by the thread that forked and would kill too early.

use crate::child::check;
use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::sync::OnceLock;

/// How often to look for the end of the child where there are no descriptors for processes.
const LOOK_MS: libc::c_int = 100;

/// The reading end of a pipe whose writing end only this OS process has: it ends with it.
pub(crate) fn lifeline() -> io::Result<RawFd> {
    static LIFELINE: OnceLock<(io::PipeReader, io::PipeWriter)> = OnceLock::new();
    if LIFELINE.get().is_none() {
        let _ = LIFELINE.set(io::pipe()?);
    }
    LIFELINE
        .get()
        .map(|(reader, _)| reader.as_raw_fd())
        .ok_or_else(|| io::Error::other("no pipe"))
}

/// Makes this process the supervisor of a copy of it. Returns in the copy only.
///
/// # Safety
///
/// To be called in a child between fork and exec.
pub(crate) unsafe fn enter(lifeline: RawFd) -> io::Result<()> {
    // JUSTIFICATION: a fork after the fork, and signals of the process itself.
    // SAFETY: the caller promises that this is a forked child with one thread, in which all these calls are allowed; the pointers
    // are to memory of this frame.
    unsafe {
        check(libc::setpgid(0, 0))?;
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = end_group as extern "C" fn(libc::c_int) as usize;
        check(libc::sigaction(
            libc::SIGTERM,
            &raw const action,
            std::ptr::null_mut(),
        ))?;
        let supervisor = libc::getpid();
        match libc::fork() {
            -1 => Err(io::Error::last_os_error()),
            0 => {
                check(libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL))?;
                if libc::getppid() != supervisor {
                    // It ended before it could be watched.
                    libc::_exit(libc::EXIT_FAILURE);
                }
                Ok(())
            }
            pid => supervise(pid, lifeline),
        }
    }
}

/// Waits for the end of the child or of the parent.
unsafe fn supervise(pid: libc::pid_t, lifeline: RawFd) -> ! {
    // JUSTIFICATION: as `enter`.
    // SAFETY: as `enter`.
    unsafe {
        // Whoever waits for the end of a pipe must not wait for this process, too; nor must the parent, for the exec.
        libc::dup2(lifeline, 0);
        if libc::syscall(libc::SYS_close_range, 1, u32::MAX, 0) == -1 {
            (1..1024).for_each(|descriptor| {
                libc::close(descriptor);
            });
        }
        let pidfd = RawFd::try_from(libc::syscall(libc::SYS_pidfd_open, pid, 0)).unwrap_or(-1);
        let timeout = if pidfd == -1 { LOOK_MS } else { -1 };
        let watch = |fd, events| libc::pollfd {
            fd,
            events,
            revents: 0,
        };
        loop {
            let mut watched = [watch(0, 0), watch(pidfd, libc::POLLIN)];
            libc::poll(watched.as_mut_ptr(), 2, timeout);
            if watched[0].revents != 0 {
                end_group(libc::SIGTERM);
            }
            let mut status = 0;
            if libc::waitpid(pid, &raw mut status, libc::WNOHANG) == pid {
                let code = libc::WEXITSTATUS(status);
                libc::_exit(if libc::WIFEXITED(status) {
                    code
                } else {
                    libc::EXIT_FAILURE
                });
            }
        }
    }
}

/// Kills the group of the supervisor, itself included.
extern "C" fn end_group(_signal: libc::c_int) {
    // JUSTIFICATION: as `enter`.
    // SAFETY: both calls are allowed in a handler of signals.
    unsafe {
        libc::kill(0, libc::SIGKILL);
        libc::_exit(libc::EXIT_FAILURE);
    }
}
