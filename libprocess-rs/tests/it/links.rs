//! Who is told when whom has gone.

use crate::{LIMIT, Probe, next, start};
use libprocess::Upid;
use std::net::TcpListener;

fn link(pid: &libprocess::Pid<Probe>, to: &Upid) {
    let to = to.clone();
    pid.dispatch(move |_, ctx| ctx.link(&to)).wait().unwrap();
}

#[test]
fn the_end_of_a_local_process_reaches_every_linker_once() {
    let system = start();
    let (linkee, _linkee_events) = Probe::spawn(&system, "linkee");
    let (first, first_events) = Probe::spawn(&system, "first");
    let (second, second_events) = Probe::spawn(&system, "second");
    link(&first, linkee.upid());
    link(&first, linkee.upid());
    link(&second, linkee.upid());
    linkee.terminate();
    for events in [&first_events, &second_events] {
        assert_eq!([next(events), next(events)], ["initialize", "exited linkee"]);
    }
    system.clock().settle().wait_for(LIMIT).unwrap().unwrap();
    assert!(first_events.try_recv().is_err(), "linked twice, told once");
    system.shutdown();
}

#[test]
fn a_link_to_nobody_is_answered_at_once() {
    let system = start();
    let (pid, events) = Probe::spawn(&system, "probe");
    link(&pid, &system.upid("nobody"));
    link(&pid, &Upid::default());
    assert_eq!(
        [next(&events), next(&events), next(&events)],
        ["initialize", "exited nobody", "exited "]
    );
    system.shutdown();
}

#[test]
fn a_linker_that_has_ended_is_not_told() {
    let system = start();
    let (linkee, _linkee_events) = Probe::spawn(&system, "linkee");
    let (linker, events) = Probe::spawn(&system, "linker");
    link(&linker, linkee.upid());
    linker.terminate();
    linker.wait().wait().unwrap();
    linkee.terminate();
    linkee.wait().wait().unwrap();
    drop(linker);
    assert_eq!(events.iter().collect::<Vec<_>>(), ["initialize", "finalize"]);
    system.shutdown();
}

#[test]
fn the_end_of_a_runtime_reaches_linkers_to_each_of_its_processes() {
    let (here, there) = (start(), start());
    let (one, _one_events) = Probe::spawn(&there, "one");
    let (two, _two_events) = Probe::spawn(&there, "two");
    let (pid, events) = Probe::spawn(&here, "probe");
    link(&pid, one.upid());
    link(&pid, two.upid());
    let to = one.upid().clone();
    pid.tell(move |_, ctx| ctx.send(&to, "Echo", "x"));
    assert_eq!(
        [next(&events), next(&events)],
        ["initialize", "message Echoed from one of 1"]
    );
    one.terminate();
    one.wait().wait().unwrap();
    here.clock().settle().wait().unwrap();
    assert!(events.try_recv().is_err(), "a remote process may end unnoticed");
    there.shutdown();
    let mut ended = [next(&events), next(&events)];
    ended.sort();
    assert_eq!(ended, ["exited one", "exited two"]);
    here.shutdown();
}

#[test]
fn a_connection_that_cannot_be_made_counts_as_an_exit() {
    let system = start();
    let (pid, events) = Probe::spawn(&system, "probe");
    let vacant = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let upid: Upid = format!("gone@{vacant}").parse().unwrap();
    link(&pid, &upid);
    assert_eq!([next(&events), next(&events)], ["initialize", "exited gone"]);
    let to = upid.clone();
    pid.tell(move |_, ctx| ctx.send(&to, "Lost", "x"));
    pid.tell(|probe, _| probe.note("alive".to_owned()));
    assert_eq!(next(&events), "alive");
    link(&pid, &upid);
    assert_eq!(next(&events), "exited gone", "linking again tries again");
    system.shutdown();
}
