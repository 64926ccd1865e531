//! The reading calls of the v1 operator API.
//!
//! Lists may be long, so they are written element by element into the body, in the protobuf or the JSON the client
//! asked for; nothing is copied into a response message first. Only the event stream, which needs the message,
//! builds one.

use mesos_proto::json::Writer;
use mesos_proto::v0::master::{response, response::Type};
use mesos_proto::{Dialect, Message, wire};

use crate::reconcile::time_info;
use crate::state::{Agent, Framework, FrameworkState, Master, Task};

/// Which lists are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is the call it answers")]
pub enum Read {
    GetState,
    GetAgents,
    GetFrameworks,
    GetExecutors,
    GetTasks,
    GetRoles,
    GetMaster,
    GetOperations,
}

impl Read {
    /// The type of the call and of its response.
    pub fn response_type(self) -> Type {
        match self {
            Self::GetState => Type::GetState,
            Self::GetAgents => Type::GetAgents,
            Self::GetFrameworks => Type::GetFrameworks,
            Self::GetExecutors => Type::GetExecutors,
            Self::GetTasks => Type::GetTasks,
            Self::GetRoles => Type::GetRoles,
            Self::GetMaster => Type::GetMaster,
            Self::GetOperations => Type::GetOperations,
        }
    }

    /// The number of the response's field. Mesos: `include/mesos/master/master.proto`, `Response`.
    fn field(self) -> u32 {
        match self {
            Self::GetState => 9,
            Self::GetAgents => 10,
            Self::GetFrameworks => 11,
            Self::GetExecutors => 12,
            Self::GetTasks => 13,
            Self::GetRoles => 14,
            Self::GetMaster => 16,
            Self::GetOperations => 20,
        }
    }
}

/// A place to write a message's fields, in either format.
enum Sink<'a> {
    Protobuf(&'a mut Vec<u8>),
    Json { out: &'a mut Vec<u8>, empty: bool },
}

impl Sink<'_> {
    /// A field that holds a message written by `fill`.
    fn nested(&mut self, number: u32, name: &str, fill: impl FnOnce(&mut Sink<'_>)) {
        match self {
            Sink::Protobuf(out) => wire::nested(out, number, |out| fill(&mut Sink::Protobuf(out))),
            Sink::Json { out, empty } => {
                json_key(out, empty, name);
                out.push(b'{');
                fill(&mut Sink::Json { out, empty: true });
                out.push(b'}');
            }
        }
    }

    /// A list of messages; in JSON it is shown even when it is empty.
    fn list<M: Message + wire::Value>(&mut self, number: u32, name: &str, items: impl Iterator<Item = M>) {
        self.list_by_ref(number, name, items, |item, write| write(&item));
    }

    fn list_by_ref<T, M: Message + wire::Value>(
        &mut self,
        number: u32,
        name: &str,
        items: impl Iterator<Item = T>,
        each: impl Fn(T, &mut dyn FnMut(&M)),
    ) {
        match self {
            Sink::Protobuf(out) => {
                items.for_each(|item| each(item, &mut |message| wire::one(out, number, message)));
            }
            Sink::Json { out, empty } => {
                json_key(out, empty, name);
                out.push(b'[');
                let mut first = true;
                items.for_each(|item| {
                    each(item, &mut |message| {
                        if !first {
                            out.push(b',');
                        }
                        first = false;
                        Writer::new(out, Dialect::Operator).message(message);
                    });
                });
                out.push(b']');
            }
        }
    }

    /// A field that holds one message.
    fn message<M: Message + wire::Value>(&mut self, number: u32, name: &str, message: &M) {
        match self {
            Sink::Protobuf(out) => wire::one(out, number, message),
            Sink::Json { out, empty } => {
                json_key(out, empty, name);
                Writer::new(out, Dialect::Operator).message(message);
            }
        }
    }
}

fn json_key(out: &mut Vec<u8>, empty: &mut bool, name: &str) {
    if !*empty {
        out.push(b',');
    }
    *empty = false;
    out.push(b'"');
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":");
}

