//! How processes of the machine end: their status for children, the mere fact for others.
//!
//! ```
//! use libprocess::{System, reap};
//!
//! let system = System::builder().client_only().start()?;
//! let child = std::process::Command::new("sh").args(["-c", "exit 3"]).spawn()?;
//! let status = reap::reap(&system, child.id()).wait().expect("it ends");
//! assert_eq!(status.and_then(|status| status.code()), Some(3));
//! assert_eq!(reap::reap(&system, child.id()).wait(), Ok(None)); // There is no such process any more.
//! system.shutdown();
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! Mesos: 3rdparty/libprocess/src/reap.cpp, `ReaperProcess`. Differs from Mesos: the end is known at once, by a descriptor of the
//! process; only where the kernel has none does the reaper look again every 100 ms to 1 s, in real time.

use crate::{Future, Promise, System};
use parking_lot::Mutex;
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, WaitOptions, pidfd_open, test_kill_process, waitpid};
use std::collections::BTreeMap;
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// How often to look after few processes, and how many are few.
const FEW: (usize, Duration) = (50, Duration::from_millis(100));

/// How often to look after many processes, and how many are many.
const MANY: (usize, Duration) = (500, Duration::from_secs(1));

type Ended = Promise<Option<ExitStatus>>;

/// Who waits for whom. Children belong to the OS process, so it has one such list, whatever systems live in it: a child can be
/// waited for once, and whoever does it tells all others.
static WAITING: Mutex<BTreeMap<u32, Vec<(u64, Ended)>>> = Mutex::new(BTreeMap::new());

/// Ready when the process has ended: with its status if it was a child of this OS process and nobody else waited for it, else with
/// none; at once when there is no such process.
///
/// Any number may ask for the same process. Never fails, and a discard has no effect.
pub fn reap(system: &System, pid: u32) -> Future<Option<ExitStatus>> {
    let known = i32::try_from(pid).ok().and_then(Pid::from_raw);
    let Some(process) = known else {
        return Future::ready(None);
    };
    let (promise, future) = Promise::new();
    let place = Place::take(pid, promise);
    system.0.spawn_io(async move {
        wait(process).await;
        place.settle(process);
    });
    future
}

/// A line in the list, which goes with the task that watches.
struct Place {
    pid: u32,
    number: u64,
}

impl Place {
    fn take(pid: u32, promise: Ended) -> Place {
        /// Never given out twice, since pids are.
        static NUMBERS: AtomicU64 = AtomicU64::new(0);
        let number = NUMBERS.fetch_add(1, Ordering::Relaxed);
        WAITING.lock().entry(pid).or_default().push((number, promise));
        Place { pid, number }
    }

    /// Collects the status and tells everybody; without one, it tells who has this place.
    fn settle(&self, process: Pid) {
        let mut waiting = WAITING.lock();
        let status = match waitpid(Some(process), WaitOptions::NOHANG) {
            Ok(Some((_, status))) => Some(ExitStatus::from_raw(status.as_raw())),
            _ => None,
        };
        let told = match status {
            Some(_) => waiting.remove(&self.pid).unwrap_or_default(),
            None => self.leave(&mut waiting).into_iter().collect(),
        };
        drop(waiting);
        for (_, promise) in told {
            promise.set(status);
        }
    }

    fn leave(&self, waiting: &mut BTreeMap<u32, Vec<(u64, Ended)>>) -> Option<(u64, Ended)> {
        let line = waiting.get_mut(&self.pid)?;
        let at = line.iter().position(|(number, _)| *number == self.number)?;
        let left = line.remove(at);
        if line.is_empty() {
            waiting.remove(&self.pid);
        }
        Some(left)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let left = self.leave(&mut WAITING.lock());
        drop(left);
    }
}

/// Returns when the process has ended.
async fn wait(process: Pid) {
    match pidfd_open(process, PidfdFlags::empty()) {
        Err(Errno::SRCH) => {}
        Ok(descriptor) => {
            if watch(descriptor).await.is_none() {
                poll(process).await;
            }
        }
        Err(_) => poll(process).await,
    }
}

#[expect(deprecated, reason = "sound for an `OwnedFd`; what takes its place is unsafe")]
async fn watch(descriptor: OwnedFd) -> Option<()> {
    let descriptor = AsyncFd::with_interest(descriptor, Interest::READABLE).ok()?;
    descriptor.readable().await.ok().map(drop)
}

/// Looks again and again.
async fn poll(process: Pid) {
    while lives(process) {
        let watched = WAITING.lock().len();
        tokio::time::sleep(interval(watched)).await;
    }
}

/// Whether the process runs. A child that has ended but was not waited for does not, whoever is its parent.
fn lives(process: Pid) -> bool {
    use rustix::process::{WaitId, WaitIdOptions, waitid};
    let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    match waitid(WaitId::Pid(process), look) {
        Ok(ended) => ended.is_none(),
        // Not a child: it exists if signals could be sent to it, or if we may not send any.
        Err(_) => !matches!(test_kill_process(process), Err(Errno::SRCH)),
    }
}

/// From 100 ms for 50 processes to a second for 500.
fn interval(watched: usize) -> Duration {
    let over = watched.clamp(FEW.0, MANY.0) - FEW.0;
    let share = u32::try_from(over).unwrap_or(0);
    let span = u32::try_from(MANY.0 - FEW.0).unwrap_or(1);
    FEW.1 + (MANY.1 - FEW.1) * share / span
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};

    #[test]
    fn many_processes_are_looked_after_less_often() {
        let looks = [0, 50, 275, 500, 9000].map(|watched| interval(watched).as_millis());
        assert_eq!(looks, [100, 100, 550, 1000, 1000]);
    }

    #[test]
    fn without_descriptors_the_end_is_seen_by_looking() {
        let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
        let process = Pid::from_child(&child);
        assert!(lives(process));
        drop(child.stdin.take());
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build();
        runtime.unwrap().block_on(poll(process));
        assert!(!lives(process));
        assert!(child.wait().unwrap().success(), "looking has taken nothing away");
    }
}
