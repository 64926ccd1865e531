use super::{FutureError, State};
use parking_lot::Mutex;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

/// What both ends of a future own together.
pub(super) struct Shared<T> {
    inner: Mutex<Inner<T>>,
}

/// Runs outside the lock, on the thread that completes the future.
pub(super) enum Callback<T> {
    /// On ready, failed or discarded.
    Completed(Run<T>),
    /// On abandonment.
    Abandoned(Box<dyn FnOnce() + Send>),
    /// On whichever comes.
    Finish(Run<T>),
}

type Run<T> = Box<dyn FnOnce(&Arc<Shared<T>>) + Send>;

struct Inner<T> {
    outcome: Outcome<T>,
    discard_requested: bool,
    /// How to copy the value, once more than one handle may ask for it.
    clone: Option<fn(&T) -> T>,
    callbacks: Vec<Callback<T>>,
    on_discard: Vec<Box<dyn FnOnce() + Send>>,
    wakers: Vec<Waker>,
}

enum Outcome<T> {
    Pending,
    Ready(T),
    /// Ready, and the only handle has been given the value.
    Taken,
    Error(FutureError),
}

impl<T: Send + 'static> Shared<T> {
    pub(super) fn pending() -> Shared<T> {
        Shared::with(Outcome::Pending)
    }

    pub(super) fn completed(outcome: Result<T, FutureError>) -> Shared<T> {
        Shared::with(match outcome {
            Ok(value) => Outcome::Ready(value),
            Err(error) => Outcome::Error(error),
        })
    }

    fn with(outcome: Outcome<T>) -> Shared<T> {
        Shared {
            inner: Mutex::new(Inner {
                outcome,
                discard_requested: false,
                clone: None,
                callbacks: Vec::new(),
                on_discard: Vec::new(),
                wakers: Vec::new(),
            }),
        }
    }

    pub(super) fn state(&self) -> State {
        match self.inner.lock().outcome {
            Outcome::Pending | Outcome::Error(FutureError::Abandoned) => State::Pending,
            Outcome::Ready(_) | Outcome::Taken => State::Ready,
            Outcome::Error(FutureError::Failed(_)) => State::Failed,
            Outcome::Error(FutureError::Discarded) => State::Discarded,
        }
    }

    pub(super) fn is_abandoned(&self) -> bool {
        matches!(self.inner.lock().outcome, Outcome::Error(FutureError::Abandoned))
    }

    pub(super) fn has_discard(&self) -> bool {
        self.inner.lock().discard_requested
    }

    pub(super) fn failure(&self) -> Option<String> {
        match &self.inner.lock().outcome {
            Outcome::Error(FutureError::Failed(message)) => Some(message.clone()),
            _ => None,
        }
    }

    /// The outcome without its value; abandoned while pending.
    pub(super) fn outcome(&self) -> Result<(), FutureError> {
        match &self.inner.lock().outcome {
            Outcome::Ready(_) | Outcome::Taken => Ok(()),
            Outcome::Error(error) => Err(error.clone()),
            Outcome::Pending => Err(FutureError::Abandoned),
        }
    }

    pub(super) fn share(&self, clone: fn(&T) -> T) {
        self.inner.lock().clone = Some(clone);
    }

    /// The outcome for one handle.
    pub(super) fn take(&self) -> Result<T, FutureError> {
        self.inner.lock().take()
    }

    pub(super) fn add(self: &Arc<Self>, callback: Callback<T>) {
        let mut inner = self.inner.lock();
        match &inner.outcome {
            Outcome::Pending => inner.callbacks.push(callback),
            outcome => {
                let abandoned = matches!(outcome, Outcome::Error(FutureError::Abandoned));
                drop(inner);
                callback.run(self, abandoned);
            }
        }
    }

    pub(super) fn add_on_discard(&self, f: Box<dyn FnOnce() + Send>) {
        let mut inner = self.inner.lock();
        if inner.discard_requested {
            drop(inner);
            f();
        } else if matches!(inner.outcome, Outcome::Pending) {
            inner.on_discard.push(f);
        }
    }

    pub(super) fn request_discard(&self) -> bool {
        let mut inner = self.inner.lock();
        if inner.discard_requested || !matches!(inner.outcome, Outcome::Pending) {
            return false;
        }
        inner.discard_requested = true;
        let callbacks = std::mem::take(&mut inner.on_discard);
        drop(inner);
        callbacks.into_iter().for_each(|f| f());
        true
    }

    pub(super) fn complete(self: &Arc<Self>, outcome: Result<T, FutureError>) -> bool {
        let mut inner = self.inner.lock();
        if !matches!(inner.outcome, Outcome::Pending) {
            return false;
        }
        let abandoned = matches!(outcome, Err(FutureError::Abandoned));
        inner.outcome = match outcome {
            Ok(value) => Outcome::Ready(value),
            Err(error) => Outcome::Error(error),
        };
        let callbacks = std::mem::take(&mut inner.callbacks);
        let wakers = std::mem::take(&mut inner.wakers);
        let on_discard = std::mem::take(&mut inner.on_discard);
        drop(inner);
        drop(on_discard);
        callbacks
            .into_iter()
            .for_each(|callback| callback.run(self, abandoned));
        wakers.into_iter().for_each(Waker::wake);
        true
    }

    pub(super) fn poll(&self, cx: &mut Context<'_>) -> Poll<Result<T, FutureError>> {
        let mut inner = self.inner.lock();
        if !matches!(inner.outcome, Outcome::Pending) {
            return Poll::Ready(inner.take());
        }
        if !inner.wakers.iter().any(|waker| waker.will_wake(cx.waker())) {
            inner.wakers.push(cx.waker().clone());
        }
        Poll::Pending
    }
}

impl<T> Inner<T> {
    fn take(&mut self) -> Result<T, FutureError> {
        match (&self.outcome, self.clone) {
            (Outcome::Ready(value), Some(clone)) => Ok(clone(value)),
            (Outcome::Error(error), _) => Err(error.clone()),
            (Outcome::Ready(_), None) => match std::mem::replace(&mut self.outcome, Outcome::Taken) {
                Outcome::Ready(value) => Ok(value),
                _ => Err(FutureError::Abandoned),
            },
            (Outcome::Pending | Outcome::Taken, _) => Err(FutureError::Abandoned),
        }
    }
}

impl<T> Callback<T> {
    fn run(self, shared: &Arc<Shared<T>>, abandoned: bool) {
        match (self, abandoned) {
            (Callback::Completed(f), false) | (Callback::Finish(f), _) => f(shared),
            (Callback::Abandoned(f), true) => f(),
            (Callback::Completed(_), true) | (Callback::Abandoned(_), false) => {}
        }
    }
}
