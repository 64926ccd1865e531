//! Every interleaving of small programs: no event is lost, none comes before its cause, every state ends once.
//!
//! `RUSTFLAGS="--cfg loom" cargo test --release -p libprocess-engine --test loom`
#![cfg(loom)]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use libprocess_engine::{Actor, Life, Turns, Worker};
use loom::sync::{Condvar, Mutex};
use loom::thread;
use std::any::Any;
use std::future::Future;
use std::sync::Arc;
use std::task::{Context, Wake, Waker};

struct Plain;

impl Life for Plain {
    type State = State;

    fn start(_: &Arc<Actor<Self>>, _: &mut State) {}

    fn finalize(_: &Arc<Actor<Self>>, state: State) {
        state.stop.stop();
    }

    fn ended(_: &Arc<Actor<Self>>) {}

    fn may_move(&self) -> bool {
        true
    }

    fn survives_panics(&self) -> bool {
        false
    }

    fn panicked(_: &Arc<Actor<Self>>, _: &(dyn Any + Send)) {}
}

/// What the actor has seen, and how it stops its worker in the end.
struct State {
    seen: Vec<u32>,
    stop: Arc<Stop>,
}

/// Wakes the thread of a worker, and tells it to stop.
struct Stop {
    state: Mutex<(bool, bool)>,
    changed: Condvar,
}

impl Stop {
    fn new() -> Arc<Stop> {
        Arc::new(Stop {
            state: Mutex::new((false, false)),
            changed: Condvar::new(),
        })
    }

    fn stop(&self) {
        self.state.lock().unwrap().1 = true;
        self.changed.notify_one();
    }

    /// Until woken; true when it is over.
    fn wait(&self) -> bool {
        let mut state = self.state.lock().unwrap();
        while !state.0 && !state.1 {
            state = self.changed.wait(state).unwrap();
        }
        state.0 = false;
        state.1
    }
}

impl Wake for Stop {
    fn wake(self: Arc<Self>) {
        self.state.lock().unwrap().0 = true;
        self.changed.notify_one();
    }
}

/// The calling thread is the worker until an actor stops it.
fn work(worker: &Arc<Worker>, stop: &Arc<Stop>) {
    let waker = Waker::from(stop.clone());
    let mut cx = Context::from_waker(&waker);
    let mut scheduler = Box::pin(worker.scheduler());
    loop {
        let pending = scheduler.as_mut().poll(&mut cx).is_pending();
        assert!(pending, "a scheduler never completes");
        if stop.wait() {
            return;
        }
    }
}

fn actor(worker: &Arc<Worker>, stop: &Arc<Stop>) -> Arc<Actor<Plain>> {
    let state = State {
        seen: Vec::new(),
        stop: stop.clone(),
    };
    let (actor, birth) = Actor::new(Plain, worker.clone(), |_| state);
    birth.start();
    actor
}

fn model(preemptions: usize, f: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.check(f);
}

/// A worker that is about to sleep is woken for what arrives: else this would wait for ever.
#[test]
fn no_event_is_lost_between_two_threads_and_a_worker_that_sleeps() {
    model(3, || {
        let worker = Arc::new(Worker::new(Turns::Counted));
        let stop = Stop::new();
        let actor = actor(&worker, &stop);
        let sender = actor.clone();
        let other = thread::spawn(move || {
            sender
                .push::<_, 0>(|state: &mut State| state.seen.push(1))
                .ok()
                .unwrap();
            let ends = sender.clone();
            sender
                .push::<_, 0>(move |state: &mut State| {
                    state.seen.push(2);
                    assert_eq!(state.seen, [1, 2]);
                    ends.end(true);
                })
                .ok()
                .unwrap();
        });
        work(&worker, &stop);
        other.join().unwrap();
    });
}

/// One thread sends 1 to the collector and then asks a relay on the collector's worker to send 2.
#[test]
fn a_consequence_comes_after_its_cause() {
    model(2, || {
        let worker = Arc::new(Worker::new(Turns::Counted));
        let stop = Stop::new();
        let collector = actor(&worker, &stop);
        let relay = actor(&worker, &Stop::new());
        let (to, through) = (collector.clone(), relay.clone());
        let other = thread::spawn(move || {
            to.push::<_, 0>(|state: &mut State| state.seen.push(1))
                .ok()
                .unwrap();
            let ends = through.clone();
            through
                .push::<_, 0>(move |_: &mut State| {
                    let last = to.clone();
                    to.push::<_, 0>(move |state: &mut State| {
                        state.seen.push(2);
                        assert_eq!(state.seen, [1, 2]);
                        last.end(true);
                    })
                    .ok()
                    .unwrap();
                    ends.end(true);
                })
                .ok()
                .unwrap();
        });
        work(&worker, &stop);
        other.join().unwrap();
    });
}

/// The end from one thread races with events from another: what is accepted is handled or dropped, once.
#[test]
fn an_end_that_races_with_events_leaves_nothing_behind() {
    model(3, || {
        let worker = Arc::new(Worker::new(Turns::Counted));
        let stop = Stop::new();
        let actor = actor(&worker, &stop);
        let held = Arc::new(());
        let (sender, owned) = (actor.clone(), held.clone());
        let other = thread::spawn(move || {
            drop(sender.push::<_, 0>(move |state: &mut State| {
                state.seen.push(1);
                drop(owned);
            }));
        });
        let ender = actor.clone();
        let third = thread::spawn(move || ender.end(true));
        work(&worker, &stop);
        other.join().unwrap();
        third.join().unwrap();
        drop(actor);
        assert_eq!(Arc::strong_count(&held), 1, "the closure is gone");
    });
}

/// A worker gives an actor away while a thread sends to it: all is handled, in order, by one worker at a time.
#[test]
fn what_is_sent_to_an_actor_that_moves_arrives() {
    static MOVED: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
    model(2, || {
        let (busy, idle) = (
            Arc::new(Worker::new(Turns::Timed)),
            Arc::new(Worker::new(Turns::Timed)),
        );
        busy.set_peers(vec![Arc::downgrade(&idle)]);
        let (stop, idle_stop) = (Stop::new(), Stop::new());
        let (other_worker, other_stop) = (idle.clone(), idle_stop.clone());
        let other = thread::spawn(move || work(&other_worker, &other_stop));
        // The first is run, two wait, and the last of them may be given away.
        let first = actor(&busy, &Stop::new());
        let second = actor(&busy, &Stop::new());
        let moving = actor(&busy, &stop);
        for actor in [&first, &second] {
            let ends = actor.clone();
            actor
                .push::<_, 0>(move |_: &mut State| ends.end(true))
                .ok()
                .unwrap();
        }
        let (ends, home) = (moving.clone(), busy.clone());
        moving
            .push::<_, 0>(|state: &mut State| state.seen.push(1))
            .ok()
            .unwrap();
        moving
            .push::<_, 0>(move |state: &mut State| {
                state.seen.push(2);
                assert_eq!(state.seen, [1, 2]);
                let moved = usize::from(!home.is_current());
                MOVED.fetch_add(moved, std::sync::atomic::Ordering::Relaxed);
                ends.end(true);
            })
            .ok()
            .unwrap();
        drop((first, second, moving));
        work(&busy, &stop);
        idle_stop.stop();
        other.join().unwrap();
    });
    assert!(
        MOVED.load(std::sync::atomic::Ordering::Relaxed) > 0,
        "some run has moved it"
    );
}
