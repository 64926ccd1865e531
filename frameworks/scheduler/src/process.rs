//! The actor between a scheduler and the master.

use std::net::{SocketAddr, ToSocketAddrs};
use std::time::Duration;

use bytes::Bytes;
use libprocess::http::{Body, Connection, Reader, Request, Response};
use libprocess::{Context, Future, Process, Promise};
use libprocess_core::recordio;
use mesos_proto::Message;
use tracing::{info, warn};

use crate::driver::Driver;
use crate::framework::{Framework, Outcome};
use crate::scheduler::Scheduler;
use crate::v1::scheduler::{Call, Event, call, event};

/// The longest event that is taken, in bytes.
const RECORD_MAX: usize = 256 << 20;
/// How long to wait before the next attempt to reach the master, doubled from the first to the second.
const RECONNECT: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(10));
/// How often the master shows a sign of life is told by it; after so many missed ones the connection counts as dead.
const MISSED_HEARTBEATS: u32 = 5;
const PROTOBUF: &str = "application/x-protobuf";

/// The process that owns a scheduler.
pub(crate) struct SchedulerProcess<S: Scheduler> {
    scheduler: S,
    framework: Framework,
    driver: Driver,
    done: Option<Promise<Outcome>>,
    /// Where the master was last found; a redirect changes it.
    master: String,
    calls: Option<Connection>,
    stream_id: Option<String>,
    decoder: recordio::Decoder,
    /// Tells events of this connection from those of earlier ones.
    attempt: u64,
    wait: Duration,
    heard: u64,
}

impl<S: Scheduler> SchedulerProcess<S> {
    pub fn new(framework: Framework, scheduler: S) -> (Self, Future<Outcome>) {
        let (promise, future) = Promise::new();
        let process = Self {
            scheduler,
            master: framework.master.clone(),
            framework,
            driver: Driver::default(),
            done: Some(promise),
            calls: None,
            stream_id: None,
            decoder: recordio::Decoder::new(RECORD_MAX),
            attempt: 0,
            wait: RECONNECT.0,
            heard: 0,
        };
        (process, future)
    }

    /// Runs `f` on the scheduler and sends what it asked for.
    pub fn with(&mut self, context: &mut Context<Self>, f: impl FnOnce(&mut S, &mut Driver)) {
        f(&mut self.scheduler, &mut self.driver);
        self.flush(context);
    }

    fn connect(&mut self, context: &mut Context<Self>) {
        self.attempt += 1;
        let attempt = self.attempt;
        let master = self.master.clone();
        context.blocking(
            move || resolve(&master),
            move |process, context, address| match address {
                Some(address) => process.subscribe(context, attempt, address),
                None => process.lost(context, attempt, "the master's name cannot be resolved"),
            },
        );
    }

    fn subscribe(&mut self, context: &mut Context<Self>, attempt: u64, address: SocketAddr) {
        let connected = Connection::connect(&context.system(), address);
        context.then(connected, move |process, context, connection| {
            let Ok(connection) = connection else {
                return process.lost(context, attempt, "the master cannot be reached");
            };
            let subscribe = call::Subscribe {
                framework_info: process.framework.info.clone(),
                ..Default::default()
            };
            let call = Call {
                r#type: Some(call::Type::Subscribe),
                framework_id: process.framework.info.id.clone(),
                subscribe: Some(Box::new(subscribe)),
                ..Default::default()
            };
            let response = connection.send_streaming(request(&call, None));
            context.then(response, move |process, context, response| match response {
                Ok(response) => process.answered(context, attempt, address, response),
                Err(_) => process.lost(context, attempt, "the master hung up"),
            });
        });
    }

