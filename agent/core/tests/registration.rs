//! The agent and its master.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::time::Duration;

use common::{Bench, agent_id, framework_info, master};
use libprocess_core::upid::Upid;
use mesos::ids::{AgentId, ContainerId, ExecutorId, FrameworkId};
use mesos_agent_core::{
    AgentState, Effect, FromMaster, Input, Outgoing, RecoveredExecutor, RecoveredFramework, RecoveredState,
    RecoveredTask, Since,
};
use mesos_proto::{
    Message,
    v0::{
        SlaveInfo,
        TaskState::*,
        internal::{
            PingSlaveMessage, PongSlaveMessage, ReconcileTasksMessage, RegisterSlaveMessage,
            ReregisterSlaveMessage, SlaveRegisteredMessage, SlaveReregisteredMessage, StatusUpdate,
            UnregisterSlaveMessage, UpdateSlaveMessage,
        },
    },
};

fn sent<M: Message>(bench: &Bench) -> Vec<(Upid, M)> {
    bench
        .effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Send {
                to,
                message: Outgoing { name, body },
            } if *name == M::NAME => Some((to.clone(), M::decode(body).unwrap())),
            _ => None,
        })
        .collect()
}

#[test]
fn registration_is_repeated_with_growing_waits() {
    let mut bench = Bench::started(RecoveredState::default());
    assert!(bench.effects.contains(&Effect::Detect));
    bench.give(Input::MasterDetected(Some(master())));
    assert!(bench.effects.contains(&Effect::Link(master())));
    bench.advance(Duration::from_secs(1));
    let first = sent::<RegisterSlaveMessage>(&bench);
    assert_eq!(first.len(), 1);
    let message = &first[0].1;
    assert_eq!(
        message.slave.resources[0].role.as_deref(),
        Some("*"),
        "masters expect the old form"
    );
    assert_eq!(message.version.as_deref(), Some("1.11.0"));
    assert_eq!(message.agent_capabilities.len(), 8);
    assert!(message.slave.id.is_none());
    for _ in 0..200 {
        bench.advance(Duration::from_secs(3));
    }
    let tries = sent::<RegisterSlaveMessage>(&bench).len();
    assert!((10..60).contains(&tries), "{tries} tries in ten minutes");
}

#[test]
fn an_admitted_agent_remembers_its_id_and_says_what_it_has() {
    let mut bench = Bench::started(RecoveredState::default());
    bench.give(Input::MasterDetected(Some(master())));
    bench.effects.clear();
    let message = SlaveRegisteredMessage {
        slave_id: agent_id(),
        ..Default::default()
    };
    let stranger = "master@10.9.9.9:5050".parse().unwrap();
    bench.give(Input::FromMaster {
        from: stranger,
        message: FromMaster::Registered(message.clone()),
    });
    assert_eq!(
        bench.core.state(),
        AgentState::Disconnected,
        "only the expected master counts"
    );
    bench.hear_master(FromMaster::Registered(message.clone()));
    assert_eq!(bench.core.state(), AgentState::Running);
    let written = |path: &str| {
        bench
            .effects
            .iter()
            .any(|effect| matches!(effect, Effect::Checkpoint { path: found, .. } if found == path))
    };
    assert!(written("/w/meta/slaves/M-S0/slave.info"));
    let update = sent::<UpdateSlaveMessage>(&bench).remove(0).1;
    assert_eq!(update.update_oversubscribed_resources, Some(false));
    assert!(
        update.operations.is_some()
            && update.resource_providers.is_some()
            && update.resource_version_uuid.is_some()
    );
    bench.hear_master(FromMaster::Registered(message));
    assert_eq!(
        sent::<UpdateSlaveMessage>(&bench).len(),
        1,
        "a second answer changes nothing"
    );
    let mut other = agent_id();
    other.value = "M-S9".into();
    bench.hear_master(FromMaster::Registered(SlaveRegisteredMessage {
        slave_id: other,
        ..Default::default()
    }));
    let text = "Registered but got wrong id: M-S9 (expected: M-S0)".to_owned();
    assert!(bench.effects.contains(&Effect::Terminate { error: Some(text) }));
}

