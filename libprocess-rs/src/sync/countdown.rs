use crate::{Future, Promise};
use parking_lot::Mutex;
use std::sync::Arc;

/// Counts down to an event that any number can wait for. Clones share it.
///
/// Mesos: 3rdparty/libprocess/include/process/count_down_latch.hpp, `CountDownLatch`; with a count of one, `Latch`.
///
/// ```
/// let latch = libprocess::sync::CountDownLatch::new(2);
/// let both = latch.triggered();
/// latch.decrement();
/// assert!(both.is_pending());
/// latch.decrement();
/// assert_eq!((both.wait(), latch.triggered().wait()), (Ok(()), Ok(())));
/// ```
#[derive(Clone)]
pub struct CountDownLatch(Arc<Mutex<State>>);

struct State {
    left: usize,
    waiting: Vec<Promise<()>>,
}

impl CountDownLatch {
    /// One that is triggered after so many steps; at once when there are none.
    pub fn new(steps: usize) -> CountDownLatch {
        CountDownLatch(Arc::new(Mutex::new(State {
            left: steps,
            waiting: Vec::new(),
        })))
    }

    /// Takes a step; those too many do nothing.
    pub fn decrement(&self) {
        let mut state = self.0.lock();
        state.left = state.left.saturating_sub(1);
        let told = if state.left == 0 {
            std::mem::take(&mut state.waiting)
        } else {
            Vec::new()
        };
        drop(state);
        for promise in told {
            promise.set(());
        }
    }

    /// Ready after the last step. Abandoned when the latch goes before.
    pub fn triggered(&self) -> Future<()> {
        let mut state = self.0.lock();
        if state.left == 0 {
            return Future::ready(());
        }
        let (promise, future) = Promise::new();
        state.waiting.push(promise);
        future
    }
}
