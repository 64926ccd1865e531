//! A task from offer to end.

use std::time::Duration;

use mesos_proto::v0::{TaskState, scheduler, task_status::Reason};

use super::world::{World, framework_info, offers, sent, statuses, task};
use crate::{Timer, ToAgent};

fn running() -> (World, String) {
    let mut world = World::new();
    world.register(0, "cpus:4;mem:1024");
    let effects = world.subscribe("s", framework_info());
    let offer = offers(&effects, "s").remove(0);
    let effects = world.accept(
        "s",
        "M-0000",
        &offer,
        vec![task("t", &offer.slave_id, "cpus:1;mem:64")],
    );
    assert!(matches!(sent(&effects)[..], [ToAgent::RunTask(_)]));
    world.update(0, "M-0000", "t", TaskState::TaskRunning, 1);
    world.acknowledge("s", "M-0000", 0, "t", 1);
    (world, "M-0000".to_owned())
}

#[test]
fn a_task_runs_to_its_end_and_is_forgotten_when_that_is_acknowledged() {
    let (mut world, framework) = running();
    let effects = world.update(0, &framework, "t", TaskState::TaskFinished, 2);
    assert_eq!(statuses(&effects, "s")[0].state, TaskState::TaskFinished);
    // What the task held is offered soon, not only by the next regular run.
    assert!(world.master.allocator.next_run().unwrap() <= world.now + Duration::from_millis(2));
    assert_eq!(world.master.frameworks[&framework_key(&framework)].tasks.len(), 1);
    let effects = world.acknowledge("s", &framework, 0, "t", 2);
    assert!(matches!(
        sent(&effects)[..],
        [ToAgent::StatusUpdateAcknowledgement(_)]
    ));
    let framework = &world.master.frameworks[&framework_key(&framework)];
    assert!(framework.tasks.is_empty());
    assert_eq!(framework.completed_tasks.len(), 1);
}

fn framework_key(id: &str) -> mesos::ids::FrameworkId {
    mesos::ids::FrameworkId::new(id)
}

#[test]
fn a_terminal_state_never_changes() {
    let (mut world, framework) = running();
    world.update(0, &framework, "t", TaskState::TaskFinished, 2);
    world.update(0, &framework, "t", TaskState::TaskFailed, 3);
    let task = &world.master.frameworks[&framework_key(&framework)].tasks[&mesos::ids::TaskId::new("t")];
    assert_eq!(task.message.state, TaskState::TaskFinished);
}

#[test]
fn an_offer_is_used_once() {
    let mut world = World::new();
    world.register(0, "cpus:4;mem:1024");
    let offer = offers(&world.subscribe("s", framework_info()), "s").remove(0);
    world.accept(
        "s",
        "M-0000",
        &offer,
        vec![task("a", &offer.slave_id, "cpus:1;mem:64")],
    );
    let effects = world.accept(
        "s",
        "M-0000",
        &offer,
        vec![task("b", &offer.slave_id, "cpus:1;mem:64")],
    );
    let status = &statuses(&effects, "s")[0];
    assert_eq!(
        (status.state, status.reason),
        (TaskState::TaskLost, Some(Reason::ReasonInvalidOffers))
    );
    assert_eq!(
        status.message.as_deref(),
        Some("Task launched with invalid offers: Offer M-O0 is no longer valid")
    );
}

#[test]
fn a_task_over_its_offer_is_an_error_and_the_rest_of_the_launch_goes_on() {
    let mut world = World::new();
    world.register(0, "cpus:4;mem:1024");
    let offer = offers(&world.subscribe("s", framework_info()), "s").remove(0);
    let tasks = vec![
        task("big", &offer.slave_id, "cpus:5;mem:64"),
        task("small", &offer.slave_id, "cpus:1;mem:64"),
        task("small", &offer.slave_id, "cpus:1;mem:64"),
    ];
    let effects = world.accept("s", "M-0000", &offer, tasks);
    let messages: Vec<String> = statuses(&effects, "s")
        .into_iter()
        .map(|status| status.message.unwrap())
        .collect();
    assert_eq!(messages.len(), 2);
    assert!(messages[0].starts_with("Total resources cpus"), "{}", messages[0]);
    assert!(messages[0].contains("required by task and its executor is more than available"));
    assert_eq!(messages[1], "Task has duplicate ID: small");
    assert_eq!(sent(&effects).len(), 1);
}

