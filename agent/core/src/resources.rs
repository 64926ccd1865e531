//! Small facts about tasks, capabilities and resources as messages carry them.

use mesos::{ResourceFormat, convert_format};
use mesos_proto::v0::{FrameworkInfo, Resource, Task, TaskInfo, TaskState, framework_info::capability};

pub(crate) use mesos::task::is_terminal;

/// Whether the framework understands the newer states of lost tasks.
#[must_use]
pub(crate) fn is_partition_aware(framework: &FrameworkInfo) -> bool {
    mesos::capabilities::framework_has(framework, capability::Type::PartitionAware)
}

/// TASK_DROPPED, or TASK_LOST for frameworks that do not know it.
#[must_use]
pub(crate) fn dropped(framework: &FrameworkInfo) -> TaskState {
    if is_partition_aware(framework) {
        TaskState::TaskDropped
    } else {
        TaskState::TaskLost
    }
}

/// TASK_GONE, or TASK_LOST for frameworks that do not know it.
#[must_use]
pub(crate) fn gone(framework: &FrameworkInfo) -> TaskState {
    if is_partition_aware(framework) {
        TaskState::TaskGone
    } else {
        TaskState::TaskLost
    }
}

/// Resources as masters expect them in messages from agents, and as they lie on disk: in the form from before
/// refined reservations, where that can say it.
///
/// Mesos: src/common/resources_utils.cpp, `downgradeResources`.
#[must_use]
pub(crate) fn downgraded(resources: &[Resource]) -> Vec<Resource> {
    in_format(resources.to_vec(), ResourceFormat::Legacy)
}

/// Resources as the agent keeps them and as executors see them: with a stack of reservations.
#[must_use]
pub(crate) fn upgraded(resources: Vec<Resource>) -> Vec<Resource> {
    in_format(resources, ResourceFormat::Refined)
}

fn in_format(mut resources: Vec<Resource>, format: ResourceFormat) -> Vec<Resource> {
    for resource in &mut resources {
        // What the old form cannot say stays as it is, as in Mesos.
        let kept = resource.clone();
        if convert_format(resource, format).is_err() {
            *resource = kept;
        }
    }
    resources
}

/// What the agent remembers of a task.
///
/// Mesos: src/common/protobuf_utils.cpp, `createTask`.
#[must_use]
pub(crate) fn task_of(info: &TaskInfo, state: TaskState, framework_id: mesos_proto::v0::FrameworkID) -> Task {
    let user = info
        .command
        .as_ref()
        .and_then(|command| command.user.clone())
        .or_else(|| {
            info.executor
                .as_ref()
                .and_then(|executor| executor.command.as_ref()?.user.clone())
        });
    Task {
        name: info.name.clone(),
        task_id: info.task_id.clone(),
        framework_id,
        executor_id: info
            .executor
            .as_ref()
            .map(|executor| Box::new(executor.executor_id.clone())),
        slave_id: info.slave_id.clone(),
        state,
        resources: info.resources.clone(),
        labels: info.labels.clone(),
        discovery: info.discovery.clone(),
        container: info.container.clone(),
        health_check: info.health_check.clone(),
        kill_policy: info.kill_policy.clone(),
        user,
        limits: info.limits.clone(),
        ..Task::default()
    }
}

/// An executor as it is written to disk and sent to masters.
#[must_use]
pub(crate) fn downgraded_executor(info: &mesos_proto::v0::ExecutorInfo) -> mesos_proto::v0::ExecutorInfo {
    mesos_proto::v0::ExecutorInfo {
        resources: downgraded(&info.resources),
        ..info.clone()
    }
}

/// A task as it is written to disk and sent to masters.
#[must_use]
pub(crate) fn downgraded_task(task: Task) -> Task {
    Task {
        resources: downgraded(&task.resources),
        ..task
    }
}
