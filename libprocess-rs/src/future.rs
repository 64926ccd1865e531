//! Futures and promises with the life cycle of libprocess.
//!
//! A [`Future`] is pending until its [`Promise`] makes it ready, failed or discarded, and stays so. Two things differ
//! from `std::future::Future`: nothing has to poll it, since callbacks run where it completes, and asking for a discard
//! is only a request that the producer may honour.
//!
//! ```
//! use libprocess::{Future, FutureError, Promise};
//!
//! let (promise, future) = Promise::new();
//! let length = future.then(|text: String| Future::ready(text.len()));
//! promise.set("four".to_owned());
//! assert_eq!(length.wait(), Ok(4));
//!
//! let (promise, future) = Promise::<u32>::new();
//! drop(promise);
//! assert_eq!(future.wait(), Err(FutureError::Abandoned));
//! ```
//!
//! How a future goes from state to state, and what it calls:
//!
//! | from | event | to | callbacks |
//! |---|---|---|---|
//! | pending | [`Promise::set`] | ready | `on_ready`, `on_any`, `on_complete` |
//! | pending | [`Promise::fail`] | failed | `on_failed`, `on_any`, `on_complete` |
//! | pending | [`Promise::discard`] | discarded | `on_discarded`, `on_any`, `on_complete` |
//! | pending | the promise is dropped | pending, abandoned | `on_abandoned` |
//! | pending | [`Promise::associate`] | whatever the other future comes to | those of it |
//! | pending | [`Future::discard`] | pending, asked to discard | `on_discard`, once |
//! | ready, failed, discarded, abandoned | any of these | the same | none |
//!
//! And what comes after it:
//!
//! | outcome | `then`, `map` | `repair` | `recover` | `finish`, `.await`, `wait` |
//! |---|---|---|---|---|
//! | ready | runs; if a discard was asked for, discarded instead | passes | passes | the value |
//! | failed | passes | runs | runs | the message |
//! | discarded | passes | passes | runs | an error |
//! | abandoned | passes | passes | runs | an error |
//!
//! Callbacks run on the thread that completes the future, or at once when it is complete: [`Pid::defer`](crate::Pid::defer) and
//! [`Context::then`](crate::Context::then) bring them to a process.
//!
//! A value is handed out once per handle, by `.await`, [`Future::wait`], [`Future::then`] and their like, all of which
//! consume the handle. So values need not be `Clone`; when they are, the handle is too.
//!
//! Differs from Mesos: an abandoned future completes `.await`, `wait` and `finish` with an error, since Rust callers
//! would otherwise hang; its state stays pending, and `then` passes the abandonment on.

mod combine;
mod repeat;
mod shared;

pub use combine::{await_all, collect, select};
use libprocess_engine::Small;
pub use repeat::repeat;
use shared::{Callback, Shared};
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

/// Why a [`Future`] has no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FutureError {
    /// The producer failed, with this message.
    #[error("{0}")]
    Failed(String),
    /// The producer honoured a request to discard.
    #[error("discarded future")]
    Discarded,
    /// The producer is gone without having completed it.
    #[error("abandoned future")]
    Abandoned,
}

/// Where a [`Future`] stands. Abandoned futures are still pending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Not complete.
    Pending,
    /// Has a value.
    Ready,
    /// Has a failure message.
    Failed,
    /// Will never have a value because its consumer asked so.
    Discarded,
}

/// The writing end: completes its [`Future`] once, or abandons it when dropped.
pub struct Promise<T: Send + 'static> {
    /// `None` once completed or associated.
    shared: Option<Arc<Shared<T>>>,
}

/// The reading end: a value that may come later.
#[must_use = "the value arrives through the future"]
pub struct Future<T: Send + 'static> {
    shared: Arc<Shared<T>>,
}