impl Master {
    /// The body that answers a reading call, in protobuf or in JSON.
    ///
    /// Mesos: `src/master/readonly_handler.cpp`, `Master::Http::getState` and its sisters.
    pub fn read(&self, what: Read, json: bool) -> Vec<u8> {
        let mut out = Vec::with_capacity(if what == Read::GetState {
            self.size_hint() * 2
        } else {
            4096
        });
        let kind = what.response_type();
        if json {
            out.extend_from_slice(b"{\"type\":\"");
            out.extend_from_slice(kind.as_str_name().as_bytes());
            out.push(b'"');
            self.fill(
                what,
                &mut Sink::Json {
                    out: &mut out,
                    empty: false,
                },
            );
            out.push(b'}');
        } else {
            wire::one(&mut out, 1, &kind);
            self.fill(what, &mut Sink::Protobuf(&mut out));
        }
        out
    }

    fn fill(&self, what: Read, sink: &mut Sink<'_>) {
        let number = what.field();
        match what {
            Read::GetState => sink.nested(number, "get_state", |sink| {
                sink.nested(1, "get_tasks", |sink| self.fill_tasks(sink));
                sink.nested(2, "get_executors", |sink| self.fill_executors(sink));
                sink.nested(3, "get_frameworks", |sink| self.fill_frameworks(sink));
                sink.nested(4, "get_agents", |sink| self.fill_agents(sink));
            }),
            Read::GetAgents => sink.nested(number, "get_agents", |sink| self.fill_agents(sink)),
            Read::GetFrameworks => sink.nested(number, "get_frameworks", |sink| self.fill_frameworks(sink)),
            Read::GetExecutors => sink.nested(number, "get_executors", |sink| self.fill_executors(sink)),
            Read::GetTasks => sink.nested(number, "get_tasks", |sink| self.fill_tasks(sink)),
            Read::GetRoles => sink.message(number, "get_roles", &self.get_roles()),
            Read::GetMaster => sink.message(number, "get_master", &self.get_master()),
            Read::GetOperations => {
                let operations = self.agents.values().flat_map(|agent| agent.operations.values());
                let all = response::GetOperations {
                    operations: operations.cloned().collect(),
                    ..Default::default()
                };
                sink.message(number, "get_operations", &all);
            }
        }
    }

    fn all_frameworks(&self) -> impl Iterator<Item = &Framework> {
        self.frameworks.values().chain(&self.completed)
    }

    fn fill_tasks(&self, sink: &mut Sink<'_>) {
        let write = |task: &Task, write: &mut dyn FnMut(&mesos_proto::v0::Task)| write(&task.message);
        let running = self
            .all_frameworks()
            .flat_map(|framework| framework.tasks.values());
        sink.list_by_ref(2, "tasks", running, write);
        let unreachable = self
            .all_frameworks()
            .flat_map(|framework| &framework.unreachable_tasks);
        let completed = self
            .all_frameworks()
            .flat_map(|framework| &framework.completed_tasks);
        match sink {
            // Ascending numbers on the wire; Mesos' own order in JSON.
            Sink::Protobuf(_) => {
                sink.list_by_ref(3, "completed_tasks", completed, write);
                sink.list_by_ref(5, "unreachable_tasks", unreachable, write);
            }
            Sink::Json { .. } => {
                sink.list_by_ref(5, "unreachable_tasks", unreachable, write);
                sink.list_by_ref(3, "completed_tasks", completed, write);
            }
        }
    }

    fn executors(&self) -> impl Iterator<Item = response::get_executors::Executor> {
        self.agents.values().flat_map(|agent| {
            agent
                .executors
                .values()
                .flat_map(|executors| executors.values())
                .map(|executor| response::get_executors::Executor {
                    executor_info: executor.clone(),
                    slave_id: agent.id.to_proto(),
                    ..Default::default()
                })
        })
    }

    fn fill_executors(&self, sink: &mut Sink<'_>) {
        sink.list(1, "executors", self.executors());
    }

