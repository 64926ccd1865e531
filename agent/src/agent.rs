//! The agent's process: hands what happens to the core and performs what the core wants.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use anyhow::{Result, anyhow};
use bytes::Bytes;
use libprocess::{Context, Future, Pid, Process, Promise, System, Timer, Upid, http::Responder};
use mesos_agent_core::{AgentCore, Effect, FromMaster, Input, RecoveredState, views::Daemon};
use mesos_containerizer::{PosixLauncher, Reaper};
use mesos_daemon::{
    api::{ContentType, EventStream},
    files::Files,
};
use mesos_proto::{Message, v0::internal};
use tracing::{error, warn};

use crate::{disk::Disk, gc::Gc, http, metrics};

/// What the agent works with.
pub(crate) struct Parts {
    /// Where the master is.
    pub master: Upid,
    pub launcher: Arc<PosixLauncher>,
    pub reaper: Reaper,
    pub files: Files,
    pub daemon: Daemon,
    pub gc: Gc,
    pub disk_watch_interval: Duration,
    /// Told when the agent is done.
    pub ended: Option<Promise<Option<String>>>,
}

/// A running agent.
pub(crate) struct Agent {
    pub process: Pid<AgentProcess>,
    /// Ready when it is done, with what went wrong.
    pub outcome: Future<Option<String>>,
}

/// The agent.
pub(crate) struct AgentProcess {
    pub(crate) core: AgentCore,
    pub(crate) parts: Parts,
    pub(crate) disk: Disk,
    /// Executors that wait for an answer.
    pub(crate) waiting: BTreeMap<u64, (Responder, ContentType)>,
    /// Executors that listen.
    pub(crate) streams: BTreeMap<u64, EventStream>,
    pub(crate) wake: Option<Timer>,
    pub(crate) next_request: u64,
    recovered: Option<RecoveredState>,
}

/// Starts the agent under its name.
pub(crate) fn spawn(
    system: &System,
    id: &str,
    core: AgentCore,
    mut parts: Parts,
    recovered: RecoveredState,
) -> Result<Agent> {
    let (promise, outcome) = Promise::new();
    parts.ended = Some(promise);
    let agent = AgentProcess {
        core,
        parts,
        disk: Disk::default(),
        waiting: BTreeMap::new(),
        streams: BTreeMap::new(),
        wake: None,
        next_request: 0,
        recovered: Some(recovered),
    };
    let process = system
        .spawn(id, agent)
        .map_err(|error| anyhow!("Failed to start the agent: {error}"))?;
    metrics::provide(system, &process);
    Ok(Agent { process, outcome })
}

impl Process for AgentProcess {
    fn initialize(&mut self, ctx: &mut Context<Self>) {
        install_messages(ctx);
        http::route(ctx);
        self.watch_disk(ctx);
        if let Some(recovered) = self.recovered.take() {
            self.handle(ctx, Input::Recover(Box::new(recovered)));
        }
    }

    fn exited(&mut self, ctx: &mut Context<Self>, who: Upid) {
        self.handle(ctx, Input::Exited(who));
    }

    fn message(&mut self, _: &mut Context<Self>, from: Upid, name: &str, _: Bytes) {
        warn!(%from, name, "dropping a message this agent does not understand");
    }
}

impl AgentProcess {
    /// Hands one input to the core and performs what it decides.
    pub(crate) fn handle(&mut self, ctx: &mut Context<Self>, input: Input) {
        let mut effects: Vec<Effect> = Vec::new();
        self.core.handle(ctx.now(), input, &mut effects);
        debug_assert_eq!(self.core.check(), Ok(()));
        for effect in effects {
            self.perform(ctx, effect);
        }
    }

    /// The agent is done; with an error when something is wrong.
    pub(crate) fn end(&mut self, ctx: &mut Context<Self>, error: Option<String>) {
        if let Some(error) = &error {
            error!(error, "the agent ends");
        }
        if let Some(promise) = self.parts.ended.take() {
            promise.set(error);
        }
        ctx.terminate_self();
    }
}

/// Makes an input of every message an agent understands.
fn install_messages(ctx: &mut Context<AgentProcess>) {
    from_master(ctx, FromMaster::Registered);
    from_master(ctx, FromMaster::Reregistered);
    from_master(ctx, |message| FromMaster::RunTask(Box::new(message)));
    from_master(ctx, |message| FromMaster::RunTaskGroup(Box::new(message)));
    from_master(ctx, FromMaster::KillTask);
    from_master(ctx, FromMaster::ShutdownFramework);
    from_master(ctx, FromMaster::ShutdownExecutor);
    from_master(ctx, |message| FromMaster::UpdateFramework(Box::new(message)));
    from_master(ctx, FromMaster::Acknowledgement);
    from_master(ctx, |message| FromMaster::ApplyOperation(Box::new(message)));
    from_master(ctx, FromMaster::OperationAcknowledged);
    from_master(ctx, FromMaster::ReconcileOperations);
    from_master(ctx, FromMaster::CheckpointResources);
    from_master(ctx, FromMaster::Shutdown);
    install(ctx, |from, message: internal::PingSlaveMessage| Input::Ping {
        from,
        message,
    });
    install(ctx, |_, message: internal::FrameworkToExecutorMessage| {
        Input::FrameworkMessage(message)
    });
}

fn from_master<M: Message>(
    ctx: &mut Context<AgentProcess>,
    wrap: impl Fn(M) -> FromMaster + Send + Sync + 'static,
) {
    install(ctx, move |from, message| Input::FromMaster {
        from,
        message: wrap(message),
    });
}

fn install<M: Message>(
    ctx: &mut Context<AgentProcess>,
    wrap: impl Fn(Upid, M) -> Input + Send + Sync + 'static,
) {
    ctx.install(
        M::NAME,
        move |agent: &mut AgentProcess, ctx, from, body| match M::decode(&body) {
            Ok(message) => agent.handle(ctx, wrap(from, message)),
            Err(error) => warn!(%from, name = M::NAME, %error, "dropping a message that cannot be read"),
        },
    );
}
