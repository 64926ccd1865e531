//! The tasks of a LAUNCH_GROUP: all or none.

use libprocess_core::time::Time;
use mesos::ids::ExecutorId;
use mesos_proto::v0::{TaskState, internal, offer, task_status};
use tracing::info;

use super::Accepted;
use super::launch::resource_versions;
use crate::effect::{Effect, Effects, ToAgent};
use crate::metrics::count;
use crate::state::{Master, Task};
use crate::validate;

impl Master {
    /// Checks the whole group and sends it to its agent, or reports TASK_ERROR for every member.
    ///
    /// Mesos: `Master::_accept`, case LAUNCH_GROUP.
    pub(crate) fn launch_group(
        &mut self,
        now: Time,
        accepted: &mut Accepted,
        launch: offer::operation::LaunchGroup,
        effects: &mut Effects,
    ) {
        let framework_id = accepted.framework_id.clone();
        let (executor, group) = (launch.executor, launch.task_group);
        let (Some(framework), Some(agent)) = (
            self.frameworks.get(&framework_id),
            self.agents.get(&accepted.agent_id),
        ) else {
            return;
        };
        if let Err(reason) = validate::task::group(&group, &executor, framework, agent, &accepted.remaining) {
            for task in &group.tasks {
                let why = task_status::Reason::ReasonTaskGroupInvalid;
                self.reject_task(
                    now,
                    &framework_id,
                    task,
                    TaskState::TaskError,
                    &reason,
                    why,
                    effects,
                );
            }
            return;
        }
        let message = internal::RunTaskGroupMessage {
            framework: framework.info.clone(),
            executor: executor.clone(),
            task_group: group.clone(),
            resource_version_uuids: resource_versions(agent.resource_version.clone()),
            launch_executor: Some(
                !agent.has_executor(&framework_id, &ExecutorId::from(&executor.executor_id)),
            ),
            ..Default::default()
        };
        let pid = agent.pid.clone();
        if message.launch_executor == Some(true) {
            let used = self.add_executor(&accepted.agent_id.clone(), &framework_id, executor);
            accepted.launch(&used);
        }
        for task in &group.tasks {
            let added = Task::launched(task, &framework_id);
            accepted.launch(&added.resources);
            self.add_task(added);
        }
        if let Some(framework) = self.frameworks.get_mut(&framework_id) {
            count(
                &mut framework.metrics.operations,
                offer::operation::Type::LaunchGroup,
            );
        }
        info!(%framework_id, agent_id = %accepted.agent_id, tasks = group.tasks.len(), "task group launched");
        effects.push(Effect::Send(pid, ToAgent::RunTaskGroup(Box::new(message))));
    }
}
