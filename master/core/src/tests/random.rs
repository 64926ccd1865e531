//! Random histories: whatever happens in whatever order, the books hold and no task ends twice.

use std::collections::BTreeMap;
use std::time::Duration;

use mesos::Quantities;
use mesos::Resources;
use mesos_proto::v0::{self, TaskState, internal, scheduler};
use mesos_proto::{Dialect, Message};

use super::operations::{operation, reserved, volume};
use super::world::{World, agent_info, events, offers, statuses, task};
use crate::{Effect, Input, OperatorCall, StreamId, Timer, ToAgent};

mod schedulers;

/// A small generator: the same seed gives the same history.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}

/// What the players remember.
#[derive(Default)]
struct Game {
    offers: Vec<(String, v0::Offer)>,
    /// Inverse offers.
    asked: Vec<(String, v0::OfferID)>,
    running: Vec<(String, u16, String)>,
    ended: BTreeMap<(String, String), TaskState>,
    timers: Vec<Timer>,
    /// Operations that agents were sent and have not answered.
    operations: Vec<(u16, internal::ApplyOperationMessage)>,
    tasks: u64,
}

impl Game {
    /// Takes note of what a scheduler was told; a task never ends twice in different ways.
    fn note(&mut self, effects: &[Effect], seed: u64) {
        for n in 0..3 {
            let stream = format!("s{n}");
            self.offers.extend(
                offers(effects, &stream)
                    .into_iter()
                    .map(|offer| (stream.clone(), offer)),
            );
            let asked = events(effects, &stream).into_iter();
            let asked = asked.filter_map(|event| event.inverse_offers.as_deref());
            for offer in asked.flat_map(|event| &event.inverse_offers) {
                self.asked.push((stream.clone(), offer.id.clone()));
            }
            for status in statuses(effects, &stream) {
                // A task of a framework that is not partition aware may be lost and run on; reconciliation repeats.
                if !mesos::task::is_terminal(status.state) || status.state == TaskState::TaskLost {
                    continue;
                }
                let key = (stream.clone(), status.task_id.value.clone());
                let before = self.ended.insert(key, status.state);
                assert!(
                    before.is_none_or(|before| before == status.state),
                    "seed {seed}: {status:?} after {before:?}"
                );
            }
        }
        for effect in effects {
            match effect {
                Effect::Delay(timer, _) => self.timers.push(timer.clone()),
                // An agent knows the tasks it was sent, and no others.
                Effect::Send(to, ToAgent::RunTask(message)) => {
                    let agent = (0..3).find(|n| World::pid(*n) == *to).unwrap();
                    let framework = message.framework.id.as_ref().unwrap().value.clone();
                    self.running
                        .push((framework, agent, message.task.task_id.value.clone()));
                }
                Effect::Send(to, ToAgent::ApplyOperation(message)) => {
                    let agent = (0..3).find(|n| World::pid(*n) == *to).unwrap();
                    self.operations.push((agent, (**message).clone()));
                }
                _ => {}
            }
        }
    }
}

fn play(seed: u64, steps: u32) {
    let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let mut world = World::new();
    let mut game = Game::default();
    for _ in 0..steps {
        world.pass(Duration::from_millis(dice.roll(3000)));
        let effects = step(&mut world, &mut game, &mut dice);
        game.note(&effects, seed);
        assert_role_sums(&world.master, seed);
    }
}

/// What roles hold, reckoned for each role by itself.
fn assert_role_sums(master: &crate::Master, seed: u64) {
    let mut sums = master.role_sums();
    for role in master.known_roles() {
        let found = sums.remove(&role).unwrap_or_default();
        let (mut allocated, mut reserved, mut idle) =
            (Quantities::new(), Quantities::new(), Quantities::new());
        for framework in master.frameworks.values() {
            allocated += &Quantities::from_resources(&framework.used.allocated_to_subtree(&role));
        }
        for agent in master.agents.values() {
            let all = Quantities::from_resources(&agent.total.reserved_to_subtree(&role));
            let used = agent.used_total().reserved_to_subtree(&role);
            reserved += &all;
            idle += &(all - &Quantities::from_resources(&used));
        }
        assert_eq!(found.allocated, allocated, "seed {seed}, role {role}");
        assert_eq!(
            found.offered,
            master.offered_quantities(&role),
            "seed {seed}, role {role}"
        );
        assert_eq!(found.reserved, reserved, "seed {seed}, role {role}");
        assert_eq!(found.consumed, allocated + &idle, "seed {seed}, role {role}");
        let inside = master.frameworks.values().filter(|framework| {
            framework.roles.contains(&role)
                || framework.used.allocations().contains_key(&role)
                || framework.offered.allocations().contains_key(&role)
        });
        let inside: Vec<_> = inside.map(|framework| framework.id.clone()).collect();
        assert_eq!(found.frameworks, inside, "seed {seed}, role {role}");
    }
    assert!(sums.is_empty(), "seed {seed}: {:?} are not known", sums.keys());
}

