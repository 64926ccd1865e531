//! A bench for the core: an agent that is registered, and short words for what happens to it.

#![allow(clippy::unwrap_used, reason = "a test may panic")]
// Each test file uses a part of this.
#![allow(dead_code)]

use std::time::Duration;

use libprocess_core::{time::Time, upid::Upid};
use mesos::ids::ContainerId;
use mesos_agent_core::{
    AgentCore, Config, ContainerEnd, Effect, ExecutorAnswer, ExecutorRequest, FromMaster, Input, Random,
    RecoveredState, Ticket,
};
use mesos_proto::{
    Message,
    v0::{
        CommandInfo, ExecutorID, ExecutorInfo, FrameworkID, FrameworkInfo, Resource, SlaveID, SlaveInfo,
        TaskGroupInfo, TaskID, TaskInfo, TaskState, TaskStatus,
        executor::{Call, Event, call},
        framework_info::{Capability, capability},
        internal::{
            ExitedExecutorMessage, KillTaskMessage, RunTaskGroupMessage, RunTaskMessage,
            ShutdownFrameworkMessage, SlaveRegisteredMessage, StatusUpdate,
            StatusUpdateAcknowledgementMessage, StatusUpdateMessage,
        },
        resource::AllocationInfo,
        task_status::Source,
        value,
    },
};

pub const FRAMEWORK: &str = "F-0000";
pub const AGENT: &str = "M-S0";

pub struct Bench {
    pub core: AgentCore,
    pub now: Time,
    /// What happened since the last look.
    pub effects: Vec<Effect>,
    pub requests: u64,
    pub pids: u32,
    pub uuids: u64,
}

pub fn master() -> Upid {
    "master@10.0.0.1:5050".parse().unwrap()
}

pub fn config() -> Config {
    Config {
        pid: "slave(1)@10.0.0.2:5051".parse().unwrap(),
        info: SlaveInfo {
            hostname: "host".into(),
            port: Some(5051),
            resources: resources(8.0, 8192.0),
            checkpoint: Some(true),
            ..SlaveInfo::default()
        },
        work_dir: "/w".into(),
        launcher_dir: "/l".into(),
        command_executor: Ok("/l/mesos-executor".into()),
        switch_user: true,
        libprocess_ip: None,
        executor_environment: Vec::new(),
        registration_backoff_factor: Duration::from_secs(1),
        executor_registration_timeout: Duration::from_secs(60),
        executor_reregistration_timeout: Duration::from_secs(2),
        executor_shutdown_grace_period: Duration::from_secs(5),
        recovery_timeout: Duration::from_secs(900),
        max_completed_executors_per_framework: 150,
        oversubscription: mesos_agent_core::Oversubscription::default(),
        recover_cleanup: false,
    }
}

pub fn resources(cpus: f64, mem: f64) -> Vec<Resource> {
    let scalar = |name: &str, value: f64| Resource {
        name: name.into(),
        r#type: value::Type::Scalar,
        scalar: Some(Box::new(value::Scalar {
            value,
            ..Default::default()
        })),
        ..Resource::default()
    };
    vec![scalar("cpus", cpus), scalar("mem", mem)]
}

pub fn allocated(cpus: f64, mem: f64) -> Vec<Resource> {
    let mut list = resources(cpus, mem);
    for resource in &mut list {
        resource.allocation_info = Some(Box::new(AllocationInfo {
            role: Some("*".into()),
            ..Default::default()
        }));
    }
    list
}

pub fn framework_info(checkpoint: bool, aware: bool) -> FrameworkInfo {
    let capability = Capability {
        r#type: Some(capability::Type::PartitionAware),
        ..Default::default()
    };
    FrameworkInfo {
        user: "root".into(),
        name: "test".into(),
        id: Some(Box::new(framework_id())),
        checkpoint: Some(checkpoint),
        capabilities: if aware { vec![capability] } else { Vec::new() },
        ..FrameworkInfo::default()
    }
}

pub fn framework_id() -> FrameworkID {
    FrameworkID {
        value: FRAMEWORK.into(),
        ..Default::default()
    }
}

pub fn task_id(id: &str) -> TaskID {
    TaskID {
        value: id.into(),
        ..Default::default()
    }
}

pub fn agent_id() -> SlaveID {
    SlaveID {
        value: AGENT.into(),
        ..Default::default()
    }
}

/// A task with a command and no executor.
pub fn command_task(id: &str) -> TaskInfo {
    let command = CommandInfo {
        value: Some("sleep 600".into()),
        ..CommandInfo::default()
    };
    TaskInfo {
        name: id.into(),
        task_id: task_id(id),
        slave_id: agent_id(),
        resources: allocated(0.1, 32.0),
        command: Some(Box::new(command)),
        ..TaskInfo::default()
    }
}

/// A task of the executor `e`.
pub fn executor_task(id: &str) -> TaskInfo {
    TaskInfo {
        command: None,
        executor: Some(Box::new(executor_info())),
        ..command_task(id)
    }
}

