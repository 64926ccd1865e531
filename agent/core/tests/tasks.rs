//! Tasks start, are killed, and end with their executors.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::time::Duration;

use common::{Bench, FRAMEWORK, allocated, command_task, executor_info, executor_task, framework_info, told};
use mesos_agent_core::{Effect, ExecutorAnswer, FromMaster, Input};
use mesos_proto::v0::{
    ContainerInfo, ExecutorID,
    TaskState::*,
    container_info,
    executor::{call, event::Type},
    executor_info,
    internal::ShutdownExecutorMessage,
};

fn kinds(bench: &mut Bench, connection: u64) -> Vec<Type> {
    bench
        .events(connection)
        .into_iter()
        .filter_map(|event| event.r#type)
        .collect()
}

#[test]
fn a_command_task_gets_a_generated_executor() {
    let mut bench = Bench::registered();
    bench.run(framework_info(false, false), command_task("t"), Some(true));
    let Some(Effect::Launch { container, .. }) = bench
        .effects
        .iter()
        .find(|effect| matches!(effect, Effect::Launch { .. }))
    else {
        panic!("a container is launched: {:?}", bench.effects);
    };
    assert_eq!(container.command.value.as_deref(), Some("/l/mesos-executor"));
    assert_eq!(
        container.command.arguments,
        ["mesos-executor", "--launcher_dir=/l"]
    );
    assert_eq!(container.user.as_deref(), Some("root"));
    assert_eq!(container.forked_pid_path, None);
    let id = &container.container_id;
    assert_eq!(
        container.directory,
        format!("/w/slaves/M-S0/frameworks/F-0000/executors/t/runs/{id}")
    );
    let expected = [
        ("LIBPROCESS_PORT", "0"),
        ("MESOS_FRAMEWORK_ID", FRAMEWORK),
        ("MESOS_EXECUTOR_ID", "t"),
        ("MESOS_DIRECTORY", &container.directory),
        ("MESOS_SLAVE_ID", "M-S0"),
        ("MESOS_SLAVE_PID", "slave(1)@10.0.0.2:5051"),
        ("MESOS_AGENT_ENDPOINT", "10.0.0.2:5051"),
        ("MESOS_CHECKPOINT", "0"),
        ("MESOS_HTTP_COMMAND_EXECUTOR", "1"),
        ("MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD", "5secs"),
        ("MESOS_SANDBOX", &container.directory),
    ];
    let expected: Vec<(String, String)> = expected
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    assert_eq!(container.environment, expected);
    let executors = bench.core.get_executors().executors;
    assert_eq!(
        executors[0].executor_info.name.as_deref(),
        Some("Command Executor (Task: t) (Command: sh -c 'sleep 600')")
    );
    assert_eq!(executors[0].executor_info.resources, allocated(0.1, 32.0));
}

#[test]
fn a_checkpointing_framework_is_on_disk_before_its_executor_starts() {
    let mut bench = Bench::registered();
    bench.run(framework_info(true, false), command_task("t"), Some(true));
    assert!(
        !bench
            .effects
            .iter()
            .any(|effect| matches!(effect, Effect::Launch { .. }))
    );
    let mut files: Vec<String> = bench
        .effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Checkpoint { path, .. } => path.rsplit('/').next().map(str::to_owned),
            _ => None,
        })
        .collect();
    files.sort();
    assert_eq!(
        files,
        [
            "executor.info",
            "executor_generated_for_command_task",
            "framework.info",
            "framework.pid",
            "task.info"
        ]
    );
    assert_eq!(bench.launch().len(), 1);
}

#[test]
fn tasks_reach_their_executor_in_order_and_after_it_subscribed() {
    let mut bench = Bench::registered();
    bench.run(framework_info(false, false), executor_task("a"), Some(true));
    bench.launch();
    bench.run(framework_info(false, false), executor_task("b"), Some(false));
    let connection = bench.subscribe("e");
    assert_eq!(bench.answers(), [ExecutorAnswer::Stream]);
    let events = bench.events(connection);
    let order: Vec<_> = events
        .iter()
        .map(|event| event.launch.as_ref().map(|launch| launch.task.name.clone()))
        .collect();
    assert_eq!(order, [None, Some("a".into()), Some("b".into())]);
    let subscribed = events[0].subscribed.as_ref().unwrap();
    assert_eq!(subscribed.slave_info.id.as_ref().unwrap().value, "M-S0");
    assert!(subscribed.container_id.is_some());
    bench.run(framework_info(false, false), executor_task("c"), Some(false));
    assert_eq!(kinds(&mut bench, connection), [Type::Launch]);
}

