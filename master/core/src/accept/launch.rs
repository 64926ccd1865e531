//! One task of a LAUNCH.

use libprocess_core::time::Time;
use mesos::Resources;
use mesos::ids::ExecutorId;
use mesos::operation::Conversion;
use mesos_proto::v0::{self, TaskState, internal, offer, task_status};
use tracing::info;

use super::Accepted;
use crate::effect::{Effect, Effects, ToAgent};
use crate::metrics::count;
use crate::state::{Master, Task};
use crate::validate;

impl Master {
    /// Checks a task against what is left of the offers and sends it to its agent, or reports TASK_ERROR.
    ///
    /// Trip 4/14: the task is known and on its way. Mesos: `Master::_accept`, case LAUNCH.
    pub(crate) fn launch(
        &mut self,
        now: Time,
        accepted: &mut Accepted,
        task: v0::TaskInfo,
        effects: &mut Effects,
    ) {
        let framework_id = accepted.framework_id.clone();
        let (Some(framework), Some(agent)) = (
            self.frameworks.get(&framework_id),
            self.agents.get(&accepted.agent_id),
        ) else {
            return;
        };
        let available = accepted.available();
        if let Err(reason) = validate::task::task(&task, framework, agent, &available) {
            let why = task_status::Reason::ReasonTaskInvalid;
            self.reject_task(
                now,
                &framework_id,
                &task,
                TaskState::TaskError,
                &reason,
                why,
                effects,
            );
            return;
        }
        let info = framework.info.clone();
        let pid = agent.pid.clone();
        let versions = agent.resource_version.clone();
        let mut consumed = Resources::default();
        let mut launch_executor = true;
        if let Some(executor) = task.executor.as_deref() {
            let executor_id = ExecutorId::from(&executor.executor_id);
            launch_executor = !agent.has_executor(&framework_id, &executor_id);
            if launch_executor {
                let used = self.add_executor(&accepted.agent_id.clone(), &framework_id, executor.clone());
                consumed += &used;
            }
        }
        let added = Task::launched(&task, &framework_id);
        consumed += &added.resources;
        accepted.launch(&consumed);
        info!(
            trip = 4, %framework_id, agent_id = %accepted.agent_id, task_id = task.task_id.value, "task launched"
        );
        self.add_task(added);
        if let Some(framework) = self.frameworks.get_mut(&framework_id) {
            count(&mut framework.metrics.operations, offer::operation::Type::Launch);
        }
        let message = internal::RunTaskMessage {
            framework: info,
            task,
            resource_version_uuids: resource_versions(versions),
            pid: Some("@0.0.0.0:0".to_owned()),
            launch_executor: Some(launch_executor),
            ..Default::default()
        };
        effects.push(Effect::Send(pid, ToAgent::RunTask(Box::new(message))));
    }
}

impl Accepted {
    /// What a task may use: shared resources as often as they are wanted.
    fn available(&self) -> Resources {
        self.remaining.non_shared() + &self.remaining_shared
    }

    /// A task takes resources. A shared one that others of the accept took already is made one more of.
    pub(super) fn launch(&mut self, consumed: &Resources) {
        let additional = consumed.shared() - &self.remaining.shared();
        if !additional.is_empty() {
            self.conversions
                .push(Conversion::new(Resources::default(), additional));
        }
        self.remaining -= consumed;
        self.launched += consumed;
    }
}

/// Names the state of the agent's resources that the launch counts on.
pub(super) fn resource_versions(version: Option<v0::UUID>) -> Vec<internal::ResourceVersionUUID> {
    version
        .map(|uuid| internal::ResourceVersionUUID {
            uuid,
            ..Default::default()
        })
        .into_iter()
        .collect()
}
