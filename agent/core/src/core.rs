//! The agent's state, and the way of every input to its operation.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use libprocess_core::{
    backoff::Backoff,
    time::Time,
    timers::{TimerId, Timers},
    upid::Upid,
};
use mesos::{
    Resources,
    ids::{AgentId, ContainerId, ExecutorId, FrameworkId},
};
use mesos_proto::v0::SlaveInfo;
use tracing::warn;

pub(crate) use crate::status_updates::Origin;
use crate::{
    config::Config,
    constants::{DEFAULT_MASTER_PING_TIMEOUT, REGISTER_RETRY_INTERVAL_MAX},
    effect::{Effect, Ticket},
    framework::Framework,
    input::{FromMaster, Input},
    metrics::Counters,
    operations::{OperationUuid, Operations},
    random::Random,
    status_updates::{Key, Manager, Uuid},
    timers::Timer,
};

/// What the shell shall do, in order.
pub(crate) type Effects = Vec<Effect>;

/// Where the agent is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AgentState {
    /// Reads what an earlier run left.
    Recovering,
    /// Without a master.
    Disconnected,
    /// Registered.
    Running,
    /// Ends its executors, then itself.
    Terminating,
}

/// Slow work under way, by its ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Pending {
    /// An executor's checkpoint is being written; then its container may start.
    CheckpointExecutor(ContainerId),
    /// A container is being started.
    Launch(ContainerId),
    /// Tasks are being written; then they may be sent to their executor.
    CheckpointTasks(ContainerId),
    /// The end of an operation is being written; then the master may be told.
    StoreOperation(OperationUuid),
    /// A status update is being written; then it may be forwarded.
    StoreUpdate { key: Key, uuid: Uuid, origin: Origin },
}

/// The agent: everything it knows, and [`handle`](Self::handle), the only way to change it.
#[derive(Debug)]
pub struct AgentCore {
    pub(crate) config: Config,
    pub(crate) random: Random,
    pub(crate) state: AgentState,
    /// What the agent offers; has an id once a master gave one.
    pub(crate) info: SlaveInfo,
    pub(crate) agent_id: Option<AgentId>,
    pub(crate) master: Option<Upid>,
    /// Names the agent's current set of resources.
    pub(crate) resource_version: [u8; 16],
    pub(crate) backoff: Backoff,
    pub(crate) register_timer: Option<TimerId>,
    pub(crate) ping_timer: Option<TimerId>,
    pub(crate) ping_timeout: Duration,
    pub(crate) frameworks: BTreeMap<FrameworkId, Framework>,
    pub(crate) completed_frameworks: VecDeque<Framework>,
    /// Which executor runs in a container.
    pub(crate) containers: BTreeMap<ContainerId, (FrameworkId, ExecutorId)>,
    /// Which executor listens on a stream.
    pub(crate) connections: BTreeMap<u64, ContainerId>,
    pub(crate) updates: Manager,
    pub(crate) operations: Operations,
    /// What the master was told, or is to be told, can be spared.
    pub(crate) oversubscribed: Option<Resources>,
    pub(crate) timers: Timers<Timer>,
    pub(crate) pending: BTreeMap<Ticket, Pending>,
    next_ticket: u64,
    wake_at: Option<Time>,
    pub(crate) counters: Counters,
    pub(crate) start_time: Time,
    /// How long it took to take up what an earlier run left.
    pub(crate) recovery_time: Option<Duration>,
}

impl AgentCore {
    /// An agent that has not looked at its disk yet: [`Input::Recover`] comes first.
    #[must_use]
    pub fn new(config: Config, mut random: Random, now: Time) -> Self {
        let resource_version = random.uuid();
        let mut timers = Timers::new();
        timers.insert(
            now + crate::constants::EXECUTOR_HEARTBEAT_INTERVAL,
            Timer::ExecutorHeartbeat,
        );
        let backoff = Backoff::new(
            config.registration_backoff_factor * 2,
            REGISTER_RETRY_INTERVAL_MAX,
        );
        let mut info = config.info.clone();
        info.resources = crate::resources::upgraded(info.resources);
        let operations = Operations::of(&info.resources);
        Self {
            info,
            config,
            random,
            state: AgentState::Recovering,
            agent_id: None,
            master: None,
            resource_version,
            backoff,
            register_timer: None,
            ping_timer: None,
            ping_timeout: DEFAULT_MASTER_PING_TIMEOUT,
            frameworks: BTreeMap::new(),
            completed_frameworks: VecDeque::new(),
            containers: BTreeMap::new(),
            connections: BTreeMap::new(),
            updates: Manager::default(),
            operations,
            oversubscribed: None,
            timers,
            pending: BTreeMap::new(),
            next_ticket: 0,
            wake_at: None,
            counters: Counters::default(),
            start_time: now,
            recovery_time: None,
        }
    }

    /// Takes one input and appends what shall be done about it.
    pub fn handle(&mut self, now: Time, input: Input, out: &mut Vec<Effect>) {
        match input {
            Input::Recover(state) => self.recover(now, *state, out),
            Input::MasterDetected(master) => self.master_detected(now, master, out),
            Input::FromMaster { from, message } => self.handle_master(now, &from, message, out),
            Input::Ping { from, message } => self.pinged(now, from, &message, out),
            Input::FrameworkMessage(message) => self.framework_message(message, out),
            Input::Exited(who) => self.master_exited(&who),
            Input::Executor(request) => self.executor_called(now, *request, out),
            Input::ExecutorDisconnected { connection } => self.executor_disconnected(connection),
            Input::ContainerLaunched { ticket, result } => self.container_launched(now, ticket, result, out),
            Input::ContainerExited { container_id, end } => {
                self.container_exited(now, &container_id, end, out)
            }
            Input::Stored(ticket) => self.stored(now, ticket, out),
            Input::VolumesNotLinked { ticket, reason } => self.volumes_not_linked(now, ticket, &reason, out),
            Input::LoadMeasured(load) => self.load_measured(now, load, out),
            Input::Wake => self.wake_at = None,
            Input::Unregister { reason } => self.unregister(now, &reason, out),
        }
        self.fire_timers(now, out);
        self.ask_for_wake(now, out);
    }

