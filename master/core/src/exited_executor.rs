//! An agent reports that an executor ended.

use libprocess_core::time::Time;
use libprocess_core::upid::Upid;
use mesos::ids::{AgentId, ExecutorId, FrameworkId};
use mesos_proto::v0::{internal, scheduler};
use tracing::{info, warn};

use crate::effect::Effects;
use crate::state::Master;

impl Master {
    /// Frees what the executor used and tells its scheduler. The tasks it had are reported by the agent.
    ///
    /// Mesos: `Master::exitedExecutor`.
    pub(crate) fn exited_executor(
        &mut self,
        now: Time,
        from: &Upid,
        message: &internal::ExitedExecutorMessage,
        effects: &mut Effects,
    ) {
        self.metrics.bump("messages_exited_executor");
        let agent_id = AgentId::from(&message.slave_id);
        let framework_id = FrameworkId::from(&message.framework_id);
        let executor_id = ExecutorId::from(&message.executor_id);
        let runs = self
            .agents
            .get(&agent_id)
            .is_some_and(|agent| agent.pid == *from && agent.has_executor(&framework_id, &executor_id));
        if !runs {
            warn!(%framework_id, %executor_id, %agent_id, "unknown executor exited");
            return;
        }
        info!(%framework_id, %executor_id, %agent_id, status = message.status, "executor exited");
        self.remove_executor(now, &agent_id, &framework_id, &executor_id);
        let failure = scheduler::event::Failure {
            slave_id: Some(Box::new(message.slave_id.clone())),
            executor_id: Some(Box::new(message.executor_id.clone())),
            status: Some(message.status),
            ..Default::default()
        };
        let event = scheduler::Event {
            r#type: Some(scheduler::event::Type::Failure),
            failure: Some(Box::new(failure)),
            ..Default::default()
        };
        self.send_event(&framework_id, event, effects);
    }
}
