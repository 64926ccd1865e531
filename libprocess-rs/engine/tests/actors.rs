//! What an actor promises: order, one at a time, every closure called or dropped once, an end that is an end.
#![cfg(not(loom))]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use libprocess_engine::{Small, Turns};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use support::{Running, actor, surviving};

/// How long anything may take.
const LIMIT: std::time::Duration = std::time::Duration::from_secs(30);

/// Counts how often it is dropped.
struct Dropped(Arc<AtomicUsize>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

fn wait_for_end(log: &support::Log) {
    let begun = std::time::Instant::now();
    while log.ended.load(Ordering::SeqCst) == 0 {
        assert!(begun.elapsed() < LIMIT, "it does not end");
        std::thread::yield_now();
    }
}

#[test]
fn events_of_one_sender_are_handled_in_order_with_texts_and_of_any_size() {
    let running = Running::new(Turns::Timed);
    let (actor, birth) = actor(&running.worker, Vec::<String>::new());
    birth.start();
    for n in 0..1_000_u64 {
        match n % 4 {
            0 => actor
                .push::<_, 0>(move |seen: &mut Vec<String>| seen.push(n.to_string()))
                .ok(),
            1 => {
                let large = [n; 200];
                actor
                    .push::<_, 0>(move |seen: &mut Vec<String>| seen.push(large[199].to_string()))
                    .ok()
            }
            2 => {
                #[repr(align(64))]
                struct Aligned(u64);
                let aligned = Aligned(n);
                actor
                    .push::<_, 0>(move |seen: &mut Vec<String>| {
                        let aligned = &aligned;
                        assert_eq!(std::ptr::from_ref(aligned).addr() % 64, 0);
                        seen.push(aligned.0.to_string());
                    })
                    .ok()
            }
            _ => actor
                .push_text::<_, _, 1>(&n.to_string(), (), |seen: &mut Vec<String>, text, ()| {
                    seen.push(text.to_owned());
                })
                .ok(),
        }
        .unwrap();
    }
    let (done, seen) = channel();
    actor
        .push::<_, 0>(move |seen: &mut Vec<String>| done.send(std::mem::take(seen)).unwrap())
        .ok()
        .unwrap();
    let expected: Vec<String> = (0..1_000).map(|n| n.to_string()).collect();
    assert_eq!(seen.recv_timeout(LIMIT).unwrap(), expected);
    actor.end(true);
}

#[test]
fn what_waits_at_the_end_is_dropped_once_and_nothing_is_accepted_behind_it() {
    let running = Running::new(Turns::Timed);
    for inject in [true, false] {
        let drops = Arc::new(AtomicUsize::new(0));
        let (actor, birth) = actor(&running.worker, Dropped(drops.clone()));
        let called = Arc::new(AtomicUsize::new(0));
        for _ in 0..100 {
            let (held, called) = (Dropped(drops.clone()), called.clone());
            actor
                .push::<_, 0>(move |_: &mut Dropped| {
                    called.fetch_add(1, Ordering::SeqCst);
                    drop(held);
                })
                .ok()
                .unwrap();
        }
        actor.end(inject);
        let held = Dropped(drops.clone());
        let refused = actor.push::<_, 0>(move |_: &mut Dropped| drop(held));
        assert!(refused.is_err(), "it has ended");
        drop(refused);
        let log = actor.log.clone();
        birth.start();
        wait_for_end(&log);
        assert_eq!(log.take(), ["start", "finalize", "ended"]);
        assert_eq!(called.load(Ordering::SeqCst), if inject { 0 } else { 100 });
        assert_eq!(
            drops.load(Ordering::SeqCst),
            102,
            "the state, those that waited, the refused one"
        );
    }
}

#[test]
fn a_birth_that_is_not_used_drops_all() {
    let running = Running::new(Turns::Timed);
    let drops = Arc::new(AtomicUsize::new(0));
    let (actor, birth) = actor(&running.worker, Dropped(drops.clone()));
    let held = Dropped(drops.clone());
    actor
        .push::<_, 0>(move |_: &mut Dropped| drop(held))
        .ok()
        .unwrap();
    birth.discard();
    assert_eq!(drops.load(Ordering::SeqCst), 2);
    assert!(actor.push::<_, 0>(|_: &mut Dropped| ()).is_err());
}

#[test]
fn what_waits_is_counted_by_tag() {
    let running = Running::new(Turns::Timed);
    let (actor, birth) = actor(&running.worker, ());
    for _ in 0..3 {
        actor.push::<_, 0>(|()| ()).ok().unwrap();
        actor.push_text::<_, _, 2>("text", 5, |(), _, _| ()).ok().unwrap();
    }
    let (done, counts) = channel();
    actor.ask(move |actor| done.send(actor.counts().unwrap()).unwrap());
    assert_eq!(counts.recv_timeout(LIMIT).unwrap(), [3, 0, 3, 0]);
    birth.start();
    actor.end(false);
}

#[test]
fn what_waits_is_shown_in_its_order_and_handled_all_the_same() {
    let running = Running::new(Turns::Timed);
    let (actor, birth) = actor(&running.worker, Vec::<String>::new());
    let mut seen = Vec::new();
    let _ = actor.push::<_, 0>(|lines: &mut Vec<String>| lines.push("first".to_owned()));
    actor.show(|_, _, _| panic!("nothing is shown elsewhere"));
    let (done, shown) = channel();
    birth.start();
    let asked = actor.clone();
    let _ = actor.push::<_, 0>(move |lines: &mut Vec<String>| {
        for n in 0..3_u64 {
            let _ = asked.push_text::<_, _, 1>("text", n, |lines: &mut Vec<String>, text, n| {
                lines.push(format!("{text} {n}"));
            });
        }
        let _ = asked.push_value::<_, _, 2>("value".to_owned(), |lines: &mut Vec<String>, value| {
            lines.push(value);
        });
        asked.show(|tag, value, text| {
            let value = match value.downcast_ref::<u64>() {
                Some(number) => number.to_string(),
                None => value.downcast_ref::<String>().cloned().unwrap_or_default(),
            };
            seen.push(format!("{tag} {value} {text}"));
            let line = format!("seen {}", seen.len());
            let _ = asked.push::<_, 0>(move |lines: &mut Vec<String>| lines.push(line));
        });
        lines.extend(seen);
        let _ = asked.push::<_, 0>(move |lines: &mut Vec<String>| done.send(lines.clone()).unwrap());
    });
    let lines = shown.recv_timeout(LIMIT).unwrap();
    let expected = [
        "first", "1 0 text", "1 1 text", "1 2 text", "2 value ", "text 0", "text 1", "text 2", "value",
        "seen 1", "seen 2", "seen 3", "seen 4",
    ];
    assert_eq!(lines, expected);
    actor.end(false);
    wait_for_end(&actor.log);
}

#[test]
fn a_panic_ends_an_actor_that_survives_it_without_its_last_words() {
    let running = Running::new(Turns::Timed);
    let (actor, birth) = surviving(&running.worker, 7, true);
    birth.start();
    actor
        .push::<_, 0>(|_: &mut i32| panic!("on purpose"))
        .ok()
        .unwrap();
    let log = actor.log.clone();
    wait_for_end(&log);
    assert_eq!(log.take(), ["start", "panicked", "ended"]);
    assert!(actor.push::<_, 0>(|_: &mut i32| ()).is_err());
    // The worker goes on.
    let (other, birth) = support::actor(&running.worker, ());
    birth.start();
    let (done, told) = channel();
    other.push::<_, 0>(move |()| done.send(()).unwrap()).ok().unwrap();
    told.recv_timeout(LIMIT).unwrap();
    other.end(true);
}

#[test]
fn an_actor_with_much_to_do_leaves_others_their_turn() {
    let running = Running::new(Turns::Timed);
    let (busy, birth) = actor(&running.worker, ());
    birth.start();
    fn again(actor: Arc<libprocess_engine::Actor<support::Plain<()>>>) {
        let next = actor.clone();
        drop(actor.push::<_, 0>(move |()| again(next)));
    }
    again(busy.clone());
    let (other, birth) = actor(&running.worker, ());
    birth.start();
    let (done, told) = channel();
    other.push::<_, 0>(move |()| done.send(()).unwrap()).ok().unwrap();
    told.recv_timeout(LIMIT).unwrap();
    busy.end(true);
    other.end(true);
}

#[test]
fn a_worker_with_too_much_to_do_gives_some_to_one_without() {
    let (busy, idle) = (Running::new(Turns::Timed), Running::new(Turns::Timed));
    busy.worker.set_peers(vec![Arc::downgrade(&idle.worker)]);
    let (moved, on) = channel();
    let stop = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let (home, stopped) = (busy.worker.clone(), stop.clone());
    let spin = Arc::new(move |n: usize| {
        let begun = std::time::Instant::now();
        while begun.elapsed() < std::time::Duration::from_micros(100) {}
        if !home.is_current() {
            let _ = moved.send(n);
        }
        !stopped.load(Ordering::Acquire)
    });
    type Spin = Arc<dyn Fn(usize) -> bool + Send + Sync>;
    fn again(actor: Arc<libprocess_engine::Actor<support::Plain<u64>>>, n: usize, spin: Spin) {
        let next = actor.clone();
        drop(actor.push::<_, 0>(move |events: &mut u64| {
            *events += 1;
            if spin(n) {
                again(next, n, spin);
            }
        }));
    }
    let actors: Vec<_> = (0..8)
        .map(|n| {
            let (actor, birth) = actor(&busy.worker, 0_u64);
            birth.start();
            again(actor.clone(), n, spin.clone());
            actor
        })
        .collect();
    let moved = on.recv_timeout(LIMIT);
    stop.store(true, Ordering::Release);
    for actor in &actors {
        let (done, counted) = channel();
        actor.ask(move |actor| done.send(actor.counts().unwrap()).unwrap());
        assert!(counted.recv_timeout(LIMIT).unwrap()[0] <= 1, "wherever it is");
        actor.end(false);
    }
    assert!(moved.is_ok(), "one has moved");
}

#[test]
fn a_small_closure_is_called_or_dropped_once_whatever_its_size() {
    let drops = Arc::new(AtomicUsize::new(0));
    let (first, second) = (Dropped(drops.clone()), Dropped(drops.clone()));
    let large = [1_u64; 64];
    let small = Small::new(move |n: u64| {
        assert_eq!(n, 3);
        drop(first);
    });
    let boxed = Small::new(move |n: u64| {
        assert_eq!(n + large[63], 4);
        drop(second);
    });
    small.call(3);
    boxed.call(3);
    assert_eq!(drops.load(Ordering::SeqCst), 2);
    let held = Dropped(drops.clone());
    drop(Small::new(move |_: u64| drop(held)));
    assert_eq!(drops.load(Ordering::SeqCst), 3);
}
