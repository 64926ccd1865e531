//! A scheduler has taken note of a status update.

use libprocess_core::time::Time;
use mesos::ids::{AgentId, FrameworkId, TaskId};
use mesos_proto::v0::{internal, scheduler};
use tracing::{info, warn};

use crate::add_task::Remembered;
use crate::effect::{Effect, Effects, ToAgent};
use crate::state::Master;

impl Master {
    /// ACKNOWLEDGE: passed to the agent, which then sends the task's next update.
    ///
    /// Trip 14/14: the acknowledged terminal update takes the task out of the books. Mesos: `Master::acknowledge`.
    pub(crate) fn acknowledge(
        &mut self,
        now: Time,
        framework_id: &FrameworkId,
        acknowledge: scheduler::call::Acknowledge,
        effects: &mut Effects,
    ) {
        self.metrics.bump("messages_status_update_acknowledgement");
        let agent_id = AgentId::from(&acknowledge.slave_id);
        let task_id = TaskId::from(&acknowledge.task_id);
        let Some(agent) = self.agents.get(&agent_id).filter(|agent| agent.is_connected()) else {
            warn!(%framework_id, %task_id, %agent_id, "acknowledgement for an agent that is not there");
            self.metrics.bump("invalid_status_update_acknowledgements");
            return;
        };
        let pid = agent.pid.clone();
        let task = self
            .frameworks
            .get(framework_id)
            .and_then(|framework| framework.tasks.get(&task_id))
            .filter(|task| task.agent_id() == agent_id);
        if let Some(task) = task {
            let Some(reported) = task.message.status_update_state else {
                // The update was not sent by this master; the agent will send it again.
                self.metrics.bump("invalid_status_update_acknowledgements");
                return;
            };
            let matches = task.message.status_update_uuid.as_ref() == Some(&acknowledge.uuid);
            if mesos::task::is_terminal(reported) && matches {
                self.remove_task(now, framework_id, &task_id, Remembered::Completed);
            }
        }
        self.metrics.bump("valid_status_update_acknowledgements");
        info!(trip = 14, %framework_id, %task_id, "status update acknowledged");
        let message = internal::StatusUpdateAcknowledgementMessage {
            slave_id: acknowledge.slave_id,
            framework_id: framework_id.to_proto(),
            task_id: acknowledge.task_id,
            uuid: acknowledge.uuid,
            ..Default::default()
        };
        effects.push(Effect::Send(pid, ToAgent::StatusUpdateAcknowledgement(message)));
    }
}
