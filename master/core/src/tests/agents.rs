//! Agents come, go and return.

use std::time::Duration;

use mesos_proto::v0::{self, TaskState, framework_info::capability, internal, task_status::Reason};

use super::world::{World, agent_info, events, framework_info, offers, sent, statuses, task};
use crate::{Effect, Input, Timer, ToAgent};

fn ping_timer(effects: &[Effect]) -> Option<Timer> {
    effects.iter().find_map(|effect| match effect {
        Effect::Delay(timer @ Timer::Ping(..), _) => Some(timer.clone()),
        _ => None,
    })
}

#[test]
fn an_agent_is_admitted_once_whatever_it_repeats() {
    let mut world = World::new();
    let effects = world.register(0, "cpus:4;mem:1024");
    assert!(matches!(sent(&effects)[..], [ToAgent::Registered(_)]));
    let effects = world.register(0, "cpus:4;mem:1024");
    let [ToAgent::Registered(again)] = sent(&effects)[..] else {
        panic!("{effects:?}")
    };
    assert_eq!(again.slave_id.value, "M-S0");
    assert_eq!(
        again.connection.as_ref().unwrap().total_ping_timeout_seconds,
        Some(75.0)
    );
    assert_eq!(world.master.agents.len(), 1);
}

#[test]
fn old_and_nonsensical_versions_are_ignored() {
    let mut world = World::new();
    for version in [None, Some("0.28.2"), Some("nonsense")] {
        let message = internal::RegisterSlaveMessage {
            slave: agent_info(0, "cpus:1;mem:32"),
            version: version.map(str::to_owned),
            ..Default::default()
        };
        world.input(Input::RegisterAgent(World::pid(0), Box::new(message)));
    }
    assert!(world.master.agents.is_empty());
}

/// An agent with one running task of a framework with these capabilities.
fn with_task(aware: bool, checkpoint: bool) -> (World, Timer) {
    let mut world = World::new();
    let ping = ping_timer(&world.register(0, "cpus:4;mem:1024")).unwrap();
    let mut info = v0::FrameworkInfo {
        checkpoint: Some(checkpoint),
        ..framework_info()
    };
    if aware {
        let capability = v0::framework_info::Capability {
            r#type: Some(capability::Type::PartitionAware),
            ..Default::default()
        };
        info.capabilities.push(capability);
    }
    let offer = offers(&world.subscribe("s", info), "s").remove(0);
    world.accept(
        "s",
        "M-0000",
        &offer,
        vec![task("t", &offer.slave_id, "cpus:1;mem:64")],
    );
    world.update(0, "M-0000", "t", TaskState::TaskRunning, 1);
    (world, ping)
}

#[test]
fn five_missed_pings_make_an_agent_unreachable_and_four_do_not() {
    for (aware, state) in [(true, TaskState::TaskUnreachable), (false, TaskState::TaskLost)] {
        let (mut world, ping) = with_task(aware, true);
        for _ in 0..4 {
            world.pass(Duration::from_secs(15));
            let effects = world.input(Input::TimerFired(ping.clone()));
            assert!(effects.iter().any(|effect| matches!(effect, Effect::Ping(..))));
        }
        world.pass(Duration::from_secs(15));
        let effects = world.input(Input::TimerFired(ping));
        let status = &statuses(&effects, "s")[0];
        assert_eq!(
            (status.state, status.reason),
            (state, Some(Reason::ReasonSlaveRemoved))
        );
        let failure = events(&effects, "s")
            .iter()
            .filter_map(|event| event.failure.as_ref())
            .count();
        assert_eq!(failure, 1);
        assert!(world.master.agents.is_empty());
    }
}

#[test]
fn a_pong_starts_the_count_again() {
    let (mut world, ping) = with_task(false, true);
    for _ in 0..20 {
        world.input(Input::TimerFired(ping.clone()));
        world.input(Input::Pong(mesos::ids::AgentId::new("M-S0")));
    }
    assert_eq!(world.master.agents.len(), 1);
}

#[test]
fn a_broken_connection_ends_only_tasks_that_are_not_checkpointed() {
    let (mut world, _) = with_task(false, true);
    let effects = world.input(Input::Exited(World::pid(0)));
    assert!(statuses(&effects, "s").is_empty());
    let (mut world, _) = with_task(false, false);
    let effects = world.input(Input::Exited(World::pid(0)));
    let status = &statuses(&effects, "s")[0];
    assert_eq!(
        (status.state, status.reason),
        (TaskState::TaskLost, Some(Reason::ReasonSlaveDisconnected))
    );
}

