use super::{FutureError, State};
use libprocess_engine::Small;
use parking_lot::Mutex;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

/// What both ends of a future own together.
pub(super) struct Shared<T: 'static> {
    inner: Mutex<Inner<T>>,
}

/// Runs outside the lock, on the thread that completes the future.
pub(super) enum Callback<T: 'static> {
    /// On ready, failed or discarded.
    Completed(Small<Arc<Shared<T>>>),
    /// On abandonment.
    Abandoned(Small<()>),
    /// On whichever comes; takes the value.
    Finish(Small<Result<T, FutureError>>),
}

struct Inner<T: 'static> {
    outcome: Outcome<T>,
    /// The first callback. Most futures have one.
    first: Option<Callback<T>>,
    more: Option<Box<More<T>>>,
    /// How to copy the value, once more than one handle may ask for it.
    clone: Option<fn(&T) -> T>,
    discard_requested: bool,
}

/// What few futures have.
struct More<T: 'static> {
    callbacks: Vec<Callback<T>>,
    on_discard: Vec<Small<()>>,
    wakers: Vec<Waker>,
}

impl<T> Default for More<T> {
    fn default() -> More<T> {
        More {
            callbacks: Vec::new(),
            on_discard: Vec::new(),
            wakers: Vec::new(),
        }
    }
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
        Shared::with(Outcome::from(outcome))
    }

    fn with(outcome: Outcome<T>) -> Shared<T> {
        Shared {
            inner: Mutex::new(Inner {
                outcome,
                first: None,
                more: None,
                clone: None,
                discard_requested: false,
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

    /// The outcome for one handle, if there is one yet.
    pub(super) fn take_if_complete(&self) -> Option<Result<T, FutureError>> {
        let mut inner = self.inner.lock();
        let complete = !matches!(inner.outcome, Outcome::Pending);
        complete.then(|| inner.take())
    }

    pub(super) fn add(self: &Arc<Self>, callback: Callback<T>) {
        let mut inner = self.inner.lock();
        match &inner.outcome {
            Outcome::Pending if inner.first.is_none() => inner.first = Some(callback),
            Outcome::Pending => inner.more().callbacks.push(callback),
            outcome => {
                let abandoned = matches!(outcome, Outcome::Error(FutureError::Abandoned));
                drop(inner);
                callback.run(self, abandoned);
            }
        }
    }

    pub(super) fn add_on_discard(&self, f: impl FnOnce() + Send + 'static) {
        let mut inner = self.inner.lock();
        if inner.discard_requested {
            drop(inner);
            f();
        } else if matches!(inner.outcome, Outcome::Pending) {
            inner.more().on_discard.push(Small::new(move |()| f()));
        }
    }

    pub(super) fn request_discard(&self) -> bool {
        let mut inner = self.inner.lock();
        if inner.discard_requested || !matches!(inner.outcome, Outcome::Pending) {
            return false;
        }
        inner.discard_requested = true;
        let more = inner.more.as_mut();
        let callbacks = more.map(|more| std::mem::take(&mut more.on_discard));
        drop(inner);
        callbacks.into_iter().flatten().for_each(|f| f.call(()));
        true
    }

    pub(super) fn complete(self: &Arc<Self>, outcome: Result<T, FutureError>) -> bool {
        let mut inner = self.inner.lock();
        if !matches!(inner.outcome, Outcome::Pending) {
            return false;
        }
        let abandoned = matches!(outcome, Err(FutureError::Abandoned));
        let more = inner.more.take();
        if let (Some(Callback::Finish(_)), None, None) = (&inner.first, &more, &inner.clone) {
            // The only one who wants it is given it at once.
            inner.outcome = match &outcome {
                Ok(_) => Outcome::Taken,
                Err(error) => Outcome::Error(error.clone()),
            };
            let first = inner.first.take();
            drop(inner);
            if let Some(Callback::Finish(f)) = first {
                f.call(outcome);
            }
            return true;
        }
        inner.outcome = Outcome::from(outcome);
        let first = inner.first.take();
        drop(inner);
        let more = more.map_or_else(More::default, |more| *more);
        drop(more.on_discard);
        first
            .into_iter()
            .chain(more.callbacks)
            .for_each(|callback| callback.run(self, abandoned));
        more.wakers.into_iter().for_each(Waker::wake);
        true
    }

    pub(super) fn poll(&self, cx: &mut Context<'_>) -> Poll<Result<T, FutureError>> {
        let mut inner = self.inner.lock();
        if !matches!(inner.outcome, Outcome::Pending) {
            return Poll::Ready(inner.take());
        }
        let wakers = &mut inner.more().wakers;
        if !wakers.iter().any(|waker| waker.will_wake(cx.waker())) {
            wakers.push(cx.waker().clone());
        }
        Poll::Pending
    }
}

impl<T> Inner<T> {
    fn more(&mut self) -> &mut More<T> {
        self.more.get_or_insert_default()
    }

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

impl<T> From<Result<T, FutureError>> for Outcome<T> {
    fn from(outcome: Result<T, FutureError>) -> Outcome<T> {
        match outcome {
            Ok(value) => Outcome::Ready(value),
            Err(error) => Outcome::Error(error),
        }
    }
}

impl<T: Send + 'static> Callback<T> {
    fn run(self, shared: &Arc<Shared<T>>, abandoned: bool) {
        match (self, abandoned) {
            (Callback::Completed(f), false) => f.call(shared.clone()),
            (Callback::Finish(f), _) => f.call(shared.take()),
            (Callback::Abandoned(f), true) => f.call(()),
            (Callback::Completed(_), true) | (Callback::Abandoned(_), false) => {}
        }
    }
}
