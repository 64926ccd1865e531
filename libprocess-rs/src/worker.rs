//! Workers: each is one actix-rt arbiter running one scheduler future over its run queue.

use parking_lot::Mutex;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

/// Events one process may handle before the next process has its turn.
const EVENTS_PER_RUN: usize = 256;

/// How long the scheduler keeps its thread before sockets and timers have theirs.
const TURN: Duration = Duration::from_micros(200);

/// Runs between two looks at the clock.
const RUNS_PER_CHECK: usize = 8;

/// Something the scheduler can run: a process with events waiting.
pub(crate) trait Runnable: Send + Sync {
    /// Handles up to `budget` events; true when more are waiting.
    fn run(self: Arc<Self>, budget: usize) -> bool;
}

type Queue = VecDeque<Arc<dyn Runnable>>;

/// One arbiter, as seen from any thread.
pub(crate) struct Worker {
    pub(crate) arbiter: actix_rt::ArbiterHandle,
    injector: Mutex<Injector>,
    activity: Arc<Activity>,
}

/// What other threads hand to a worker.
#[derive(Default)]
struct Injector {
    queue: Queue,
    waker: Option<Waker>,
}

/// Counts, for a whole system, the processes that wait for a worker or run on one.
///
/// The low half is the number of them, the high half how often there was a new one, so that one load tells both that
/// nothing runs and that nothing ran since the last look.
#[derive(Default)]
pub(crate) struct Activity(AtomicU64);

impl Activity {
    fn began(&self) {
        self.0.fetch_add((1 << 32) + 1, Ordering::SeqCst);
    }

    fn ended(&self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }

    /// How many runs there have been, when none is going on.
    pub(crate) fn quiet_since(&self) -> Option<u64> {
        let value = self.0.load(Ordering::SeqCst);
        (value & u64::from(u32::MAX) == 0).then_some(value >> 32)
    }
}

/// The worker whose thread this is.
struct Current {
    worker: Arc<Worker>,
    queue: Queue,
    /// Set while the scheduler sleeps.
    waker: Option<Waker>,
}

thread_local! {
    static CURRENT: RefCell<Option<Current>> = const { RefCell::new(None) };
    static RUNNING: RefCell<Option<Arc<str>>> = const { RefCell::new(None) };
    /// Workers to wake at the end of [`wake_once`]; `None` outside of it.
    static DELAYED: RefCell<Option<Vec<Waker>>> = const { RefCell::new(None) };
}

/// Runs `f`, which hands events to other workers, and wakes each of those once, at the end.
///
/// Waking a thread costs more than handling most messages, and one that is woken for every message falls asleep again
/// before the next. For work that is bounded: what `f` hands over waits for it to end.
pub(crate) fn wake_once<T>(f: impl FnOnce() -> T) -> T {
    let outer = DELAYED.replace(Some(Vec::new()));
    let output = f();
    let wakers = DELAYED.replace(outer);
    wakers.into_iter().flatten().for_each(Waker::wake);
    output
}

/// Wakes a worker, now or at the end of [`wake_once`].
fn wake(waker: Waker) {
    let now = DELAYED.with_borrow_mut(|delayed| match delayed {
        Some(wakers) => {
            wakers.push(waker);
            None
        }
        None => Some(waker),
    });
    if let Some(waker) = now {
        waker.wake();
    }
}

/// Whether the calling thread is a worker of some system.
pub(crate) fn on_worker() -> bool {
    CURRENT.with_borrow(Option::is_some)
}

/// The id of the process whose handler the calling thread runs.
pub(crate) fn running_process() -> Option<Arc<str>> {
    RUNNING
        .try_with(|running| running.try_borrow().ok().and_then(|id| id.clone()))
        .ok()
        .flatten()
}

/// Notes which process runs on this thread, for the message of a panic.
pub(crate) fn set_running(id: Option<Arc<str>>) {
    RUNNING.set(id);
}

impl Worker {
    pub(crate) fn new(arbiter: actix_rt::ArbiterHandle, activity: Arc<Activity>) -> Arc<Worker> {
        Arc::new(Worker {
            arbiter,
            injector: Mutex::default(),
            activity,
        })
    }

    /// Whether the calling thread is this worker.
    pub(crate) fn is_current(self: &Arc<Worker>) -> bool {
        CURRENT.with_borrow(|current| current.as_ref().is_some_and(|c| Arc::ptr_eq(&c.worker, self)))
    }

    /// Puts a process on the run queue. Wakes the scheduler only if it sleeps.
    pub(crate) fn schedule(self: &Arc<Worker>, runnable: Arc<dyn Runnable>) {
        self.activity.began();
        let mut runnable = Some(runnable);
        let waker = CURRENT.with_borrow_mut(|current| match current {
            Some(current) if Arc::ptr_eq(&current.worker, self) => {
                current.queue.extend(runnable.take());
                current.waker.take()
            }
            _ => None,
        });
        let waker = match runnable {
            None => waker,
            Some(runnable) => {
                let mut injector = self.injector.lock();
                injector.queue.push_back(runnable);
                injector.waker.take()
            }
        };
        if let Some(waker) = waker {
            wake(waker);
        }
    }

    /// Makes the calling thread this worker and starts its scheduler there.
    pub(crate) fn start(self: &Arc<Worker>) {
        let worker = self.clone();
        self.arbiter.spawn(async move {
            let current = Current {
                worker: worker.clone(),
                queue: VecDeque::new(),
                waker: None,
            };
            CURRENT.set(Some(current));
            Scheduler { worker }.await;
        });
    }
}

/// Drains the run queue, in turns; never completes.
struct Scheduler {
    worker: Arc<Worker>,
}

impl Scheduler {
    /// The next process of this worker's own queue, refilled from the injector when empty.
    fn next(&self) -> Option<Arc<dyn Runnable>> {
        CURRENT.with_borrow_mut(|current| {
            let current = current.as_mut()?;
            if current.queue.is_empty() {
                self.take_injected(current);
            }
            current.queue.pop_front()
        })
    }

    fn take_injected(&self, current: &mut Current) {
        let mut injector = self.worker.injector.lock();
        current.queue.append(&mut injector.queue);
    }

    /// Leaves wakers behind, unless something has arrived meanwhile.
    fn sleep(&self, waker: &Waker) -> bool {
        CURRENT.with_borrow_mut(|current| {
            let Some(current) = current.as_mut() else {
                return true;
            };
            let mut injector = self.worker.injector.lock();
            if !injector.queue.is_empty() {
                return false;
            }
            injector.waker = Some(waker.clone());
            current.waker = Some(waker.clone());
            true
        })
    }

    fn run(&self, runnable: Arc<dyn Runnable>) {
        if runnable.clone().run(EVENTS_PER_RUN) {
            CURRENT.with_borrow_mut(|current| {
                if let Some(current) = current {
                    current.queue.push_back(runnable);
                }
            });
        } else {
            drop(runnable);
            self.worker.activity.ended();
        }
    }
}

impl Future for Scheduler {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let began = Instant::now();
        CURRENT.with_borrow_mut(|current| {
            if let Some(current) = current {
                self.take_injected(current);
            }
        });
        loop {
            for _ in 0..RUNS_PER_CHECK {
                match self.next() {
                    Some(runnable) => self.run(runnable),
                    None if self.sleep(cx.waker()) => return Poll::Pending,
                    None => {}
                }
            }
            if began.elapsed() >= TURN {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
        }
    }
}
