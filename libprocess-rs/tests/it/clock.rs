//! Time that stands still until it is moved.

use crate::{LIMIT, Probe, next};
use libprocess::{Context, Future, FutureError, Process, Promise, System, Timer};
use std::sync::mpsc::channel;
use std::time::Duration;

fn paused() -> System {
    System::builder().workers(2).paused_clock(true).start().unwrap()
}

const MINUTE: Duration = Duration::from_secs(60);

#[test]
fn timers_fire_when_time_is_moved_in_order_of_their_deadlines() {
    let system = paused();
    let (pid, events) = Probe::spawn(&system, "probe");
    assert_eq!(next(&events), "initialize");
    pid.dispatch(|_, ctx| {
        ctx.delay(2 * MINUTE, |probe, _| probe.note("second".to_owned()));
        ctx.delay(MINUTE, |probe, _| probe.note("first".to_owned()));
        ctx.delay(Duration::from_secs(3600), |probe, _| {
            probe.note("never".to_owned())
        });
    })
    .wait()
    .unwrap();
    system.clock().advance(MINUTE - Duration::from_nanos(1));
    system.clock().settle().wait().unwrap();
    assert!(events.try_recv().is_err());
    system.clock().advance(MINUTE + Duration::from_nanos(1));
    system.clock().settle().wait().unwrap();
    assert_eq!(events.try_iter().collect::<Vec<_>>(), ["first", "second"]);
    system.shutdown();
}

#[test]
fn a_cancelled_timer_does_not_fire() {
    let system = paused();
    let (pid, events) = Probe::spawn(&system, "probe");
    next(&events);
    let timer: Timer = pid
        .dispatch(|_, ctx| ctx.delay(MINUTE, |probe, _| probe.note("fired".to_owned())))
        .wait()
        .unwrap();
    assert!(system.clock().cancel(timer) && !system.clock().cancel(timer));
    system.clock().advance(MINUTE);
    system.clock().settle().wait().unwrap();
    assert!(events.try_recv().is_err());
    system.shutdown();
}

#[test]
fn settling_waits_for_chains_across_processes_tasks_and_threads() {
    struct Hop {
        next: Option<libprocess::Upid>,
        done: Option<Promise<()>>,
    }
    impl Process for Hop {
        fn initialize(&mut self, ctx: &mut Context<Self>) {
            ctx.install("Hop", |_, ctx, _, body| {
                ctx.blocking(
                    || {},
                    move |_, ctx, ()| {
                        ctx.defer(
                            async { tokio::task::yield_now().await },
                            move |hop, ctx, ()| match &hop.next {
                                Some(next) => ctx.send(next, "Hop", body),
                                None => drop(hop.done.take().map(|done| done.set(()))),
                            },
                        );
                    },
                );
            });
        }
    }
    let system = paused();
    let (done, arrived) = Promise::new();
    for n in 0..20 {
        let next = (n < 19).then(|| system.upid(&format!("hop{}", n + 1)));
        system.spawn(format!("hop{n}"), Hop { next, done: None }).unwrap();
    }
    let last = system
        .spawn(
            "last",
            Hop {
                next: None,
                done: Some(done),
            },
        )
        .unwrap();
    system
        .spawn(
            "before",
            Hop {
                next: Some(last.upid().clone()),
                done: None,
            },
        )
        .unwrap();
    system.post(&system.upid("hop0"), "Hop", "x");
    system.post(&system.upid("before"), "Hop", "x");
    system.clock().settle().wait().unwrap();
    assert!(arrived.is_ready());
    system.shutdown();
}

#[test]
fn time_stands_still_moves_by_hand_and_goes_on() {
    let system = paused();
    let before = system.now();
    system.clock().advance(MINUTE);
    assert_eq!(system.now() - before, MINUTE);
    system.clock().resume();
    assert!(!system.clock().is_paused());
    let woken = system.after(Duration::from_millis(1));
    assert_eq!(woken.wait_for(LIMIT), Some(Ok(())));
    system.clock().pause();
    assert_eq!(system.now(), system.now());
    system.shutdown();
}

#[test]
fn a_future_can_be_given_up_after_a_time() {
    let system = paused();
    let (promise, slow) = Promise::<u32>::new();
    let limited = slow.after(&system, MINUTE, |late| {
        late.discard();
        Future::failed("too slow")
    });
    system.clock().advance(MINUTE);
    assert_eq!(limited.wait(), Err(FutureError::Failed("too slow".to_owned())));
    assert!(promise.has_discard());
    let quick = Future::ready(1).after(&system, MINUTE, |_| Future::ready(2));
    assert_eq!(quick.wait(), Ok(1));
    let cancelled = system.after(MINUTE);
    cancelled.discard();
    assert_eq!(cancelled.wait(), Err(FutureError::Discarded));
    system.shutdown();
}

#[test]
fn timers_keep_their_order_when_the_clock_wakes_while_it_is_moved() {
    let system = paused();
    let busy = system.spawn_on(0, "busy", Idle).unwrap();
    let (entered, holding) = channel();
    let (release, released) = channel::<()>();
    busy.tell(move |_, _| {
        entered.send(()).unwrap();
        let _ = released.recv();
    });
    holding.recv().unwrap();
    // These wake the driver of the clock, whose worker is held until the first of them fires.
    let (second, second_fired) = channel();
    let (overtaken, result) = channel();
    system.after(MINUTE).finish(move |_| {
        release.send(()).unwrap();
        let early = second_fired.recv_timeout(Duration::from_millis(50));
        overtaken.send(early.is_ok()).unwrap();
    });
    system.after(2 * MINUTE).finish(move |_| {
        let _ = second.send(());
    });
    system.clock().advance(3 * MINUTE);
    assert_eq!(result.recv(), Ok(false), "the second timer fired first");
    system.clock().settle().wait().unwrap();
    system.shutdown();
}

struct Idle;

impl Process for Idle {}