fn returning(tasks: Vec<v0::Task>) -> internal::ReregisterSlaveMessage {
    let mut slave = agent_info(0, "cpus:4;mem:1024");
    slave.id = Some(Box::new(v0::SlaveID {
        value: "M-S0".to_owned(),
        ..Default::default()
    }));
    let mut framework = framework_info();
    framework.id = Some(Box::new(super::world::framework_id("M-0000")));
    internal::ReregisterSlaveMessage {
        slave,
        tasks,
        frameworks: vec![framework],
        version: Some("1.11.0".to_owned()),
        ..Default::default()
    }
}

#[test]
fn an_unreachable_agent_returns_with_its_tasks() {
    let (mut world, ping) = with_task(true, true);
    let running = world
        .master
        .frameworks
        .values()
        .next()
        .unwrap()
        .tasks
        .values()
        .next()
        .unwrap()
        .message
        .clone();
    for _ in 0..5 {
        world.input(Input::TimerFired(ping.clone()));
    }
    assert!(world.master.agents.is_empty());
    let effects = world.input(Input::ReregisterAgent(
        World::pid(0),
        Box::new(returning(vec![running])),
    ));
    assert!(
        sent(&effects)
            .iter()
            .any(|message| matches!(message, ToAgent::Reregistered(_)))
    );
    let status = &statuses(&effects, "s")[0];
    assert_eq!(
        (status.state, status.reason),
        (TaskState::TaskRunning, Some(Reason::ReasonSlaveReregistered))
    );
    let framework = world.master.frameworks.values().next().unwrap();
    assert_eq!((framework.tasks.len(), framework.unreachable_tasks.len()), (1, 0));
}

#[test]
fn what_a_returning_agent_has_completed_is_remembered_of_frameworks_that_are_known() {
    let archived = |framework: &str, tasks: &[&str]| {
        let mut info = framework_info();
        info.id = Some(Box::new(super::world::framework_id(framework)));
        let ended = |id: &&str| v0::Task {
            task_id: super::world::task_id(id),
            framework_id: super::world::framework_id(framework),
            slave_id: v0::SlaveID {
                value: "M-S0".to_owned(),
                ..Default::default()
            },
            state: TaskState::TaskFinished,
            ..Default::default()
        };
        internal::archive::Framework {
            framework_info: info,
            tasks: tasks.iter().map(ended).collect(),
            ..Default::default()
        }
    };
    for (max, brought, expected) in [
        (1000, vec![archived("M-0000", &["a", "b"])], vec!["a", "b"]),
        (2, vec![archived("M-0000", &["a", "b", "c"])], vec!["b", "c"]),
        (0, vec![archived("M-0000", &["a"])], vec![]),
        // A task is remembered once.
        (1000, vec![archived("M-0000", &["a"]); 2], vec!["a"]),
        // A framework nobody has subscribed for is not made a completed one: its scheduler could not return.
        (1000, vec![archived("M-0001", &["a"])], vec![]),
    ] {
        let mut world = World::with(crate::Options {
            max_completed_tasks_per_framework: max,
            ..crate::Options::default()
        });
        world.subscribe("s", framework_info());
        let mut message = returning(vec![]);
        message.frameworks.clear();
        message.completed_frameworks = brought;
        world.input(Input::ReregisterAgent(World::pid(0), Box::new(message)));
        assert_eq!(world.master.agents.len(), 1);
        let tasks = world
            .master
            .frameworks
            .values()
            .flat_map(|known| &known.completed_tasks);
        let tasks: Vec<String> = tasks.map(|task| task.id().to_string()).collect();
        assert_eq!(tasks, expected);
        assert!(world.master.completed.is_empty());
        assert_eq!(world.master.frameworks.len(), 1);
    }
}

#[test]
fn a_known_agent_that_returns_without_a_task_is_asked_about_it() {
    let (mut world, _) = with_task(true, true);
    world.input(Input::Exited(World::pid(0)));
    let effects = world.input(Input::ReregisterAgent(World::pid(0), Box::new(returning(vec![]))));
    let asked = sent(&effects).into_iter().find_map(|message| match message {
        ToAgent::Reregistered(message) => Some(message.reconciliations.clone()),
        _ => None,
    });
    assert_eq!(asked.unwrap()[0].statuses[0].task_id.value, "t");
}

