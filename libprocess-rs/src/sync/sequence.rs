use crate::{Future, Promise};
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::Arc;

/// Runs asynchronous work one after another: each starts when the future of the one before is no longer pending. Clones
/// share it.
///
/// Work whose future is discarded before its turn never starts; a discard of running work reaches the future it returned.
/// Work that is still waiting when the last clone goes is discarded; what runs goes on.
///
/// Differs from Mesos: abandoned work makes room for the next, where C++ waits for ever.
///
/// Mesos: 3rdparty/libprocess/include/process/sequence.hpp, `Sequence`.
///
/// ```
/// use libprocess::{Future, Promise, sync::Sequence};
///
/// let sequence = Sequence::new();
/// let (slow, pending) = Promise::new();
/// let first = sequence.add(move || pending);
/// let second = sequence.add(|| Future::ready("second"));
/// assert!(second.is_pending());
/// slow.set("first");
/// assert_eq!((first.wait(), second.wait()), (Ok("first"), Ok("second")));
/// ```
#[derive(Clone, Default)]
pub struct Sequence(Arc<Handle>);

/// What the clones share. Running work holds only the line, so that the last clone ends what waits.
#[derive(Default)]
struct Handle(Arc<Mutex<Line>>);

#[derive(Default)]
struct Line {
    next: u64,
    waiting: VecDeque<(u64, Work)>,
    /// Work has started whose future is pending.
    running: bool,
    /// Somebody is in `advance`: work that completes at once must not call it deeper and deeper.
    advancing: bool,
}

/// Starts the work, or discards it.
type Work = Box<dyn FnOnce(Turn) + Send>;

enum Turn {
    Start,
    Discard,
}

impl Sequence {
    /// An empty sequence.
    pub fn new() -> Sequence {
        Sequence::default()
    }

    /// Adds work; it runs on the thread that adds it, or on the one that completes what was before it.
    pub fn add<T: Send + 'static>(&self, work: impl FnOnce() -> Future<T> + Send + 'static) -> Future<T> {
        let line = &self.0.0;
        let (promise, future) = Promise::new();
        let done = Arc::clone(line);
        let start: Work = Box::new(move |turn| match turn {
            Turn::Start => {
                promise.associate_then(work(), move || {
                    done.lock().running = false;
                    advance(&done);
                });
            }
            Turn::Discard => {
                promise.discard();
            }
        });
        let place = {
            let mut line = line.lock();
            let place = line.next;
            line.next += 1;
            line.waiting.push_back((place, start));
            place
        };
        let waiting = Arc::downgrade(line);
        future.on_discard(move || {
            let Some(line) = waiting.upgrade() else { return };
            let mut line = line.lock();
            let Some(at) = line.waiting.iter().position(|(other, _)| *other == place) else {
                return;
            };
            let left = line.waiting.remove(at);
            drop(line);
            if let Some((_, work)) = left {
                work(Turn::Discard);
            }
        });
        advance(line);
        future
    }
}

/// Starts what may start.
fn advance(line: &Mutex<Line>) {
    loop {
        let mut locked = line.lock();
        if locked.running || locked.advancing {
            return;
        }
        let Some((_, work)) = locked.waiting.pop_front() else {
            return;
        };
        locked.running = true;
        locked.advancing = true;
        drop(locked);
        work(Turn::Start);
        line.lock().advancing = false;
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        let left = std::mem::take(&mut self.0.lock().waiting);
        for (_, work) in left {
            work(Turn::Discard);
        }
    }
}
