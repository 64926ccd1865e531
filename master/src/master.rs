//! The actor around the core: feeds it inputs, performs its effects in order.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, Result};
use bytes::Bytes;
use libprocess::http::{Responder, Response};
use libprocess::metrics::Timer;
use libprocess::{Context, Pid, Process, System, Upid};
use mesos::ids::AgentId;
use mesos_daemon::api::EventStream;
use mesos_daemon::files::Files;
use mesos_master_core::{Answer, Effect, Input, Master, StreamId, Ticket, ToAgent};
use mesos_proto::Message;
use mesos_proto::v0::internal;
use tracing::{error, info, warn};

use crate::observer::Observer;
use crate::registrar::Registrar;

/// The process `master`.
pub struct MasterProcess {
    /// The decisions.
    pub(crate) core: Master,
    pub(crate) files: Files,
    registrar: Pid<Registrar>,
    observers: BTreeMap<AgentId, Pid<Observer>>,
    streams: BTreeMap<StreamId, EventStream>,
    responders: BTreeMap<Ticket, Responder>,
    next_ticket: u64,
    allocation: AllocationTimers,
}

/// How long rounds of the allocator take, and how late they begin, over the last hour.
///
/// Mesos: `src/master/allocator/mesos/metrics.cpp`.
struct AllocationTimers {
    run: Timer,
    latency: Timer,
}

impl AllocationTimers {
    fn new(system: &System) -> Result<Self> {
        let timer = |name| {
            let timer = system.metrics().timer(system, name, Duration::from_secs(3600));
            timer.with_context(|| format!("metric {name}"))
        };
        Ok(Self {
            run: timer("allocator/mesos/allocation_run")?,
            latency: timer("allocator/mesos/allocation_run_latency")?,
        })
    }
}

/// Starts the master and, once the registry is read, lets it act.
///
/// # Errors
///
/// When its name is taken.
pub fn spawn(
    system: &System,
    core: Master,
    registrar: Pid<Registrar>,
    files: Files,
) -> Result<Pid<MasterProcess>> {
    let process = MasterProcess {
        core,
        files,
        registrar,
        observers: BTreeMap::new(),
        streams: BTreeMap::new(),
        responders: BTreeMap::new(),
        next_ticket: 0,
        allocation: AllocationTimers::new(system)?,
    };
    let pid = system.spawn("master", process).context("master")?;
    let metrics = pid.clone();
    system.metrics().provide("master", move || {
        metrics.dispatch(|master, context| master.metrics(context))
    });
    Ok(pid)
}

impl MasterProcess {
    /// Has the core handle one input and performs what it asks for.
    pub fn input(&mut self, context: &mut Context<Self>, input: Input) {
        let mut effects = Vec::new();
        let now = context.now();
        let (due, before) = self.core.allocations();
        self.core.handle(now, input, &mut effects);
        if self.core.allocations().1 != before {
            self.allocation.run.record(context.now().duration_since(now));
            self.allocation
                .latency
                .record(now.duration_since(due.unwrap_or(now)));
        }
        for effect in effects {
            self.perform(context, effect);
        }
        debug_assert_eq!(self.core.check(), Ok(()));
    }

    /// Hands a call to the core; its answer goes to the responder.
    pub fn request(
        &mut self,
        context: &mut Context<Self>,
        responder: Responder,
        input: impl FnOnce(Ticket) -> Input,
    ) {
        // A core that is not yet acting answers nobody.
        if !self.core.is_recovered() {
            return responder.respond(Response::service_unavailable("Master has not finished recovery"));
        }
        let ticket = Ticket(self.next_ticket);
        self.next_ticket += 1;
        self.responders.insert(ticket, responder);
        self.input(context, input(ticket));
    }

