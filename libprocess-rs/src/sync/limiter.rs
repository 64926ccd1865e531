use crate::sync::waiting::Waiting;
use crate::{Future, System, Time};
use parking_lot::Mutex;
use std::sync::{Arc, Weak};
use std::time::Duration;

/// Gives permits at even distances, on the clock of its system. Clones share it.
///
/// A permit nobody fetched in time is not saved up: there are no bursts. Who discards its future leaves the line without
/// having used a permit. Who still waits when the last clone goes is discarded.
///
/// Mesos: 3rdparty/libprocess/include/process/limiter.hpp, `RateLimiter`.
///
/// ```
/// use libprocess::{System, sync::RateLimiter};
/// use std::time::Duration;
///
/// let system = System::builder().client_only().paused_clock(true).start()?;
/// let limiter = RateLimiter::new(&system, 2, Duration::from_secs(1));
/// assert!(limiter.acquire().is_ready());
/// let second = limiter.acquire();
/// assert!(second.is_pending());
/// system.clock().advance(Duration::from_millis(500));
/// assert_eq!(second.wait(), Ok(()));
/// system.shutdown();
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone)]
pub struct RateLimiter(Arc<Inner>);

struct Inner {
    system: System,
    interval: Duration,
    /// When the next permit may be given.
    next: Mutex<Time>,
    waiting: Waiting<()>,
}

impl RateLimiter {
    /// At most so many permits in so much time, each `per / permits` after the one before.
    ///
    /// # Panics
    ///
    /// When `permits` is zero.
    pub fn new(system: &System, permits: u32, per: Duration) -> RateLimiter {
        RateLimiter(Arc::new(Inner {
            system: system.clone(),
            interval: per / permits,
            next: Mutex::new(Time::EPOCH),
            waiting: Waiting::new(),
        }))
    }

    /// Ready when the caller may go on.
    pub fn acquire(&self) -> Future<()> {
        let inner = &self.0;
        let mut next = inner.next.lock();
        let first = inner.waiting.is_empty();
        let now = inner.system.now();
        if first && now >= *next {
            *next = now + inner.interval;
            return Future::ready(());
        }
        let future = inner.waiting.wait();
        if first {
            inner.wake_after(*next - now);
        }
        future
    }
}

impl Inner {
    fn wake_after(self: &Arc<Inner>, duration: Duration) {
        let limiter = Arc::downgrade(self);
        self.system
            .after(duration)
            .on_complete(move |_| Inner::permit(&limiter));
    }

    /// Lets the first in line pass, and sees to the next.
    fn permit(limiter: &Weak<Inner>) {
        let Some(inner) = limiter.upgrade() else { return };
        let mut next = inner.next.lock();
        let now = inner.system.now();
        if now < *next {
            // The line was empty for a while, and a timer of before is late.
            return;
        }
        let Some(promise) = inner.waiting.pop() else {
            return;
        };
        *next = now + inner.interval;
        if !inner.waiting.is_empty() {
            inner.wake_after(inner.interval);
        }
        drop(next);
        promise.set(());
    }
}