impl<T: Send + 'static> Promise<T> {
    /// Makes a promise and its future.
    pub fn new() -> (Promise<T>, Future<T>) {
        let shared = Arc::new(Shared::pending());
        (
            Promise {
                shared: Some(shared.clone()),
            },
            Future { shared },
        )
    }

    /// Makes the future ready; false when it was complete before.
    pub fn set(self, value: T) -> bool {
        self.complete(Ok(value))
    }

    /// Makes the future failed; false when it was complete before.
    pub fn fail(self, message: impl Into<String>) -> bool {
        self.complete(Err(FutureError::Failed(message.into())))
    }

    /// Makes the future discarded; false when it was complete before.
    pub fn discard(self) -> bool {
        self.complete(Err(FutureError::Discarded))
    }

    /// Completes the future with an outcome, e.g. one of another future.
    pub fn complete(mut self, outcome: Result<T, FutureError>) -> bool {
        match self.shared.take() {
            Some(shared) => shared.complete(outcome),
            None => false,
        }
    }

    /// Makes the future follow `other`: its outcome forward, requests to discard backward.
    pub fn associate(self, other: Future<T>) {
        self.associate_then(other, || ());
    }

    /// As [`Promise::associate`], and runs `after` once the outcome has arrived and been passed on.
    pub(crate) fn associate_then(mut self, other: Future<T>, after: impl FnOnce() + Send + 'static) {
        let Some(shared) = self.shared.take() else { return };
        let upstream = Arc::downgrade(&other.shared);
        shared.add_on_discard(move || {
            if let Some(upstream) = upstream.upgrade() {
                upstream.request_discard();
            }
        });
        other.finish(move |outcome| {
            shared.complete(outcome);
            after();
        });
    }

    /// Whether the consumer has asked to discard.
    pub fn has_discard(&self) -> bool {
        self.shared.as_ref().is_some_and(|shared| shared.has_discard())
    }

    /// Calls `f` when the consumer asks to discard; at once when it has asked already.
    pub fn on_discard(&self, f: impl FnOnce() + Send + 'static) {
        if let Some(shared) = &self.shared {
            shared.add_on_discard(f);
        }
    }
}

impl<T: Send + 'static> Drop for Promise<T> {
    fn drop(&mut self) {
        if let Some(shared) = self.shared.take() {
            shared.complete(Err(FutureError::Abandoned));
        }
    }
}

