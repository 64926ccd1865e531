//! Life and death of processes, and the order of what they handle.

use crate::{LIMIT, Probe, next, start};
use libprocess::{Context, EventCounts, Future, FutureError, Pid, Process, Promise, SpawnError, System};
use std::sync::mpsc::channel;

struct Idle;

impl Process for Idle {}

#[test]
fn a_process_initializes_handles_and_finalizes() {
    let system = start();
    let (pid, events) = Probe::spawn(&system, "probe");
    pid.tell(|probe, _| probe.note("told".to_owned()));
    assert_eq!(
        pid.dispatch(|_, ctx| ctx.upid().to_string()).wait(),
        Ok(format!("probe@{}", system.address()))
    );
    let ended = pid.wait();
    system.terminate(pid.upid(), false);
    assert_eq!(ended.wait(), Ok(true));
    assert_eq!(
        [next(&events), next(&events), next(&events)],
        ["initialize", "told", "finalize"]
    );
    assert!(
        events.recv_timeout(LIMIT).is_err(),
        "the state is dropped with the process"
    );
    system.shutdown();
}

#[test]
fn names_are_unique_while_their_process_lives() {
    let system = start();
    let first = system.spawn("one", Idle).unwrap();
    assert_eq!(
        system.spawn("one", Idle).unwrap_err(),
        SpawnError::Duplicate("one".to_owned())
    );
    let ended = first.wait();
    first.terminate();
    assert_eq!(ended.wait(), Ok(true));
    assert_eq!(first.wait().wait(), Ok(false));
    let second = system.spawn("one", Idle).unwrap();
    let late = first.dispatch(|_, _| ());
    assert_eq!(
        late.wait(),
        Err(FutureError::Abandoned),
        "an old handle never reaches the new process"
    );
    assert_eq!(second.dispatch(|_, _| 1).wait(), Ok(1));
    assert_eq!(system.generate_id("x"), "x(1)");
    assert_eq!(system.generate_id("x"), "x(2)");
    assert_eq!(system.generate_id("y"), "y(1)");
    system.shutdown();
    assert_eq!(system.spawn("late", Idle).unwrap_err(), SpawnError::Stopped);
}

/// Holds a process inside a handler until released.
fn hold(pid: &Pid<Probe>) -> std::sync::mpsc::SyncSender<()> {
    let (entered, holding) = channel();
    let (release, released) = std::sync::mpsc::sync_channel(1);
    pid.tell(move |_, _| {
        entered.send(()).unwrap();
        let _ = released.recv();
    });
    holding.recv().unwrap();
    release
}

#[test]
fn an_injected_terminate_skips_what_waits_and_a_queued_one_does_not() {
    for (inject, expected) in [
        (true, vec!["initialize", "finalize"]),
        (false, vec!["initialize", "told", "finalize"]),
    ] {
        let system = start();
        let (pid, events) = Probe::spawn(&system, "probe");
        let release = hold(&pid);
        pid.tell(|probe, _| probe.note("told".to_owned()));
        let asked = pid.dispatch(|_, _| ());
        system.terminate(pid.upid(), inject);
        let refused = pid.dispatch(|_, _| ());
        release.send(()).unwrap();
        pid.wait().wait().unwrap();
        drop(pid);
        assert_eq!(asked.wait().is_ok(), !inject);
        assert_eq!(refused.wait(), Err(FutureError::Abandoned));
        assert_eq!(events.iter().collect::<Vec<_>>(), expected);
        system.shutdown();
    }
}

#[test]
fn a_process_can_end_itself_and_its_deferred_work_ends_with_it() {
    let system = start();
    let (pid, _events) = Probe::spawn(&system, "probe");
    let (mut alive, dropped) = tokio::sync::oneshot::channel::<()>();
    pid.tell(move |_, ctx| {
        let never = async move {
            let _keep = dropped;
            std::future::pending::<()>().await;
        };
        ctx.defer(never, |_, _, ()| {});
        ctx.terminate_self();
        ctx.tell_self(|_, _| unreachable!("it has ended"));
    });
    pid.wait().wait().unwrap();
    assert!(
        system
            .run(async move { alive.closed().await })
            .wait_for(LIMIT)
            .is_some()
    );
    system.shutdown();
}

#[test]
fn events_of_one_sender_keep_their_order() {
    struct Recorder(Vec<u32>);
    impl Process for Recorder {}
    let system = start();
    let recorder = system.spawn("recorder", Recorder(Vec::new())).unwrap();
    let senders: Vec<_> = (0..3u32)
        .map(|sender| {
            let recorder = recorder.clone();
            std::thread::spawn(move || {
                for n in 0..5_000 {
                    recorder.tell(move |recorder, _| recorder.0.push(sender * 1_000_000 + n));
                }
            })
        })
        .collect();
    senders.into_iter().for_each(|sender| sender.join().unwrap());
    let seen = recorder
        .dispatch(|recorder, _| std::mem::take(&mut recorder.0))
        .wait()
        .unwrap();
    assert_eq!(seen.len(), 15_000);
    for sender in 0..3 {
        let of_sender: Vec<u32> = seen.iter().copied().filter(|n| n / 1_000_000 == sender).collect();
        assert!(of_sender.is_sorted());
    }
    system.shutdown();
}