fn step(world: &mut World, game: &mut Game, dice: &mut Dice) -> Vec<Effect> {
    let n = u16::try_from(dice.roll(3)).unwrap();
    let stream = format!("s{n}");
    let framework = world
        .master
        .streams
        .get(&StreamId(stream.as_str().into()))
        .map(|id| id.as_str().to_owned());
    match dice.roll(27) {
        0 => world.register(n, "cpus:4;mem:1024;disk:100"),
        1 if framework.is_none() => {
            let info = schedulers::framework(dice);
            world.subscribe(&stream, info)
        }
        2 => world.input(Input::StreamClosed(StreamId(stream.as_str().into()))),
        3 => world.input(Input::Exited(World::pid(n))),
        4 | 5 if !game.offers.is_empty() => launch(world, game, dice),
        11..=13 if !game.offers.is_empty() => convert(world, game, dice),
        14 | 15 if !game.operations.is_empty() => finish(world, game, dice),
        16 => operate(world, n, dice),
        23 => {
            // Most of the time nothing is barred.
            let hosts = (dice.roll(4) == 0).then(|| [agent_info(n, "").hostname].into());
            world.input(Input::Whitelist(hosts))
        }
        6 if !game.running.is_empty() => {
            let index = usize::try_from(dice.roll(game.running.len() as u64)).unwrap();
            let (framework, agent, task) = game.running[index].clone();
            let state = [
                TaskState::TaskStarting,
                TaskState::TaskRunning,
                TaskState::TaskFinished,
            ][usize::try_from(dice.roll(3)).unwrap()];
            if mesos::task::is_terminal(state) {
                game.running.remove(index);
            }
            let pid = World::pid(agent);
            let id = world
                .master
                .agents
                .values()
                .find(|known| known.pid == pid)
                .map(|known| known.id.clone());
            id.map_or_else(Vec::new, |id| {
                update(world, &framework, &id, agent, &task, state, dice)
            })
        }
        7 if !game.timers.is_empty() => {
            let index = usize::try_from(dice.roll(game.timers.len() as u64)).unwrap();
            world.input(Input::TimerFired(game.timers.swap_remove(index)))
        }
        8 => framework.map_or_else(Vec::new, |id| {
            world.call(&stream, &id, |call| {
                call.r#type = Some(
                    [scheduler::call::Type::Revive, scheduler::call::Type::Suppress][usize::from(n > 1)],
                );
            })
        }),
        9 => framework.map_or_else(Vec::new, |id| {
            world.call(&stream, &id, |call| {
                call.r#type = Some(scheduler::call::Type::Reconcile);
                call.reconcile = Some(Box::default());
            })
        }),
        10 => returns(world, n, dice),
        17..=19 => framework.map_or_else(Vec::new, |id| schedulers::say(world, game, &stream, &id, dice)),
        20 => schedulers::spare(world, n, dice),
        21..=22 if !game.offers.is_empty() => schedulers::launch_part(world, game, dice),
        _ => world.input(Input::TimerFired(Timer::Allocation)),
    }
}

fn launch(world: &mut World, game: &mut Game, dice: &mut Dice) -> Vec<Effect> {
    let index = usize::try_from(dice.roll(game.offers.len() as u64)).unwrap();
    let (stream, offer) = game.offers.swap_remove(index);
    let framework = offer.framework_id.value.clone();
    let mut tasks = Vec::new();
    for _ in 0..dice.roll(4) {
        game.tasks += 1;
        let id = format!("t{}", game.tasks);
        tasks.push(task(
            &id,
            &offer.slave_id,
            ["cpus:1;mem:64", "cpus:9;mem:1"][usize::from(dice.roll(5) == 0)],
        ));
    }
    world.accept(&stream, &framework, &offer, tasks)
}

