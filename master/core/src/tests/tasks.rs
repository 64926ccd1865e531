//! A task from offer to end.

use std::time::Duration;

use mesos_proto::v0::{TaskState, scheduler, task_status::Reason};

use super::world::{World, framework_info, offers, sent, statuses, task};
use crate::{Effect, Timer, ToAgent};

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
    assert!(
        effects
            .iter()
            .any(|effect| matches!(effect, Effect::Delay(Timer::AllocationSoon, _)))
    );
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
    let effects = world.input(crate::Input::TimerFired(Timer::AllocationInterval));
    assert!(offers(&effects, "s").is_empty());
    world.pass(Duration::from_secs(1));
    let effects = world.input(crate::Input::TimerFired(Timer::AllocationInterval));
    assert_eq!(offers(&effects, "s").len(), 1);
}
