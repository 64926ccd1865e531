//! Frameworks in several roles, and offers that nobody uses.

use std::time::Duration;

use mesos_proto::v0::{self, framework_info::capability, scheduler};

use super::world::{World, events, framework_id, framework_info, offers};
use crate::{Answer, Effect, Input, Options, Timer};

fn in_roles(roles: &[&str]) -> v0::FrameworkInfo {
    v0::FrameworkInfo {
        roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        capabilities: vec![v0::framework_info::Capability {
            r#type: Some(capability::Type::MultiRole),
            ..Default::default()
        }],
        ..framework_info()
    }
}

fn role_of(offer: &v0::Offer) -> String {
    let role = offer.allocation_info.as_ref().unwrap().role.clone().unwrap();
    for resource in &offer.resources {
        assert_eq!(
            resource.allocation_info.as_ref().unwrap().role.as_ref(),
            Some(&role),
            "all of an offer is of its role"
        );
    }
    role
}

fn wishes(world: &mut World, kind: scheduler::call::Type, role: &str) -> Vec<Effect> {
    let roles = vec![role.to_owned()];
    world.call("s", "M-0000", |call| {
        call.r#type = Some(kind);
        match kind {
            scheduler::call::Type::Suppress => {
                call.suppress = Some(Box::new(scheduler::call::Suppress {
                    roles,
                    ..Default::default()
                }));
            }
            _ => {
                call.revive = Some(Box::new(scheduler::call::Revive {
                    roles,
                    ..Default::default()
                }));
            }
        }
    })
}

fn decline(world: &mut World, offer: &v0::Offer, refuse_seconds: f64) {
    world.call("s", "M-0000", |call| {
        call.r#type = Some(scheduler::call::Type::Decline);
        call.decline = Some(Box::new(scheduler::call::Decline {
            offer_ids: vec![offer.id.clone()],
            filters: Some(Box::new(v0::Filters {
                refuse_seconds: Some(refuse_seconds),
                ..Default::default()
            })),
            ..Default::default()
        }));
    });
}

/// The next offer within some rounds.
fn next_offer(world: &mut World) -> Option<v0::Offer> {
    (0..8).find_map(|_| {
        let effects = world.allocate();
        offers(&effects, "s").into_iter().next()
    })
}

#[test]
fn each_role_refuses_suppresses_and_revives_for_itself() {
    let mut world = World::new();
    world.register(0, "cpus:4;mem:1024");
    let offer = offers(&world.subscribe("s", in_roles(&["a", "b"])), "s").remove(0);
    let first = role_of(&offer);
    let other = if first == "a" { "b" } else { "a" };
    // What one role refuses the other is offered.
    decline(&mut world, &offer, 600.0);
    let offer = next_offer(&mut world).expect("an offer for the other role");
    assert_eq!(role_of(&offer), other);
    wishes(&mut world, scheduler::call::Type::Suppress, other);
    decline(&mut world, &offer, 0.0);
    assert_eq!(next_offer(&mut world), None, "one refuses, the other suppresses");
    let mut revived = offers(&wishes(&mut world, scheduler::call::Type::Revive, &first), "s");
    let offer = revived.pop().or_else(|| next_offer(&mut world)).unwrap();
    assert_eq!(role_of(&offer), first, "what was refused is forgotten");
}

#[test]
fn offers_of_roles_that_a_framework_leaves_are_taken_back() {
    let mut world = World::new();
    world.register(0, "cpus:4;mem:1024");
    let offer = offers(&world.subscribe("s", in_roles(&["a", "b"])), "s").remove(0);
    let left = role_of(&offer);
    let stays = if left == "a" { "b" } else { "a" };
    let effects = world.call("s", "M-0000", |call| {
        let mut info = in_roles(&[stays]);
        info.id = Some(Box::new(framework_id("M-0000")));
        call.r#type = Some(scheduler::call::Type::UpdateFramework);
        call.update_framework = Some(Box::new(scheduler::call::UpdateFramework {
            framework_info: info,
            ..Default::default()
        }));
    });
    assert_eq!(super::world::answer(&effects), Some(&Answer::Ok));
    let rescinded = events(&effects, "s").iter().any(|event| {
        event
            .rescind
            .as_ref()
            .is_some_and(|rescind| rescind.offer_id == offer.id)
    });
    assert!(rescinded);
    let now = offers(&effects, "s").pop().or_else(|| next_offer(&mut world));
    assert_eq!(role_of(&now.unwrap()), stays);
}

#[test]
fn an_offer_that_nobody_uses_in_time_is_taken_back() {
    let mut world = World::with(Options {
        offer_timeout: Some(Duration::from_secs(30)),
        ..Options::default()
    });
    world.register(0, "cpus:4;mem:1024");
    let effects = world.subscribe("s", framework_info());
    let offer = offers(&effects, "s").remove(0);
    let timer = effects.iter().find_map(|effect| match effect {
        Effect::Delay(timer @ Timer::Offer(_), after) => {
            assert_eq!(*after, Duration::from_secs(30));
            Some(timer.clone())
        }
        _ => None,
    });
    world.pass(Duration::from_secs(30));
    let effects = world.input(Input::TimerFired(timer.unwrap()));
    let rescinds: Vec<_> = events(&effects, "s")
        .into_iter()
        .filter_map(|event| event.rescind.as_deref())
        .map(|rescind| rescind.offer_id.clone())
        .collect();
    assert_eq!(rescinds, std::slice::from_ref(&offer.id));
    let again = offers(&effects, "s").pop().or_else(|| next_offer(&mut world));
    assert!(again.is_some(), "it was not refused");
}
