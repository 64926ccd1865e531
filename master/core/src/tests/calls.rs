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
    assert_eq!(offers(&world.allocate(), "new").len(), 1);
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

/// The error a subscription is refused with, if it is.
fn refusal(world: &mut World, subscribe: scheduler::call::Subscribe) -> Option<String> {
    let input = Input::Subscribe(StreamId("r".into()), Box::new(subscribe));
    let effects = world.input(input);
    let error = events(&effects, "r")[0].error.as_deref();
    let refused = error.map(|error| error.message.clone());
    world.input(Input::StreamClosed(StreamId("r".into())));
    refused
}

#[test]
fn a_failover_timeout_that_cannot_be_waited_for_is_refused() {
    let mut world = World::new();
    for (timeout, shown) in [
        (1e10, Some("1e+10")),
        (-12_345_678_901.0, Some("-1.23457e+10")),
        (1e300, Some("1e+300")),
        (f64::INFINITY, Some("inf")),
        (-5.0, None),
        (9e9, None),
    ] {
        let info = v0::FrameworkInfo {
            failover_timeout: Some(timeout),
            ..framework_info()
        };
        let subscribe = scheduler::call::Subscribe {
            framework_info: info,
            ..Default::default()
        };
        let expected = shown.map(|shown| format!("The framework failover_timeout ({shown}) is invalid"));
        assert_eq!(refusal(&mut world, subscribe), expected, "{timeout}");
    }
}

#[test]
fn suppressed_roles_are_the_frameworks_and_constraints_are_checked_for_form_alone() {
    use scheduler::offer_constraints::{RoleConstraints, role_constraints::Group};
    let mut world = World::new();
    let subscribe = scheduler::call::Subscribe {
        framework_info: framework_info(),
        suppressed_roles: vec!["b".to_owned()],
        ..Default::default()
    };
    assert_eq!(
        refusal(&mut world, subscribe).as_deref(),
        Some("Suppressed role 'b' is not contained in the list of roles")
    );
    let mut constrained = |groups: Vec<Group>| {
        let mut constraints = scheduler::OfferConstraints::default();
        let of_role = RoleConstraints {
            groups,
            ..Default::default()
        };
        constraints.role_constraints.insert("other".to_owned(), of_role);
        let subscribe = scheduler::call::Subscribe {
            framework_info: framework_info(),
            offer_constraints: Some(Box::new(constraints)),
            ..Default::default()
        };
        refusal(&mut world, subscribe)
    };
    assert_eq!(
        constrained(Vec::new()).as_deref(),
        Some("'OfferConstraints::role_constraints' has an empty 'RoleConstraints::groups' for role other")
    );
    let mut constraint = scheduler::AttributeConstraint::default();
    let group = |constraint: &scheduler::AttributeConstraint| Group {
        attribute_constraints: vec![constraint.clone()],
        ..Default::default()
    };
    assert!(
        constrained(vec![group(&constraint)])
            .is_some_and(|reason| reason.contains("'AttributeConstraint::Selector::name'"))
    );
    constraint.selector.attribute_name = Some("rack".to_owned());
    assert_eq!(
        constrained(vec![group(&constraint)]).as_deref(),
        Some("A role other has an invalid 'AttributeConstraint': Unknown predicate type")
    );
    constraint.predicate.exists = Some(Box::default());
    // The framework is not in the role; Mesos does not mind.
    assert_eq!(constrained(vec![group(&constraint)]), None);
}

#[test]
fn subscriptions_with_an_id_are_counted_apart() {
    let mut world = World::new();
    world.subscribe("s", framework_info());
    let mut info = framework_info();
    info.id = Some(Box::new(super::world::framework_id("M-0000")));
    world.subscribe("t", info);
    let count = |name: &str| world.master.metrics.get(name);
    assert_eq!(count("messages_register_framework"), 1);
    assert_eq!(count("messages_reregister_framework"), 1);
}

