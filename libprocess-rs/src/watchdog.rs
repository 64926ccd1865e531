//! Names handlers that hold their worker for too long, on which every other process of that worker waits.
//!
//! A thread looks at the workers every few milliseconds while any has something to do, and sleeps while none has. A worker
//! pays for it with one store an event. What the thread sees is an address; the handler's own worker puts a name to it
//! when the handler ends. Only one that does not end is looked for among all processes.

use crate::Upid;
use crate::system::Inner;
use libprocess_engine::Beat;
use std::sync::{Arc, Weak};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// A handler that has run for this many times the limit is taken for one that does not end.
const ENDLESS: u32 = 100;

/// Looks without anything to do before the thread sleeps.
const QUIET_LOOKS: u32 = 100;

/// A handler that holds its worker, see [`Builder::slow_handlers`](crate::Builder::slow_handlers).
#[derive(Debug, Clone)]
pub struct SlowHandler {
    /// The process it belongs to.
    pub process: Upid,
    /// The number of its worker.
    pub worker: usize,
    /// For how long it has run, within the limit that was set.
    pub running_for: Duration,
    /// Whether it has ended by now.
    pub ended: bool,
}

/// Whom to tell.
pub(crate) type Report = Arc<dyn Fn(&SlowHandler) + Send + Sync>;

/// What is too long, and whom to tell.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) limit: Duration,
    pub(crate) report: Report,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            limit: Duration::from_millis(10),
            report: Arc::new(|slow| {
                let (pid, ms) = (&slow.process, slow.running_for.as_millis());
                if slow.ended {
                    tracing::warn!(%pid, worker = slow.worker, ms, "a handler has held its worker");
                } else {
                    tracing::error!(%pid, worker = slow.worker, ms, "a handler holds its worker and does not end");
                }
            }),
        }
    }
}

/// Starts the thread; it ends with the system.
pub(crate) fn start(system: &Arc<Inner>, settings: Settings) -> std::io::Result<JoinHandle<()>> {
    let system = Arc::downgrade(system);
    std::thread::Builder::new()
        .name("libprocess-watch".to_owned())
        .spawn(move || {
            Watchdog {
                system,
                settings,
                workers: Vec::new(),
            }
            .watch();
        })
}

/// What was seen of one worker.
struct Seen {
    beat: Beat,
    since: Instant,
    told: Told,
}

/// What has been done about a slow handler.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Told {
    Nobody,
    /// Its worker, which reports it when it ends.
    Worker,
    /// Everybody.
    All,
}

/// A worker that runs a handler of `process` for too long has come to the end of it.
pub(crate) fn slow_handler_ended(system: &Inner, process: &Upid) {
    let worker = system
        .workers()
        .iter()
        .position(|worker| worker.engine.is_current());
    let since = worker.and_then(|worker| system.slow_since.lock().get(&worker).copied());
    let (Some(settings), Some(worker), Some(since)) = (&system.settings.watchdog, worker, since) else {
        return;
    };
    (settings.report)(&SlowHandler {
        process: process.clone(),
        worker,
        running_for: since.elapsed(),
        ended: true,
    });
}

struct Watchdog {
    system: Weak<Inner>,
    settings: Settings,
    workers: Vec<Seen>,
}

impl Watchdog {
    fn watch(mut self) {
        let mut quiet = 0;
        loop {
            let Some(system) = self.system.upgrade().filter(|system| !system.is_stopped()) else {
                return;
            };
            quiet = if self.look(&system) { quiet + 1 } else { 0 };
            let sleeps = quiet > QUIET_LOOKS && self.is_told_of_wakings(&system);
            drop(system);
            if sleeps {
                quiet = 0;
                std::thread::park();
            } else {
                // Half the limit, so that what takes longer is seen twice.
                std::thread::park_timeout(self.settings.limit / 2);
            }
        }
    }

    /// Has every worker unpark this thread when it wakes; false when one is awake.
    fn is_told_of_wakings(&self, system: &Inner) -> bool {
        let me = std::thread::current();
        let mut workers = system.workers().iter();
        workers.all(|worker| worker.engine.tell_of_waking(me.clone()))
    }

    /// Looks at every worker; true when none has anything to do.
    fn look(&mut self, system: &Inner) -> bool {
        let now = Instant::now();
        let mut quiet = true;
        for (number, worker) in system.workers().iter().enumerate() {
            let beat = worker.engine.beat();
            quiet &= beat.asleep;
            let seen = match self.workers.get_mut(number) {
                Some(seen) if seen.beat == beat && beat.running != 0 => seen,
                place => {
                    let seen = Seen {
                        beat,
                        since: now,
                        told: Told::Nobody,
                    };
                    match place {
                        Some(place) => {
                            if place.told > Told::Nobody {
                                worker.engine.suspect(0);
                            }
                            *place = seen;
                        }
                        None => self.workers.push(seen),
                    }
                    continue;
                }
            };
            let running_for = now - seen.since;
            if running_for >= self.settings.limit && seen.told < Told::Worker {
                seen.told = Told::Worker;
                system.slow_since.lock().insert(number, seen.since);
                worker.engine.suspect(beat.running);
            }
            if running_for >= self.settings.limit * ENDLESS && seen.told < Told::All {
                seen.told = Told::All;
                if let Some(id) = system.name_of(beat.running) {
                    let slow = SlowHandler {
                        process: Upid::new(id, system.address),
                        worker: number,
                        running_for,
                        ended: false,
                    };
                    (self.settings.report)(&slow);
                }
            }
        }
        quiet
    }
}
