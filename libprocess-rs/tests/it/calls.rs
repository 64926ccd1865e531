//! Calls made later, many times, on an executor, on a process of their own.

use crate::LIMIT;
use libprocess::{Context, Executor, Future, FutureError, Pid, Process, Promise, System, future};
use std::ops::ControlFlow;
use std::sync::mpsc::channel;
use std::time::Duration;

struct Sum(u64);

impl Process for Sum {}

impl Sum {
    fn add(&mut self, _: &mut Context<Self>, n: u64) -> Future<u64> {
        self.0 += n;
        Future::ready(self.0)
    }
}

fn start() -> (System, Pid<Sum>) {
    let system = System::builder().workers(2).paused_clock(true).start().unwrap();
    let sum = system.spawn("sum", Sum(0)).unwrap();
    (system, sum)
}

#[test]
fn deferred_calls_run_on_their_process_in_order() {
    let (system, sum) = start();
    let (promise, number) = Promise::new();
    let total = number.then(sum.defer(Sum::add));
    let note = sum.defer_each(|sum, _, n: u64| sum.0 = sum.0 * 10 + n);
    (1..=3).for_each(&note);
    promise.set(1000);
    assert_eq!(total.wait_for(LIMIT), Some(Ok(1123)));
    let late = sum.defer(Sum::add);
    let ended = sum.wait();
    sum.terminate();
    assert_eq!(ended.wait_for(LIMIT), Some(Ok(true)));
    let never = late(1);
    assert!(never.is_abandoned());
    note(1);
    system.shutdown();
}

#[test]
fn a_delayed_call_can_be_taken_back() {
    let (system, sum) = start();
    let minute = Duration::from_secs(60);
    sum.delay(minute, |sum, _| sum.0 += 1);
    let taken_back = sum.delay(minute, |sum, _| sum.0 += 10);
    assert!(system.clock().cancel(taken_back));
    assert!(!system.clock().cancel(taken_back));
    system.clock().advance(minute);
    assert_eq!(sum.dispatch(|sum, _| sum.0).wait_for(LIMIT), Some(Ok(1)));
    system.shutdown();
}

#[test]
fn a_loop_runs_on_a_process_and_stops_when_it_is_discarded() {
    let (system, sum) = start();
    let counted = sum.repeat(
        |sum, ctx| sum.add(ctx, 1),
        |_, _, total| {
            Future::ready(if total < 1000 {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(total)
            })
        },
    );
    assert_eq!(counted.wait_for(LIMIT), Some(Ok(1000)));
    let (steps, step) = channel();
    let endless: Future<()> = sum.repeat(
        move |_, ctx| {
            let _ = steps.send(());
            ctx.system().after(Duration::from_secs(1))
        },
        |_, _, ()| Future::ready(ControlFlow::Continue(())),
    );
    step.recv_timeout(LIMIT).unwrap();
    system.clock().settle().wait().unwrap();
    assert!(endless.discard());
    assert_eq!(endless.wait_for(LIMIT), Some(Err(FutureError::Discarded)));
    system.shutdown();
}

#[test]
fn an_executor_keeps_callbacks_in_order_until_it_is_stopped() {
    let (system, _) = start();
    let executor = Executor::new(&system).unwrap();
    let (noted, notes) = channel();
    let all = (0..100).map(|n| {
        let noted = noted.clone();
        executor.execute(move || noted.send(n).unwrap())
    });
    future::collect(all.collect()).wait_for(LIMIT).unwrap().unwrap();
    drop(noted);
    assert!(notes.iter().eq(0..100));
    let (release, held) = channel::<()>();
    let (begun, begins) = channel();
    let running = executor.execute(move || {
        begun.send(()).unwrap();
        held.recv().is_ok()
    });
    let waiting = executor.execute(|| ());
    begins.recv_timeout(LIMIT).unwrap();
    drop(executor);
    release.send(()).unwrap();
    assert_eq!(running.wait_for(LIMIT), Some(Ok(true)), "what has begun goes on");
    assert_eq!(waiting.wait_for(LIMIT), Some(Err(FutureError::Abandoned)));
    system.shutdown();
}

#[test]
fn work_needs_no_process_and_a_process_no_name() {
    let (system, sum) = start();
    assert_eq!(system.run_blocking(|| 7).wait_for(LIMIT), Some(Ok(7)));
    let (promise, number) = Promise::new();
    let (started, name) = channel();
    let running = system.run_process(Sum(1), move |sum, ctx| {
        started.send(ctx.upid().clone()).unwrap();
        sum.0 += 1;
        let so_far = sum.0;
        number.map(move |n: u64| n + so_far)
    });
    let upid = name.recv_timeout(LIMIT).unwrap();
    let ended = system.wait(&upid);
    assert!(ended.is_pending(), "it lives as long as its future is pending");
    promise.set(40);
    assert_eq!(running.wait_for(LIMIT), Some(Ok(42)));
    assert_eq!(ended.wait_for(LIMIT), Some(Ok(true)));

    let unnamed = system.spawn("", Sum(0)).unwrap();
    assert_eq!(unnamed.upid().id(), "(1)");
    assert_eq!(system.generate_id("sum"), "sum(1)");
    assert_eq!(system.generate_id("sum"), "sum(2)");
    sum.terminate();
    system.shutdown();
    assert!(Executor::new(&system).is_err());
    assert!(system.run_process(Sum(0), |sum, ctx| sum.add(ctx, 1)).is_failed());
}

#[test]
fn hosts_of_addresses_are_looked_up() {
    let (system, _) = start();
    let resolved = |text: &str| {
        system
            .resolve(text)
            .wait_for(LIMIT)
            .unwrap()
            .map(|upid| upid.to_string())
    };
    assert_eq!(resolved("a@1.2.3.4:5").unwrap(), "a@1.2.3.4:5");
    assert_eq!(
        resolved("slave(1)@localhost:5051").unwrap(),
        "slave(1)@127.0.0.1:5051"
    );
    for bad in ["", "a", "a@localhost", "a@localhost:70000", "localhost:1"] {
        assert!(resolved(bad).is_err(), "{bad}");
    }
    system.shutdown();
}

#[test]
fn what_cannot_be_decoded_is_dropped() {
    struct Total(u64, std::sync::mpsc::Sender<u64>);
    impl Process for Total {
        fn initialize(&mut self, ctx: &mut Context<Self>) {
            let decode = |bytes: &[u8]| String::from_utf8_lossy(bytes).parse::<u64>();
            ctx.install_decoded("Add", decode, |total, _, _, number| {
                total.0 += number;
                total.1.send(total.0).unwrap();
            });
        }
    }
    let (system, _) = start();
    let (sender, totals) = channel();
    let total = system.spawn("total", Total(0, sender)).unwrap();
    for body in ["1", "nonsense", "2"] {
        system.post(total.upid(), "Add", body);
    }
    assert_eq!(totals.recv_timeout(LIMIT).unwrap(), 1);
    assert_eq!(totals.recv_timeout(LIMIT).unwrap(), 3);
    system.shutdown();
}
