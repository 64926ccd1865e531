use crate::{Future, Promise};
use parking_lot::Mutex as Latch;
use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

/// Many readers or one writer, in the order in which they came: a reader behind a writer waits, so that no writer waits for ever. Clones
/// share it.
///
/// What is locked is the right to go on, for a while that spans events: a value is safe within its process without any lock. A
/// [`Permit`] is given back when it is dropped. Who discards its future leaves the line.
///
/// Mesos: 3rdparty/libprocess/include/process/rwlock.hpp, `ReadWriteLock`.
///
/// ```
/// let lock = libprocess::sync::RwLock::new();
/// let (one, two) = (lock.read().wait(), lock.read().wait());
/// let writer = lock.write();
/// drop(one);
/// assert!(writer.is_pending());
/// drop(two);
/// assert!(writer.wait().is_ok());
/// ```
#[derive(Clone, Default)]
pub struct RwLock(Arc<Latch<State>>);

/// One at a time, in the order in which they came. Clones share it.
///
/// Mesos: 3rdparty/libprocess/include/process/mutex.hpp, `Mutex`.
///
/// ```
/// let mutex = libprocess::sync::Mutex::new();
/// let first = mutex.lock().wait();
/// let second = mutex.lock();
/// assert!(second.is_pending());
/// drop(first);
/// assert!(second.wait().is_ok());
/// ```
#[derive(Clone, Default)]
pub struct Mutex(RwLock);

/// The right to go on, until it is dropped.
#[must_use = "dropped at once, it locks nothing"]
pub struct Permit {
    lock: RwLock,
    kind: Kind,
}

#[derive(Default)]
struct State {
    readers: usize,
    writer: bool,
    /// Somebody is in `admit`, and sees what changes meanwhile: permits given back there must not call it deeper and deeper.
    admitting: bool,
    places: u64,
    waiting: VecDeque<(u64, Kind, Promise<Permit>)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Read,
    Write,
}

impl Mutex {
    /// A lock that is open.
    pub fn new() -> Mutex {
        Mutex::default()
    }

    /// Ready when nobody else is within.
    pub fn lock(&self) -> Future<Permit> {
        self.0.write()
    }
}

impl RwLock {
    /// A lock that is open.
    pub fn new() -> RwLock {
        RwLock::default()
    }

    /// Ready when nobody writes and no writer waits before.
    pub fn read(&self) -> Future<Permit> {
        self.enter(Kind::Read)
    }

    /// Ready when nobody else is within.
    pub fn write(&self) -> Future<Permit> {
        self.enter(Kind::Write)
    }

    fn enter(&self, kind: Kind) -> Future<Permit> {
        let (promise, future) = Promise::new();
        let mut state = self.0.lock();
        let place = state.places;
        state.places += 1;
        state.waiting.push_back((place, kind, promise));
        drop(state);
        let lock = Arc::downgrade(&self.0);
        future.on_discard(move || {
            let Some(lock) = lock.upgrade() else { return };
            let mut state = lock.lock();
            let Some(at) = state.waiting.iter().position(|(other, ..)| *other == place) else {
                return;
            };
            let left = state.waiting.remove(at);
            drop(state);
            if let Some((_, _, promise)) = left {
                promise.discard();
            }
            // Who was behind may go now.
            RwLock(lock).admit();
        });
        self.admit();
        future
    }

    /// Lets in who may go. Promises are kept outside of the lock, since callbacks run.
    fn admit(&self) {
        let mut state = self.0.lock();
        if state.admitting {
            return;
        }
        while let Some((kind, promise)) = state.next() {
            state.admitting = true;
            drop(state);
            let permit = Permit {
                lock: self.clone(),
                kind,
            };
            // A future nobody has drops the permit, which lets the next in.
            promise.set(permit);
            state = self.0.lock();
            state.admitting = false;
        }
    }
}

impl State {
    /// The first in line, if it may go.
    fn next(&mut self) -> Option<(Kind, Promise<Permit>)> {
        let (_, kind, _) = self.waiting.front()?;
        match kind {
            _ if self.writer => return None,
            Kind::Write if self.readers > 0 => return None,
            Kind::Write => self.writer = true,
            Kind::Read => self.readers += 1,
        }
        let (_, kind, promise) = self.waiting.pop_front()?;
        Some((kind, promise))
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut state = self.lock.0.lock();
        match self.kind {
            Kind::Read => state.readers = state.readers.saturating_sub(1),
            Kind::Write => state.writer = false,
        }
        drop(state);
        self.lock.admit();
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Permit")
    }
}
