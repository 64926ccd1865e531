//! Removes sandboxes when they are old enough, sooner when the disk fills up.
//!
//! Mesos: src/slave/gc.cpp; src/slave/slave.cpp, `Slave::checkDiskUsage`.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    time::{Duration, UNIX_EPOCH},
};

use libprocess::{Context, Time, Timer};
use mesos_agent_core::Since;
use tracing::{debug, info, warn};

use crate::agent::AgentProcess;

/// What is to be removed, and since when.
#[derive(Debug)]
pub(crate) struct Gc {
    delay: Duration,
    headroom: f64,
    work_dir: PathBuf,
    scheduled: BTreeMap<String, Time>,
    /// When the oldest of them will be too old whatever the disk holds, and the timer that waits for it.
    armed: Option<(Time, Timer)>,
    /// Names under `/files` that go with a path.
    names: BTreeMap<String, Vec<String>>,
    /// How old a directory may be at most.
    pub max_age: Duration,
    pub succeeded: u64,
    pub failed: u64,
}

impl Gc {
    /// Nothing is scheduled yet.
    pub fn new(delay: Duration, headroom: f64, work_dir: PathBuf) -> Self {
        let max_age = delay.mul_f64(1.0 - headroom);
        Self {
            delay,
            headroom,
            work_dir,
            scheduled: BTreeMap::new(),
            armed: None,
            names: BTreeMap::new(),
            max_age,
            succeeded: 0,
            failed: 0,
        }
    }

    /// Removes a directory when it is old enough, counted from now.
    pub fn schedule(&mut self, now: Time, path: String) {
        self.scheduled.insert(path, now);
    }

    /// Does not remove a directory after all.
    pub fn keep(&mut self, path: &str) {
        self.scheduled.remove(path);
    }

    /// Stops showing a name when a directory is removed.
    pub fn detach_with(&mut self, path: &str, name: String) {
        self.names.entry(path.to_owned()).or_default().push(name);
    }

    /// Directories that wait.
    pub fn pending(&self) -> usize {
        self.scheduled.len()
    }

    /// Takes the directories out that are at least this old.
    fn due(&mut self, now: Time, max_age: Duration) -> Vec<String> {
        let due: Vec<String> = self
            .scheduled
            .iter()
            .filter(|(_, since)| now.duration_since(**since) >= max_age)
            .map(|(path, _)| path.clone())
            .collect();
        for path in &due {
            self.scheduled.remove(path);
        }
        due
    }

    /// Sets the greatest age from the part of the disk that is used: the less is free beyond the headroom, the less.
    ///
    /// Mesos: src/slave/slave.cpp, `Slave::age`.
    fn disk_used(&mut self, used: f64) {
        self.max_age = self.delay.mul_f64((1.0 - self.headroom - used).max(0.0));
    }
}

impl AgentProcess {
    /// Looks at the disk, removes what is due, and comes back after a while.
    pub(crate) fn watch_disk(&mut self, ctx: &mut Context<Self>) {
        let work_dir = self.parts.gc.work_dir.clone();
        ctx.blocking(
            move || usage(&work_dir),
            |agent, ctx, used| {
                match used {
                    Ok(used) => agent.parts.gc.disk_used(used),
                    Err(error) => warn!(%error, "failed to look at the disk usage"),
                }
                let max_age = agent.parts.gc.max_age;
                agent.collect(ctx, max_age);
                let interval = agent.parts.disk_watch_interval;
                ctx.delay(interval, |agent, ctx| agent.watch_disk(ctx));
            },
        );
    }

    /// Has a directory removed when it is too old, or sooner if the disk needs it.
    pub(crate) fn collect_later(&mut self, ctx: &mut Context<Self>, path: String, since: Since) {
        let now = ctx.now();
        let since = match since {
            Since::Now => {
                touch(Path::new(&path), now);
                now
            }
            Since::LastChange => last_change(Path::new(&path)).unwrap_or(now),
        };
        self.parts.gc.schedule(since, path);
        self.arm(ctx, since);
    }

    /// Comes back when what waits since then is too old, unless that happens anyway.
    fn arm(&mut self, ctx: &mut Context<Self>, since: Time) {
        let deadline = since + self.parts.gc.delay;
        match self.parts.gc.armed.take() {
            Some(armed) if armed.0 <= deadline => {
                self.parts.gc.armed = Some(armed);
                return;
            }
            Some((_, later)) => {
                ctx.cancel(later);
            }
            None => {}
        }
        let timer = ctx.delay(deadline.duration_since(ctx.now()), |agent, ctx| {
            agent.parts.gc.armed = None;
            let delay = agent.parts.gc.delay;
            agent.collect(ctx, delay);
            if let Some(oldest) = agent.parts.gc.scheduled.values().min().copied() {
                agent.arm(ctx, oldest);
            }
        });
        self.parts.gc.armed = Some((deadline, timer));
    }