    /// Takes up an event stream; `input` tells the core of it and `ended` of its end.
    pub fn stream(
        &mut self,
        context: &mut Context<Self>,
        id: StreamId,
        stream: EventStream,
        input: Input,
        ended: fn(StreamId) -> Input,
    ) {
        let closed = stream.closed();
        self.streams.insert(id.clone(), stream);
        let watched = id.clone();
        context.then(closed, move |master, context, _| {
            master.streams.remove(&watched);
            master.input(context, ended(watched));
        });
        self.input(context, input);
    }

    fn perform(&mut self, context: &mut Context<Self>, effect: Effect) {
        match effect {
            Effect::Link(pid) => context.link_with(&pid, libprocess::LinkMode::Reconnect),
            Effect::Send(to, message) => send(context, &to, message),
            Effect::StartObserver(agent_id) => self.start_observer(context, agent_id),
            Effect::StopObserver(agent_id) => {
                if let Some(observer) = self.observers.remove(&agent_id) {
                    observer.terminate();
                }
            }
            Effect::Ping(agent_id, to, connected) => {
                if let Some(observer) = self.observers.get(&agent_id) {
                    observer.tell(move |observer, context| observer.ping(context, &to, connected));
                }
            }
            Effect::SendEvent(stream, event) => self.send_event(&stream, &*event),
            Effect::SendOperatorEvent(streams, event) => {
                streams.iter().for_each(|stream| self.send_event(stream, &*event));
            }
            Effect::CloseStream(stream) => {
                if let Some(stream) = self.streams.remove(&stream) {
                    stream.close();
                }
            }
            Effect::Respond(ticket, answer) => {
                if let Some(responder) = self.responders.remove(&ticket) {
                    responder.respond(response(answer));
                }
            }
            Effect::Delay(timer, after) => {
                context.delay(after, move |master, context| {
                    master.input(context, Input::TimerFired(timer))
                });
            }
            Effect::Store(ticket, operation) => {
                let stored = self
                    .registrar
                    .dispatch_future(move |registrar, context| registrar.apply(context, operation));
                context.then(stored, move |master, context, stored| match stored {
                    Ok(()) => master.input(context, Input::Stored(ticket)),
                    Err(error) => abort(&format!("{error}")),
                });
            }
            Effect::Abort(why) => abort(&why),
        }
    }

    fn start_observer(&mut self, context: &mut Context<Self>, agent_id: AgentId) {
        if self.observers.contains_key(&agent_id) {
            return;
        }
        let system = context.system().clone();
        let observer = Observer::new(agent_id.clone(), context.pid());
        match system.spawn(system.generate_id("slave-observer"), observer) {
            Ok(pid) => {
                self.observers.insert(agent_id, pid);
            }
            Err(error) => error!(%agent_id, %error, "observer could not be started"),
        }
    }

    fn send_event<M: Message>(&mut self, id: &StreamId, event: &M) {
        // A stream that cannot take the event is gone; its end is reported by `closed`.
        if let Some(stream) = self.streams.get(id)
            && !stream.send(event)
        {
            warn!(stream = &*id.0, "event stream is gone");
        }
    }

    fn metrics(&mut self, context: &mut Context<Self>) -> Vec<(String, f64)> {
        let mut metrics = self.core.metrics(context.now());
        let queued = context.queued_events();
        let mut push = |name: &str, n: usize| {
            metrics.push((name.to_owned(), f64::from(u32::try_from(n).unwrap_or(u32::MAX))));
        };
        push("master/event_queue_messages", queued.messages);
        push("master/event_queue_dispatches", queued.dispatches);
        push("master/event_queue_http_requests", queued.http_requests);
        // The allocator and the registrar's queue are part of the master here.
        for name in [
            "allocator/event_queue_dispatches",
            "allocator/mesos/event_queue_dispatches",
        ] {
            push(name, 0);
        }
        metrics
    }
}

