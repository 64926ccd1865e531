//! The agent becomes known to a master.

use std::time::Duration;

use libprocess_core::time::Time;
use mesos::{
    Resources,
    capabilities::agent_capabilities,
    ids::{AgentId, FrameworkId, TaskId},
};
use mesos_proto::v0::{
    Resource, SlaveInfo, UUID,
    internal::{
        MasterSlaveConnection, ReconcileTasksMessage, RegisterSlaveMessage, ReregisterSlaveMessage,
        SlaveRegisteredMessage, SlaveReregisteredMessage, UnregisterSlaveMessage, UpdateSlaveMessage,
        archive, update_slave_message,
    },
    task_status::Reason,
};
use tracing::{info, warn};

use crate::{
    checkpoint,
    constants::{DEFAULT_MASTER_PING_TIMEOUT, VERSION},
    core::{AgentCore, AgentState, Effects, Origin},
    effect::{Effect, Outgoing},
    executor::ExecutorState,
    executor_update::AgentUpdate,
    framework::Framework,
    paths,
    resources::{downgraded, downgraded_executor, downgraded_task, dropped},
    timers::Timer,
};

impl AgentCore {
    /// The time to (re)register has come: say it, and say it again until the master answers.
    ///
    /// Mesos: src/slave/slave.cpp, `Slave::doReliableRegistration`.
    pub(crate) fn try_to_register(&mut self, now: Time, out: &mut Effects) {
        self.register_timer = None;
        let (AgentState::Disconnected, Some(master)) = (self.state, self.master.clone()) else {
            return;
        };
        let message = match &self.agent_id {
            None => Outgoing::new(&self.register_message()),
            Some(_) => Outgoing::new(&self.reregister_message()),
        };
        out.push(Effect::Send { to: master, message });
        let wait = self.backoff.next(self.random.unit());
        self.register_timer = Some(self.timers.insert(now + wait, Timer::Register));
    }

    fn register_message(&self) -> RegisterSlaveMessage {
        RegisterSlaveMessage {
            slave: self.downgraded_info(),
            version: Some(VERSION.to_owned()),
            agent_capabilities: agent_capabilities(),
            checkpointed_resources: self.checkpointed_resources(),
            resource_version_uuid: Some(self.resource_version_uuid()),
            ..RegisterSlaveMessage::default()
        }
    }

    fn reregister_message(&self) -> ReregisterSlaveMessage {
        let mut message = ReregisterSlaveMessage {
            slave: self.downgraded_info(),
            version: Some(VERSION.to_owned()),
            agent_capabilities: agent_capabilities(),
            checkpointed_resources: self.checkpointed_resources(),
            resource_version_uuid: Some(self.resource_version_uuid()),
            ..ReregisterSlaveMessage::default()
        };
        for framework in self.frameworks.values() {
            message.frameworks.push(framework.info.clone());
            for executor in framework.executors.values() {
                let queued = executor.queued.values().map(|task| {
                    crate::resources::task_of(
                        task,
                        mesos_proto::v0::TaskState::TaskStaging,
                        framework.id.to_proto(),
                    )
                });
                let tasks = executor
                    .launched
                    .values()
                    .chain(executor.terminated.values())
                    .cloned();
                message.tasks.extend(queued.chain(tasks).map(downgraded_task));
                // The master makes its own description of the executors of command tasks.
                if !executor.command_task && executor.state != ExecutorState::Terminated {
                    message.executor_infos.push(downgraded_executor(&executor.info));
                }
            }
        }
        message
            .completed_frameworks
            .extend(self.completed_frameworks.iter().map(archived));
        message
    }

    fn downgraded_info(&self) -> SlaveInfo {
        SlaveInfo {
            resources: downgraded(&self.info.resources),
            ..self.info.clone()
        }
    }

    /// Reservations and volumes, which the flags of the agent do not tell of.
    fn checkpointed_resources(&self) -> Vec<Resource> {
        downgraded(&self.operations.checkpointed.to_protos())
    }

    fn resource_version_uuid(&self) -> Box<UUID> {
        Box::new(UUID {
            value: self.resource_version.to_vec().into(),
            ..UUID::default()
        })
    }

    /// The master admitted the agent and gave it an id.
    ///
    /// Mesos: src/slave/slave.cpp, `Slave::registered`.
    pub(crate) fn registered(&mut self, now: Time, message: SlaveRegisteredMessage, out: &mut Effects) {
        let id = AgentId::from(&message.slave_id);
        match self.state {
            AgentState::Disconnected => {
                info!(agent_id = %id, "registered with the master");
                self.take_id(&id, out);
                self.run(now, message.connection.as_deref(), out);
            }
            AgentState::Running => self.expect_id(&id, "Registered", out),
            AgentState::Recovering | AgentState::Terminating => warn!("ignoring a late registration"),
        }
    }

    /// The master knows the agent again, and asks about tasks it believes here.
    ///
    /// Mesos: src/slave/slave.cpp, `Slave::reregistered`.
    pub(crate) fn reregistered(&mut self, now: Time, message: SlaveReregisteredMessage, out: &mut Effects) {
        let id = AgentId::from(&message.slave_id);
        if self.agent_id.as_ref() != Some(&id) {
            self.expect_id(&id, "Reregistered", out);
            return;
        }
        match self.state {
            AgentState::Disconnected => {
                info!(agent_id = %id, "reregistered with the master");
                self.run(now, message.connection.as_deref(), out);
            }
            AgentState::Running => warn!("already reregistered with the master"),
            AgentState::Recovering | AgentState::Terminating => {
                warn!("ignoring a late reregistration");
                return;
            }
        }
        for reconciliation in &message.reconciliations {
            self.reconcile(now, reconciliation, out);
        }
    }