impl<T: Send + 'static> Future<T> {
    /// A future that has its value.
    pub fn ready(value: T) -> Future<T> {
        Future {
            shared: Arc::new(Shared::completed(Ok(value))),
        }
    }

    /// A future that has failed.
    pub fn failed(message: impl Into<String>) -> Future<T> {
        Future {
            shared: Arc::new(Shared::completed(Err(FutureError::Failed(message.into())))),
        }
    }

    /// Where the future stands.
    pub fn state(&self) -> State {
        self.shared.state()
    }

    /// Whether it is not complete.
    pub fn is_pending(&self) -> bool {
        self.state() == State::Pending
    }

    /// Whether it has a value.
    pub fn is_ready(&self) -> bool {
        self.state() == State::Ready
    }

    /// Whether it has failed.
    pub fn is_failed(&self) -> bool {
        self.state() == State::Failed
    }

    /// Whether it was discarded by its producer.
    pub fn is_discarded(&self) -> bool {
        self.state() == State::Discarded
    }

    /// Whether its producer is gone without completing it.
    pub fn is_abandoned(&self) -> bool {
        self.shared.is_abandoned()
    }

    /// Whether a discard was asked for.
    pub fn has_discard(&self) -> bool {
        self.shared.has_discard()
    }

    /// The failure message, if it has failed.
    pub fn failure(&self) -> Option<String> {
        self.shared.failure()
    }

    /// Asks the producer to give up; false when complete or asked before.
    pub fn discard(&self) -> bool {
        self.shared.request_discard()
    }

    /// Calls `f` with the failure message once failed.
    pub fn on_failed(&self, f: impl FnOnce(String) + Send + 'static) {
        self.on_complete(|outcome| {
            if let Err(FutureError::Failed(message)) = outcome {
                f(message);
            }
        });
    }

    /// Calls `f` once the producer has discarded.
    pub fn on_discarded(&self, f: impl FnOnce() + Send + 'static) {
        self.on_complete(|outcome| {
            if outcome == Err(FutureError::Discarded) {
                f();
            }
        });
    }

    /// Calls `f` once a discard is asked for.
    pub fn on_discard(&self, f: impl FnOnce() + Send + 'static) {
        self.shared.add_on_discard(f);
    }

    /// Calls `f` once the producer is gone without completing.
    pub fn on_abandoned(&self, f: impl FnOnce() + Send + 'static) {
        self.shared.add(Callback::Abandoned(Small::new(move |()| f())));
    }

    /// Calls `f` with the outcome, without its value, once ready, failed or discarded.
    pub fn on_complete(&self, f: impl FnOnce(Result<(), FutureError>) + Send + 'static) {
        self.shared
            .add(Callback::Completed(Small::new(move |shared: Arc<Shared<T>>| {
                f(shared.outcome())
            })));
    }

    /// Hands the outcome to `f` once there is one, on the thread that completes the future.
    pub fn finish(self, f: impl FnOnce(Result<T, FutureError>) + Send + 'static) {
        self.shared.add(Callback::Finish(Small::new(f)));
    }

    /// Chains work: `f` runs when ready; failure, discard and abandonment pass by it.
    ///
    /// Discarding the returned future discards this one. When that was asked before this one became ready, `f` is
    /// skipped.
    pub fn then<U: Send + 'static>(self, f: impl FnOnce(T) -> Future<U> + Send + 'static) -> Future<U> {
        self.chain(|promise, outcome| match outcome {
            Ok(_) if promise.has_discard() => {
                promise.discard();
            }
            Ok(value) => promise.associate(f(value)),
            Err(error) => {
                promise.complete(Err(error));
            }
        })
    }

    /// As [`Future::then`] for work that needs no future of its own.
    pub fn map<U: Send + 'static>(self, f: impl FnOnce(T) -> U + Send + 'static) -> Future<U> {
        self.then(|value| Future::ready(f(value)))
    }

    /// Chains work that runs on failure, discard or abandonment, and may replace it.
    pub fn recover(self, f: impl FnOnce(FutureError) -> Future<T> + Send + 'static) -> Future<T> {
        self.chain(|promise, outcome| match outcome {
            Ok(value) => {
                promise.set(value);
            }
            Err(error) => promise.associate(f(error)),
        })
    }

    /// Chains work that runs on failure only, and may replace it.
    pub fn repair(self, f: impl FnOnce(String) -> Future<T> + Send + 'static) -> Future<T> {
        self.recover(|error| match error {
            FutureError::Failed(message) => f(message),
            other => Future {
                shared: Arc::new(Shared::completed(Err(other))),
            },
        })
    }

    /// Hands the future to `f` if it has no outcome `after` that time; the result then follows what `f` returns.
    pub fn after(
        self,
        system: &crate::System,
        after: Duration,
        f: impl FnOnce(Future<T>) -> Future<T> + Send + 'static,
    ) -> Future<T> {
        let (early, result) = Promise::new();
        let (late, late_future) = Promise::new();
        let upstream = Arc::downgrade(&self.shared);
        let discard = move || {
            if let Some(upstream) = upstream.upgrade() {
                upstream.request_discard();
            }
        };
        late.on_discard(discard.clone());
        result.on_discard(discard);
        let early = Arc::new(parking_lot::Mutex::new(Some(early)));
        let timed = early.clone();
        let timer = system.after(after);
        let cancel = Arc::downgrade(&timer.shared);
        self.finish(move |outcome| {
            let in_time = early.lock().take();
            in_time.unwrap_or(late).complete(outcome);
            if let Some(timer) = cancel.upgrade() {
                timer.request_discard();
            }
        });
        timer.finish(move |elapsed| {
            let promise = if elapsed.is_ok() {
                timed.lock().take()
            } else {
                None
            };
            if let Some(promise) = promise {
                promise.associate(f(late_future));
            }
        });
        result
    }

    /// The same value behind a future whose discards do not reach this one.
    pub fn undiscardable(self) -> Future<T> {
        let (promise, future) = Promise::new();
        self.finish(|outcome| {
            promise.complete(outcome);
        });
        future
    }

    /// Blocks the calling OS thread until there is an outcome; for `main` and tests.
    ///
    /// # Panics
    ///
    /// On a worker thread, where waiting would stop every process of that worker.
    ///
    /// # Errors
    ///
    /// When failed, discarded or abandoned.
    pub fn wait(self) -> Result<T, FutureError> {
        assert!(
            !crate::worker::on_worker(),
            "a process must not wait, it would never be run again"
        );
        if let Some(outcome) = self.shared.take_if_complete() {
            return outcome;
        }
        let (sender, receiver) = std::sync::mpsc::sync_channel(1);
        self.finish(move |outcome| drop(sender.send(outcome)));
        receiver.recv().unwrap_or(Err(FutureError::Abandoned))
    }

    /// As [`Future::wait`] for at most `limit` of real time; `None` when that is over.
    ///
    /// # Panics
    ///
    /// On a worker thread.
    pub fn wait_for(self, limit: Duration) -> Option<Result<T, FutureError>> {
        assert!(
            !crate::worker::on_worker(),
            "a process must not wait, it would never be run again"
        );
        let (sender, receiver) = std::sync::mpsc::sync_channel(1);
        self.finish(move |outcome| drop(sender.send(outcome)));
        receiver.recv_timeout(limit).ok()
    }

    /// The outcome of a future that is known to be complete.
    pub(crate) fn outcome_now(self) -> Result<T, FutureError> {
        self.shared.take()
    }

    /// The future that `f` completes when this one has an outcome; discards travel upstream.
    fn chain<U: Send + 'static>(
        self,
        f: impl FnOnce(Promise<U>, Result<T, FutureError>) + Send + 'static,
    ) -> Future<U> {
        let (promise, future) = Promise::new();
        let upstream = Arc::downgrade(&self.shared);
        future.on_discard(move || {
            if let Some(upstream) = upstream.upgrade() {
                upstream.request_discard();
            }
        });
        self.finish(move |outcome| f(promise, outcome));
        future
    }
}

