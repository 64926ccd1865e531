//! Messages between schedulers and executors, which the agent only passes on, and news about frameworks.

use bytes::Bytes;
use libprocess_core::upid::Upid;
use mesos::ids::{AgentId, ExecutorId, FrameworkId};
use mesos_proto::v0::{
    executor::{Event, event},
    internal::{ExecutorToFrameworkMessage, FrameworkToExecutorMessage, UpdateFrameworkMessage},
};
use tracing::{info, warn};

use crate::{
    core::{AgentCore, AgentState, Effects},
    effect::{Effect, Outgoing},
    executor::ExecutorState,
    executor_subscribe::event_of,
    framework::FrameworkState,
};

impl AgentCore {
    /// A scheduler sends bytes to its executor.
    ///
    /// Mesos: src/slave/slave.cpp, `Slave::schedulerMessage`.
    pub(crate) fn framework_message(&mut self, message: FrameworkToExecutorMessage, out: &mut Effects) {
        let framework_id = FrameworkId::from(&message.framework_id);
        let executor_id = ExecutorId::from(&message.executor_id);
        let connection = (self.state == AgentState::Running
            && self.agent_id == Some(AgentId::from(&message.slave_id)))
        .then(|| self.frameworks.get(&framework_id))
        .flatten()
        .filter(|framework| framework.state == FrameworkState::Running)
        .and_then(|framework| framework.executors.get(&executor_id))
        .filter(|executor| executor.state == ExecutorState::Running)
        .and_then(|executor| executor.connection);
        let Some(connection) = connection else {
            warn!(%framework_id, %executor_id, "dropping a message for an executor that is not running");
            self.counters.invalid_framework_messages += 1;
            return;
        };
        let data = event::Message {
            data: message.data,
            ..event::Message::default()
        };
        let event = Event {
            message: Some(Box::new(data)),
            ..event_of(event::Type::Message)
        };
        out.push(Effect::Event {
            connection,
            event: Box::new(event),
        });
        self.counters.valid_framework_messages += 1;
    }

    /// An executor sends bytes to its scheduler: straight to it when it has an address, else through the master.
    ///
    /// Mesos: src/slave/slave.cpp, `Slave::executorMessage`.
    pub(crate) fn executor_message(
        &mut self,
        framework_id: &FrameworkId,
        executor_id: &ExecutorId,
        data: Bytes,
        out: &mut Effects,
    ) {
        let framework = self
            .frameworks
            .get(framework_id)
            .filter(|framework| framework.state == FrameworkState::Running);
        let to = match framework {
            Some(framework) if self.state == AgentState::Running => {
                framework.pid.clone().or_else(|| self.master.clone())
            }
            _ => None,
        };
        let Some(to) = to else {
            warn!(%framework_id, %executor_id, "dropping a message of an executor");
            self.counters.invalid_framework_messages += 1;
            return;
        };
        let message = ExecutorToFrameworkMessage {
            slave_id: self.id().to_proto(),
            framework_id: framework_id.to_proto(),
            executor_id: executor_id.to_proto(),
            data,
            ..ExecutorToFrameworkMessage::default()
        };
        out.push(Effect::Send {
            to,
            message: Outgoing::new(&message),
        });
        self.counters.valid_framework_messages += 1;
    }

    /// A framework's scheduler failed over or described itself anew: what waits for it may go out again.
    ///
    /// Mesos: src/slave/slave.cpp, `Slave::updateFramework`.
    pub(crate) fn update_framework(&mut self, message: UpdateFrameworkMessage, out: &mut Effects) {
        let framework_id = FrameworkId::from(&message.framework_id);
        if self.state != AgentState::Running {
            warn!(%framework_id, state = ?self.state, "ignoring news about a framework in this state of the agent");
            return;
        }
        let Some(framework) = self.frameworks.get_mut(&framework_id) else {
            return;
        };
        if framework.state == FrameworkState::Terminating {
            warn!(%framework_id, "ignoring news about a framework that is terminating");
            return;
        }
        info!(%framework_id, "updating framework");
        if let Some(info) = message.framework_info {
            framework.info = *info;
        }
        let pid = message.pid.and_then(|pid| pid.parse::<Upid>().ok());
        framework.pid = pid.filter(|pid| !pid.is_empty() && !pid.id().is_empty());
        let framework = &self.frameworks[&framework_id];
        if framework.checkpoints() {
            self.checkpoint_framework(framework, out);
        }
    }
}