#[test]
fn a_group_is_delivered_as_a_whole() {
    let mut bench = Bench::registered();
    bench.run_group(
        framework_info(false, false),
        vec![executor_task("a"), executor_task("b")],
        executor_info(),
    );
    bench.launch();
    let connection = bench.subscribe("e");
    let events = bench.events(connection);
    assert_eq!(events[1].launch_group.as_ref().unwrap().task_group.tasks.len(), 2);
    assert_eq!(events.len(), 2);
}

#[test]
fn what_the_agent_cannot_run_fails_with_a_reason() {
    let mut bench = Bench::registered();
    let default = mesos_proto::v0::ExecutorInfo {
        r#type: Some(executor_info::Type::Default),
        command: None,
        ..executor_info()
    };
    bench.run_group(
        framework_info(false, false),
        vec![executor_task("a"), executor_task("b")],
        default,
    );
    let failed = told(&bench.forwarded());
    let text = "Failed to launch container: the default executor is not supported yet".to_owned();
    let reason = Some("REASON_CONTAINER_LAUNCH_FAILED");
    assert_eq!(
        failed,
        [
            ("a".into(), TaskFailed, reason, text.clone()),
            ("b".into(), TaskFailed, reason, text)
        ]
    );
    let exited = bench.exited_executors();
    assert_eq!(
        (exited.len(), exited[0].status),
        (1, -1),
        "the master gets the executor's resources back"
    );
    let docker = ContainerInfo {
        r#type: container_info::Type::Docker,
        ..ContainerInfo::default()
    };
    let task = mesos_proto::v0::TaskInfo {
        container: Some(Box::new(docker)),
        ..command_task("c")
    };
    bench.run(framework_info(false, false), task, Some(true));
    let failed = told(&bench.forwarded());
    assert_eq!((failed[0].1, failed[0].2), (TaskFailed, reason));
}

#[test]
fn a_launch_that_contradicts_the_masters_picture_is_dropped() {
    for (aware, state) in [(false, TaskLost), (true, TaskDropped)] {
        let mut bench = Bench::registered();
        bench.run(framework_info(false, aware), executor_task("a"), Some(false));
        let text = "No executor is expected to launch and there is none running".to_owned();
        let expected = [("a".into(), state, Some("REASON_EXECUTOR_TERMINATED"), text)];
        assert_eq!(told(&bench.forwarded()), expected);
        bench.run(framework_info(false, aware), command_task("t"), Some(true));
        bench.launch();
        bench.run(framework_info(false, aware), command_task("t"), Some(true));
        let dropped = told(&bench.forwarded());
        assert_eq!(dropped[0].2, Some("REASON_TASK_INVALID"));
    }
}

#[test]
fn an_outdated_offer_is_noticed() {
    let mut bench = Bench::registered();
    let version = mesos_proto::v0::internal::ResourceVersionUUID {
        uuid: mesos_proto::v0::UUID {
            value: vec![1; 16].into(),
            ..Default::default()
        },
        ..Default::default()
    };
    bench.hear_master(FromMaster::RunTask(Box::new(
        mesos_proto::v0::internal::RunTaskMessage {
            framework: framework_info(false, true),
            task: command_task("t"),
            resource_version_uuids: vec![version],
            launch_executor: Some(true),
            ..Default::default()
        },
    )));
    let text = "Task assumes outdated resource state".to_owned();
    assert_eq!(
        told(&bench.forwarded()),
        [("t".into(), TaskDropped, Some("REASON_INVALID_OFFERS"), text)]
    );
    assert_eq!(bench.exited_executors().len(), 1);
}

#[test]
fn a_container_that_does_not_start_fails_its_tasks() {
    let mut bench = Bench::registered();
    bench.run(framework_info(false, false), executor_task("a"), Some(true));
    let ticket = bench.effects.iter().find_map(|effect| match effect {
        Effect::Launch { ticket, .. } => Some(*ticket),
        _ => None,
    });
    bench.give(Input::ContainerLaunched {
        ticket: ticket.unwrap(),
        result: Err("no space left".into()),
    });
    let failed = told(&bench.forwarded());
    let text = "Failed to launch container: no space left".to_owned();
    assert_eq!(
        failed,
        [(
            "a".into(),
            TaskFailed,
            Some("REASON_CONTAINER_LAUNCH_FAILED"),
            text
        )]
    );
    assert_eq!(bench.core.counters().container_launch_errors, 1);
}