    /// Gives the message of the expected master to its operation, and drops all others.
    fn handle_master(&mut self, now: Time, from: &Upid, message: FromMaster, out: &mut Effects) {
        if self.master.as_ref() != Some(from) {
            warn!(%from, "ignoring a message that is not from the expected master");
            return;
        }
        match message {
            FromMaster::Registered(message) => self.registered(now, message, out),
            FromMaster::Reregistered(message) => self.reregistered(now, message, out),
            FromMaster::RunTask(message) => self.run_task(now, *message, out),
            FromMaster::RunTaskGroup(message) => self.run_task_group(now, *message, out),
            FromMaster::KillTask(message) => self.kill_task(now, &message, out),
            FromMaster::ShutdownFramework(message) => self.shutdown_framework(now, &message, out),
            FromMaster::ShutdownExecutor(message) => self.shutdown_executor(now, &message, out),
            FromMaster::UpdateFramework(message) => self.update_framework(*message, out),
            FromMaster::Acknowledgement(message) => self.status_update_acknowledged(now, &message, out),
            FromMaster::ApplyOperation(message) => self.apply_operation(*message, out),
            FromMaster::OperationAcknowledged(message) => self.operation_acknowledged(&message, out),
            FromMaster::ReconcileOperations(message) => self.reconcile_operations(&message, out),
            FromMaster::CheckpointResources(message) => self.resources_checkpointed(&message.resources, out),
            FromMaster::Shutdown(message) => {
                self.shutdown(now, message.message.as_deref().unwrap_or_default(), out)
            }
        }
    }

    /// Something asked to be written is on disk.
    fn stored(&mut self, now: Time, ticket: Ticket, out: &mut Effects) {
        match self.pending.remove(&ticket) {
            Some(Pending::CheckpointExecutor(container_id)) => self.launch_container(&container_id, out),
            Some(Pending::CheckpointTasks(container_id)) => self.deliver_tasks(&container_id, out),
            Some(Pending::StoreOperation(uuid)) => self.operation_stored(now, &uuid, out),
            Some(Pending::StoreUpdate { key, uuid, origin }) => {
                self.update_stored(now, &key, &uuid, &origin, out)
            }
            Some(other @ Pending::Launch(_)) => {
                debug_assert!(false, "a launch is not answered with `Stored`: {other:?}");
            }
            None => {}
        }
    }

    fn fire_timers(&mut self, now: Time, out: &mut Effects) {
        while let Some((_, timer)) = self.timers.pop_due(now) {
            match timer {
                Timer::Register => self.try_to_register(now, out),
                Timer::PingTimeout => self.ping_timed_out(out),
                Timer::ExecutorRegistration(container_id) => {
                    self.executor_registration_timed_out(now, &container_id, out)
                }
                Timer::ExecutorShutdown(container_id) => {
                    self.executor_shutdown_timed_out(now, &container_id, out)
                }
                Timer::ExecutorReregistration => self.executor_reregistration_timed_out(now, out),
                Timer::ExecutorHeartbeat => self.send_heartbeats(now, out),
                Timer::Oversubscription => self.forward_oversubscribed(now, out),
                Timer::QosCorrections => out.push(Effect::MeasureLoad),
                Timer::OperationRetry(uuid) => self.retry_operation(now, &uuid, out),
                Timer::UpdateRetry(framework_id, task_id) => {
                    self.retry_update(now, &(framework_id, task_id), out)
                }
            }
        }
    }

    fn ask_for_wake(&mut self, now: Time, out: &mut Effects) {
        let next = self.timers.next_deadline();
        let Some(deadline) = next else { return };
        // A wake-up that is asked for and still ahead is good enough if it comes first.
        if self.wake_at.is_some_and(|at| at > now && at <= deadline) {
            return;
        }
        self.wake_at = next;
        out.push(Effect::WakeAfter(deadline.duration_since(now)));
    }

    /// A new ticket for slow work.
    pub(crate) fn ticket(&mut self, pending: Pending) -> Ticket {
        self.next_ticket += 1;
        let ticket = Ticket(self.next_ticket);
        self.pending.insert(ticket, pending);
        ticket
    }

    /// The agent's id.
    ///
    /// # Panics
    ///
    /// Before the first registration; nothing that needs the id can happen earlier.
    pub(crate) fn id(&self) -> &AgentId {
        self.agent_id
            .as_ref()
            .expect("tasks only reach an agent that a master gave an id")
    }

    /// Where the agent is in its life.
    #[must_use]
    pub const fn state(&self) -> AgentState {
        self.state
    }

    /// The agent's id, once it has one.
    #[must_use]
    pub const fn agent_id(&self) -> Option<&AgentId> {
        self.agent_id.as_ref()
    }

    /// The master the agent is registered with or registers with.
    #[must_use]
    pub const fn master(&self) -> Option<&Upid> {
        self.master.as_ref()
    }

    /// The frameworks with executors on this agent.
    #[must_use]
    pub const fn frameworks(&self) -> &BTreeMap<FrameworkId, Framework> {
        &self.frameworks
    }

    /// The agent's resources and what is done to them.
    #[must_use]
    pub const fn operations(&self) -> &Operations {
        &self.operations
    }

    /// What the agent counted.
    #[must_use]
    pub const fn counters(&self) -> &Counters {
        &self.counters
    }
}
