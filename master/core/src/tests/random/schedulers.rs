//! What schedulers say beside launching, and what agents can spare.

use mesos::Resources;
use mesos_proto::v0::{self, framework_info::capability::Type as Can, internal, scheduler};

use super::super::world::{World, framework_info};
use super::{Dice, Game};
use crate::{Effect, Input};

const ROLES: [&str; 4] = ["web", "dev", "web/front", "*"];

fn some<T: Clone>(dice: &mut Dice, of: &[T]) -> Vec<T> {
    let mut chosen: Vec<T> = of.iter().filter(|_| dice.roll(2) == 0).cloned().collect();
    if chosen.is_empty() {
        chosen.push(of[usize::try_from(dice.roll(of.len() as u64)).unwrap()].clone());
    }
    chosen
}

/// A framework in one role as of old, or in some, with some capabilities.
pub(super) fn framework(dice: &mut Dice) -> v0::FrameworkInfo {
    let timeout = Some([0.0, 60.0][usize::try_from(dice.roll(2)).unwrap()]);
    let mut info = v0::FrameworkInfo {
        failover_timeout: timeout,
        checkpoint: Some(dice.roll(2) == 0),
        role: Some("web".to_owned()),
        ..framework_info()
    };
    if dice.roll(2) == 0 {
        let capabilities = some(
            dice,
            &[
                Can::RevocableResources,
                Can::SharedResources,
                Can::ReservationRefinement,
                Can::PartitionAware,
            ],
        );
        info.capabilities = capabilities
            .into_iter()
            .chain([Can::MultiRole])
            .map(|kind| v0::framework_info::Capability {
                r#type: Some(kind),
                ..Default::default()
            })
            .collect();
        info.role = None;
        info.roles = some(dice, &ROLES.map(str::to_owned));
    }
    info
}

/// DECLINE, UPDATE_FRAMEWORK, SUPPRESS and REVIVE by role, answers to inverse offers, RECONCILE_OPERATIONS, TEARDOWN.
pub(super) fn say(
    world: &mut World,
    game: &mut Game,
    stream: &str,
    id: &str,
    dice: &mut Dice,
) -> Vec<Effect> {
    use scheduler::call::{self, Type};
    let known = &world.master.frameworks[&mesos::ids::FrameworkId::new(id)];
    let mut info = known.info.clone();
    let roles = some(dice, &known.roles.iter().cloned().collect::<Vec<_>>());
    let filters = Some(Box::new(v0::Filters {
        refuse_seconds: [None, Some(0.0), Some(7.0)][usize::try_from(dice.roll(3)).unwrap()],
        ..Default::default()
    }));
    let offers = game.offers.iter().position(|(of, _)| of == stream);
    let declined = offers.map(|index| game.offers.swap_remove(index).1.id);
    let asked = game.asked.iter().position(|(of, _)| of == stream);
    let asked = asked.map(|index| game.asked.swap_remove(index).1);
    let what = dice.roll(16);
    let changed = framework(dice);
    world.call(stream, id, |call| match what {
        0..=3 => {
            call.r#type = Some(Type::Decline);
            call.decline = Some(Box::new(call::Decline {
                offer_ids: declined.into_iter().collect(),
                filters,
                ..Default::default()
            }));
        }
        4..=6 => {
            info.failover_timeout = changed.failover_timeout;
            if info.role.is_none() && !changed.roles.is_empty() {
                info.roles = changed.roles;
            }
            info.id = call.framework_id.clone();
            let suppressed_roles = info.roles.iter().take(1).cloned().collect();
            call.r#type = Some(Type::UpdateFramework);
            call.update_framework = Some(Box::new(call::UpdateFramework {
                framework_info: info,
                suppressed_roles,
                ..Default::default()
            }));
        }
        7..=8 => {
            call.r#type = Some(Type::Suppress);
            call.suppress = Some(Box::new(call::Suppress {
                roles,
                ..Default::default()
            }));
        }
        9..=10 => {
            call.r#type = Some(Type::Revive);
            call.revive = Some(Box::new(call::Revive {
                roles,
                ..Default::default()
            }));
        }
        11 => {
            call.r#type = Some(Type::AcceptInverseOffers);
            call.accept_inverse_offers = Some(Box::new(call::AcceptInverseOffers {
                inverse_offer_ids: asked.into_iter().collect(),
                filters,
                ..Default::default()
            }));
        }
        12..=13 => {
            call.r#type = Some(Type::DeclineInverseOffers);
            call.decline_inverse_offers = Some(Box::new(call::DeclineInverseOffers {
                inverse_offer_ids: asked.into_iter().collect(),
                filters,
                ..Default::default()
            }));
        }
        14 => {
            call.r#type = Some(Type::ReconcileOperations);
            call.reconcile_operations = Some(Box::default());
        }
        _ => call.r#type = Some(Type::Teardown),
    })
}

/// An agent says what it can spare beyond its own; it may be less than is in use.
pub(super) fn spare(world: &mut World, n: u16, dice: &mut Dice) -> Vec<Effect> {
    let pid = World::pid(n);
    let Some(agent) = world.master.agents.values().find(|agent| agent.pid == pid) else {
        return Vec::new();
    };
    let amount = dice.roll(4);
    let mut resources = if amount == 0 {
        Vec::new()
    } else {
        Resources::parse(&format!("cpus:{amount};mem:64"), "*")
            .unwrap()
            .to_protos()
    };
    for resource in &mut resources {
        resource.revocable = Some(Box::default());
    }
    let update = internal::UpdateSlaveMessage {
        slave_id: agent.id.to_proto(),
        oversubscribed_resources: resources,
        update_oversubscribed_resources: [None, Some(true), Some(false)]
            [usize::try_from(dice.roll(3)).unwrap()],
        ..Default::default()
    };
    world.input(Input::UpdateAgent(pid, Box::new(update)))
}

/// A task of what an offer has first, revocable or not.
pub(super) fn launch_part(world: &mut World, game: &mut Game, dice: &mut Dice) -> Vec<Effect> {
    let index = usize::try_from(dice.roll(game.offers.len() as u64)).unwrap();
    let (stream, offer) = game.offers.swap_remove(index);
    let framework = offer.framework_id.value.clone();
    game.tasks += 1;
    let id = format!("t{}", game.tasks);
    let mut task = super::super::world::task(&id, &offer.slave_id, "mem:1");
    let part = usize::try_from(dice.roll(offer.resources.len() as u64)).unwrap();
    task.resources = vec![offer.resources[part].clone()];
    world.accept(&stream, &framework, &offer, vec![task])
}
