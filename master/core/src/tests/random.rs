//! Random histories: whatever happens in whatever order, the books hold and no task ends twice.

use std::collections::BTreeMap;
use std::time::Duration;

use mesos_proto::v0::{self, TaskState, internal, scheduler};

use super::world::{World, framework_info, offers, statuses, task};
use crate::{Effect, Input, StreamId, Timer, ToAgent};

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
    running: Vec<(String, u16, String)>,
    ended: BTreeMap<(String, String), TaskState>,
    timers: Vec<Timer>,
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
    }
}

fn step(world: &mut World, game: &mut Game, dice: &mut Dice) -> Vec<Effect> {
    let n = u16::try_from(dice.roll(3)).unwrap();
    let stream = format!("s{n}");
    let framework = world
        .master
        .streams
        .get(&StreamId(stream.as_str().into()))
        .map(|id| id.as_str().to_owned());
    match dice.roll(12) {
        0 => world.register(n, "cpus:4;mem:1024"),
        1 if framework.is_none() => {
            let timeout = Some([0.0, 60.0][usize::try_from(dice.roll(2)).unwrap()]);
            let info = v0::FrameworkInfo {
                failover_timeout: timeout,
                checkpoint: Some(dice.roll(2) == 0),
                ..framework_info()
            };
            world.subscribe(&stream, info)
        }
        2 => world.input(Input::StreamClosed(StreamId(stream.as_str().into()))),
        3 => world.input(Input::Exited(World::pid(n))),
        4 | 5 if !game.offers.is_empty() => launch(world, game, dice),
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
        10 => returns(world, n),
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

/// An agent returns with what the master believes it runs, or with nothing.
fn returns(world: &mut World, n: u16) -> Vec<Effect> {
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
    let message = internal::ReregisterSlaveMessage {
        slave: agent.info.clone(),
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