    /// An agent that is told another id than it has would mix up two agents' tasks: it stops.
    fn expect_id(&self, id: &AgentId, verb: &str, out: &mut Effects) {
        let own = self
            .agent_id
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default();
        if self.agent_id.as_ref() == Some(id) {
            warn!(agent_id = %id, "already registered with the master");
        } else {
            out.push(Effect::Terminate {
                error: Some(format!("{verb} but got wrong id: {id} (expected: {own})")),
            });
        }
    }

    /// Remembers the id, on disk too, so that a restarted agent is the same agent.
    fn take_id(&mut self, id: &AgentId, out: &mut Effects) {
        self.info.id = Some(Box::new(id.to_proto()));
        self.agent_id = Some(id.clone());
        let work_dir = &self.config.work_dir;
        let path = paths::agent_info(work_dir, id);
        out.push(Effect::Checkpoint {
            ticket: None,
            path,
            bytes: checkpoint::record(&self.downgraded_info()),
        });
        for root in [paths::meta_root(work_dir), work_dir.clone()] {
            out.push(Effect::Symlink {
                link: paths::latest_agent(&root),
                target: paths::agent(&root, id),
            });
        }
    }

    /// Starts to live as a registered agent.
    fn run(&mut self, now: Time, connection: Option<&MasterSlaveConnection>, out: &mut Effects) {
        self.state = AgentState::Running;
        if let Some(timer) = self.register_timer.take() {
            self.timers.cancel(timer);
        }
        self.ping_timeout = connection
            .and_then(|connection| connection.total_ping_timeout_seconds)
            .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
            .unwrap_or(DEFAULT_MASTER_PING_TIMEOUT);
        self.await_ping(now);
        if let Some(master) = self.master.clone() {
            let message = UpdateSlaveMessage {
                slave_id: self.id().to_proto(),
                update_oversubscribed_resources: Some(self.oversubscribed.is_some()),
                oversubscribed_resources: self
                    .oversubscribed
                    .as_ref()
                    .map(Resources::to_protos)
                    .unwrap_or_default(),
                operations: Some(Box::new(update_slave_message::Operations {
                    operations: self.operations.known.values().cloned().collect(),
                    ..update_slave_message::Operations::default()
                })),
                resource_version_uuid: Some(self.resource_version_uuid()),
                resource_providers: Some(Box::<update_slave_message::ResourceProviders>::default()),
                ..UpdateSlaveMessage::default()
            };
            out.push(Effect::Send {
                to: master,
                message: Outgoing::new(&message),
            });
        }
        self.resume_updates(now, out);
        self.resume_operations(now, out);
    }

    /// The master believes these tasks here: those that are not were lost on the way.
    fn reconcile(&mut self, now: Time, message: &ReconcileTasksMessage, out: &mut Effects) {
        let framework_id = FrameworkId::from(&message.framework_id);
        let info = message
            .framework
            .as_deref()
            .or_else(|| Some(&self.frameworks.get(&framework_id)?.info));
        let state = dropped(info.unwrap_or(&mesos_proto::v0::FrameworkInfo::default()));
        for status in &message.statuses {
            let task_id = TaskId::from(&status.task_id);
            let known = self
                .frameworks
                .get(&framework_id)
                .is_some_and(|framework| framework.tasks.contains_key(&task_id));
            if known {
                continue;
            }
            warn!(%framework_id, %task_id, "a task the master knows is unknown here");
            let update = self.agent_update(
                now,
                &AgentUpdate {
                    framework_id: &framework_id,
                    executor_id: None,
                    task_id: &task_id,
                    state,
                    reason: Reason::ReasonReconciliation,
                    message: "Reconciliation: task unknown to the agent",
                },
            );
            // The framework may be unknown as well, so this does not take the way of other updates.
            self.receive_update(now, update, Origin::Agent, None, out);
        }
    }

    /// The operator wants this agent gone: tell the master, end the executors, then stop.
    ///
    /// Mesos: src/slave/slave.cpp, `Slave::signaled` and `Slave::shutdown`.
    pub(crate) fn unregister(&mut self, now: Time, reason: &str, out: &mut Effects) {
        info!(reason, "unregistering and shutting down");
        if let (Some(master), Some(id)) = (self.master.clone(), &self.agent_id) {
            let message = UnregisterSlaveMessage {
                slave_id: id.to_proto(),
                ..UnregisterSlaveMessage::default()
            };
            out.push(Effect::Send {
                to: master,
                message: Outgoing::new(&message),
            });
        }
        self.shutdown(now, reason, out);
    }
}

/// A framework without executors here, with all it ran that the agent still remembers.
fn archived(framework: &Framework) -> archive::Framework {
    let executors = framework.completed_executors.iter();
    let tasks = executors.flat_map(|executor| executor.terminated.values().chain(&executor.completed));
    archive::Framework {
        framework_info: framework.info.clone(),
        pid: framework.pid.as_ref().map(ToString::to_string),
        tasks: tasks.cloned().map(downgraded_task).collect(),
        ..archive::Framework::default()
    }
}
