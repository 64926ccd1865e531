//! A master with nothing around it: registry writes succeed at once, the books are checked after every input.

use std::time::Duration;

use libprocess_core::time::Time;
use libprocess_core::upid::Upid;
use mesos::Resources;
use mesos_proto::v0::{self, TaskState, internal, scheduler};

use crate::{Answer, Effect, Input, Master, OperatorCall, Options, StreamId, Ticket, Timer, ToAgent};

pub(super) struct World {
    pub master: Master,
    pub now: Time,
    /// What is durable.
    pub registry: internal::Registry,
    tickets: u64,
}

impl World {
    pub fn new() -> Self {
        Self::with(Options::default())
    }

    pub fn with(options: Options) -> Self {
        Self::recovered(options, internal::Registry::default())
    }

    /// A master that finds this registry.
    pub fn recovered(options: Options, registry: internal::Registry) -> Self {
        let info = v0::MasterInfo {
            id: "M".to_owned(),
            port: 5050,
            capabilities: mesos::capabilities::master_capabilities(),
            ..Default::default()
        };
        let now = Time::from_nanos(1_000_000_000_000);
        let mut world = Self {
            master: Master::new(options, info, now, 1),
            now,
            registry: registry.clone(),
            tickets: 0,
        };
        world.input(Input::Recovered(Box::new(registry)));
        world
    }

    /// An operator's call, and what came of it.
    pub fn operator(&mut self, call: OperatorCall) -> (Option<Answer>, Vec<Effect>) {
        self.tickets += 1;
        let effects = self.input(Input::Operator(Ticket(self.tickets), call));
        (answer(&effects).cloned(), effects)
    }

    /// Handles an input and the registry writes that follow from it.
    pub fn input(&mut self, input: Input) -> Vec<Effect> {
        let mut all = Vec::new();
        let mut inputs = vec![input];
        while let Some(input) = inputs.pop() {
            let mut effects = Vec::new();
            let shown = format!("{input:?}");
            self.master.handle(self.now, input, &mut effects);
            assert_eq!(self.master.check(), Ok(()), "after {shown}");
            for effect in &effects {
                if let Effect::Store(ticket, operation) = effect {
                    operation.apply(&mut self.registry);
                    inputs.push(Input::Stored(*ticket));
                }
            }
            all.extend(effects);
        }
        all
    }

    pub fn pass(&mut self, time: Duration) {
        self.now += time;
    }

    /// Lets time pass until the next regular run of the allocator.
    pub fn allocate(&mut self) -> Vec<Effect> {
        self.pass(Duration::from_secs(1));
        self.input(Input::TimerFired(Timer::Allocation))
    }

    pub fn pid(n: u16) -> Upid {
        format!("slave(1)@10.0.0.{}:5051", n + 1).parse().unwrap()
    }

    pub fn register(&mut self, n: u16, resources: &str) -> Vec<Effect> {
        let message = internal::RegisterSlaveMessage {
            slave: agent_info(n, resources),
            version: Some("1.11.0".to_owned()),
            agent_capabilities: mesos::capabilities::agent_capabilities(),
            resource_version_uuid: Some(Box::default()),
            ..Default::default()
        };
        self.input(Input::RegisterAgent(Self::pid(n), Box::new(message)))
    }

    pub fn subscribe(&mut self, stream: &str, info: v0::FrameworkInfo) -> Vec<Effect> {
        let subscribe = scheduler::call::Subscribe {
            framework_info: info,
            ..Default::default()
        };
        self.input(Input::Subscribe(StreamId(stream.into()), Box::new(subscribe)))
    }

    pub fn call(
        &mut self,
        stream: &str,
        framework: &str,
        fill: impl FnOnce(&mut scheduler::Call),
    ) -> Vec<Effect> {
        let mut call = scheduler::Call {
            framework_id: Some(Box::new(framework_id(framework))),
            ..Default::default()
        };
        fill(&mut call);
        self.tickets += 1;
        self.input(Input::Call(
            Ticket(self.tickets),
            Box::new(call),
            Some(stream.to_owned()),
        ))
    }

    pub fn accept(
        &mut self,
        stream: &str,
        framework: &str,
        offer: &v0::Offer,
        tasks: Vec<v0::TaskInfo>,
    ) -> Vec<Effect> {
        self.call(stream, framework, |call| {
            let launch = v0::offer::operation::Launch {
                task_infos: tasks,
                ..Default::default()
            };
            let operation = v0::offer::Operation {
                r#type: Some(v0::offer::operation::Type::Launch),
                launch: Some(Box::new(launch)),
                ..Default::default()
            };
            call.r#type = Some(scheduler::call::Type::Accept);
            call.accept = Some(Box::new(scheduler::call::Accept {
                offer_ids: vec![offer.id.clone()],
                operations: vec![operation],
                ..Default::default()
            }));
        })
    }