#[test]
fn kills_reach_the_agent_and_unknown_tasks_are_reconciled() {
    let (mut world, framework) = running();
    let kill = |world: &mut World, id: &str| {
        world.call("s", &framework, |call| {
            call.r#type = Some(scheduler::call::Type::Kill);
            let task_id = super::world::task_id(id);
            call.kill = Some(Box::new(scheduler::call::Kill {
                task_id,
                ..Default::default()
            }));
        })
    };
    assert!(matches!(sent(&kill(&mut world, "t"))[..], [ToAgent::KillTask(_)]));
    let effects = kill(&mut world, "nobody");
    let status = &statuses(&effects, "s")[0];
    assert_eq!(
        (status.state, status.reason),
        (TaskState::TaskLost, Some(Reason::ReasonReconciliation))
    );
    assert_eq!(status.message.as_deref(), Some("Reconciliation: Task is unknown"));
}

#[test]
fn a_declined_offer_comes_back_after_its_refusal() {
    let mut world = World::new();
    world.register(0, "cpus:4;mem:1024");
    let offer = offers(&world.subscribe("s", framework_info()), "s").remove(0);
    world.call("s", "M-0000", |call| {
        call.r#type = Some(scheduler::call::Type::Decline);
        let offer_ids = vec![offer.id.clone()];
        call.decline = Some(Box::new(scheduler::call::Decline {
            offer_ids,
            ..Default::default()
        }));
    });
    world.pass(Duration::from_secs(4));
    let effects = world.input(crate::Input::TimerFired(Timer::Allocation));
    assert!(offers(&effects, "s").is_empty());
    world.pass(Duration::from_secs(1));
    let effects = world.input(crate::Input::TimerFired(Timer::Allocation));
    assert_eq!(offers(&effects, "s").len(), 1);
}

/// Accepts an offer with one LAUNCH, changed by `change`.
fn launch_with(
    tasks: impl FnOnce(&mesos_proto::v0::SlaveID) -> Vec<mesos_proto::v0::TaskInfo>,
    change: impl FnOnce(&mut mesos_proto::v0::offer::Operation),
) -> Vec<mesos_proto::v0::TaskStatus> {
    use mesos_proto::v0::offer::{Operation, operation};
    let mut world = World::new();
    world.register(0, "cpus:4;mem:1024");
    let offer = offers(&world.subscribe("s", framework_info()), "s").remove(0);
    let launch = operation::Launch {
        task_infos: tasks(&offer.slave_id),
        ..Default::default()
    };
    let mut operation = Operation {
        r#type: Some(operation::Type::Launch),
        launch: Some(Box::new(launch)),
        ..Default::default()
    };
    change(&mut operation);
    let effects = world.call("s", "M-0000", |call| {
        call.r#type = Some(scheduler::call::Type::Accept);
        call.accept = Some(Box::new(scheduler::call::Accept {
            offer_ids: vec![offer.id.clone()],
            operations: vec![operation],
            ..Default::default()
        }));
    });
    assert!(sent(&effects).is_empty());
    statuses(&effects, "s")
}

#[test]
fn a_launch_that_asks_for_an_answer_is_refused() {
    let statuses = launch_with(
        |agent| vec![task("t", agent, "cpus:1;mem:64")],
        |operation| operation.id = Some(Box::default()),
    );
    assert_eq!(
        (statuses[0].state, statuses[0].message.as_deref()),
        (
            TaskState::TaskError,
            Some("The `id` field cannot be set on LAUNCH operations")
        )
    );
}

#[test]
fn one_malformed_resource_refuses_all_tasks_of_its_launch() {
    let statuses = launch_with(
        |agent| {
            let good = task("good", agent, "cpus:1;mem:64");
            let mut bad = task("bad", agent, "cpus:1;mem:64");
            bad.resources[0].scalar = Some(Box::new(mesos_proto::v0::value::Scalar {
                value: -1.0,
                ..Default::default()
            }));
            vec![good, bad]
        },
        |_| {},
    );
    let said: Vec<_> = statuses
        .iter()
        .map(|status| {
            (
                status.task_id.value.as_str(),
                status.reason,
                status.message.as_deref(),
            )
        })
        .collect();
    let why = Some("Resource 'cpus:-1' is invalid: Invalid scalar resource: value <= 0");
    let invalid = Some(Reason::ReasonTaskInvalid);
    assert_eq!(said, [("good", invalid, why), ("bad", invalid, why)]);
}
