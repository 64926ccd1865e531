//! A scheduler ends an executor.

use mesos::ids::{AgentId, FrameworkId};
use mesos_proto::v0::{internal, scheduler};
use tracing::warn;

use crate::effect::{Effect, Effects, ToAgent};
use crate::state::Master;

impl Master {
    /// SHUTDOWN: passed to the agent, dropped when that is unknown. Mesos: `Master::shutdown`.
    pub(crate) fn shutdown_executor(
        &mut self,
        framework_id: &FrameworkId,
        shutdown: &scheduler::call::Shutdown,
        effects: &mut Effects,
    ) {
        let agent_id = AgentId::from(&shutdown.slave_id);
        let Some(agent) = self.agents.get(&agent_id) else {
            warn!(%framework_id, %agent_id, "shutdown of an executor on an unknown agent");
            return;
        };
        let message = internal::ShutdownExecutorMessage {
            executor_id: Some(Box::new(shutdown.executor_id.clone())),
            framework_id: Some(Box::new(framework_id.to_proto())),
            ..Default::default()
        };
        effects.push(Effect::Send(
            agent.pid.clone(),
            ToAgent::ShutdownExecutor(message),
        ));
    }
}