#[test]
fn pings_are_answered_to_whom_asks_and_missed() {
    let mut bench = Bench::registered();
    let observer: Upid = "slave-observer(1)@10.0.0.1:5050".parse().unwrap();
    let ping = |connected| PingSlaveMessage {
        connected,
        ..Default::default()
    };
    for _ in 0..10 {
        bench.advance(Duration::from_secs(70));
        bench.give(Input::Ping {
            from: observer.clone(),
            message: ping(true),
        });
    }
    assert_eq!(sent::<PongSlaveMessage>(&bench).len(), 10);
    assert!(
        sent::<PongSlaveMessage>(&bench)
            .iter()
            .all(|(to, _)| *to == observer)
    );
    assert!(!bench.effects.contains(&Effect::Detect));
    bench.advance(Duration::from_secs(75));
    assert!(bench.effects.contains(&Effect::Detect));
    let mut bench = Bench::registered();
    bench.give(Input::Ping {
        from: observer,
        message: ping(false),
    });
    assert!(bench.effects.contains(&Effect::Detect), "the master lost us");
}

#[test]
fn reregistration_tells_what_runs_and_answers_what_does_not() {
    let mut bench = Bench::registered();
    bench.running(framework_info(false, true), "t");
    bench.run(
        framework_info(false, true),
        common::executor_task("a"),
        Some(true),
    );
    bench.effects.clear();
    bench.give(Input::MasterDetected(Some(master())));
    bench.advance(Duration::from_secs(1));
    let message = sent::<ReregisterSlaveMessage>(&bench).remove(0).1;
    assert_eq!(message.slave.id.as_ref().unwrap().value, "M-S0");
    let mut tasks: Vec<_> = message
        .tasks
        .iter()
        .map(|task| (task.name.clone(), task.state))
        .collect();
    tasks.sort();
    assert_eq!(tasks, [("a".into(), TaskStaging), ("t".into(), TaskRunning)]);
    assert_eq!(message.tasks[0].resources[0].role.as_deref(), Some("*"));
    let executors: Vec<_> = message
        .executor_infos
        .iter()
        .map(|info| info.executor_id.value.clone())
        .collect();
    assert_eq!(
        executors,
        ["e"],
        "generated executors are the agent's own business"
    );
    assert_eq!(message.frameworks.len(), 1);
    bench.effects.clear();
    let status = |id: &str| mesos_proto::v0::TaskStatus {
        task_id: common::task_id(id),
        ..Default::default()
    };
    let reconciliation = ReconcileTasksMessage {
        framework_id: common::framework_id(),
        statuses: vec![status("t"), status("lost")],
        ..Default::default()
    };
    bench.hear_master(FromMaster::Reregistered(SlaveReregisteredMessage {
        slave_id: agent_id(),
        reconciliations: vec![reconciliation],
        ..Default::default()
    }));
    let text = "Reconciliation: task unknown to the agent".to_owned();
    let told = common::told(&bench.forwarded());
    assert_eq!(
        told,
        [("lost".into(), TaskDropped, Some("REASON_RECONCILIATION"), text)]
    );
}

#[test]
fn an_unregistering_agent_ends_its_executors_first() {
    let mut bench = Bench::registered();
    let (container_id, _, _) = bench.running(framework_info(false, false), "t");
    bench.give(Input::Unregister {
        reason: "the operator said so".into(),
    });
    assert_eq!(sent::<UnregisterSlaveMessage>(&bench).len(), 1);
    assert!(!bench.effects.contains(&Effect::Terminate { error: None }));
    bench.exit(&container_id, 0);
    assert!(bench.effects.contains(&Effect::Terminate { error: None }));
}

fn left_behind(pid: Option<u32>) -> RecoveredState {
    let mut task = mesos_proto::v0::Task {
        name: "t".into(),
        task_id: common::task_id("t"),
        framework_id: common::framework_id(),
        slave_id: agent_id(),
        ..Default::default()
    };
    task.resources = common::allocated(0.1, 32.0);
    let mut info = common::executor_info();
    info.executor_id.value = "t".into();
    let container_id = mesos::ids::ContainerId::new("c1");
    let executor = RecoveredExecutor {
        info,
        command_task: true,
        container_id: container_id.clone(),
        pid,
        completed: false,
        older_runs: Vec::new(),
        tasks: vec![RecoveredTask {
            task,
            ..Default::default()
        }],
    };
    RecoveredState {
        info: Some(SlaveInfo {
            id: Some(Box::new(agent_id())),
            ..common::config().info
        }),
        frameworks: vec![RecoveredFramework {
            info: framework_info(true, false),
            pid: String::new(),
            executors: vec![executor],
            ..Default::default()
        }],
        living: pid
            .map(|pid| (container_id, pid))
            .into_iter()
            .chain([(mesos::ids::ContainerId::new("orphan"), 77)])
            .collect(),
        ..RecoveredState::default()
    }
}