pub fn executor_info() -> ExecutorInfo {
    let command = CommandInfo {
        value: Some("./executor".into()),
        ..CommandInfo::default()
    };
    ExecutorInfo {
        executor_id: ExecutorID {
            value: "e".into(),
            ..Default::default()
        },
        framework_id: Some(Box::new(framework_id())),
        command: Some(Box::new(command)),
        resources: allocated(0.5, 64.0),
        ..ExecutorInfo::default()
    }
}

impl Bench {
    /// An agent that has recovered nothing and is registered.
    pub fn registered() -> Self {
        let mut bench = Self::started(RecoveredState::default());
        bench.register();
        bench
    }

    /// The master takes the agent in for the first time.
    pub fn register(&mut self) {
        self.give(Input::MasterDetected(Some(master())));
        self.advance(Duration::from_secs(1));
        let message = SlaveRegisteredMessage {
            slave_id: agent_id(),
            ..Default::default()
        };
        self.hear_master(FromMaster::Registered(message));
        self.effects.clear();
    }

    pub fn started(state: RecoveredState) -> Self {
        Self::configured(state, |_| {})
    }

    pub fn configured(state: RecoveredState, configure: impl FnOnce(&mut Config)) -> Self {
        let now = Time::from_nanos(1_000_000_000_000);
        let mut config = config();
        configure(&mut config);
        let core = AgentCore::new(config, Random::from_number(1), now);
        let mut bench = Self {
            core,
            now,
            effects: Vec::new(),
            requests: 0,
            pids: 100,
            uuids: 0,
        };
        bench.give(Input::Recover(Box::new(state)));
        bench
    }

    pub fn give(&mut self, input: Input) {
        self.core.handle(self.now, input, &mut self.effects);
        self.core.check().unwrap();
    }

    pub fn hear_master(&mut self, message: FromMaster) {
        self.give(Input::FromMaster {
            from: master(),
            message,
        });
    }

    /// Lets time pass, and wakes the core as the shell would.
    pub fn advance(&mut self, by: Duration) {
        self.now += by;
        self.give(Input::Wake);
    }

    pub fn run(&mut self, framework: FrameworkInfo, task: TaskInfo, launch_executor: Option<bool>) {
        self.hear_master(FromMaster::RunTask(Box::new(RunTaskMessage {
            framework,
            task,
            pid: Some("@0.0.0.0:0".into()),
            launch_executor,
            ..RunTaskMessage::default()
        })));
    }

    pub fn run_group(&mut self, framework: FrameworkInfo, tasks: Vec<TaskInfo>, executor: ExecutorInfo) {
        self.hear_master(FromMaster::RunTaskGroup(Box::new(RunTaskGroupMessage {
            framework,
            executor,
            task_group: TaskGroupInfo {
                tasks,
                ..TaskGroupInfo::default()
            },
            launch_executor: Some(true),
            ..RunTaskGroupMessage::default()
        })));
    }

    /// Writes to disk what was asked for.
    pub fn store(&mut self) {
        loop {
            let tickets: Vec<Ticket> = self
                .effects
                .iter_mut()
                .filter_map(|effect| match effect {
                    Effect::Checkpoint { ticket, .. } | Effect::Append { ticket, .. } => ticket.take(),
                    Effect::LinkVolumes { ticket, .. } | Effect::Barrier(ticket) => Some(*ticket),
                    _ => None,
                })
                .collect();
            self.effects
                .retain(|effect| !matches!(effect, Effect::LinkVolumes { .. } | Effect::Barrier(_)));
            if tickets.is_empty() {
                return;
            }
            for ticket in tickets {
                self.give(Input::Stored(ticket));
            }
        }
    }

    /// Starts the containers that were asked for; returns their ids and pids.
    pub fn launch(&mut self) -> Vec<(ContainerId, u32)> {
        self.store();
        let asked: Vec<(Ticket, ContainerId)> = self
            .effects
            .iter()
            .filter_map(|effect| match effect {
                Effect::Launch { ticket, container } => Some((*ticket, container.container_id.clone())),
                _ => None,
            })
            .collect();
        self.effects
            .retain(|effect| !matches!(effect, Effect::Launch { .. }));
        asked
            .into_iter()
            .map(|(ticket, container_id)| {
                self.pids += 1;
                let pid = self.pids;
                self.give(Input::ContainerLaunched {
                    ticket,
                    result: Ok(pid),
                });
                (container_id, pid)
            })
            .collect()
    }

    pub fn call(&mut self, executor: &str, r#type: call::Type, fill: impl FnOnce(&mut Call)) -> u64 {
        let mut call = Call {
            framework_id: framework_id(),
            executor_id: ExecutorID {
                value: executor.into(),
                ..Default::default()
            },
            r#type: Some(r#type),
            ..Call::default()
        };
        fill(&mut call);
        self.requests += 1;
        let request = self.requests;
        self.give(Input::Executor(Box::new(ExecutorRequest { request, call })));
        request
    }

