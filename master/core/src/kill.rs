//! A scheduler wants a task dead.

use libprocess_core::time::Time;
use mesos::ids::{AgentId, FrameworkId, TaskId};
use mesos_proto::v0::{internal, scheduler};
use tracing::{info, warn};

use crate::effect::{Effect, Effects, ToAgent};
use crate::state::Master;

impl Master {
    /// KILL: passed to the agent, and remembered so that an agent that missed it is told when it returns.
    ///
    /// A task that is unknown here is reconciled instead. Mesos: `Master::kill`.
    pub(crate) fn kill(
        &mut self,
        now: Time,
        framework_id: &FrameworkId,
        kill: &scheduler::call::Kill,
        effects: &mut Effects,
    ) {
        self.metrics.bump("messages_kill_task");
        let task_id = TaskId::from(&kill.task_id);
        let Some(framework) = self.frameworks.get(framework_id) else {
            return;
        };
        let Some(task) = framework.tasks.get(&task_id) else {
            warn!(%framework_id, %task_id, "kill of an unknown task, reconciling instead");
            let asked = scheduler::call::reconcile::Task {
                task_id: kill.task_id.clone(),
                slave_id: kill.slave_id.clone(),
                ..Default::default()
            };
            let reconcile = scheduler::call::Reconcile {
                tasks: vec![asked],
                ..Default::default()
            };
            self.reconcile(now, framework_id, &reconcile, effects);
            return;
        };
        let agent_id = task.agent_id();
        if kill
            .slave_id
            .as_deref()
            .is_some_and(|id| AgentId::from(id) != agent_id)
        {
            warn!(%framework_id, %task_id, %agent_id, "kill names another agent than the task's");
            return;
        }
        let Some(agent) = self.agents.get_mut(&agent_id) else {
            return;
        };
        agent
            .killed
            .entry(framework_id.clone())
            .or_default()
            .insert(task_id.clone());
        if agent.is_connected() {
            info!(%framework_id, %task_id, %agent_id, "kill sent");
            let message = internal::KillTaskMessage {
                framework_id: framework_id.to_proto(),
                task_id: kill.task_id.clone(),
                kill_policy: kill.kill_policy.clone(),
                ..Default::default()
            };
            effects.push(Effect::Send(agent.pid.clone(), ToAgent::KillTask(message)));
        } else {
            warn!(%framework_id, %task_id, %agent_id, "agent is disconnected, kill waits for its return");
        }
    }
}
