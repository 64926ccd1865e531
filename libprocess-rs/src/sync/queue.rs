use crate::Future;
use crate::sync::waiting::Waiting;
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::Arc;

/// A queue without a bound: who finds it empty gets a future. Clones share it.
///
/// Every value goes to one taker, values in the order they were put, takers in the order they came. A taker that has
/// discarded its future is passed over, so that nothing is lost. Takers still waiting when the last clone goes are discarded.
///
/// Mesos: 3rdparty/libprocess/include/process/queue.hpp, `Queue`.
///
/// ```
/// let queue = libprocess::sync::Queue::new();
/// let first = queue.get();
/// queue.put("one");
/// queue.put("two");
/// assert_eq!(first.wait(), Ok("one"));
/// assert_eq!(queue.get().wait(), Ok("two"));
/// ```
pub struct Queue<T: Send + 'static>(Arc<Mutex<State<T>>>);

struct State<T: Send + 'static> {
    values: VecDeque<T>,
    takers: Waiting<T>,
}

impl<T: Send + 'static> Queue<T> {
    /// An empty queue.
    pub fn new() -> Queue<T> {
        Queue(Arc::new(Mutex::new(State {
            values: VecDeque::new(),
            takers: Waiting::new(),
        })))
    }

    /// Puts a value at the end.
    pub fn put(&self, value: T) {
        let mut state = self.0.lock();
        match state.takers.pop() {
            Some(taker) => {
                drop(state);
                taker.set(value);
            }
            None => state.values.push_back(value),
        }
    }

    /// The next value, now or when it comes.
    pub fn get(&self) -> Future<T> {
        let mut state = self.0.lock();
        match state.values.pop_front() {
            Some(value) => Future::ready(value),
            None => state.takers.wait(),
        }
    }

    /// How many values nobody has taken.
    pub fn len(&self) -> usize {
        self.0.lock().values.len()
    }

    /// Whether there is no value to take.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<T: Send + 'static> Default for Queue<T> {
    fn default() -> Queue<T> {
        Queue::new()
    }
}

impl<T: Send + 'static> Clone for Queue<T> {
    fn clone(&self) -> Queue<T> {
        Queue(self.0.clone())
    }
}
