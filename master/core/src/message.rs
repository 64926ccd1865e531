//! Bytes between a scheduler and its executors, at most once.

use mesos::ids::{AgentId, FrameworkId};
use mesos_proto::v0::{internal, scheduler};
use tracing::warn;

use crate::effect::{Effect, Effects, ToAgent};
use crate::state::Master;

impl Master {
    /// MESSAGE: passed to the agent when it is there. Mesos: `Master::message`.
    pub(crate) fn message(
        &mut self,
        framework_id: &FrameworkId,
        message: scheduler::call::Message,
        effects: &mut Effects,
    ) {
        self.metrics.bump("messages_framework_to_executor");
        let agent_id = AgentId::from(&message.slave_id);
        let Some(agent) = self.agents.get(&agent_id).filter(|agent| agent.is_connected()) else {
            warn!(%framework_id, %agent_id, "message for an executor of an agent that is not there");
            self.metrics.bump("invalid_framework_to_executor_messages");
            return;
        };
        let pid = agent.pid.clone();
        self.metrics.bump("valid_framework_to_executor_messages");
        let message = internal::FrameworkToExecutorMessage {
            slave_id: message.slave_id,
            framework_id: framework_id.to_proto(),
            executor_id: message.executor_id,
            data: message.data,
            ..Default::default()
        };
        effects.push(Effect::Send(pid, ToAgent::FrameworkToExecutor(message)));
    }

    /// An executor's message, passed to the scheduler when it listens. Mesos: `Master::executorMessage`.
    pub(crate) fn executor_message(
        &mut self,
        message: internal::ExecutorToFrameworkMessage,
        effects: &mut Effects,
    ) {
        self.metrics.bump("messages_executor_to_framework");
        let framework_id = FrameworkId::from(&message.framework_id);
        let known = self.agents.contains_key(&AgentId::from(&message.slave_id));
        let listens = self
            .frameworks
            .get(&framework_id)
            .is_some_and(|framework| framework.is_connected());
        if !known || !listens {
            warn!(%framework_id, "message of an executor dropped");
            self.metrics.bump("invalid_executor_to_framework_messages");
            return;
        }
        self.metrics.bump("valid_executor_to_framework_messages");
        let message = scheduler::event::Message {
            slave_id: message.slave_id,
            executor_id: message.executor_id,
            data: message.data,
            ..Default::default()
        };
        let event = scheduler::Event {
            r#type: Some(scheduler::event::Type::Message),
            message: Some(Box::new(message)),
            ..Default::default()
        };
        self.send_event(&framework_id, event, effects);
    }
}