#[test]
fn agents_of_the_registry_have_time_to_return_and_are_then_unreachable() {
    let mut slave = agent_info(0, "cpus:4;mem:1024");
    slave.id = Some(Box::new(v0::SlaveID {
        value: "OLD-S0".to_owned(),
        ..Default::default()
    }));
    let mut registry = internal::Registry::default();
    crate::registry::Operation::Admit(Box::new(slave)).apply(&mut registry);
    let info = v0::MasterInfo {
        id: "M".to_owned(),
        ..Default::default()
    };
    let mut world = World::new();
    world.master = crate::Master::new(crate::Options::default(), info, world.now, 1);
    let effects = world.input(Input::Recovered(Box::new(registry)));
    assert!(effects.contains(&Effect::Delay(Timer::RecoveredAgents, Duration::from_secs(600))));
    world.subscribe("s", framework_info());
    let effects = world.input(Input::TimerFired(Timer::RecoveredAgents));
    // Its tasks are not known, but that it is lost can be told.
    assert!(events(&effects, "s").iter().any(|event| event.failure.is_some()));
    assert_eq!(world.master.metrics.get("recovery_slave_removals"), 1);
    assert_eq!(world.master.unreachable.len(), 1);
    assert!(world.master.recovered.is_empty());
}

#[test]
fn tasks_of_an_unreachable_agent_are_kept_as_such_even_when_they_are_told_to_be_lost() {
    for (aware, state) in [(true, TaskState::TaskUnreachable), (false, TaskState::TaskLost)] {
        let (mut world, ping) = with_task(aware, true);
        let mut effects = Vec::new();
        for _ in 0..5 {
            effects = world.input(Input::TimerFired(ping.clone()));
        }
        let status = &statuses(&effects, "s")[0];
        assert_eq!(status.message.as_deref(), Some("health check timed out"));
        assert!(status.unreachable_time.is_some());
        let framework = world.master.frameworks.values().next().unwrap();
        assert!(framework.completed_tasks.is_empty());
        assert_eq!(framework.unreachable_tasks[0].message.state, state);
        // The end of the framework is theirs, too.
        world.input(Input::OperatorSubscribe(crate::StreamId("o".into())));
        let effects = world.call("s", "M-0000", |call| {
            call.r#type = Some(mesos_proto::v0::scheduler::call::Type::Teardown);
        });
        let updated = effects.iter().find_map(|effect| match effect {
            Effect::SendOperatorEvent(_, event) => event.task_updated.as_deref(),
            _ => None,
        });
        let updated = updated.unwrap();
        let ended = if aware { TaskState::TaskKilled } else { state };
        assert_eq!(
            (updated.state, updated.status.state),
            (ended, TaskState::TaskKilled)
        );
        let framework = &world.master.completed[0];
        assert!(framework.unreachable_tasks.is_empty());
        let task = &framework.completed_tasks[0].message;
        assert_eq!(task.state, ended);
        let last = task.statuses.last().unwrap();
        assert_eq!(last.message.as_deref(), Some("Framework M-0000 removed"));
    }
}

#[test]
fn an_end_that_was_never_acknowledged_is_not_the_last_word_when_its_agent_is_lost() {
    let (mut world, ping) = with_task(true, true);
    world.update(0, "M-0000", "t", TaskState::TaskFinished, 2);
    let mut effects = Vec::new();
    for _ in 0..5 {
        effects = world.input(Input::TimerFired(ping.clone()));
    }
    assert_eq!(statuses(&effects, "s")[0].state, TaskState::TaskUnreachable);
}

#[test]
fn an_agent_that_returns_with_an_idle_executor_of_a_removed_framework_shuts_it_down() {
    let (mut world, ping) = with_task(true, true);
    for _ in 0..5 {
        world.input(Input::TimerFired(ping.clone()));
    }
    world.call("s", "M-0000", |call| {
        call.r#type = Some(mesos_proto::v0::scheduler::call::Type::Teardown);
    });
    let effects = world.input(Input::ReregisterAgent(World::pid(0), Box::new(returning(vec![]))));
    let told = |message: &&ToAgent| matches!(message, ToAgent::ShutdownFramework(_));
    assert_eq!(sent(&effects).into_iter().filter(told).count(), 1);
}

