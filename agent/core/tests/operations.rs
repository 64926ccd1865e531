//! Reservations, volumes, and what becomes of operations.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::{collections::BTreeMap, time::Duration};

use common::{Bench, agent_id, command_task, framework_id, framework_info, master};
use mesos::Resources;
use mesos_agent_core::{
    Effect, FromMaster, Input, Outgoing, Random, RecoveredFeedback, RecoveredResources, RecoveredState,
    Volume,
};
use mesos_proto::{
    Dialect, Message,
    v0::{
        OperationState, SlaveInfo, TaskState, UUID,
        executor::event,
        internal::{
            AcknowledgeOperationStatusMessage, ApplyOperationMessage, ReconcileOperationsMessage,
            ReregisterSlaveMessage, SlaveReregisteredMessage, StatusUpdateMessage,
            UpdateOperationStatusMessage, UpdateSlaveMessage, reconcile_operations_message,
            slave::ResourceState,
        },
        offer::Operation,
        task_status::Reason,
    },
};

const STATE: &str = "/w/meta/resources/resources_and_operations.state";
const DYNAMIC: &str = r#"{"type":"DYNAMIC","role":"web/shop","principal":"p"}"#;

fn sent<M: Message>(bench: &Bench) -> Vec<M> {
    let sent = bench.effects.iter().filter_map(|effect| match effect {
        Effect::Send {
            to,
            message: Outgoing { name, body },
        } if *name == M::NAME => {
            assert_eq!(*to, master());
            Some(M::decode(body).unwrap())
        }
        _ => None,
    });
    sent.collect()
}

fn uuid(n: u8) -> UUID {
    let mut value = vec![n; 16];
    value[6] = 0x40;
    UUID {
        value: value.into(),
        ..UUID::default()
    }
}