#[test]
fn deferred_work_returns_to_the_process_as_a_new_event() {
    struct Sum(u32, Option<Promise<u32>>);
    impl Sum {
        fn add(&mut self, n: u32) {
            self.0 += n;
            if self.0 == 111
                && let Some(done) = self.1.take()
            {
                done.set(self.0);
            }
        }
    }
    impl Process for Sum {
        fn initialize(&mut self, ctx: &mut Context<Self>) {
            ctx.defer(async { 1 }, |sum, _, n| sum.add(n));
            ctx.blocking(|| 10, |sum, _, n| sum.add(n));
            ctx.then(Future::ready(100), |sum, _, n| sum.add(n.unwrap()));
            let (promise, abandoned) = Promise::<u32>::new();
            drop(promise);
            ctx.then(abandoned, |_, _, outcome| {
                assert_eq!(outcome, Err(FutureError::Abandoned))
            });
            assert_eq!(self.0, 0, "nothing runs inside this handler");
        }
    }
    let system = start();
    let (done, sum) = Promise::new();
    system.spawn("sum", Sum(0, Some(done))).unwrap();
    assert_eq!(sum.wait_for(LIMIT), Some(Ok(111)));
    system.shutdown();
}

#[test]
fn dispatched_futures_are_followed_and_discards_reach_them() {
    let system = start();
    let (pid, _events) = Probe::spawn(&system, "probe");
    let (promise, inner) = Promise::<u32>::new();
    let (asked, discard) = channel();
    promise.on_discard(move || asked.send(()).unwrap());
    let outer = pid.dispatch_future(move |_, _| inner);
    outer.discard();
    discard.recv_timeout(LIMIT).unwrap();
    promise.discard();
    assert_eq!(outer.wait(), Err(FutureError::Discarded));
    system.shutdown();
}

#[test]
fn a_busy_process_leaves_room_for_others() {
    struct Loop;
    impl Process for Loop {}
    fn again(ctx: &mut Context<Loop>) {
        ctx.tell_self(|_, ctx| again(ctx));
    }
    let system = System::builder().workers(1).start().unwrap();
    let busy = system.spawn("busy", Loop).unwrap();
    busy.tell(|_, ctx| again(ctx));
    let (pid, _events) = Probe::spawn(&system, "probe");
    assert_eq!(pid.dispatch(|_, _| 5).wait_for(LIMIT), Some(Ok(5)));
    let timer = system.after(std::time::Duration::from_millis(1));
    assert_eq!(
        timer.wait_for(LIMIT),
        Some(Ok(())),
        "timers and sockets have their turn too"
    );
    busy.terminate();
    system.shutdown();
}

#[test]
fn queued_events_are_counted_by_kind() {
    let system = start();
    let (pid, _events) = Probe::spawn(&system, "probe");
    let release = hold(&pid);
    let counts = pid.dispatch(|_, ctx| ctx.queued_events());
    pid.tell(|_, _| {});
    system.post(pid.upid(), "Note", "x");
    release.send(()).unwrap();
    let counts = counts.wait_for(LIMIT).unwrap().unwrap();
    assert_eq!((counts.dispatches, counts.messages), (1, 1));
    let later = system.queued_events(pid.upid()).wait_for(LIMIT);
    assert_eq!(later, Some(Ok(Some(EventCounts::default()))));
    let nobody = system.queued_events(&system.upid("nobody")).wait_for(LIMIT);
    assert_eq!(nobody, Some(Ok(None)));
    system.shutdown();
}

#[test]
fn a_client_only_system_runs_processes_without_an_address() {
    let system = System::builder().client_only().start().unwrap();
    assert_eq!(system.address().port(), 0);
    let (pid, events) = Probe::spawn(&system, "probe");
    system.post(pid.upid(), "Note", "local");
    assert_eq!([next(&events), next(&events)], ["initialize", "local"]);
    system.shutdown();
}

#[test]
fn a_refused_process_and_a_cancelled_timer_may_use_the_system_as_they_go() {
    struct Loud(System);
    impl Process for Loud {}
    impl Drop for Loud {
        fn drop(&mut self) {
            let after = self.0.after(std::time::Duration::from_secs(3600));
            after.discard();
            drop(self.0.queued_events(&self.0.upid("loud")));
        }
    }
    let system = start();
    system.spawn("loud", Loud(system.clone())).unwrap();
    assert!(system.spawn("loud", Loud(system.clone())).is_err());
    let (pid, _events) = Probe::spawn(&system, "probe");
    let owned = Loud(system.clone());
    let timer = pid
        .dispatch(move |_, ctx| ctx.delay(std::time::Duration::from_secs(3600), move |_, _| drop(owned)))
        .wait()
        .unwrap();
    assert!(system.clock().cancel(timer));
    system.shutdown();
}

#[test]
fn a_spawn_during_a_shutdown_is_refused_or_ended_by_it() {
    for _ in 0..100 {
        let system = start();
        let other = system.clone();
        let spawner = std::thread::spawn(move || {
            let mut pids = Vec::new();
            while let Ok(pid) = other.spawn(format!("idle{}", pids.len()), Idle) {
                pids.push(pid);
            }
            pids
        });
        system.shutdown();
        for pid in spawner.join().unwrap() {
            assert_eq!(
                pid.wait().wait_for(LIMIT),
                Some(Ok(false)),
                "{pid} is left behind"
            );
        }
    }
}

#[test]
fn a_handle_never_waits_for_the_next_process_of_its_name() {
    let system = start();
    let first = system.spawn("one", Idle).unwrap();
    first.terminate();
    first.wait().wait().unwrap();
    let second = system.spawn("one", Idle).unwrap();
    assert_eq!(first.wait().wait_for(LIMIT), Some(Ok(false)));
    second.terminate();
    system.shutdown();
}