    fn answered(
        &mut self,
        context: &mut Context<Self>,
        attempt: u64,
        address: SocketAddr,
        response: Response,
    ) {
        if attempt != self.attempt {
            return;
        }
        match (response.status, response.body) {
            (200, Body::Stream(reader)) => {
                self.stream_id = response.headers.get("Mesos-Stream-Id").map(str::to_owned);
                self.decoder = recordio::Decoder::new(RECORD_MAX);
                let connected = Connection::connect(&context.system(), address);
                context.then(connected, move |process, context, connection| match connection {
                    Ok(connection) if attempt == process.attempt => {
                        process.calls = Some(connection);
                        process.read(context, attempt, reader);
                    }
                    _ => process.lost(context, attempt, "the master cannot be reached"),
                });
            }
            (307, _) => {
                if let Some(location) = response.headers.get("Location") {
                    self.master = location
                        .trim_start_matches('/')
                        .split('/')
                        .next()
                        .unwrap_or_default()
                        .to_owned();
                }
                self.lost(context, attempt, "another master leads");
            }
            (503, _) => self.lost(context, attempt, "no master leads"),
            (status, body) => {
                let reason = match body {
                    Body::Bytes(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
                    _ => String::new(),
                };
                self.end(
                    context,
                    Outcome::Error(format!("the master answered {status}: {reason}")),
                );
            }
        }
    }

    fn read(&mut self, context: &mut Context<Self>, attempt: u64, reader: Reader) {
        let chunk = reader.read();
        context.then(chunk, move |process, context, chunk| {
            if attempt != process.attempt || process.done.is_none() {
                return;
            }
            match chunk {
                Ok(Some(bytes)) => {
                    if process.records(context, &bytes) {
                        process.read(context, attempt, reader);
                    } else {
                        process.lost(context, attempt, "the event stream is damaged");
                    }
                }
                _ => process.lost(context, attempt, "the event stream ended"),
            }
        });
    }

    /// Takes bytes of the event stream. Returns false when they are not events.
    fn records(&mut self, context: &mut Context<Self>, bytes: &Bytes) -> bool {
        let Ok(records) = self.decoder.push(bytes) else {
            return false;
        };
        for record in records {
            match Event::decode(&record) {
                Ok(event) => self.event(context, event),
                Err(error) => {
                    warn!(%error, "event could not be decoded");
                    return false;
                }
            }
        }
        true
    }

    /// Hands one event to the scheduler.
    ///
    /// Trip 13/14: the framework's author hears of the task.
    fn event(&mut self, context: &mut Context<Self>, event: Event) {
        self.heard += 1;
        let (scheduler, driver) = (&mut self.scheduler, &mut self.driver);
        match event.r#type.unwrap_or(event::Type::Unknown) {
            event::Type::Subscribed => {
                let Some(subscribed) = event.subscribed else {
                    return;
                };
                self.wait = RECONNECT.0;
                driver.framework_id = Some(subscribed.framework_id.clone());
                self.framework.info.id = Some(Box::new(subscribed.framework_id.clone()));
                info!(framework_id = subscribed.framework_id.value, "subscribed");
                scheduler.subscribed(
                    driver,
                    &subscribed.framework_id,
                    subscribed.master_info.as_deref(),
                );
                let interval = Duration::from_secs_f64(subscribed.heartbeat_interval_seconds.unwrap_or(15.0));
                self.watch(context, interval * MISSED_HEARTBEATS);
            }
            event::Type::Offers => {
                scheduler.offers(
                    driver,
                    event.offers.map(|offers| offers.offers).unwrap_or_default(),
                );
            }
            event::Type::Rescind => {
                if let Some(rescind) = event.rescind {
                    scheduler.rescind(driver, rescind.offer_id);
                }
            }
            event::Type::Update => {
                if let Some(update) = event.update {
                    let status = &update.status;
                    info!(
                        trip = 13,
                        task_id = status.task_id.value,
                        state = status.state.as_str_name(),
                        "update heard"
                    );
                    scheduler.update(driver, update.status.clone());
                    if !std::mem::take(&mut driver.later) {
                        driver.acknowledge(&update.status);
                    }
                }
            }
            event::Type::UpdateOperationStatus => {
                if let Some(update) = event.update_operation_status {
                    scheduler.operation_update(driver, update.status);
                }
            }
            event::Type::Message => {
                if let Some(message) = event.message {
                    scheduler.message(driver, message.agent_id, message.executor_id, message.data);
                }
            }
            event::Type::Failure => {
                if let Some(failure) = event.failure {
                    let executor_id = failure.executor_id.map(|id| *id);
                    scheduler.failure(
                        driver,
                        failure.agent_id.map(|id| *id),
                        executor_id,
                        failure.status,
                    );
                }
            }
            event::Type::Error => {
                let message = event.error.map(|error| error.message).unwrap_or_default();
                scheduler.error(&message);
                return self.end(context, Outcome::Error(message));
            }
            event::Type::Heartbeat
            | event::Type::InverseOffers
            | event::Type::RescindInverseOffer
            | event::Type::Unknown => {}
        }
        self.flush(context);
    }

