//! Who may call, and how the rest is refused.

use std::time::Duration;

use mesos_proto::v0::{self, scheduler, scheduler::call::Type};

use super::world::{World, answer, events, framework_info, offers};
use crate::{Answer, Effect, Input, StreamId, Timer};

fn bad(reason: &str) -> Option<Answer> {
    Some(Answer::BadRequest(reason.to_owned()))
}

#[test]
fn calls_are_refused_in_mesos_words() {
    let mut world = World::new();
    world.subscribe("s", framework_info());
    let revive = |call: &mut scheduler::Call| call.r#type = Some(Type::Revive);
    assert_eq!(
        answer(&world.call("s", "nobody", revive)).cloned(),
        bad("Framework cannot be found")
    );
    assert_eq!(
        answer(&world.call("x", "M-0000", revive)).cloned(),
        bad(
            "The stream ID 'x' included in this request didn't match the stream ID currently associated with \
             framework ID M-0000"
        )
    );
    assert_eq!(
        answer(&world.call("s", "M-0000", |_| {})).cloned(),
        bad("Failed to validate scheduler::Call: Expecting 'type' to be present")
    );
    assert_eq!(
        answer(&world.call("s", "M-0000", |call| call.r#type = Some(Type::Accept))).cloned(),
        bad("Failed to validate scheduler::Call: Expecting 'accept' to be present")
    );
    assert_eq!(
        answer(&world.call("s", "M-0000", revive)),
        Some(&Answer::Accepted)
    );
    world.input(Input::StreamClosed(StreamId("s".into())));
    // The framework has no failover timeout, but the timer has not fired yet.
    assert_eq!(
        answer(&world.call("s", "M-0000", revive)),
        Some(&Answer::Forbidden("Framework is not subscribed".to_owned()))
    );
}

#[test]
fn a_subscription_begins_with_subscribed_heartbeat_offers() {
    let mut world = World::new();
    world.register(0, "cpus:4;mem:1024");
    let effects = world.subscribe("s", framework_info());
    let kinds: Vec<_> = events(&effects, "s")
        .iter()
        .map(|event| event.r#type.unwrap())
        .collect();
    use scheduler::event::Type;
    assert_eq!(kinds, [Type::Subscribed, Type::Heartbeat, Type::Offers]);
    let timer = Timer::Heartbeat(StreamId("s".into()));
    let armed = effects
        .iter()
        .any(|effect| matches!(effect, Effect::Delay(t, d) if *t == timer && *d == Duration::from_secs(15)));
    assert!(armed);
    assert_eq!(events(&world.input(Input::TimerFired(timer)), "s").len(), 1);
}

#[test]
fn invalid_frameworks_hear_why_and_their_stream_ends() {
    let mut world = World::new();
    let info = v0::FrameworkInfo {
        role: Some("a//b".to_owned()),
        ..framework_info()
    };
    let effects = world.subscribe("s", info);
    let event = events(&effects, "s")[0];
    assert_eq!(event.r#type, Some(scheduler::event::Type::Error));
    assert!(
        event
            .error
            .as_ref()
            .unwrap()
            .message
            .starts_with("'FrameworkInfo.role' is not a valid role: ")
    );
    assert!(effects.contains(&Effect::CloseStream(StreamId("s".into()))));
}

#[test]
fn the_newest_stream_wins_and_the_framework_keeps_its_tasks_and_id() {
    let mut world = World::new();
    world.register(0, "cpus:4;mem:1024");
    world.subscribe("old", framework_info());
    let mut info = framework_info();
    info.id = Some(Box::new(super::world::framework_id("M-0000")));
    let effects = world.subscribe("new", info);
    let error = events(&effects, "old")[0].error.as_ref().unwrap();
    assert_eq!(error.message, "Framework failed over");
    assert_eq!(offers(&effects, "new").len(), 1);
    assert_eq!(world.master.frameworks.len(), 1);
}

#[test]
fn a_framework_is_removed_when_its_failover_timeout_runs_out_and_not_before() {
    let mut world = World::new();
    let info = v0::FrameworkInfo {
        failover_timeout: Some(10.0),
        ..framework_info()
    };
    world.subscribe("s", info.clone());
    let effects = world.input(Input::StreamClosed(StreamId("s".into())));
    let timer = effects.iter().find_map(|effect| match effect {
        Effect::Delay(timer @ Timer::FrameworkFailover(..), after) => Some((timer.clone(), *after)),
        _ => None,
    });
    let (timer, after) = timer.unwrap();
    assert_eq!(after, Duration::from_secs(10));
    let mut again = info;
    again.id = Some(Box::new(super::world::framework_id("M-0000")));
    world.subscribe("t", again.clone());
    // It came back: the old timer means nothing.
    world.input(Input::TimerFired(timer));
    assert_eq!(world.master.frameworks.len(), 1);
    let effects = world.input(Input::StreamClosed(StreamId("t".into())));
    let Some(Effect::Delay(timer, _)) = effects
        .iter()
        .find(|effect| matches!(effect, Effect::Delay(Timer::FrameworkFailover(..), _)))
    else {
        panic!("no timer")
    };
    world.input(Input::TimerFired(timer.clone()));
    assert!(world.master.frameworks.is_empty());
    let effects = world.subscribe("u", again);
    assert_eq!(
        events(&effects, "u")[0].error.as_ref().unwrap().message,
        "Framework has been removed"
    );
}
