//! A worker for tests: one thread that polls its scheduler and sleeps in between.
#![allow(dead_code, reason = "each test uses a part")]

use libprocess_engine::{Actor, Birth, Life, Turns, Worker};
use std::any::Any;
use std::future::Future;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Wake, Waker};
use std::thread::{JoinHandle, Thread};

/// A worker on a thread of its own, until it is dropped.
pub struct Running {
    pub worker: Arc<Worker>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

impl Running {
    pub fn new(turns: Turns) -> Running {
        let worker = Arc::new(Worker::new(turns));
        let stop = Arc::new(AtomicBool::new(false));
        let (inner, stopped) = (worker.clone(), stop.clone());
        let thread = std::thread::spawn(move || {
            let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
            let mut cx = Context::from_waker(&waker);
            let mut scheduler = Box::pin(inner.scheduler());
            loop {
                // Looked at before, so that what was sent before the end of the worker is handled.
                let last = stopped.load(Ordering::Acquire);
                let pending = scheduler.as_mut().poll(&mut cx).is_pending();
                assert!(pending, "a scheduler never completes");
                match inner.quiet_since() {
                    Some(_) if last => return,
                    Some(_) => std::thread::park(),
                    None => {}
                }
            }
        });
        Running {
            worker,
            stop,
            thread: Some(thread),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            thread.join().expect("the worker does not panic");
        }
    }
}

/// What a [`Plain`] actor has lived through.
#[derive(Default)]
pub struct Log {
    pub lines: Mutex<Vec<String>>,
    pub ended: AtomicUsize,
}

impl Log {
    pub fn add(&self, line: impl Into<String>) {
        self.lines.lock().unwrap().push(line.into());
    }

    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.lines.lock().unwrap())
    }
}

/// An actor whose state is a value of any type.
pub struct Plain<S> {
    pub log: Arc<Log>,
    pub survives: bool,
    pub of: std::marker::PhantomData<fn(S)>,
}

impl<S: Send + 'static> Life for Plain<S> {
    type State = S;

    fn start(actor: &Arc<Actor<Self>>, _: &mut S) {
        actor.log.add("start");
    }

    fn finalize(actor: &Arc<Actor<Self>>, state: S) {
        actor.log.add("finalize");
        drop(state);
    }

    fn ended(actor: &Arc<Actor<Self>>) {
        actor.log.add("ended");
        actor.log.ended.fetch_add(1, Ordering::SeqCst);
    }

    fn may_move(&self) -> bool {
        true
    }

    fn survives_panics(&self) -> bool {
        self.survives
    }

    fn panicked(actor: &Arc<Actor<Self>>, _: &(dyn Any + Send)) {
        actor.log.add("panicked");
    }
}

/// An actor of `worker` with this state.
pub fn actor<S: Send + 'static>(worker: &Arc<Worker>, state: S) -> (Arc<Actor<Plain<S>>>, Birth<Plain<S>>) {
    surviving(worker, state, false)
}

pub fn surviving<S: Send + 'static>(
    worker: &Arc<Worker>,
    state: S,
    survives: bool,
) -> (Arc<Actor<Plain<S>>>, Birth<Plain<S>>) {
    let plain = Plain {
        log: Arc::default(),
        survives,
        of: std::marker::PhantomData,
    };
    Actor::new(plain, worker.clone(), |_| state)
}