#[test]
fn kills_reach_the_executor_or_end_the_task_here() {
    let mut bench = Bench::registered();
    bench.run(framework_info(false, false), executor_task("a"), Some(true));
    bench.kill("a");
    let text = "Killed before delivery to the executor".to_owned();
    let reason = Some("REASON_TASK_KILLED_DURING_LAUNCH");
    assert_eq!(told(&bench.forwarded()), [("a".into(), TaskKilled, reason, text)]);
    bench.launch();
    let connection = bench.subscribe("e");
    assert_eq!(
        kinds(&mut bench, connection),
        [Type::Shutdown],
        "an executor without tasks is not wanted"
    );

    let mut bench = Bench::registered();
    let (_, _, connection) = bench.running(framework_info(false, false), "t");
    bench.kill("t");
    assert_eq!(kinds(&mut bench, connection), [Type::Kill]);
    bench.kill("unknown");
    let unknown = [(
        "unknown".into(),
        TaskLost,
        Some("REASON_EXECUTOR_TERMINATED"),
        "Cannot find executor".into(),
    )];
    assert_eq!(told(&bench.forwarded()), unknown);
}

#[test]
fn killing_one_of_a_waiting_group_kills_the_group() {
    let mut bench = Bench::registered();
    bench.run_group(
        framework_info(false, false),
        vec![executor_task("a"), executor_task("b")],
        executor_info(),
    );
    bench.kill("b");
    let killed = told(&bench.forwarded());
    assert_eq!(killed.len(), 2);
    assert!(killed.iter().all(|(_, state, _, text)| {
        *state == TaskKilled
            && text == "A task within the task group was killed before delivery to the executor"
    }));
}

#[test]
fn an_executor_that_dies_takes_its_tasks_along() {
    let mut bench = Bench::registered();
    bench.run(framework_info(false, false), executor_task("a"), Some(true));
    let (container_id, _) = bench.launch().remove(0);
    let connection = bench.subscribe("e");
    bench.run(framework_info(false, false), executor_task("b"), Some(false));
    bench.update("e", "a", TaskRunning);
    bench.effects.clear();
    bench.exit(&container_id, 9);
    assert!(bench.effects.contains(&Effect::CloseStream { connection }));
    let failed = told(&bench.forwarded());
    assert_eq!(
        failed,
        [(
            "b".into(),
            TaskFailed,
            Some("REASON_EXECUTOR_TERMINATED"),
            "Executor terminated".into()
        )]
    );
    let exited = bench.exited_executors();
    assert_eq!((exited[0].executor_id.value.as_str(), exited[0].status), ("e", 9));
    let (_, _, _) = bench.running(framework_info(false, false), "t");
    let (container_id, _) = {
        let executors = bench.core.containers();
        (executors[0].container_id.clone(), executors[0].pid)
    };
    bench.exit(&container_id, 9);
    assert_eq!(
        bench.exited_executors().len(),
        0,
        "the master does not know executors of command tasks"
    );
}

#[test]
fn an_executor_that_does_not_subscribe_in_time_is_killed() {
    let mut bench = Bench::registered();
    bench.run(framework_info(false, false), executor_task("a"), Some(true));
    let (container_id, pid) = bench.launch().remove(0);
    bench.advance(Duration::from_secs(59));
    assert!(bench.destroyed().is_empty());
    bench.advance(Duration::from_secs(1));
    assert_eq!(bench.destroyed(), [pid]);
    bench.exit(&container_id, 9);
    let text = "Executor did not register within 1mins".to_owned();
    assert_eq!(
        told(&bench.forwarded()),
        [(
            "a".into(),
            TaskFailed,
            Some("REASON_EXECUTOR_REGISTRATION_TIMEOUT"),
            text
        )]
    );
}

#[test]
fn a_framework_that_is_over_leaves_nothing() {
    let mut bench = Bench::registered();
    let (container_id, pid, connection) = bench.running(framework_info(false, false), "t");
    bench.shutdown_framework();
    assert_eq!(kinds(&mut bench, connection), [Type::Shutdown]);
    bench.update("t", "t", TaskKilled);
    assert!(bench.forwarded().is_empty(), "nobody would take it");
    bench.advance(Duration::from_secs(5));
    assert_eq!(bench.destroyed(), [pid]);
    bench.exit(&container_id, 9);
    assert!(bench.core.frameworks().is_empty());
    assert_eq!(bench.core.get_frameworks().completed_frameworks.len(), 1);
    bench.advance(Duration::from_secs(3600));
    assert!(bench.forwarded().is_empty());
}