impl<T: Clone + Send + 'static> Future<T> {
    /// Calls `f` with the value once ready.
    pub fn on_ready(&self, f: impl FnOnce(T) + Send + 'static) {
        self.shared.share(T::clone);
        self.shared
            .add(Callback::Completed(Small::new(move |shared: Arc<Shared<T>>| {
                if let Ok(value) = shared.take() {
                    f(value);
                }
            })));
    }

    /// Calls `f` with this future once ready, failed or discarded.
    pub fn on_any(&self, f: impl FnOnce(Future<T>) + Send + 'static) {
        self.shared.share(T::clone);
        self.shared.add(Callback::Completed(Small::new(move |shared| {
            f(Future { shared })
        })));
    }
}

impl<T: Clone + Send + 'static> Clone for Future<T> {
    fn clone(&self) -> Future<T> {
        self.shared.share(T::clone);
        Future {
            shared: self.shared.clone(),
        }
    }
}

/// Completes also when abandoned.
///
/// # Cancel safety
///
/// Dropping the future does not discard the work behind it.
impl<T: Send + 'static> std::future::Future for Future<T> {
    type Output = Result<T, FutureError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.shared.poll(cx)
    }
}

impl<T: Send + 'static> fmt::Debug for Future<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Future").field(&self.state()).finish()
    }
}

impl<T: Send + 'static> fmt::Debug for Promise<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Promise")
    }
}

#[cfg(test)]
mod tests;