    pub fn update(&mut self, n: u16, framework: &str, task: &str, state: TaskState, uuid: u8) -> Vec<Effect> {
        let agent = format!("M-S{n}");
        let mut bytes = vec![uuid; 16];
        bytes[6] = 0x40;
        let uuid = bytes::Bytes::from(bytes);
        let update = internal::StatusUpdate {
            framework_id: framework_id(framework),
            slave_id: Some(Box::new(v0::SlaveID {
                value: agent,
                ..Default::default()
            })),
            status: v0::TaskStatus {
                task_id: task_id(task),
                state,
                uuid: Some(uuid.clone()),
                ..Default::default()
            },
            timestamp: self.now.secs_f64(),
            uuid: Some(uuid),
            ..Default::default()
        };
        let message = internal::StatusUpdateMessage {
            update,
            ..Default::default()
        };
        self.input(Input::StatusUpdate(Self::pid(n), Box::new(message)))
    }

    pub fn acknowledge(
        &mut self,
        stream: &str,
        framework: &str,
        n: u16,
        task: &str,
        uuid: u8,
    ) -> Vec<Effect> {
        self.call(stream, framework, |call| {
            let mut bytes = vec![uuid; 16];
            bytes[6] = 0x40;
            call.r#type = Some(scheduler::call::Type::Acknowledge);
            call.acknowledge = Some(Box::new(scheduler::call::Acknowledge {
                slave_id: v0::SlaveID {
                    value: format!("M-S{n}"),
                    ..Default::default()
                },
                task_id: task_id(task),
                uuid: bytes.into(),
                ..Default::default()
            }));
        })
    }
}

pub(super) fn framework_info() -> v0::FrameworkInfo {
    v0::FrameworkInfo {
        user: "root".to_owned(),
        name: "test".to_owned(),
        ..Default::default()
    }
}

pub(super) fn framework_id(id: &str) -> v0::FrameworkID {
    v0::FrameworkID {
        value: id.to_owned(),
        ..Default::default()
    }
}

pub(super) fn task_id(id: &str) -> v0::TaskID {
    v0::TaskID {
        value: id.to_owned(),
        ..Default::default()
    }
}

pub(super) fn agent_info(n: u16, resources: &str) -> v0::SlaveInfo {
    v0::SlaveInfo {
        hostname: format!("host{n}"),
        port: Some(5051),
        resources: Resources::parse(resources, "*").unwrap().to_protos(),
        checkpoint: Some(true),
        ..Default::default()
    }
}

pub(super) fn task(id: &str, agent: &v0::SlaveID, resources: &str) -> v0::TaskInfo {
    v0::TaskInfo {
        name: id.to_owned(),
        task_id: task_id(id),
        slave_id: agent.clone(),
        resources: Resources::parse(resources, "*").unwrap().to_protos(),
        command: Some(Box::new(v0::CommandInfo {
            value: Some("true".to_owned()),
            ..Default::default()
        })),
        ..Default::default()
    }
}

/// Events sent on a stream.
pub(super) fn events<'a>(effects: &'a [Effect], stream: &str) -> Vec<&'a scheduler::Event> {
    effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::SendEvent(to, event) if &*to.0 == stream => Some(&**event),
            _ => None,
        })
        .collect()
}

pub(super) fn offers(effects: &[Effect], stream: &str) -> Vec<v0::Offer> {
    let offers = events(effects, stream)
        .into_iter()
        .filter_map(|event| event.offers.as_deref());
    offers.flat_map(|offers| offers.offers.clone()).collect()
}

pub(super) fn statuses(effects: &[Effect], stream: &str) -> Vec<v0::TaskStatus> {
    let updates = events(effects, stream)
        .into_iter()
        .filter_map(|event| event.update.as_deref());
    updates.map(|update| update.status.clone()).collect()
}

pub(super) fn answer(effects: &[Effect]) -> Option<&Answer> {
    effects.iter().find_map(|effect| match effect {
        Effect::Respond(_, answer) => Some(answer),
        _ => None,
    })
}

pub(super) fn sent(effects: &[Effect]) -> Vec<&ToAgent> {
    effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Send(_, message) => Some(message),
            _ => None,
        })
        .collect()
}