#[test]
fn the_master_can_end_one_executor() {
    let mut bench = Bench::registered();
    bench.run(framework_info(false, false), executor_task("a"), Some(true));
    bench.launch();
    let connection = bench.subscribe("e");
    bench.events(connection);
    bench.hear_master(FromMaster::ShutdownExecutor(ShutdownExecutorMessage {
        framework_id: Some(Box::new(common::framework_id())),
        executor_id: Some(Box::new(ExecutorID {
            value: "e".into(),
            ..Default::default()
        })),
        ..Default::default()
    }));
    assert_eq!(kinds(&mut bench, connection), [Type::Shutdown]);
    bench.run(framework_info(false, false), executor_task("b"), Some(false));
    let dropped = told(&bench.forwarded());
    assert_eq!(
        dropped,
        [(
            "b".into(),
            TaskLost,
            Some("REASON_EXECUTOR_TERMINATED"),
            "Executor terminating".into()
        )]
    );
}

#[test]
fn calls_that_make_no_sense_are_refused_in_mesos_words() {
    let mut bench = Bench::registered();
    bench.subscribe("e");
    bench.run(framework_info(false, false), executor_task("a"), Some(true));
    bench.launch();
    bench.subscribe("other");
    bench.update("e", "a", TaskRunning);
    bench.call("e", call::Type::Update, |_| {});
    bench.subscribe("e");
    bench.update("e", "a", TaskStaging);
    bench.update_as("e", "a", TaskRunning, b"short");
    bench.call("e", call::Type::Heartbeat, |_| {});
    let bad = |text: &str| ExecutorAnswer::BadRequest(text.to_owned());
    assert_eq!(
        bench.answers(),
        [
            bad("Framework cannot be found"),
            bad("Executor cannot be found"),
            ExecutorAnswer::Forbidden("Executor is not subscribed".to_owned()),
            bad("Failed to validate Executor::Call: Expecting 'update' to be present"),
            ExecutorAnswer::Stream,
            bad(
                "Failed to validate Executor::Call: Received TASK_STAGING from executor e of framework F-0000 which is not allowed"
            ),
            bad("Failed to validate Executor::Call: Not a valid UUID"),
            ExecutorAnswer::Accepted,
        ]
    );
}

#[test]
fn the_newest_stream_of_an_executor_wins() {
    let mut bench = Bench::registered();
    let (_, _, first) = bench.running(framework_info(false, false), "t");
    let second = bench.subscribe("t");
    assert!(bench.effects.contains(&Effect::CloseStream { connection: first }));
    bench.give(Input::ExecutorDisconnected { connection: first });
    bench.kill("t");
    assert_eq!(kinds(&mut bench, second), [Type::Subscribed, Type::Kill]);
}

#[test]
fn an_executor_faster_than_the_word_of_its_launch_waits_for_it() {
    let mut bench = Bench::registered();
    bench.run(framework_info(false, true), command_task("t"), Some(true));
    bench.store();
    let first = bench.subscribe("t");
    assert_eq!(bench.answers(), [], "nobody is answered yet");
    let second = bench.subscribe("t");
    assert_eq!(
        bench.answers(),
        [ExecutorAnswer::Unavailable(
            "Another stream of this executor has come".to_owned()
        )]
    );
    let (_, pid) = bench.launch().remove(0);
    assert_eq!(bench.answers(), [ExecutorAnswer::Stream]);
    assert_eq!(kinds(&mut bench, first), []);
    assert_eq!(kinds(&mut bench, second), [Type::Subscribed, Type::Launch]);
    bench.update("t", "t", TaskRunning);
    bench.store();
    bench.answers();
    let update = bench.forwarded().remove(0);
    let status = update.status.container_status.expect("the container is told");
    assert_eq!(status.executor_pid, Some(pid));

    bench.run(framework_info(false, true), command_task("u"), Some(true));
    bench.store();
    bench.subscribe("u");
    let ticket = bench.effects.iter().find_map(|effect| match effect {
        Effect::Launch { ticket, .. } => Some(*ticket),
        _ => None,
    });
    bench.give(Input::ContainerLaunched {
        ticket: ticket.expect("a container is launched"),
        result: Err("no".to_owned()),
    });
    assert_eq!(
        bench.answers(),
        [ExecutorAnswer::BadRequest("Executor cannot be found".to_owned())]
    );
}