#[test]
fn a_framework_that_leaves_a_role_loses_the_offers_made_to_it() {
    let mut world = World::new();
    world.register(0, "cpus:4;mem:1024");
    let capability = v0::framework_info::Capability {
        r#type: Some(v0::framework_info::capability::Type::MultiRole),
        ..Default::default()
    };
    let mut info = v0::FrameworkInfo {
        roles: vec!["a".to_owned()],
        capabilities: vec![capability],
        ..framework_info()
    };
    let offer = offers(&world.subscribe("s", info.clone()), "s").remove(0);
    info.id = Some(Box::new(super::world::framework_id("M-0000")));
    info.roles = vec!["b".to_owned()];
    let update = |call: &mut scheduler::Call| {
        call.r#type = Some(Type::UpdateFramework);
        call.update_framework = Some(Box::new(scheduler::call::UpdateFramework {
            framework_info: info.clone(),
            ..Default::default()
        }));
    };
    let effects = world.call("s", "M-0000", update);
    assert_eq!(answer(&effects), Some(&Answer::Ok));
    let rescinded = events(&effects, "s")
        .into_iter()
        .find_map(|event| event.rescind.as_deref());
    assert_eq!(rescinded.unwrap().offer_id, offer.id);
    let again = offers(&world.allocate(), "s");
    let role = again[0]
        .allocation_info
        .as_deref()
        .and_then(|info| info.role.as_deref());
    assert_eq!(role, Some("b"));
}

#[test]
fn metrics_of_a_framework_show_what_never_happened_and_outlive_it() {
    let mut world = World::new();
    world.subscribe("s", framework_info());
    let shown = |world: &World, key: &str| {
        let key = format!("master/frameworks/test/M-0000/{key}");
        let metrics = world.master.metrics(world.now);
        metrics
            .into_iter()
            .find(|(name, _)| *name == key)
            .map(|(_, value)| value)
    };
    for (key, value) in [
        ("subscribed", 1.0),
        ("calls", 1.0),
        ("calls/subscribe", 1.0),
        ("calls/decline", 0.0),
        ("events", 2.0),
        ("events/failure", 0.0),
        ("operations", 0.0),
        ("operations/launch_group", 0.0),
        ("roles/*/suppressed", 0.0),
        ("tasks/active/task_running", 0.0),
        ("tasks/terminal/task_lost", 0.0),
    ] {
        assert_eq!(shown(&world, key), Some(value), "{key}");
    }
    assert_eq!(shown(&world, "calls/unknown"), None);
    world.call("s", "M-0000", |call| call.r#type = Some(Type::Teardown));
    assert_eq!(shown(&world, "subscribed"), Some(0.0));
    assert_eq!(shown(&world, "calls/teardown"), Some(1.0));
}

#[test]
fn offers_of_a_scheduler_that_is_gone_count_as_rescinded() {
    use mesos_proto::v0::scheduler::event::Type::Rescind;
    let rescinded = |world: &World| {
        let framework = world
            .master
            .frameworks
            .values()
            .chain(&world.master.completed)
            .next();
        let metrics = &framework.unwrap().metrics;
        let told = metrics.events.get(&Rescind).copied();
        (metrics.offers_rescinded, told.unwrap_or_default())
    };
    let mut world = World::new();
    world.register(0, "cpus:4;mem:1024");
    world.register(1, "cpus:4;mem:1024");
    world.subscribe("s", framework_info());
    assert_eq!((world.master.offers.len(), rescinded(&world)), (2, (0, 0)));
    let mut torn = World::new();
    torn.master = world.master.clone();
    let effects = world.input(Input::StreamClosed(StreamId("s".into())));
    assert_eq!((world.master.offers.len(), rescinded(&world)), (0, (2, 2)));
    assert!(events(&effects, "s").is_empty());
    // The end of a framework rescinds nothing, as in Mesos.
    torn.call("s", "M-0000", |call| {
        call.r#type = Some(mesos_proto::v0::scheduler::call::Type::Teardown);
    });
    assert_eq!((torn.master.offers.len(), rescinded(&torn)), (0, (0, 0)));
}