#[test]
fn a_restarted_agent_waits_for_its_executors_and_goes_on_with_them() {
    let mut bench = Bench::started(left_behind(Some(55)));
    assert_eq!(bench.core.state(), AgentState::Recovering);
    assert_eq!(bench.destroyed(), [77], "a container nobody needs is ended");
    assert!(
        bench
            .effects
            .iter()
            .any(|effect| matches!(effect, Effect::Watch { pid: 55, .. }))
    );
    let running = mesos_proto::v0::TaskStatus {
        task_id: common::task_id("t"),
        state: TaskRunning,
        uuid: Some(vec![0x40; 16].into()),
        source: Some(mesos_proto::v0::task_status::Source::SourceExecutor),
        ..Default::default()
    };
    let connection = bench.call("t", mesos_proto::v0::executor::call::Type::Subscribe, |call| {
        let update = mesos_proto::v0::executor::call::Update {
            status: running,
            ..Default::default()
        };
        call.subscribe = Some(Box::new(mesos_proto::v0::executor::call::Subscribe {
            unacknowledged_updates: vec![update],
            ..Default::default()
        }));
    });
    bench.store();
    assert_eq!(
        bench.events(connection).len(),
        2,
        "it is welcomed, and its update taken"
    );
    bench.advance(Duration::from_secs(2));
    assert_eq!(bench.core.state(), AgentState::Disconnected);
    assert!(bench.destroyed().is_empty());
    bench.give(Input::MasterDetected(Some(master())));
    bench.advance(Duration::from_secs(1));
    let message = sent::<ReregisterSlaveMessage>(&bench).remove(0).1;
    assert_eq!(message.slave.id.as_ref().unwrap().value, "M-S0");
    assert_eq!(message.tasks[0].state, TaskRunning);
}

#[test]
fn executors_that_stay_away_or_died_are_reported() {
    for (pid, state, reason, text) in [
        (
            Some(55),
            TaskLost,
            "REASON_EXECUTOR_REREGISTRATION_TIMEOUT",
            "Executor did not reregister within 2secs",
        ),
        (
            None,
            TaskFailed,
            "REASON_EXECUTOR_TERMINATED",
            "Abnormal executor termination: unknown container",
        ),
    ] {
        let mut bench = Bench::started(left_behind(pid));
        bench
            .effects
            .retain(|effect| !matches!(effect, Effect::Destroy { pid: 77, .. }));
        bench.advance(Duration::from_secs(2));
        if let Some(pid) = pid {
            assert_eq!(bench.destroyed(), [pid]);
            bench.exit(&mesos::ids::ContainerId::new("c1"), 9);
        }
        bench.store();
        bench.give(Input::MasterDetected(Some(master())));
        bench.advance(Duration::from_secs(1));
        let message = SlaveReregisteredMessage {
            slave_id: agent_id(),
            ..Default::default()
        };
        bench.hear_master(FromMaster::Reregistered(message));
        let told = common::told(&bench.forwarded());
        assert_eq!(told, [("t".into(), state, Some(reason), text.to_owned())]);
    }
}

#[test]
fn a_restarted_agent_still_removes_what_it_was_to_remove() {
    let mut state = left_behind(None);
    state.rebooted = true;
    state.living.clear();
    state.agents = vec![AgentId::new("M-S0"), AgentId::new("OLD-S1")];
    state.unusable = vec![FrameworkId::new("torn")];
    let framework = &mut state.frameworks[0];
    framework.unusable = vec![ExecutorId::new("torn")];
    framework.executors[0].completed = true;
    framework.executors[0].older_runs = vec![ContainerId::new("c0")];
    let bench = Bench::started(state);
    let collected: Vec<(String, Since)> = bench
        .effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Collect { path, since } => Some((path.clone(), *since)),
            _ => None,
        })
        .collect();
    let work_dir = common::config().work_dir;
    let framework = format!("slaves/M-S0/frameworks/{}", common::framework_id().value);
    for (path, since) in [
        ("slaves/OLD-S1".to_owned(), Since::Now),
        ("slaves/M-S0/frameworks/torn".to_owned(), Since::LastChange),
        (format!("{framework}/executors/torn"), Since::LastChange),
        (format!("{framework}/executors/t/runs/c0"), Since::LastChange),
        (format!("{framework}/executors/t/runs/c1"), Since::LastChange),
        (format!("{framework}/executors/t"), Since::LastChange),
        (framework.clone(), Since::Now),
    ] {
        for root in [work_dir.clone(), format!("{work_dir}/meta")] {
            let expected = (format!("{root}/{path}"), since);
            assert!(collected.contains(&expected), "{expected:?} of {collected:#?}");
        }
    }
    assert_eq!(collected.len(), 14);
    assert!(
        bench.core.frameworks().is_empty(),
        "its only executor was over before"
    );
}

