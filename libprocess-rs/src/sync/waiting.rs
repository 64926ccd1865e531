use crate::{Future, Promise};
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::Arc;

/// Promises in the order in which they were asked for; one whose consumer asks to discard leaves at once.
pub(super) struct Waiting<T: Send + 'static>(Arc<Mutex<Line<T>>>);

struct Line<T: Send + 'static> {
    next: u64,
    promises: VecDeque<(u64, Promise<T>)>,
}

impl<T: Send + 'static> Waiting<T> {
    pub(super) fn new() -> Waiting<T> {
        Waiting(Arc::new(Mutex::new(Line {
            next: 0,
            promises: VecDeque::new(),
        })))
    }

    /// Joins the end of the line.
    pub(super) fn wait(&self) -> Future<T> {
        let (promise, future) = Promise::new();
        let mut line = self.0.lock();
        let place = line.next;
        line.next += 1;
        line.promises.push_back((place, promise));
        drop(line);
        let line = Arc::downgrade(&self.0);
        future.on_discard(move || {
            let Some(line) = line.upgrade() else { return };
            let mut line = line.lock();
            let Some(at) = line.promises.iter().position(|(other, _)| *other == place) else {
                return;
            };
            let left = line.promises.remove(at);
            drop(line);
            if let Some((_, promise)) = left {
                promise.discard();
            }
        });
        future
    }

    /// Takes the first out of the line. What it is given, it must be given after every lock is open again: callbacks run.
    pub(super) fn pop(&self) -> Option<Promise<T>> {
        Some(self.0.lock().promises.pop_front()?.1)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.lock().promises.is_empty()
    }
}

impl<T: Send + 'static> Drop for Waiting<T> {
    fn drop(&mut self) {
        let left = std::mem::take(&mut self.0.lock().promises);
        for (_, promise) in left {
            promise.discard();
        }
    }
}