    pub fn subscribe(&mut self, executor: &str) -> u64 {
        self.call(executor, call::Type::Subscribe, |call| {
            call.subscribe = Some(Box::default())
        })
    }

    /// An executor's update; returns its uuid.
    pub fn update(&mut self, executor: &str, task: &str, state: TaskState) -> Vec<u8> {
        self.uuids += 1;
        let mut uuid = [0; 16];
        uuid[8..].copy_from_slice(&self.uuids.to_be_bytes());
        uuid[6] = 0x40;
        self.update_as(executor, task, state, &uuid);
        uuid.to_vec()
    }

    pub fn update_as(&mut self, executor: &str, task: &str, state: TaskState, uuid: &[u8]) {
        let status = TaskStatus {
            task_id: task_id(task),
            state,
            source: Some(Source::SourceExecutor),
            uuid: Some(uuid.to_vec().into()),
            timestamp: Some(self.now.secs_f64()),
            executor_id: Some(Box::new(ExecutorID {
                value: executor.into(),
                ..Default::default()
            })),
            ..TaskStatus::default()
        };
        self.call(executor, call::Type::Update, |call| {
            call.update = Some(Box::new(call::Update {
                status,
                ..Default::default()
            }));
        });
    }

    pub fn acknowledge(&mut self, task: &str, uuid: &[u8]) {
        self.hear_master(FromMaster::Acknowledgement(StatusUpdateAcknowledgementMessage {
            slave_id: agent_id(),
            framework_id: framework_id(),
            task_id: task_id(task),
            uuid: uuid.to_vec().into(),
            ..Default::default()
        }));
    }

    pub fn kill(&mut self, task: &str) {
        let message = KillTaskMessage {
            framework_id: framework_id(),
            task_id: task_id(task),
            ..Default::default()
        };
        self.hear_master(FromMaster::KillTask(message));
    }

    pub fn shutdown_framework(&mut self) {
        let message = ShutdownFrameworkMessage {
            framework_id: framework_id(),
            ..Default::default()
        };
        self.hear_master(FromMaster::ShutdownFramework(message));
    }

    pub fn exit(&mut self, container_id: &ContainerId, wait_status: i32) {
        let end = ContainerEnd {
            wait_status: Some(wait_status),
        };
        self.give(Input::ContainerExited {
            container_id: container_id.clone(),
            end,
        });
    }

    /// A running command task: launched, subscribed, TASK_RUNNING acknowledged.
    pub fn running(&mut self, framework: FrameworkInfo, task: &str) -> (ContainerId, u32, u64) {
        self.run(framework, command_task(task), Some(true));
        let (container_id, pid) = self.launch().remove(0);
        let connection = self.subscribe(task);
        let uuid = self.update(task, task, TaskState::TaskRunning);
        self.store();
        self.acknowledge(task, &uuid);
        self.effects.clear();
        (container_id, pid, connection)
    }

    /// The updates sent to the master since the last look.
    pub fn forwarded(&mut self) -> Vec<StatusUpdate> {
        self.take(|message: StatusUpdateMessage| message.update)
    }

    pub fn exited_executors(&mut self) -> Vec<ExitedExecutorMessage> {
        self.take(|message: ExitedExecutorMessage| message)
    }

    fn take<M: Message, T>(&mut self, f: impl Fn(M) -> T) -> Vec<T> {
        let mut found = Vec::new();
        self.effects.retain(|effect| match effect {
            Effect::Send { message, .. } if message.name == M::NAME => {
                found.push(f(M::decode(&message.body).unwrap()));
                false
            }
            _ => true,
        });
        found
    }

    /// The events sent on a stream since the last look.
    pub fn events(&mut self, on: u64) -> Vec<Event> {
        let mut found = Vec::new();
        self.effects.retain(|effect| match effect {
            Effect::Event { connection, event } if *connection == on => {
                found.push((**event).clone());
                false
            }
            _ => true,
        });
        found
    }

    pub fn answers(&mut self) -> Vec<ExecutorAnswer> {
        let found = self.effects.iter().filter_map(|effect| match effect {
            Effect::Respond { answer, .. } => Some(answer.clone()),
            _ => None,
        });
        let found = found.collect();
        self.effects
            .retain(|effect| !matches!(effect, Effect::Respond { .. }));
        found
    }

    pub fn destroyed(&mut self) -> Vec<u32> {
        let found = self.effects.iter().filter_map(|effect| match effect {
            Effect::Destroy { pid, .. } => Some(*pid),
            _ => None,
        });
        let found = found.collect();
        self.effects
            .retain(|effect| !matches!(effect, Effect::Destroy { .. }));
        found
    }
}

/// State, reason and text of updates.
pub fn told(updates: &[StatusUpdate]) -> Vec<(String, TaskState, Option<&'static str>, String)> {
    updates
        .iter()
        .map(|update| {
            (
                update.status.task_id.value.clone(),
                update.status.state,
                update.status.reason.map(|reason| reason.as_str_name()),
                update.status.message.clone().unwrap_or_default(),
            )
        })
        .collect()
}
