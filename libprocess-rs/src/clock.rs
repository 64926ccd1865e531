//! The time of one system: the machine's, or paused and moved by hand.

use crate::system::Inner;
use crate::{Future, Promise, Time};
use libprocess_core::timers::{TimerId, Timers};
use parking_lot::{Mutex, ReentrantMutex};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::Notify;

/// How much real time [`Clock::settle`] grants to sockets and blocking work, which may never finish.
const SETTLE_IO: Duration = Duration::from_secs(2);

type Callback = Box<dyn FnOnce() + Send>;

/// A delay that has not fired yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Timer(TimerId);

/// The clock of a [`System`](crate::System).
///
/// Running, it is the wall clock at start plus elapsed monotonic time, so that setting the machine's clock neither
/// fires nor holds up timers. Paused, it stands still until [`Clock::advance`].
///
/// # Examples
///
/// ```
/// use libprocess::System;
/// use std::time::Duration;
/// let system = System::builder().paused_clock(true).start()?;
/// let hour = system.after(Duration::from_secs(3600));
/// system.clock().advance(Duration::from_secs(3600));
/// assert_eq!(hour.wait(), Ok(()));
/// system.shutdown();
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone)]
pub struct Clock(Arc<Shared>);

struct Shared {
    started: Instant,
    started_at: Time,
    /// Nanoseconds at which the clock is paused; zero while it runs.
    paused_at: AtomicU64,
    timers: Mutex<Timers<Callback>>,
    /// Held while callbacks run, so that no thread fires a later timer before another has fired an earlier one. A
    /// callback may itself move time.
    firing: ReentrantMutex<()>,
    /// Tells the driver that the earliest deadline has changed.
    changed: Notify,
    system: OnceLock<Weak<Inner>>,
}

impl Clock {
    pub(crate) fn new(paused: bool) -> Clock {
        let clock = Clock(Arc::new(Shared {
            started: Instant::now(),
            started_at: Clock::machine(),
            paused_at: AtomicU64::new(0),
            timers: Mutex::default(),
            firing: ReentrantMutex::new(()),
            changed: Notify::new(),
            system: OnceLock::new(),
        }));
        if paused {
            clock.pause();
        }
        clock
    }

    /// What the machine's clock says, whatever any [`System`](crate::System)'s clock says: for a line of a log that is
    /// written before there is a system, or without one.
    pub fn machine() -> Time {
        let since_epoch = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        Time::EPOCH + since_epoch
    }

    pub(crate) fn attach(&self, system: Weak<Inner>) {
        self.0.system.get_or_init(|| system);
    }

    /// The present.
    pub fn now(&self) -> Time {
        match self.0.paused_at.load(Ordering::Acquire) {
            0 => self.0.started_at + self.0.started.elapsed(),
            nanos => Time::from_nanos(nanos),
        }
    }

    /// Stops time.
    pub fn pause(&self) {
        let now = self.now();
        self.0.paused_at.store(now.nanos().max(1), Ordering::Release);
    }

    /// Goes back to the time of the machine.
    pub fn resume(&self) {
        self.0.paused_at.store(0, Ordering::Release);
        self.0.changed.notify_one();
    }

    /// Whether time stands still.
    pub fn is_paused(&self) -> bool {
        self.0.paused_at.load(Ordering::Acquire) != 0
    }

    /// Moves a paused clock forward and fires the timers that became due, in the order of their deadlines; does
    /// nothing to a running one.
    ///
    /// Mesos: 3rdparty/libprocess/src/clock.cpp, `Clock::advance`.
    pub fn advance(&self, duration: Duration) {
        if !self.is_paused() {
            return;
        }
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        let moved = |now: u64| Some(now.saturating_add(nanos));
        let _ = self
            .0
            .paused_at
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, moved);
        let firing = self.0.firing.lock();
        self.fire();
        drop(firing);
        if self.has_due() {
            // The driver left to this thread what became due meanwhile.
            self.0.changed.notify_one();
        }
    }

    /// Ready when no process of the system has anything to do and no timer is due.
    ///
    /// Includes messages on their way to other systems until those have answered, and blocking work, both for at most
    /// two seconds of real time. Does not move time.
    pub fn settle(&self) -> Future<()> {
        let (promise, future) = Promise::new();
        let Some(system) = self.0.system.get().and_then(Weak::upgrade) else {
            return Future::ready(());
        };
        let clock = self.clone();
        let settled = async move {
            clock.settled(&system).await;
            promise.set(());
        };
        if let Some(system) = self.0.system.get().and_then(Weak::upgrade) {
            system.worker(0).arbiter.spawn(settled);
        }
        future
    }

    /// Looks twice: a system that was quiet and has run nothing since is settled.
    async fn settled(&self, system: &Arc<Inner>) {
        let io_limit = Instant::now() + SETTLE_IO;
        let mut quiet_before = None;
        loop {
            system.barrier().await;
            let io_busy = system.io_busy() && Instant::now() < io_limit;
            let quiet = system.quiet_since().filter(|_| !io_busy && !self.has_due());
            if quiet.is_some() && quiet == quiet_before {
                return;
            }
            quiet_before = quiet;
            if io_busy {
                tokio::time::sleep(Duration::from_micros(50)).await;
            }
        }
    }

    pub(crate) fn insert(&self, after: Duration, callback: Callback) -> Timer {
        let deadline = self.now() + after;
        let mut timers = self.0.timers.lock();
        let earliest = timers.next_deadline().is_none_or(|next| deadline < next);
        let id = timers.insert(deadline, callback);
        drop(timers);
        if earliest {
            self.0.changed.notify_one();
        }
        Timer(id)
    }

    /// Takes a timer back; false when it has fired or was cancelled.
    pub fn cancel(&self, timer: Timer) -> bool {
        // Dropped outside the lock: what the callback owns may set or cancel timers when dropped.
        let cancelled = self.0.timers.lock().cancel(timer.0);
        cancelled.is_some()
    }

    fn has_due(&self) -> bool {
        let now = self.now();
        self.0
            .timers
            .lock()
            .next_deadline()
            .is_some_and(|deadline| deadline <= now)
    }

    /// Fires what is due. Callbacks run outside the lock of the timers, since they may set some.
    fn fire(&self) {
        let now = self.now();
        loop {
            let due = self.0.timers.lock().pop_due(now);
            let Some((_, callback)) = due else { return };
            callback();
        }
    }

    /// Fires timers as the machine's time passes; never completes.
    pub(crate) async fn drive(self) {
        loop {
            if let Some(_firing) = self.0.firing.try_lock() {
                self.fire();
            }
            let next = self.0.timers.lock().next_deadline().filter(|_| !self.is_paused());
            let changed = self.0.changed.notified();
            match next {
                None => changed.await,
                Some(deadline) => {
                    let sleep = tokio::time::sleep(deadline.duration_since(self.now()));
                    tokio::select! {
                        () = sleep => {}
                        () = changed => {}
                    }
                }
            }
        }
    }
}
