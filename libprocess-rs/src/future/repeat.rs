use super::{Future, FutureError, Promise};
use parking_lot::Mutex;
use std::ops::ControlFlow;
use std::sync::Arc;

/// Repeats two steps until the second breaks: `iterate` begins a round, `body` decides on its value.
///
/// A step that does not succeed ends the loop with its outcome. Discarding the result asks the running step to discard, and
/// no further step begins. Rounds that complete at once take no stack.
///
/// Mesos: 3rdparty/libprocess/include/process/loop.hpp, `loop`.
///
/// ```
/// use libprocess::{Future, future};
/// use std::ops::ControlFlow;
///
/// let mut n = 0;
/// let sum = future::repeat(
///     move || {
///         n += 1;
///         Future::ready(n)
///     },
///     |n| Future::ready(if n < 100_000 { ControlFlow::Continue(()) } else { ControlFlow::Break(n) }),
/// );
/// assert_eq!(sum.wait(), Ok(100_000));
/// ```
pub fn repeat<T, V>(
    iterate: impl FnMut() -> Future<T> + Send + 'static,
    body: impl FnMut(T) -> Future<ControlFlow<V>> + Send + 'static,
) -> Future<V>
where
    T: Send + 'static,
    V: Send + 'static,
{
    let (promise, future) = Promise::new();
    let running: Running = Arc::default();
    let discard = Arc::clone(&running);
    future.on_discard(move || {
        let ask = discard.lock().take();
        if let Some(ask) = ask {
            ask();
        }
    });
    let state = Loop {
        iterate: Box::new(iterate),
        body: Box::new(body),
        promise,
        running,
    };
    state.run(Step::Iterate);
    future
}

/// Asks the step that runs to discard.
type Running = Arc<Mutex<Option<Box<dyn FnOnce() + Send>>>>;

struct Loop<T: Send + 'static, V: Send + 'static> {
    iterate: Box<dyn FnMut() -> Future<T> + Send>,
    body: Box<dyn FnMut(T) -> Future<ControlFlow<V>> + Send>,
    promise: Promise<V>,
    running: Running,
}

/// What comes next.
enum Step<T, V> {
    Iterate,
    Body(T),
    Decided(ControlFlow<V>),
}

impl<T: Send + 'static, V: Send + 'static> Loop<T, V> {
    /// Takes steps as long as they complete at once.
    fn run(mut self, mut step: Step<T, V>) {
        loop {
            if self.promise.has_discard() {
                self.promise.discard();
                return;
            }
            let taken = match step {
                Step::Iterate => {
                    let round = (self.iterate)();
                    self.take(round, Step::Body)
                }
                Step::Body(value) => {
                    let verdict = (self.body)(value);
                    self.take(verdict, Step::Decided)
                }
                Step::Decided(ControlFlow::Continue(())) => Some((self, Step::Iterate)),
                Step::Decided(ControlFlow::Break(value)) => {
                    self.promise.set(value);
                    return;
                }
            };
            let Some(next) = taken else { return };
            (self, step) = next;
        }
    }

    /// The loop and its next step when this one is complete. When it is pending, its completion goes on with the loop.
    fn take<U: Send + 'static>(
        self,
        future: Future<U>,
        next: fn(U) -> Step<T, V>,
    ) -> Option<(Self, Step<T, V>)> {
        if !future.is_pending() {
            return match future.wait() {
                Ok(value) => Some((self, next(value))),
                Err(why) => self.end(why),
            };
        }
        let step = Arc::downgrade(&future.shared);
        let ask: Box<dyn FnOnce() + Send> = Box::new(move || {
            if let Some(step) = step.upgrade() {
                step.request_discard();
            }
        });
        *self.running.lock() = Some(ask);
        if self.promise.has_discard() {
            // The request may have come before there was anything to ask.
            let ask = self.running.lock().take();
            if let Some(ask) = ask {
                ask();
            }
        }
        future.finish(move |outcome| match outcome {
            Ok(value) => self.run(next(value)),
            Err(why) => drop(self.end(why)),
        });
        None
    }

    fn end(self, why: FutureError) -> Option<(Self, Step<T, V>)> {
        self.promise.complete(Err(why));
        None
    }
}
