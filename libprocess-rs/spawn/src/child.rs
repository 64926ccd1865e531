//! What runs in the child between fork and exec. System calls only: no lock is taken, nothing is allocated.

use crate::supervisor;
use std::ffi::CString;
use std::io;
use std::os::fd::RawFd;

/// All that the child needs, made before the fork.
pub(crate) struct Setup {
    pub(crate) gate: Option<Gate>,
    /// Descriptors that survive the exec.
    pub(crate) kept: Vec<RawFd>,
    pub(crate) steps: Vec<Step>,
    /// Ends when the parent does.
    pub(crate) lifeline: RawFd,
}

/// Where the child waits for the hooks of the parent.
pub(crate) struct Gate {
    /// The child says its pid here.
    pub(crate) say: RawFd,
    /// One byte here lets it go on.
    pub(crate) hear: RawFd,
    /// The parent's end of the same, which the child must not hold.
    pub(crate) go: RawFd,
}

/// A hook of the child.
pub(crate) enum Step {
    Chdir(CString),
    Setsid,
    Dup2(RawFd, RawFd),
    Supervise,
}

impl Setup {
    pub(crate) fn run(&self) -> io::Result<()> {
        if let Some(gate) = &self.gate {
            gate.wait()?;
        }
        self.close_others()?;
        self.steps.iter().try_for_each(|step| self.take(step))
    }

    /// Has the exec close every descriptor but the first three and those that are kept.
    fn close_others(&self) -> io::Result<()> {
        // JUSTIFICATION: the standard library knows no such call.
        // SAFETY: it takes numbers. It fails on kernels before 5.11; what Rust opens is closed by the exec anyway.
        unsafe { libc::syscall(libc::SYS_close_range, 3, u32::MAX, libc::CLOSE_RANGE_CLOEXEC) };
        self.kept.iter().try_for_each(|descriptor| {
            // JUSTIFICATION: as above.
            // SAFETY: as above; the descriptor is open, or the call fails.
            check(unsafe { libc::fcntl(*descriptor, libc::F_SETFD, 0) })
        })
    }

    fn take(&self, step: &Step) -> io::Result<()> {
        // JUSTIFICATION: these are calls about the process that makes them, for which the standard library has no name.
        // SAFETY: the path ends with a null byte and outlives the call; the others take numbers.
        unsafe {
            match step {
                Step::Chdir(path) => check(libc::chdir(path.as_ptr())),
                Step::Setsid => check(libc::setsid()),
                Step::Dup2(from, to) if from == to => check(libc::fcntl(*from, libc::F_SETFD, 0)),
                Step::Dup2(from, to) => check(libc::dup2(*from, *to)),
                Step::Supervise => supervisor::enter(self.lifeline),
            }
        }
    }
}

impl Gate {
    fn wait(&self) -> io::Result<()> {
        // JUSTIFICATION: the types of the standard library own their descriptors, which here belong to the parent's copies.
        // SAFETY: the descriptors are open in this child, and the buffers are as long as it is said.
        unsafe {
            libc::close(self.go);
            let pid = libc::getpid().to_ne_bytes();
            libc::write(self.say, pid.as_ptr().cast(), pid.len());
            let mut byte = 0_u8;
            loop {
                match libc::read(self.hear, (&raw mut byte).cast(), 1) {
                    1 => return Ok(()),
                    -1 if io::Error::last_os_error().kind() == io::ErrorKind::Interrupted => {}
                    // The parent's hooks have failed, or it is gone.
                    _ => return Err(io::Error::from_raw_os_error(libc::ECANCELED)),
                }
            }
        }
    }
}

pub(crate) fn check(result: libc::c_int) -> io::Result<()> {
    if result == -1 {
        Err(io::Error::last_os_error())
    } else {
        Ok(())
    }
}

/// Kills a child that waits at its gate, which nobody has waited for: the pid is its own.
pub(crate) fn kill(pid: u32) {
    if let Ok(pid) = libc::pid_t::try_from(pid) {
        // JUSTIFICATION: the standard library kills only what it holds a handle of.
        // SAFETY: the call takes numbers.
        unsafe { libc::kill(pid, libc::SIGKILL) };
    }
}