fn update(
    world: &mut World,
    framework: &str,
    agent: &mesos::ids::AgentId,
    n: u16,
    task: &str,
    state: TaskState,
    dice: &mut Dice,
) -> Vec<Effect> {
    let mut bytes = vec![u8::try_from(dice.roll(255)).unwrap(); 16];
    bytes[6] = 0x40;
    let uuid = bytes::Bytes::from(bytes);
    let status = v0::TaskStatus {
        task_id: super::world::task_id(task),
        state,
        ..Default::default()
    };
    let update = internal::StatusUpdate {
        framework_id: super::world::framework_id(framework),
        slave_id: Some(Box::new(agent.to_proto())),
        status,
        uuid: Some(uuid),
        ..Default::default()
    };
    let message = internal::StatusUpdateMessage {
        update,
        ..Default::default()
    };
    world.input(Input::StatusUpdate(World::pid(n), Box::new(message)))
}

/// Reserves, unreserves, makes and destroys volumes with an offer, as its resources allow, or not.
fn convert(world: &mut World, game: &mut Game, dice: &mut Dice) -> Vec<Effect> {
    let index = usize::try_from(dice.roll(game.offers.len() as u64)).unwrap();
    let (stream, offer) = game.offers.swap_remove(index);
    let offered = Resources::from_valid_protos(&offer.resources).unallocated();
    let mut operations = Vec::new();
    for _ in 0..=dice.roll(3) {
        let number = dice.roll(1000);
        let id = (dice.roll(2) == 0).then(|| format!("o{number}"));
        let held = |wanted: &dyn Fn(&mesos::Resource) -> bool| {
            let found: Vec<String> = offered
                .iter()
                .filter(|resource| wanted(resource))
                .map(|resource| resource.to_proto().to_json(Dialect::V0))
                .collect();
            found.join(",")
        };
        let (kind, member) = match dice.roll(4) {
            0 => {
                let name = ["cpus", "disk"][usize::try_from(dice.roll(2)).unwrap()];
                ("RESERVE", format!(r#""resources":[{}]"#, reserved(name, 1.0)))
            }
            1 => {
                let list =
                    held(&|resource| resource.is_dynamically_reserved() && !resource.is_persistent_volume());
                ("UNRESERVE", format!(r#""resources":[{list}]"#))
            }
            2 => (
                "CREATE",
                format!(r#""volumes":[{}]"#, volume(&format!("v{number}"), 1.0)),
            ),
            _ => {
                let list = held(&|resource| resource.is_persistent_volume());
                ("DESTROY", format!(r#""volumes":[{list}]"#))
            }
        };
        operations.push(operation(kind, id.as_deref(), &member));
    }
    world.call(&stream, &offer.framework_id.value, |call| {
        call.r#type = Some(scheduler::call::Type::Accept);
        call.accept = Some(Box::new(scheduler::call::Accept {
            offer_ids: vec![offer.id.clone()],
            operations,
            ..Default::default()
        }));
    })
}

/// An agent says what became of an operation; at times it was lost on the way.
fn finish(world: &mut World, game: &mut Game, dice: &mut Dice) -> Vec<Effect> {
    let index = usize::try_from(dice.roll(game.operations.len() as u64)).unwrap();
    let (n, message) = game.operations.swap_remove(index);
    let pid = World::pid(n);
    let Some(agent) = world.master.agents.values().find(|agent| agent.pid == pid) else {
        return Vec::new();
    };
    let lost = dice.roll(4) == 0;
    let state = if lost {
        v0::OperationState::OperationDropped
    } else {
        v0::OperationState::OperationFinished
    };
    let uuid = (!lost).then(|| Box::new(message.operation_uuid.clone()));
    let update = internal::UpdateOperationStatusMessage {
        framework_id: message.framework_id.clone().filter(|_| !lost),
        slave_id: Some(Box::new(agent.id.to_proto())),
        status: v0::OperationStatus {
            state,
            uuid,
            ..Default::default()
        },
        operation_uuid: Some(Box::new(message.operation_uuid)),
        ..Default::default()
    };
    world.input(Input::OperationStatus(pid, Box::new(update)))
}

/// An operator reserves, sets quota and weights, and plans maintenance.
fn operate(world: &mut World, n: u16, dice: &mut Dice) -> Vec<Effect> {
    let machine = v0::MachineID {
        hostname: Some(format!("host{n}")),
        ip: Some(format!("10.0.0.{}", n + 1)),
        ..Default::default()
    };
    let pid = World::pid(n);
    let agent = world.master.agents.values().find(|agent| agent.pid == pid);
    let agent = agent.map_or_else(|| mesos::ids::AgentId::new("x"), |agent| agent.id.clone());
    let list = format!(r#""resources":[{}]"#, reserved("cpus", 1.0));
    let kind = ["RESERVE", "UNRESERVE"][usize::try_from(dice.roll(2)).unwrap()];
    let amount = f64::from(u32::try_from(dice.roll(6)).unwrap());
    let scalar = v0::value::Scalar {
        value: amount,
        ..Default::default()
    };
    let call = match dice.roll(7) {
        0 | 1 => OperatorCall::Operate(agent, Box::new(operation(kind, None, &list))),
        2 => {
            let config = v0::quota::QuotaConfig {
                role: ["web", "other"][usize::try_from(dice.roll(2)).unwrap()].to_owned(),
                guarantees: [("cpus".to_owned(), scalar)].into(),
                ..Default::default()
            };
            OperatorCall::UpdateQuota(vec![config], dice.roll(2) == 0)
        }
        3 => OperatorCall::UpdateWeights(vec![v0::WeightInfo {
            role: Some("web".to_owned()),
            weight: amount,
            ..Default::default()
        }]),
        4 => {
            let window = v0::maintenance::Window {
                machine_ids: vec![machine],
                ..Default::default()
            };
            OperatorCall::UpdateSchedule(v0::maintenance::Schedule {
                windows: if dice.roll(2) == 0 {
                    vec![window]
                } else {
                    Vec::new()
                },
                ..Default::default()
            })
        }
        5 => OperatorCall::StartMaintenance(vec![machine]),
        _ => OperatorCall::StopMaintenance(vec![machine]),
    };
    world.operator(call).1
}

/// An agent returns with what the master believes it runs, or with nothing.
fn returns(world: &mut World, n: u16, dice: &mut Dice) -> Vec<Effect> {
    let pid = World::pid(n);
    let Some(agent) = world
        .master
        .agents
        .values()
        .find(|agent| agent.pid == pid)
        .cloned()
    else {
        return Vec::new();
    };
    let tasks = agent.tasks.iter().flat_map(|(framework, tasks)| {
        let framework = &world.master.frameworks[framework];
        tasks.iter().map(|id| framework.tasks[id].message.clone())
    });
    // An agent may have missed operations, but not those whose outcome is in use.
    let in_use = agent.used.values().any(|used| !used.reserved(None).is_empty());
    let checkpointed = if in_use || dice.roll(2) == 0 {
        agent.checkpointed.clone()
    } else {
        Resources::default()
    };
    let message = internal::ReregisterSlaveMessage {
        slave: agent.info.clone(),
        checkpointed_resources: checkpointed.to_protos(),
        agent_capabilities: agent.capabilities.clone(),
        tasks: tasks.collect(),
        version: Some("1.11.0".to_owned()),
        ..Default::default()
    };
    world.input(Input::ReregisterAgent(pid, Box::new(message)))
}

#[test]
fn the_books_hold_in_random_histories() {
    for seed in 0..200 {
        play(seed, 400);
    }
}

#[test]
fn the_same_seed_gives_the_same_history() {
    let history = |seed| {
        let mut dice = Dice(seed);
        let mut world = World::new();
        let mut game = Game::default();
        let mut all = Vec::new();
        for _ in 0..300 {
            let effects = step(&mut world, &mut game, &mut dice);
            game.note(&effects, seed);
            all.extend(effects);
        }
        format!("{all:?}")
    };
    assert_eq!(history(42), history(42));
}
