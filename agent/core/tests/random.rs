//! Random lives of an agent: whatever happens in whatever order, the invariants hold, no task ends twice in
//! different ways, and nothing is left when everything is over.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use common::{Bench, command_task, executor_task, framework_info, master};
use mesos::ids::ContainerId;
use mesos_agent_core::{Effect, FromMaster, Input, Random, Ticket};
use mesos_proto::v0::{
    TaskState::{self, *},
    internal::{SlaveReregisteredMessage, StatusUpdateMessage},
};

/// One run from one seed.
struct Run {
    bench: Bench,
    random: Random,
    tasks: u32,
    checkpoint: bool,
    launches: Vec<(Ticket, ContainerId)>,
    stores: Vec<Ticket>,
    living: Vec<ContainerId>,
    streams: Vec<u64>,
    /// Updates the scheduler has not acknowledged.
    unacknowledged: Vec<(String, Vec<u8>)>,
    /// How each task ended.
    ends: BTreeMap<String, TaskState>,
    /// Tasks a master would not kill any more: it has forgotten them.
    forgotten: BTreeSet<String>,
}

impl Run {
    fn new(seed: u64) -> Self {
        Self {
            bench: Bench::registered(),
            random: Random::from_number(seed),
            tasks: 0,
            checkpoint: seed.is_multiple_of(2),
            launches: Vec::new(),
            stores: Vec::new(),
            living: Vec::new(),
            streams: Vec::new(),
            unacknowledged: Vec::new(),
            ends: BTreeMap::new(),
            forgotten: BTreeSet::new(),
        }
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.random.bits() % u64::try_from(limit.max(1)).unwrap()).unwrap()
    }

    /// Does what the shell would do with what the core wants, except what takes time.
    fn look(&mut self) {
        for effect in std::mem::take(&mut self.bench.effects) {
            match effect {
                Effect::Launch { ticket, container } => self.launches.push((ticket, container.container_id)),
                Effect::Checkpoint { ticket, .. } | Effect::Append { ticket, .. } => {
                    self.stores.extend(ticket)
                }
                Effect::Destroy { container_id, .. } => {
                    if let Some(at) = self.living.iter().position(|id| *id == container_id) {
                        self.living.swap_remove(at);
                        self.bench.exit(&container_id, 9);
                    }
                }
                Effect::CloseStream { connection } => self.streams.retain(|stream| *stream != connection),
                Effect::Detect => self.bench.give(Input::MasterDetected(Some(master()))),
                Effect::Send { message, .. } if message.name.ends_with("ReregisterSlaveMessage") => {
                    let slave_id = common::agent_id();
                    let message = SlaveReregisteredMessage {
                        slave_id,
                        ..Default::default()
                    };
                    self.bench.hear_master(FromMaster::Reregistered(message));
                }
                Effect::Send { message, .. } if message.name.ends_with(".StatusUpdateMessage") => {
                    let update = <StatusUpdateMessage as mesos_proto::Message>::decode(&message.body)
                        .unwrap()
                        .update;
                    let task = update.status.task_id.value.clone();
                    self.told(&task, update.status.state);
                    self.unacknowledged
                        .push((task, update.uuid.unwrap_or_default().to_vec()));
                }
                _ => {}
            }
        }
    }

    /// A task that has ended may be told of again, but not otherwise.
    fn told(&mut self, task: &str, state: TaskState) {
        if let Some(end) = self.ends.get(task) {
            assert_eq!(*end, state, "task {task} ended twice, differently");
        } else if mesos::task::is_terminal(state) {
            self.ends.insert(task.to_owned(), state);
        }
    }

    fn some_task(&mut self) -> String {
        let last = usize::try_from(self.tasks).unwrap();
        format!("t{}", self.below(last + 1))
    }

    fn step(&mut self) {
        match self.below(16) {
            0 | 1 => {
                self.tasks += 1;
                let id = format!("t{}", self.tasks);
                // A framework does not change its mind.
                let checkpoint = self.checkpoint;
                if self.below(2) == 0 {
                    self.bench
                        .run(framework_info(checkpoint, true), command_task(&id), Some(true));
                } else {
                    let there = self
                        .bench
                        .core
                        .containers()
                        .iter()
                        .any(|view| view.executor_id.as_str() == "e");
                    self.bench
                        .run(framework_info(checkpoint, true), executor_task(&id), Some(!there));
                }
            }
            2 | 3 if !self.launches.is_empty() => {
                let at = self.below(self.launches.len());
                let (ticket, container_id) = self.launches.swap_remove(at);
                if self.below(8) == 0 {
                    self.bench.give(Input::ContainerLaunched {
                        ticket,
                        result: Err("no luck".into()),
                    });
                } else {
                    self.bench.pids += 1;
                    let pid = self.bench.pids;
                    self.living.push(container_id);
                    self.bench.give(Input::ContainerLaunched {
                        ticket,
                        result: Ok(pid),
                    });
                }
            }
            4 | 5 if !self.stores.is_empty() => {
                // The disk keeps its order.
                let ticket = self.stores.remove(0);
                self.bench.give(Input::Stored(ticket));
            }
            6 | 7 => {
                let executor = if self.below(2) == 0 {
                    "e".to_owned()
                } else {
                    self.some_task()
                };
                let connection = self.bench.subscribe(&executor);
                self.streams.push(connection);
            }
            8 | 9 => {
                let (task, generated) = (self.some_task(), self.below(2) == 0);
                let executor = if generated { task.clone() } else { "e".to_owned() };
                let state = [TaskStarting, TaskRunning, TaskFinished, TaskFailed][self.below(4)];
                self.bench.update(&executor, &task, state);
            }
            10 => {
                let task = self.some_task();
                if !self.forgotten.contains(&task) {
                    self.bench.kill(&task);
                }
            }
            11 | 12 if !self.unacknowledged.is_empty() => {
                let at = self.below(self.unacknowledged.len());
                let (task, uuid) = self.unacknowledged.swap_remove(at);
                self.bench.acknowledge(&task, &uuid);
                if self.ends.contains_key(&task) {
                    self.forgotten.insert(task);
                }
            }
            13 if !self.living.is_empty() && self.below(3) == 0 => {
                let at = self.below(self.living.len());
                let container_id = self.living.swap_remove(at);
                self.bench.exit(&container_id, 0);
            }
            14 if !self.streams.is_empty() && self.below(3) == 0 => {
                let at = self.below(self.streams.len());
                let connection = self.streams.swap_remove(at);
                self.bench.give(Input::ExecutorDisconnected { connection });
            }
            15 => match self.below(20) {
                0 => {
                    self.bench.shutdown_framework();
                    self.forgotten
                        .extend((0..=self.tasks).map(|number| format!("t{number}")));
                }
                1 => self.bench.give(Input::MasterDetected(Some(master()))),
                _ => {
                    let seconds = u64::try_from(self.below(30)).unwrap();
                    self.bench.advance(Duration::from_secs(seconds));
                }
            },
            _ => {}
        }
        self.look();
    }

    /// The framework is over, the master takes everything: nothing may stay.
    fn finish(&mut self) {
        for _ in 0..40 {
            while let Some((ticket, container_id)) = self.launches.pop() {
                self.bench.pids += 1;
                self.living.push(container_id);
                let pid = self.bench.pids;
                self.bench.give(Input::ContainerLaunched {
                    ticket,
                    result: Ok(pid),
                });
                self.look();
            }
            while !self.stores.is_empty() {
                let ticket = self.stores.remove(0);
                self.bench.give(Input::Stored(ticket));
                self.look();
            }
            for (task, uuid) in std::mem::take(&mut self.unacknowledged) {
                self.bench.acknowledge(&task, &uuid);
            }
            self.bench.shutdown_framework();
            self.look();
            self.bench.advance(Duration::from_secs(90));
            self.look();
        }
        assert!(
            self.bench.core.frameworks().is_empty(),
            "{:#?}",
            self.bench.core.frameworks()
        );
        assert!(self.bench.core.containers().is_empty());
        assert!(
            self.living.is_empty(),
            "containers run that nobody wants: {:?}",
            self.living
        );
    }
}

#[test]
fn random_lives_keep_the_invariants() {
    for seed in 0..300 {
        eprintln!("seed {seed}");
        let mut run = Run::new(seed);
        for _ in 0..400 {
            run.step();
        }
        run.finish();
    }
}