    fn fill_frameworks(&self, sink: &mut Sink<'_>) {
        let running = self
            .frameworks
            .values()
            .map(|framework| framework_message(framework, self));
        sink.list(1, "frameworks", running);
        let completed = self
            .completed
            .iter()
            .map(|framework| framework_message(framework, self));
        sink.list(2, "completed_frameworks", completed);
    }

    fn fill_agents(&self, sink: &mut Sink<'_>) {
        sink.list(
            1,
            "agents",
            self.agents.values().map(|agent| agent_message(agent, self)),
        );
        sink.list(2, "recovered_agents", self.recovered.values().cloned());
    }

    fn get_master(&self) -> response::GetMaster {
        response::GetMaster {
            master_info: Some(Box::new(self.info.clone())),
            start_time: Some(self.started.secs_f64()),
            elected_time: self.elected.map(|time| time.secs_f64()),
            ..Default::default()
        }
    }

    /// Everything as one message, as a new operator's stream begins with it.
    pub(crate) fn get_state(&self) -> response::GetState {
        let tasks = |of: fn(&Framework) -> Vec<&Task>| {
            let tasks = self.all_frameworks().flat_map(of);
            tasks.map(|task| task.message.clone()).collect()
        };
        response::GetState {
            get_tasks: Some(Box::new(response::GetTasks {
                tasks: tasks(|framework| framework.tasks.values().collect()),
                unreachable_tasks: tasks(|framework| framework.unreachable_tasks.iter().collect()),
                completed_tasks: tasks(|framework| framework.completed_tasks.iter().collect()),
                ..Default::default()
            })),
            get_executors: Some(Box::new(response::GetExecutors {
                executors: self.executors().collect(),
                ..Default::default()
            })),
            get_frameworks: Some(Box::new(response::GetFrameworks {
                frameworks: self
                    .frameworks
                    .values()
                    .map(|framework| framework_message(framework, self))
                    .collect(),
                completed_frameworks: self
                    .completed
                    .iter()
                    .map(|one| framework_message(one, self))
                    .collect(),
                ..Default::default()
            })),
            get_agents: Some(Box::new(response::GetAgents {
                agents: self
                    .agents
                    .values()
                    .map(|agent| agent_message(agent, self))
                    .collect(),
                recovered_agents: self.recovered.values().cloned().collect(),
                ..Default::default()
            })),
            ..Default::default()
        }
    }
}

/// An agent as the operator API shows it.
pub(crate) fn agent_message(agent: &Agent, master: &Master) -> response::get_agents::Agent {
    response::get_agents::Agent {
        agent_info: agent.info.clone(),
        active: agent.is_connected(),
        version: agent.version.clone(),
        pid: Some(agent.pid.to_string()),
        registered_time: Some(Box::new(time_info(agent.registered))),
        reregistered_time: agent.reregistered.map(|time| Box::new(time_info(time))),
        total_resources: agent.total.to_endpoint_protos(),
        allocated_resources: agent.used_total().to_endpoint_protos(),
        offered_resources: master.offered_of(agent).to_endpoint_protos(),
        capabilities: agent.capabilities.clone(),
        deactivated: Some(false),
        ..Default::default()
    }
}

/// A framework as the operator API shows it.
pub(crate) fn framework_message(
    framework: &Framework,
    master: &Master,
) -> response::get_frameworks::Framework {
    let offers = framework
        .offers
        .iter()
        .filter_map(|id| master.offer_message(id))
        .collect();
    response::get_frameworks::Framework {
        framework_info: framework.info.clone(),
        active: framework.is_connected(),
        connected: framework.is_connected(),
        recovered: framework.state == FrameworkState::Recovered,
        registered_time: Some(Box::new(time_info(framework.registered))),
        reregistered_time: Some(Box::new(time_info(
            framework.reregistered.unwrap_or(framework.registered),
        ))),
        unregistered_time: framework.unregistered.map(|time| Box::new(time_info(time))),
        offers,
        allocated_resources: framework.used.to_endpoint_protos(),
        offered_resources: framework.offered.to_endpoint_protos(),
        offer_constraints: Some(Box::default()),
        ..Default::default()
    }
}
