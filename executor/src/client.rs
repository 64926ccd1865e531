//! The two connections to the agent: one for events, one for calls.

use std::time::Duration;

use libprocess::{Context, Pid, Process, System, Time, http::Connection};
use mesos_proto::v1::executor::{Call, call::Type};

use crate::{
    call::{call, request},
    error::ExecutorError,
    executor::Executor,
    handle::Handle,
    settings::Settings,
    unacknowledged::Unacknowledged,
};

/// Mesos: src/executor/executor.cpp, `DEFAULT_HEARTBEAT_CALL_INTERVAL`.
const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(30 * 60);

/// Random bits for uuids and waits, from the system.
#[derive(Debug, Default)]
pub(crate) struct Random;

impl Random {
    /// The 16 bytes of a random (version 4) UUID.
    pub fn uuid(&mut self) -> [u8; 16] {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).expect("the system has random bytes");
        mesos::uuid::from_random(bytes)
    }

    /// A random part of a duration.
    pub fn part_of(&mut self, whole: Duration) -> Duration {
        let mut bytes = [0; 4];
        getrandom::fill(&mut bytes).expect("the system has random bytes");
        whole.mul_f64(f64::from(u32::from_le_bytes(bytes)) / (f64::from(u32::MAX) + 1.0))
    }
}

/// The state of the connections.
pub(crate) struct Client {
    pub settings: Settings,
    pub random: Random,
    pub unacknowledged: Unacknowledged,
    /// Counts connections, so that news of an old one is not taken for news of the current one.
    pub generation: u64,
    pub events: Option<Connection>,
    pub calls: Option<Connection>,
    pub stopped: bool,
    /// Calls that wait for the agent.
    outbox: Vec<Call>,
    /// When the agent went away.
    lost: Option<Time>,
    /// Whether the agent ever took us in on this connection.
    subscribed: bool,
    /// Whether the executor was told to end because the agent is gone.
    pub gave_up: bool,
}

impl Client {
    /// Sends a call, as soon as the agent took us in.
    pub fn send(&mut self, call: Call) {
        self.outbox.push(call);
        self.flush();
    }

    fn flush(&mut self) {
        let Some(connection) = self.calls.as_ref().filter(|_| self.subscribed) else {
            return;
        };
        for call in self.outbox.drain(..) {
            // The answer says nothing the event stream would not.
            drop(connection.send(request(&self.settings, &call)));
        }
    }