impl Process for MasterProcess {
    fn initialize(&mut self, context: &mut Context<Self>) {
        install(context, |from, message| {
            Input::RegisterAgent(from, Box::new(message))
        });
        install(context, |from, message| {
            Input::ReregisterAgent(from, Box::new(message))
        });
        install(context, Input::UnregisterAgent);
        install(context, |from, message| {
            Input::UpdateAgent(from, Box::new(message))
        });
        install(context, |from, message| {
            Input::StatusUpdate(from, Box::new(message))
        });
        install(context, |from, message| {
            Input::OperationStatus(from, Box::new(message))
        });
        install(context, Input::ExitedExecutor);
        install(context, Input::ExecutorMessage);
        crate::http::route(context);
        let registry = self.registrar.dispatch(|registrar, _| registrar.registry());
        context.then(registry, |master, context, registry| match registry {
            Ok(registry) => master.input(context, Input::Recovered(Box::new(registry))),
            Err(error) => abort(&format!("Failed to recover registrar: {error}")),
        });
    }

    fn exited(&mut self, context: &mut Context<Self>, who: Upid) {
        self.input(context, Input::Exited(who));
    }
}

/// Installs the handler of one message; what cannot be decoded is logged and dropped, as in Mesos.
fn install<M: Message>(
    context: &mut Context<MasterProcess>,
    input: impl Fn(Upid, M) -> Input + Send + Sync + 'static,
) {
    context.install(
        M::NAME,
        move |master: &mut MasterProcess, context, from, body: Bytes| match M::decode(&body) {
            Ok(message) => master.input(context, input(from, message)),
            Err(error) => warn!(%from, message = M::NAME, %error, "message could not be decoded"),
        },
    );
}

/// Trip 5/14: the message with the task leaves for the agent.
fn send(context: &mut Context<MasterProcess>, to: &Upid, message: ToAgent) {
    fn send<M: Message>(context: &mut Context<MasterProcess>, to: &Upid, message: &M) {
        context.send(to, M::NAME, message.encode_to_vec());
    }
    match message {
        ToAgent::Registered(message) => send(context, to, &message),
        ToAgent::Reregistered(message) => send(context, to, &message),
        ToAgent::RunTask(message) => {
            info!(trip = 5, task_id = message.task.task_id.value, pid = %to, "task sent");
            send::<internal::RunTaskMessage>(context, to, &message);
        }
        ToAgent::RunTaskGroup(message) => send::<internal::RunTaskGroupMessage>(context, to, &message),
        ToAgent::KillTask(message) => send(context, to, &message),
        ToAgent::ShutdownFramework(message) => send(context, to, &message),
        ToAgent::ShutdownExecutor(message) => send(context, to, &message),
        ToAgent::FrameworkToExecutor(message) => send(context, to, &message),
        ToAgent::StatusUpdateAcknowledgement(message) => send(context, to, &message),
        ToAgent::ApplyOperation(message) => send::<internal::ApplyOperationMessage>(context, to, &message),
        ToAgent::OperationAcknowledgement(message) => send(context, to, &message),
        ToAgent::ReconcileOperations(message) => send(context, to, &message),
        ToAgent::CheckpointResources(message) => send(context, to, &message),
        ToAgent::UpdateFramework(message) => send::<internal::UpdateFrameworkMessage>(context, to, &message),
        ToAgent::Shutdown(message) => send(context, to, &message),
    }
}

fn response(answer: Answer) -> Response {
    match answer {
        Answer::Ok => Response::ok(),
        Answer::Accepted => Response::accepted(),
        Answer::BadRequest(reason) => Response::bad_request(&reason),
        Answer::Forbidden(reason) => Response::forbidden(&reason),
        Answer::Conflict(reason) => Response::conflict(&reason),
        Answer::NotImplemented => Response::not_implemented(""),
    }
}

/// A master that cannot make its decisions durable must not go on: what it announced would be forgotten.
fn abort(why: &str) -> ! {
    error!(why, "master ends");
    eprintln!("{why}");
    std::process::exit(1)
}