    fn collect(&mut self, ctx: &mut Context<Self>, max_age: Duration) {
        let due = self.parts.gc.due(ctx.now(), max_age);
        if due.is_empty() {
            return;
        }
        for path in &due {
            for name in self.parts.gc.names.remove(path).unwrap_or_default() {
                self.parts.files.detach_if(&name, Path::new(path));
            }
        }
        ctx.blocking(
            move || remove(&due),
            |agent, _, (succeeded, failed)| {
                agent.parts.gc.succeeded += succeeded;
                agent.parts.gc.failed += failed;
            },
        );
    }
}

/// Notes on a directory when it was last in use, for an agent that is started later. It may be gone already.
fn touch(path: &Path, now: Time) {
    let changed = UNIX_EPOCH + Duration::from_nanos(now.nanos());
    if let Err(error) = File::open(path).and_then(|directory| directory.set_modified(changed)) {
        debug!(path = %path.display(), %error, "cannot note when a directory was in use");
    }
}

fn last_change(path: &Path) -> Option<Time> {
    let changed = fs::metadata(path).ok()?.modified().ok()?;
    let since = changed.duration_since(UNIX_EPOCH).ok()?;
    Some(Time::from_nanos(u64::try_from(since.as_nanos()).ok()?))
}

/// The used part of the disk a path lies on; what the system keeps back for root is not used.
///
/// Mesos: 3rdparty/stout/include/stout/posix/fs.hpp, `fs::usage`.
fn usage(path: &Path) -> io::Result<f64> {
    let disk = nix::sys::statvfs::statvfs(path)?;
    if disk.blocks() == 0 {
        return Ok(0.0);
    }
    // Counts of blocks fit a double's whole numbers closely enough for a share.
    #[allow(clippy::cast_precision_loss)]
    let used = 1.0 - disk.blocks_free() as f64 / disk.blocks() as f64;
    Ok(used)
}

fn remove(paths: &[String]) -> (u64, u64) {
    let (mut succeeded, mut failed) = (0, 0);
    for path in paths {
        match fs::remove_dir_all(path) {
            Ok(()) => {
                info!(path, "removed a directory nobody needs any more");
                succeeded += 1;
            }
            // Gone with the directory above it.
            Err(error) if error.kind() == io::ErrorKind::NotFound => succeeded += 1,
            Err(error) => {
                warn!(path, %error, "failed to remove a directory");
                failed += 1;
            }
        }
    }
    (succeeded, failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn age_and_disk_decide_what_goes() {
        let day = Duration::from_secs(86_400);
        let start = Time::from_nanos(0) + day;
        let mut gc = Gc::new(day * 10, 0.1, PathBuf::new());
        assert_eq!(gc.max_age, day * 9);
        gc.schedule(start, "/a".to_owned());
        gc.schedule(start + day * 2, "/b".to_owned());
        gc.schedule(start, "/c".to_owned());
        gc.keep("/c");
        assert_eq!(gc.due(start + day * 5, gc.max_age), Vec::<String>::new());
        gc.disk_used(0.5);
        assert_eq!(gc.due(start + day * 5, gc.max_age), ["/a"]);
        gc.disk_used(0.95);
        assert_eq!(gc.due(start + day * 5, gc.max_age), ["/b"]);
        assert_eq!(gc.pending(), 0);
    }

    #[test]
    fn the_greatest_age_shrinks_with_the_free_disk() {
        let hour = Duration::from_secs(3600);
        for (headroom, used, hours) in [
            (0.0, 0.0, 100),
            (0.1, 0.0, 90),
            (0.1, 0.5, 40),
            (0.5, 0.25, 25),
            (0.1, 0.9, 0),
            (0.1, 1.0, 0),
            (1.0, 0.0, 0),
        ] {
            let mut gc = Gc::new(hour * 100, headroom, PathBuf::new());
            gc.disk_used(used);
            let off = gc.max_age.abs_diff(hour * hours);
            assert!(
                off < Duration::from_millis(1),
                "{headroom} {used}: {:?}",
                gc.max_age
            );
        }
    }
}