/// A megabyte figure of memory in the old form, since the bench's agent has cpus and memory only.
fn reserved(value: u32) -> String {
    format!(r#"{{"name":"mem","type":"SCALAR","scalar":{{"value":{value}}},"reservations":[{DYNAMIC}]}}"#)
}

fn volume(value: u32) -> String {
    let disk =
        r#"{"persistence":{"id":"v1","principal":"p"},"volume":{"container_path":"data","mode":"RW"}}"#;
    format!(
        r#"{{"name":"disk","type":"SCALAR","scalar":{{"value":{value}}},"reservations":[{DYNAMIC}],"disk":{disk}}}"#
    )
}

fn disk(value: u32) -> String {
    reserved(value).replace("mem", "disk")
}

fn operation(kind: &str, member: &str, resources: &str) -> Operation {
    let name = kind.to_lowercase();
    let text =
        format!(r#"{{"type":"{kind}","id":{{"value":"{name}-1"}},"{name}":{{"{member}":[{resources}]}}}}"#);
    Operation::from_json(text.as_bytes(), Dialect::V0).unwrap()
}

fn message(n: u8, operation: Operation) -> ApplyOperationMessage {
    ApplyOperationMessage {
        framework_id: Some(Box::new(framework_id())),
        operation_info: operation,
        operation_uuid: uuid(n),
        ..ApplyOperationMessage::default()
    }
}

fn apply(bench: &mut Bench, n: u8, operation: Operation) {
    bench.hear_master(FromMaster::ApplyOperation(Box::new(message(n, operation))));
}

fn acknowledge(bench: &mut Bench, update: &UpdateOperationStatusMessage) {
    let message = AcknowledgeOperationStatusMessage {
        status_uuid: (**update.status.uuid.as_ref().unwrap()).clone(),
        operation_uuid: (**update.operation_uuid.as_ref().unwrap()).clone(),
        ..AcknowledgeOperationStatusMessage::default()
    };
    bench.hear_master(FromMaster::OperationAcknowledged(message));
}

/// An agent with a disk, registered.
fn with_disk(state: RecoveredState) -> Bench {
    let mut bench = Bench::configured(state, |config| {
        config
            .info
            .resources
            .extend(Resources::parse("disk:1000", "*").unwrap().to_protos());
    });
    bench.register();
    bench
}

/// The state as it would be read back, taken from what was written.
fn written(bench: &Bench) -> ResourceState {
    let bytes = bench.effects.iter().rev().find_map(|effect| match effect {
        Effect::Checkpoint { path, bytes, .. } if path.ends_with("resources_and_operations.target") => {
            Some(bytes.clone())
        }
        _ => None,
    });
    mesos_agent_core::checkpoint::single(&bytes.unwrap()).unwrap()
}

fn names(effects: &[Effect]) -> Vec<String> {
    let name = |effect: &Effect| match effect {
        Effect::Checkpoint { path, .. } => Some(format!("write {path}")),
        Effect::Append { path, .. } => Some(format!("append {path}")),
        Effect::Rename { to, .. } => Some(format!("rename {to}")),
        Effect::MakeVolume { path } => Some(format!("make {path}")),
        Effect::RemoveVolume {
            path,
            keep_root: false,
        } => Some(format!("empty and remove {path}")),
        Effect::Remove { path } => Some(format!("remove {path}")),
        _ => None,
    };
    effects.iter().filter_map(name).collect()
}

#[test]
fn a_volume_is_made_on_disk_before_the_master_hears_of_it() {
    let mut bench = with_disk(RecoveredState::default());
    apply(&mut bench, 1, operation("RESERVE", "resources", &disk(500)));
    bench.store();
    bench.effects.clear();
    apply(&mut bench, 2, operation("CREATE", "volumes", &volume(200)));
    assert_eq!(sent::<UpdateOperationStatusMessage>(&bench), []);
    let updates = "/w/meta/slaves/M-S0/operations/02020202-0202-4002-0202-020202020202/operation.updates";
    assert_eq!(
        names(&bench.effects),
        [
            "write /w/meta/resources/resources_and_operations.target",
            "write /w/meta/resources/resources.target",
            "make /w/volumes/roles/web shop/v1",
            "rename /w/meta/resources/resources.info",
            &format!("rename {STATE}"),
            &format!("append {updates}"),
        ]
    );
    assert_eq!(written(&bench).operations.len(), 2);
    bench.store();
    let update = &sent::<UpdateOperationStatusMessage>(&bench)[0];
    assert_eq!(update.status.state, OperationState::OperationFinished);
    assert_eq!(update.status.operation_id.as_ref().unwrap().value, "create-1");
    assert_eq!(
        update.latest_status.as_deref().unwrap().state,
        update.status.state
    );
    assert_eq!(update.slave_id.as_deref(), Some(&agent_id()));
    assert_eq!(
        bench.core.operations().total().to_string(),
        "cpus:8; mem:8192; disk:500; disk(reservations: [(DYNAMIC,web/shop,p)]):300; \
         disk(reservations: [(DYNAMIC,web/shop,p)])[v1:data]:200"
    );
}

#[test]
fn the_end_of_an_operation_is_told_again_until_it_is_acknowledged_and_then_forgotten() {
    let mut bench = with_disk(RecoveredState::default());
    apply(&mut bench, 1, operation("RESERVE", "resources", &reserved(64)));
    bench.store();
    for wait in [10, 20, 40] {
        bench.effects.clear();
        bench.advance(Duration::from_secs(wait - 1));
        assert_eq!(
            sent::<UpdateOperationStatusMessage>(&bench).len(),
            0,
            "before {wait} s"
        );
        bench.advance(Duration::from_secs(1));
        assert_eq!(
            sent::<UpdateOperationStatusMessage>(&bench).len(),
            1,
            "after {wait} s"
        );
    }
    let update = sent::<UpdateOperationStatusMessage>(&bench).remove(0);
    bench.effects.clear();
    let mut wrong = update.clone();
    wrong.status.uuid = Some(Box::new(uuid(9)));
    acknowledge(&mut bench, &wrong);
    assert_eq!(names(&bench.effects), [""; 0], "another update's acknowledgement");
    acknowledge(&mut bench, &update);
    assert_eq!(
        names(&bench.effects).last().unwrap(),
        "remove /w/meta/slaves/M-S0/operations/01010101-0101-4001-0101-010101010101"
    );
    assert_eq!(written(&bench).operations, []);
    assert!(bench.core.operations().known().is_empty());
    bench.effects.clear();
    bench.advance(Duration::from_secs(3600));
    assert_eq!(sent::<UpdateOperationStatusMessage>(&bench), []);
}

#[test]
fn destroying_a_volume_removes_its_data_and_unreserving_leaves_nothing_to_write() {
    let mut bench = with_disk(RecoveredState::default());
    apply(&mut bench, 1, operation("RESERVE", "resources", &disk(500)));
    apply(&mut bench, 2, operation("CREATE", "volumes", &volume(200)));
    bench.effects.clear();
    apply(&mut bench, 3, operation("DESTROY", "volumes", &volume(200)));
    assert!(names(&bench.effects).contains(&"empty and remove /w/volumes/roles/web shop/v1".to_owned()));
    apply(&mut bench, 4, operation("UNRESERVE", "resources", &disk(500)));
    assert_eq!(written(&bench).resources, []);
    assert_eq!(
        bench.core.operations().total().to_string(),
        "cpus:8; mem:8192; disk:1000"
    );
}

#[test]
fn an_operation_that_does_not_fit_makes_the_agent_register_again() {
    let mut bench = with_disk(RecoveredState::default());
    apply(&mut bench, 1, operation("RESERVE", "resources", &disk(5000)));
    assert!(bench.effects.contains(&Effect::Detect));
    assert!(bench.core.operations().known().is_empty());
    bench.effects.clear();
    let asked = reconcile_operations_message::Operation {
        operation_uuid: Some(Box::new(uuid(1))),
        ..Default::default()
    };
    let message = ReconcileOperationsMessage {
        operations: vec![asked],
        ..Default::default()
    };
    bench.hear_master(FromMaster::ReconcileOperations(message));
    let update = sent::<UpdateOperationStatusMessage>(&bench).remove(0);
    assert_eq!(update.status.state, OperationState::OperationDropped);
    assert_eq!(update.status.uuid, None, "nobody acknowledges it");
}

#[test]
fn a_restarted_agent_has_its_volumes_and_tells_what_was_not_acknowledged() {
    let mut before = with_disk(RecoveredState::default());
    apply(&mut before, 1, operation("RESERVE", "resources", &disk(500)));
    apply(&mut before, 2, operation("CREATE", "volumes", &volume(200)));
    before.store();
    let state = written(&before);
    let update = sent::<UpdateOperationStatusMessage>(&before).remove(0);
    let info = SlaveInfo {
        id: Some(Box::new(agent_id())),
        ..common::config().info
    };
    let recovered = RecoveredState {
        info: Some(SlaveInfo {
            resources: Resources::parse("cpus:8;mem:8192;disk:1000", "*")
                .unwrap()
                .to_protos(),
            ..info
        }),
        resources: Some(RecoveredResources {
            resources: state.resources.clone(),
            target: None,
            operations: state.operations.clone(),
            // The second update was not written when the agent died.
            feedback: vec![RecoveredFeedback {
                uuid: uuid(1).value.to_vec(),
                update: Some(update),
                acknowledged: false,
            }],
        }),
        ..RecoveredState::default()
    };
    let mut after = Bench::configured(recovered.clone(), |config| {
        config
            .info
            .resources
            .extend(Resources::parse("disk:1000", "*").unwrap().to_protos());
    });
    assert_eq!(
        after.core.operations().total().to_string(),
        before.core.operations().total().to_string()
    );
    after.store();
    after.give(Input::MasterDetected(Some(master())));
    after.advance(Duration::from_secs(1));
    let message = sent::<ReregisterSlaveMessage>(&after).remove(0);
    assert_eq!(message.checkpointed_resources.len(), 2);
    assert_eq!(
        message.checkpointed_resources[0].role.as_deref(),
        Some("web/shop"),
        "in the old form"
    );
    assert_eq!(
        message.slave.resources.len(),
        3,
        "the agent's own are as its flags say"
    );
    let message = SlaveReregisteredMessage {
        slave_id: agent_id(),
        ..Default::default()
    };
    after.hear_master(FromMaster::Reregistered(message));
    let listed = sent::<UpdateSlaveMessage>(&after)
        .remove(0)
        .operations
        .unwrap()
        .operations;
    assert_eq!(listed.len(), 2);
    assert_eq!(sent::<UpdateOperationStatusMessage>(&after).len(), 2);

    // With less than is reserved, the agent does not start.
    let bench = Bench::configured(recovered, |_| {});
    let text = "Failed to perform recovery: Checkpointed resources \
                disk(reservations: [(DYNAMIC,web/shop,p)]):300; disk(reservations: [(DYNAMIC,web/shop,p)])[v1:data]:200 \
                are incompatible with agent resources cpus:8; mem:8192: Incompatible agent resources: \
                cpus:8; mem:8192 does not contain disk:300";
    assert!(bench.effects.contains(&Effect::Terminate {
        error: Some(text.to_owned())
    }));
}

#[test]
fn what_was_begun_is_ended_by_the_next_run() {
    let mut before = with_disk(RecoveredState::default());
    apply(&mut before, 1, operation("RESERVE", "resources", &disk(500)));
    let reserved = written(&before);
    apply(&mut before, 2, operation("CREATE", "volumes", &volume(200)));
    let created = written(&before);
    let recovered = RecoveredState {
        resources: Some(RecoveredResources {
            resources: reserved.resources,
            target: Some(created.resources),
            ..RecoveredResources::default()
        }),
        ..RecoveredState::default()
    };
    let after = with_disk(recovered);
    assert_eq!(
        after.core.operations().total().to_string(),
        before.core.operations().total().to_string()
    );
    let bench = Bench::configured(
        RecoveredState {
            resources: Some(RecoveredResources {
                target: Some(Vec::new()),
                resources: after.core.operations().checkpointed().to_protos(),
                ..RecoveredResources::default()
            }),
            ..RecoveredState::default()
        },
        |config| {
            config
                .info
                .resources
                .extend(Resources::parse("disk:1000", "*").unwrap().to_protos());
        },
    );
    assert_eq!(
        names(&bench.effects)[2],
        "empty and remove /w/volumes/roles/web shop/v1",
        "a volume whose destruction had begun"
    );
}

#[test]
fn a_task_gets_its_volume_linked_and_one_with_an_unknown_volume_is_dropped() {
    let mut bench = with_disk(RecoveredState::default());
    let task = |id: &str| {
        let text = volume(200).replace(r#""name""#, r#""allocation_info":{"role":"web/shop"},"name""#);
        let volume = mesos_proto::v0::Resource::from_json(text.as_bytes(), Dialect::V0).unwrap();
        let mut task = command_task(id);
        task.resources.push(volume);
        task
    };
    bench.run(framework_info(false, true), task("early"), Some(true));
    let status = sent::<StatusUpdateMessage>(&bench).remove(0).update.status;
    assert_eq!(
        (status.state, status.reason, status.message.as_deref()),
        (
            TaskState::TaskDropped,
            Some(Reason::ReasonResourcesUnknown),
            Some("The checkpointed resources being used by the task or task group are unknown to the agent")
        )
    );
    apply(&mut bench, 1, operation("RESERVE", "resources", &disk(500)));
    apply(&mut bench, 2, operation("CREATE", "volumes", &volume(200)));
    bench.effects.clear();
    bench.run(framework_info(false, true), task("t"), Some(true));
    let launches = |bench: &Bench| {
        let found = bench.effects.iter().filter_map(|effect| match effect {
            Effect::Launch { container, .. } => Some(container.volumes.clone()),
            _ => None,
        });
        found.collect::<Vec<_>>()
    };
    assert!(launches(&bench).is_empty(), "the directory may not be there yet");
    bench.store();
    let linked = vec![Volume {
        name: "data".to_owned(),
        path: "/w/volumes/roles/web shop/v1".to_owned(),
    }];
    assert_eq!(launches(&bench), [linked]);
    bench.launch();
    let connection = bench.subscribe("t");
    let handed = |bench: &Bench| {
        bench.effects.iter().any(|effect| {
            matches!(effect, Effect::Event { connection: to, event }
                if *to == connection && event.r#type == Some(event::Type::Launch))
        })
    };
    assert!(!handed(&bench), "the sandbox may have to be linked again");
    bench.store();
    assert!(handed(&bench));
}

/// A random life of an agent's disk, beside a plain reckoning of what it must hold.
struct Life {
    bench: Bench,
    dice: Random,
    free: u32,
    reserved: u32,
    volumes: BTreeMap<String, u32>,
    /// How many operations there were.
    count: u8,
    /// What was last written.
    state: ResourceState,
    /// Operations that nobody acknowledged, with how they were last told of.
    pending: BTreeMap<Vec<u8>, UpdateOperationStatusMessage>,
}

impl Life {
    fn new(seed: u64) -> Self {
        Self {
            bench: with_disk(RecoveredState::default()),
            dice: Random::from_number(seed),
            free: 1000,
            reserved: 0,
            volumes: BTreeMap::new(),
            count: 0,
            state: ResourceState::default(),
            pending: BTreeMap::new(),
        }
    }

    fn below(&mut self, limit: u32) -> u32 {
        u32::try_from(self.dice.bits() % u64::from(limit)).unwrap()
    }

    /// Another operation and whether it fits; the reckoning follows when it does.
    fn operation(&mut self) -> (Operation, bool) {
        let amount = 1 + self.below(300);
        let pick = self.below(u32::try_from(self.volumes.len()).unwrap().max(1));
        let some = self.volumes.iter().nth(usize::try_from(pick).unwrap());
        let some = some.map(|(id, size)| (id.clone(), *size));
        let named = |id: &str, size: u32| volume(size).replace("v1", id);
        let resize = |kind: &str, members: String| {
            let name = kind.to_lowercase();
            let text = format!(r#"{{"type":"{kind}","id":{{"value":"r"}},"{name}":{{{members}}}}}"#);
            Operation::from_json(text.as_bytes(), Dialect::V0).unwrap()
        };
        match (self.below(6), some) {
            (0, _) => {
                let fits = amount <= self.free;
                if fits {
                    self.free -= amount;
                    self.reserved += amount;
                }
                (operation("RESERVE", "resources", &disk(amount)), fits)
            }
            (1, _) => {
                let fits = amount <= self.reserved;
                if fits {
                    self.reserved -= amount;
                    self.free += amount;
                }
                (operation("UNRESERVE", "resources", &disk(amount)), fits)
            }
            (2, _) | (_, None) => {
                let id = format!("v{}", self.count);
                let fits = amount <= self.reserved;
                if fits {
                    self.reserved -= amount;
                    self.volumes.insert(id.clone(), amount);
                }
                (operation("CREATE", "volumes", &named(&id, amount)), fits)
            }
            (3, Some((id, size))) => {
                self.volumes.remove(&id);
                self.reserved += size;
                (operation("DESTROY", "volumes", &named(&id, size)), true)
            }
            (4, Some((id, size))) => {
                let fits = amount <= self.reserved;
                if fits {
                    self.reserved -= amount;
                    self.volumes.insert(id.clone(), size + amount);
                }
                let members = format!(r#""volume":{},"addition":{}"#, named(&id, size), disk(amount));
                (resize("GROW_VOLUME", members), fits)
            }
            (_, Some((id, size))) => {
                let less = amount.min(size / 2).max(1);
                let fits = less < size;
                if fits {
                    self.reserved += less;
                    self.volumes.insert(id.clone(), size - less);
                }
                let less = less.max(u32::from(!fits) * (size + 1));
                let volume = named(&id, size);
                let members = format!(r#""volume":{volume},"subtract":{{"value":{less}}}"#);
                (resize("SHRINK_VOLUME", members), fits)
            }
        }
    }

    /// Looks at what the agent did. Returns how many operations it told of.
    fn look(&mut self) -> usize {
        self.bench.store();
        let is_state = |effect: &Effect| matches!(effect, Effect::Checkpoint { path, .. } if path.ends_with("resources_and_operations.target"));
        if self.bench.effects.iter().any(is_state) {
            self.state = written(&self.bench);
        }
        let updates = sent::<UpdateOperationStatusMessage>(&self.bench);
        let told = updates.len();
        for update in updates {
            assert_eq!(update.status.state, OperationState::OperationFinished);
            let uuid = update.operation_uuid.as_ref().unwrap().value.to_vec();
            let known = self.pending.insert(uuid.clone(), update);
            assert!(known.is_some(), "{uuid:?} was acknowledged, or never asked for");
        }
        self.bench.effects.clear();
        let mut found = (0, 0, BTreeMap::new());
        for resource in self.bench.core.operations().total().to_protos() {
            if resource.name != "disk" {
                continue;
            }
            let value = resource.scalar.as_ref().unwrap().value;
            let value = value.to_string().parse::<u32>().unwrap();
            let persistence = resource.disk.as_ref().and_then(|disk| disk.persistence.as_ref());
            match (persistence, resource.reservations.is_empty()) {
                (Some(persistence), _) => {
                    found.2.insert(persistence.id.clone(), value);
                }
                (None, false) => found.1 += value,
                (None, true) => found.0 += value,
            }
        }
        assert_eq!(found, (self.free, self.reserved, self.volumes.clone()));
        assert_eq!(self.bench.core.operations().known().len(), self.pending.len());
        told
    }

    fn register_again(&mut self) {
        self.bench.give(Input::MasterDetected(Some(master())));
        self.bench.advance(Duration::from_secs(1));
        let message = SlaveReregisteredMessage {
            slave_id: agent_id(),
            ..Default::default()
        };
        self.bench.hear_master(FromMaster::Reregistered(message));
    }

    /// The agent dies, and comes back with what is on its disk.
    fn restart(&mut self) {
        let info = SlaveInfo {
            id: Some(Box::new(agent_id())),
            resources: Resources::parse("cpus:8;mem:8192;disk:1000", "*")
                .unwrap()
                .to_protos(),
            ..common::config().info
        };
        let feedback = self.pending.iter().map(|(uuid, update)| RecoveredFeedback {
            uuid: uuid.clone(),
            update: Some(update.clone()),
            acknowledged: false,
        });
        let recovered = RecoveredState {
            info: Some(info),
            resources: Some(RecoveredResources {
                resources: self.state.resources.clone(),
                target: None,
                operations: self.state.operations.clone(),
                feedback: feedback.collect(),
            }),
            ..RecoveredState::default()
        };
        let now = self.bench.now;
        self.bench = Bench::configured(recovered, |config| {
            config
                .info
                .resources
                .extend(Resources::parse("disk:1000", "*").unwrap().to_protos());
        });
        self.bench.now = now;
        self.bench.store();
        self.register_again();
        assert_eq!(
            self.look(),
            self.pending.len(),
            "all that was not acknowledged is told again"
        );
    }

    fn step(&mut self) {
        match self.below(8) {
            0..5 if self.count < u8::MAX => {
                self.count += 1;
                let (operation, fits) = self.operation();
                apply(&mut self.bench, self.count, operation);
                if fits {
                    self.pending.insert(
                        uuid(self.count).value.to_vec(),
                        UpdateOperationStatusMessage::default(),
                    );
                    assert_eq!(self.look(), 1, "the end of operation {}", self.count);
                } else {
                    assert!(self.bench.effects.contains(&Effect::Detect));
                    self.register_again();
                    self.look();
                }
            }
            5 | 6 => {
                let pick = self.below(u32::try_from(self.pending.len()).unwrap().max(1));
                let some = self.pending.iter().nth(usize::try_from(pick).unwrap());
                if let Some((uuid, update)) = some.map(|(uuid, update)| (uuid.clone(), update.clone())) {
                    acknowledge(&mut self.bench, &update);
                    self.pending.remove(&uuid);
                }
                self.look();
            }
            _ if self.below(2) == 0 => self.restart(),
            _ => {
                // Longer than the longest wait between two tellings.
                self.bench.advance(Duration::from_secs(600));
                assert_eq!(self.look(), self.pending.len());
            }
        }
    }
}

#[test]
fn random_lives_of_a_disk_agree_with_a_plain_reckoning_through_restarts() {
    for seed in 0..16 {
        eprintln!("seed {seed}");
        let mut life = Life::new(seed);
        for _ in 0..250 {
            life.step();
        }
    }
}
