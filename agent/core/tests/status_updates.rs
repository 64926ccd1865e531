//! Updates are ordered, stored before they are sent, sent again, and acknowledged once.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::time::Duration;

use common::{Bench, framework_info, told};
use mesos_agent_core::{Effect, Input};
use mesos_proto::v0::{TaskState::*, executor::event};

#[test]
fn one_update_at_a_time_in_their_order() {
    let mut bench = Bench::registered();
    let (_, _, connection) = bench.running(framework_info(false, false), "t");
    let killing = bench.update("t", "t", TaskKilling);
    let killed = bench.update("t", "t", TaskKilled);
    let sent = bench.forwarded();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].status.state, TaskKilling);
    assert_eq!(sent[0].latest_state, Some(TaskKilling));
    bench.advance(Duration::from_secs(10));
    let again = bench.forwarded().remove(0);
    assert_eq!(
        (again.status.state, again.latest_state),
        (TaskKilling, Some(TaskKilled)),
        "the newest state goes along"
    );
    let uuids: Vec<_> = bench
        .events(connection)
        .into_iter()
        .filter_map(|event| event.acknowledged)
        .collect();
    assert_eq!(uuids.len(), 2, "the executor may forget both");
    bench.acknowledge("t", &killed);
    assert!(
        bench.forwarded().is_empty(),
        "an acknowledgement out of turn changes nothing"
    );
    bench.acknowledge("t", &killing);
    assert_eq!(
        told(&bench.forwarded()),
        [("t".into(), TaskKilled, None, String::new())]
    );
    bench.acknowledge("t", &killing);
    assert!(
        bench.forwarded().is_empty(),
        "a second acknowledgement changes nothing"
    );
}

#[test]
fn an_update_carries_what_mesos_sends() {
    let mut bench = Bench::registered();
    bench.run(
        framework_info(false, false),
        common::command_task("t"),
        Some(true),
    );
    let (container_id, pid) = bench.launch().remove(0);
    bench.subscribe("t");
    let uuid = bench.update("t", "t", TaskStarting);
    let update = bench.forwarded().remove(0);
    let status = &update.status;
    let container = status.container_status.as_ref().unwrap();
    assert_eq!(
        container.container_id.as_ref().unwrap().value,
        container_id.as_str()
    );
    assert_eq!(container.executor_pid, Some(pid));
    assert_eq!(
        container.network_infos[0].ip_addresses[0].ip_address.as_deref(),
        Some("10.0.0.2")
    );
    assert_eq!(status.slave_id.as_ref().unwrap().value, common::AGENT);
    assert_eq!(update.slave_id.as_ref().unwrap().value, common::AGENT);
    assert_eq!(update.executor_id.as_ref().unwrap().value, "t");
    assert_eq!(status.uuid.as_deref(), Some(&uuid[..]));
    assert_eq!(update.uuid.as_deref(), Some(&uuid[..]));
    assert_eq!(Some(update.timestamp), status.timestamp);
}

#[test]
fn a_duplicate_is_acknowledged_and_not_sent_again() {
    let mut bench = Bench::registered();
    let (_, _, connection) = bench.running(framework_info(false, false), "t");
    let uuid = bench.update("t", "t", TaskFinished);
    bench.forwarded();
    bench.events(connection);
    bench.update_as("t", "t", TaskFinished, &uuid);
    assert!(bench.forwarded().is_empty());
    assert_eq!(bench.events(connection).len(), 1);
    bench.acknowledge("t", &uuid);
    bench.update_as("t", "t", TaskFinished, &uuid);
    assert!(
        bench.forwarded().is_empty(),
        "nor after the scheduler has seen it"
    );
    assert_eq!(bench.events(connection).len(), 1);
}

#[test]
fn a_task_ends_once() {
    let mut bench = Bench::registered();
    let (_, _, connection) = bench.running(framework_info(false, false), "t");
    let first = bench.update("t", "t", TaskFinished);
    bench.update("t", "t", TaskFailed);
    assert_eq!(told(&bench.forwarded()).len(), 1);
    assert_eq!(
        bench.events(connection).len(),
        2,
        "the executor is not kept waiting"
    );
    bench.acknowledge("t", &first);
    assert!(bench.forwarded().is_empty());
}

