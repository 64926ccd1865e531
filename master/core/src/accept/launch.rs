//! One task of a LAUNCH.

use libprocess_core::time::Time;
use mesos::Resources;
use mesos::ids::ExecutorId;
use mesos_proto::v0::{self, TaskState, health_check, internal, offer, task_status};
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
        mut task: v0::TaskInfo,
        effects: &mut Effects,
    ) {
        let framework_id = accepted.framework_id.clone();
        complete(&mut task, accepted);
        let (Some(framework), Some(agent)) = (
            self.frameworks.get(&framework_id),
            self.agents.get(&accepted.agent_id),
        ) else {
            return;
        };
        if let Err(reason) = validate::task::task(&task, framework, agent, &accepted.remaining) {
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
        let mut launch_executor = true;
        if let Some(executor) = task.executor.as_deref() {
            let executor_id = ExecutorId::from(&executor.executor_id);
            launch_executor = !agent.has_executor(&framework_id, &executor_id);
            if launch_executor {
                let used = self.add_executor(&accepted.agent_id.clone(), &framework_id, executor.clone());
                accepted.remaining -= &used;
            }
        }
        let added = Task::launched(&task, &framework_id);
        accepted.remaining -= &added.resources;
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

/// Fills in what schedulers may leave out. Mesos: `Master::accept`, its adjustments for old schedulers.
fn complete(task: &mut v0::TaskInfo, accepted: &Accepted) {
    allocate_to(&mut task.resources, &accepted.role);
    if let Some(executor) = task.executor.as_deref_mut() {
        allocate_to(&mut executor.resources, &accepted.role);
        executor
            .framework_id
            .get_or_insert_with(|| Box::new(accepted.framework_id.to_proto()));
    }
    if let Some(check) = task.health_check.as_deref_mut()
        && check.r#type.is_none()
    {
        check.r#type = match (&check.command, &check.http) {
            (Some(_), None) => Some(health_check::Type::Command),
            (None, Some(_)) => Some(health_check::Type::Http),
            _ => None,
        };
    }
}

/// Resources that do not say so belong to the role they were offered in.
pub(super) fn allocate_to(resources: &mut [v0::Resource], role: &str) {
    for resource in resources {
        resource.allocation_info.get_or_insert_with(|| {
            Box::new(v0::resource::AllocationInfo {
                role: Some(role.to_owned()),
                ..Default::default()
            })
        });
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

/// The sum of resources of messages; what cannot be read counts as none.
pub(super) fn sum(resources: &[v0::Resource]) -> Resources {
    Resources::from_protos(resources).unwrap_or_default()
}