    /// A connection on which nothing is heard for so long is dead, though nobody said so.
    fn watch(&mut self, context: &mut Context<Self>, patience: Duration) {
        let (attempt, heard) = (self.attempt, self.heard);
        context.delay(patience, move |process, context| {
            if attempt != process.attempt {
                return;
            }
            if process.heard == heard {
                process.lost(context, attempt, "nothing is heard from the master");
            } else {
                process.watch(context, patience);
            }
        });
    }

    /// Sends what the scheduler asked for.
    fn flush(&mut self, context: &mut Context<Self>) {
        let calls = std::mem::take(&mut self.driver.calls);
        let mut last = None;
        if let Some(connection) = &self.calls {
            for call in calls {
                last = Some(connection.send(request(&call, self.stream_id.as_deref())));
            }
        }
        if let Some(outcome) = self.driver.outcome.take() {
            // The last call is answered before the connection is given up.
            match last {
                Some(answer) => {
                    context.then(answer, move |process, context, _| process.end(context, outcome))
                }
                None => self.end(context, outcome),
            }
        } else if let Some(answer) = last {
            context.then(answer, |_, _, answer| {
                if let Ok(answer) = answer
                    && answer.status >= 400
                {
                    let reason = String::from_utf8_lossy(answer.body_bytes()).into_owned();
                    warn!(status = answer.status, reason, "the master refused a call");
                }
            });
        }
    }

    /// The connection is gone: subscribes again after a while.
    fn lost(&mut self, context: &mut Context<Self>, attempt: u64, why: &str) {
        if attempt != self.attempt || self.done.is_none() {
            return;
        }
        warn!(master = self.master, why, "not connected");
        self.attempt += 1;
        if let Some(connection) = self.calls.take() {
            connection.disconnect();
            self.scheduler.disconnected(&mut self.driver);
            self.driver.calls.clear();
        }
        self.stream_id = None;
        let wait = self.wait;
        self.wait = (self.wait * 2).min(RECONNECT.1);
        context.delay(wait, |process, context| {
            if process.done.is_some() {
                process.connect(context);
            }
        });
    }

    fn end(&mut self, context: &mut Context<Self>, outcome: Outcome) {
        if let Some(done) = self.done.take() {
            done.set(outcome);
        }
        self.attempt += 1;
        if let Some(connection) = self.calls.take() {
            connection.disconnect();
        }
        context.terminate_self();
    }
}

impl<S: Scheduler> Process for SchedulerProcess<S> {
    fn initialize(&mut self, context: &mut Context<Self>) {
        self.connect(context);
    }
}

fn request(call: &Call, stream_id: Option<&str>) -> Request {
    let mut request = Request::post("/api/v1/scheduler", PROTOBUF, call.encode_to_vec());
    request.headers.set("Accept", PROTOBUF);
    if let Some(stream_id) = stream_id {
        request.headers.set("Mesos-Stream-Id", stream_id);
    }
    request
}

fn resolve(master: &str) -> Option<SocketAddr> {
    let with_port = if master.contains(':') {
        master.to_owned()
    } else {
        format!("{master}:5050")
    };
    with_port.to_socket_addrs().ok()?.find(SocketAddr::is_ipv4)
}