#[test]
fn an_update_that_was_acknowledged_before_a_restart_is_not_told_twice() {
    let mut state = left_behind(Some(55));
    let uuid = vec![0x40; 16];
    let status = mesos_proto::v0::TaskStatus {
        task_id: common::task_id("t"),
        state: TaskRunning,
        uuid: Some(uuid.clone().into()),
        source: Some(mesos_proto::v0::task_status::Source::SourceExecutor),
        ..Default::default()
    };
    let task = &mut state.frameworks[0].executors[0].tasks[0];
    task.updates = vec![StatusUpdate {
        framework_id: common::framework_id(),
        uuid: Some(uuid.clone().into()),
        status: status.clone(),
        ..Default::default()
    }];
    task.acknowledged.insert(uuid);
    let mut bench = Bench::started(state);
    // The agent died before its executor heard that the update was taken.
    let connection = bench.call("t", mesos_proto::v0::executor::call::Type::Subscribe, |call| {
        let update = mesos_proto::v0::executor::call::Update {
            status,
            ..Default::default()
        };
        call.subscribe = Some(Box::new(mesos_proto::v0::executor::call::Subscribe {
            unacknowledged_updates: vec![update],
            ..Default::default()
        }));
    });
    bench.store();
    let acknowledged = mesos_proto::v0::executor::event::Type::Acknowledged;
    let events = bench.events(connection);
    assert!(events.iter().any(|event| event.r#type == Some(acknowledged)));
    bench.advance(Duration::from_secs(2));
    bench.give(Input::MasterDetected(Some(master())));
    bench.advance(Duration::from_secs(1));
    let message = SlaveReregisteredMessage {
        slave_id: agent_id(),
        ..Default::default()
    };
    bench.hear_master(FromMaster::Reregistered(message));
    assert_eq!(bench.forwarded(), []);
}

#[test]
fn an_update_nobody_acknowledged_survives_a_reboot() {
    let mut state = left_behind(None);
    state.rebooted = true;
    state.living.clear();
    let finished = StatusUpdate {
        framework_id: common::framework_id(),
        uuid: Some(vec![0x40; 16].into()),
        status: mesos_proto::v0::TaskStatus {
            task_id: common::task_id("t"),
            state: TaskFinished,
            uuid: Some(vec![0x40; 16].into()),
            ..Default::default()
        },
        ..Default::default()
    };
    state.frameworks[0].executors[0].tasks[0].updates = vec![finished];
    let mut bench = Bench::started(state);
    bench.give(Input::MasterDetected(Some(master())));
    bench.advance(Duration::from_secs(1));
    let message = SlaveReregisteredMessage {
        slave_id: agent_id(),
        ..Default::default()
    };
    bench.hear_master(FromMaster::Reregistered(message));
    let told = common::told(&bench.forwarded());
    assert_eq!(told, [("t".into(), TaskFinished, None, String::new())]);
}

#[test]
fn a_returning_agent_tells_what_it_has_completed() {
    let mut bench = Bench::registered();
    let (container, _, _) = bench.running(framework_info(false, false), "t");
    let uuid = bench.update("t", "t", TaskFinished);
    bench.store();
    bench.acknowledge("t", &uuid);
    let reregistered = |bench: &mut Bench| {
        bench.effects.clear();
        bench.give(Input::MasterDetected(None));
        bench.give(Input::MasterDetected(Some(master())));
        bench.advance(Duration::from_secs(1));
        sent::<ReregisterSlaveMessage>(bench).remove(0).1
    };
    let message = reregistered(&mut bench);
    assert_eq!(
        (message.frameworks.len(), message.completed_frameworks.len()),
        (1, 0)
    );
    bench.exit(&container, 0);
    let message = reregistered(&mut bench);
    assert_eq!((message.frameworks.len(), message.tasks.len()), (0, 0));
    let [archived] = &message.completed_frameworks[..] else {
        panic!("{message:?}")
    };
    assert_eq!(
        archived.framework_info.id.as_deref(),
        Some(&common::framework_id())
    );
    let [task] = &archived.tasks[..] else {
        panic!("{archived:?}")
    };
    assert_eq!((task.task_id.value.as_str(), task.state), ("t", TaskFinished));
    assert_eq!(
        task.resources[0].role.as_deref(),
        Some("*"),
        "masters expect the old form"
    );
}