#[test]
fn a_checkpointed_update_is_on_disk_before_anybody_hears_of_it() {
    let mut bench = Bench::registered();
    let (_, _, connection) = bench.running(framework_info(true, false), "t");
    let uuid = bench.update("t", "t", TaskFinished);
    assert!(bench.forwarded().is_empty());
    assert!(bench.events(connection).is_empty());
    let path = bench.effects.iter().find_map(|effect| match effect {
        Effect::Append {
            path,
            ticket: Some(_),
            ..
        } => Some(path.clone()),
        _ => None,
    });
    let path = path.expect("the update is written");
    assert!(
        path.starts_with("/w/meta/slaves/M-S0/frameworks/F-0000/executors/t/runs/"),
        "{path}"
    );
    assert!(path.ends_with("/tasks/t/task.updates"), "{path}");
    bench.update_as("t", "t", TaskFinished, &uuid);
    assert!(bench.events(connection).is_empty(), "a duplicate waits as well");
    bench.store();
    assert_eq!(bench.forwarded().len(), 1);
    let kinds: Vec<_> = bench
        .events(connection)
        .into_iter()
        .filter_map(|event| event.r#type)
        .collect();
    assert_eq!(kinds, [event::Type::Acknowledged]);
    bench.effects.clear();
    bench.acknowledge("t", &uuid);
    assert!(
        bench
            .effects
            .iter()
            .any(|effect| matches!(effect, Effect::Append { ticket: None, path: file, .. } if *file == path)),
        "the acknowledgement is written as well"
    );
}

#[test]
fn without_a_master_updates_wait_and_go_out_when_there_is_one_again() {
    let mut bench = Bench::registered();
    bench.running(framework_info(false, false), "t");
    bench.give(Input::MasterDetected(None));
    bench.update("t", "t", TaskFinished);
    bench.advance(Duration::from_secs(60));
    assert!(bench.forwarded().is_empty());
    bench.give(Input::MasterDetected(Some(common::master())));
    bench.advance(Duration::from_secs(1));
    let message = mesos_proto::v0::internal::SlaveReregisteredMessage {
        slave_id: common::agent_id(),
        ..Default::default()
    };
    bench.hear_master(mesos_agent_core::FromMaster::Reregistered(message));
    assert_eq!(bench.forwarded().len(), 1);
    bench.advance(Duration::from_secs(10));
    assert_eq!(bench.forwarded().len(), 1, "the waits start anew");
}

#[test]
fn an_update_nobody_acknowledges_goes_out_again_after_ten_seconds_and_twice_that_up_to_ten_minutes() {
    let mut bench = Bench::registered();
    bench.running(framework_info(false, false), "t");
    let killing = bench.update("t", "t", TaskKilling);
    let killed = bench.update("t", "t", TaskKilled);
    assert_eq!(bench.forwarded().len(), 1);
    let millisecond = Duration::from_millis(1);
    let waits = |bench: &mut Bench, state| {
        for seconds in [10, 20, 40, 80, 160, 320, 600, 600, 600] {
            bench.advance(Duration::from_secs(seconds) - millisecond);
            assert_eq!(bench.forwarded(), [], "not before {seconds} s");
            bench.advance(millisecond);
            let again = bench.forwarded();
            assert_eq!(again.len(), 1, "after {seconds} s");
            assert_eq!(again[0].status.state, state);
        }
    };
    waits(&mut bench, TaskKilling);
    // The next update begins again.
    bench.acknowledge("t", &killing);
    assert_eq!(bench.forwarded().len(), 1);
    waits(&mut bench, TaskKilled);
    bench.acknowledge("t", &killed);
    bench.advance(Duration::from_secs(3600));
    assert_eq!(bench.forwarded(), []);
}