#[test]
fn a_disconnected_agent_hears_of_the_end_of_a_framework_and_says_why_it_was_given_up() {
    let (mut world, _) = with_task(true, true);
    let effects = world.input(Input::Exited(World::pid(0)));
    let timer = effects.iter().find_map(|effect| match effect {
        Effect::Delay(timer @ Timer::AgentReregister(..), _) => Some(timer.clone()),
        _ => None,
    });
    let mut torn = World::new();
    torn.master = world.master.clone();
    let effects = torn.call("s", "M-0000", |call| {
        call.r#type = Some(mesos_proto::v0::scheduler::call::Type::Teardown);
    });
    assert!(
        sent(&effects)
            .iter()
            .any(|message| matches!(message, ToAgent::ShutdownFramework(_)))
    );
    let effects = world.input(Input::TimerFired(timer.unwrap()));
    assert_eq!(
        statuses(&effects, "s")[0].message.as_deref(),
        Some("agent did not reregister within 10mins after disconnecting")
    );
    assert_eq!(world.master.metrics.get("slave_unreachable_scheduled"), 1);
    assert_eq!(world.master.metrics.get("slave_unreachable_completed"), 1);
}

/// The kinds of operator events among effects, in order.
fn operator_events(effects: &[Effect]) -> Vec<mesos_proto::v0::master::event::Type> {
    effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::SendOperatorEvent(_, event) => event.r#type,
            _ => None,
        })
        .collect()
}

#[test]
fn operators_hear_of_a_recovered_framework_before_its_tasks_and_again_when_it_subscribes() {
    use mesos_proto::v0::master::event::Type;
    let (old, _) = with_task(true, true);
    let running = old.master.frameworks.values().next().unwrap().tasks.values();
    let running: Vec<v0::Task> = running.map(|task| task.message.clone()).collect();
    let mut world = World::new();
    world.input(Input::OperatorSubscribe(crate::StreamId("o".into())));
    let message = Box::new(returning(running));
    let effects = world.input(Input::ReregisterAgent(World::pid(0), message));
    assert_eq!(
        operator_events(&effects),
        [Type::FrameworkAdded, Type::TaskAdded, Type::AgentAdded]
    );
    let mut info = framework_info();
    info.id = Some(Box::new(super::world::framework_id("M-0000")));
    let effects = world.subscribe("s", info);
    assert_eq!(operator_events(&effects), [Type::FrameworkUpdated]);
    let framework = world.master.frameworks.values().next().unwrap();
    assert_eq!(framework.reregistered, Some(world.now));
}

#[test]
fn operators_hear_that_the_tasks_of_a_removed_framework_are_killed() {
    use mesos_proto::v0::master::event::Type;
    let (mut world, _) = with_task(true, true);
    world.input(Input::OperatorSubscribe(crate::StreamId("o".into())));
    let effects = world.call("s", "M-0000", |call| {
        call.r#type = Some(mesos_proto::v0::scheduler::call::Type::Teardown);
    });
    assert_eq!(
        operator_events(&effects),
        [Type::TaskUpdated, Type::FrameworkRemoved]
    );
}

#[test]
fn what_a_returning_agent_does_not_bring_is_out_of_reach_no_more() {
    let (mut world, ping) = with_task(true, true);
    for _ in 0..5 {
        world.input(Input::TimerFired(ping.clone()));
    }
    let unreachable = |world: &World| {
        let framework = world.master.frameworks.values().next().unwrap();
        framework.unreachable_tasks.len()
    };
    assert_eq!(unreachable(&world), 1);
    world.input(Input::ReregisterAgent(World::pid(0), Box::new(returning(vec![]))));
    assert_eq!(unreachable(&world), 0);
}

#[test]
fn a_task_that_returns_is_reported_with_its_latest_container_status() {
    let (mut world, ping) = with_task(true, true);
    let framework = world.master.frameworks.values().next().unwrap();
    let mut running = framework.tasks.values().next().unwrap().message.clone();
    running.statuses[0].container_status = Some(Box::default());
    running.statuses.push(v0::TaskStatus {
        healthy: Some(false),
        ..running.statuses[0].clone()
    });
    running.statuses[1].container_status = None;
    for _ in 0..5 {
        world.input(Input::TimerFired(ping.clone()));
    }
    let message = Box::new(returning(vec![running]));
    let effects = world.input(Input::ReregisterAgent(World::pid(0), message));
    let status = &statuses(&effects, "s")[0];
    assert_eq!(
        (status.healthy, status.container_status.is_some()),
        (Some(false), true)
    );
}