    /// A subscription is being sent: it repeats all updates, so those that wait need not go out on their own.
    pub fn subscribing(&mut self) {
        self.outbox.retain(|call| call.r#type != Some(Type::Update));
    }

    /// The agent took us in.
    pub fn subscribed(&mut self) {
        self.subscribed = true;
        self.lost = None;
        self.flush();
    }
}

/// The process that drives an [`Executor`].
pub struct Driver<E: Executor> {
    pub(crate) executor: E,
    pub(crate) client: Client,
}

/// Runs an executor until it stops, on a runtime of its own with one thread.
///
/// # Errors
///
/// When the runtime cannot be started.
pub fn run<E: Executor>(settings: Settings, executor: E) -> Result<(), ExecutorError> {
    let system = System::builder()
        .from_env()
        .and_then(|builder| builder.client_only().start())
        .map_err(ExecutorError::Runtime)?;
    let driver = spawn(&system, settings, executor)?;
    // A driver that is gone already has done its work.
    let _ = driver.wait().wait();
    system.shutdown();
    Ok(())
}

/// Runs an executor as a process of an existing system, which ends when the executor stops.
///
/// # Errors
///
/// When the system already runs a process of that name.
pub fn spawn<E: Executor>(
    system: &System,
    settings: Settings,
    executor: E,
) -> Result<Pid<Driver<E>>, ExecutorError> {
    let client = Client {
        settings,
        random: Random,
        unacknowledged: Unacknowledged::default(),
        generation: 0,
        events: None,
        calls: None,
        stopped: false,
        outbox: Vec::new(),
        lost: None,
        subscribed: false,
        gave_up: false,
    };
    let id = system.generate_id("executor");
    system
        .spawn(id, Driver { executor, client })
        .map_err(|error| ExecutorError::Spawn(error.to_string()))
}

impl<E: Executor> Process for Driver<E> {
    fn initialize(&mut self, ctx: &mut Context<Self>) {
        self.connect(ctx);
        ctx.delay(HEARTBEAT_INTERVAL, |driver, ctx| driver.heartbeat(ctx));
    }
}

impl<E: Executor> Driver<E> {
    /// Calls the executor with a handle on the agent.
    pub(crate) fn with(&mut self, ctx: &mut Context<Self>, f: impl FnOnce(&mut E, &mut Handle<'_, E>)) {
        if !self.client.stopped {
            f(
                &mut self.executor,
                &mut Handle {
                    client: &mut self.client,
                    ctx,
                },
            );
        }
    }

    /// Opens both connections, then subscribes.
    fn connect(&mut self, ctx: &mut Context<Self>) {
        self.client.generation += 1;
        let generation = self.client.generation;
        let (system, agent) = (ctx.system(), self.client.settings.agent);
        let calls = Connection::connect(&system, agent);
        ctx.then(
            Connection::connect(&system, agent),
            move |driver, ctx, events| match events {
                Ok(events) if driver.client.generation == generation => {
                    driver.client.events = Some(events);
                    driver.subscribe(ctx);
                }
                Ok(_) => {}
                Err(_) => driver.connection_failed(ctx, generation),
            },
        );
        ctx.then(calls, move |driver, ctx, calls| match calls {
            Ok(calls) if driver.client.generation == generation => {
                ctx.then(calls.closed(), move |driver, ctx, _| {
                    driver.connection_failed(ctx, generation)
                });
                driver.client.calls = Some(calls);
                driver.client.flush();
            }
            Ok(_) => {}
            Err(_) => driver.connection_failed(ctx, generation),
        });
    }

    fn connection_failed(&mut self, ctx: &mut Context<Self>, generation: u64) {
        if self.client.generation == generation {
            self.disconnected(ctx);
        }
    }

    /// The agent is away: come back within the recovery timeout if the framework checkpoints, else end.
    ///
    /// Mesos: src/executor/executor.cpp, `MesosProcess::disconnected`.
    pub(crate) fn disconnected(&mut self, ctx: &mut Context<Self>) {
        if self.client.stopped {
            return;
        }
        self.client.generation += 1;
        self.client.events = None;
        self.client.calls = None;
        let was = std::mem::replace(&mut self.client.subscribed, false);
        if was {
            self.with(ctx, |executor, agent| executor.disconnected(agent));
        }
        let now = ctx.now();
        let lost = *self.client.lost.get_or_insert(now);
        let patience = if self.client.settings.checkpoint {
            self.client.settings.recovery_timeout
        } else {
            Duration::ZERO
        };
        if now.duration_since(lost) >= patience {
            if !std::mem::replace(&mut self.client.gave_up, true) {
                self.with(ctx, |executor, agent| executor.shutdown(agent));
                // Nobody else would end an executor that does not end itself.
                ctx.delay(self.client.settings.shutdown_grace_period, |_, ctx| {
                    ctx.terminate_self()
                });
            }
            return;
        }
        let wait = self
            .client
            .random
            .part_of(self.client.settings.subscription_backoff_max);
        let generation = self.client.generation;
        ctx.delay(wait, move |driver, ctx| {
            if driver.client.generation == generation && !driver.client.stopped {
                driver.connect(ctx);
            }
        });
    }

    fn heartbeat(&mut self, ctx: &mut Context<Self>) {
        let heartbeat = call(&self.client.settings, Type::Heartbeat);
        self.client.send(heartbeat);
        ctx.delay(HEARTBEAT_INTERVAL, |driver, ctx| driver.heartbeat(ctx));
    }
}
