//! What a task or group must be to be launched here and now.
//!
//! What can be said of a task alone stands in `mesos::validate`; here it is seen beside what runs already.

use mesos::Resources;
use mesos::ids::{ExecutorId, TaskId};
use mesos::validate::{
    TaskGroupLaunch, TaskLaunch, task_body, task_executor, task_group, task_id, task_in_group,
};
use mesos_proto::v0::{self, slave_info::capability};

use crate::state::{Agent, Framework};

/// Checks one task of a LAUNCH against what is left of the offers. Mesos: `task::validate`.
///
/// # Errors
///
/// The reason in Mesos' words.
pub fn task(
    task: &v0::TaskInfo,
    framework: &Framework,
    agent: &Agent,
    offered: &Resources,
) -> Result<(), String> {
    let launch = launch(task.executor.as_deref(), framework, agent, offered);
    task_id(task).map_err(|error| error.to_string())?;
    unique_id(task, framework)?;
    task_body(task, &launch)
        .and_then(|()| task_executor(task, &launch))
        .map_err(|error| error.to_string())
}

/// Checks a whole LAUNCH_GROUP against what is left of the offers. Mesos: `task::group::validate`.
///
/// # Errors
///
/// The reason in Mesos' words.
pub fn group(
    group: &v0::TaskGroupInfo,
    executor: &v0::ExecutorInfo,
    framework: &Framework,
    agent: &Agent,
    offered: &Resources,
) -> Result<(), String> {
    let launch = launch(Some(executor), framework, agent, offered);
    for task in &group.tasks {
        task_in_group(task, &launch)
            .map_err(|error| error.to_string())
            .and_then(|()| unique_id(task, framework))
            .map_err(|reason| format!("Task '{}' is invalid: {reason}", task.task_id.value))?;
    }
    task_group(&TaskGroupLaunch {
        group,
        executor,
        launch,
    })
    .map_err(|error| error.to_string())
}

fn launch<'a>(
    executor: Option<&v0::ExecutorInfo>,
    framework: &'a Framework,
    agent: &'a Agent,
    offered: &'a Resources,
) -> TaskLaunch<'a> {
    TaskLaunch {
        agent_id: &agent.id,
        resource_limits: agent.can(capability::Type::TaskResourceLimits),
        framework_id: &framework.id,
        existing_executor: executor
            .and_then(|executor| agent.executor(&framework.id, &ExecutorId::from(&executor.executor_id))),
        offered,
    }
}

/// Mesos: `task::internal::validateUniqueTaskID`.
fn unique_id(task: &v0::TaskInfo, framework: &Framework) -> Result<(), String> {
    let id = TaskId::from(&task.task_id);
    if framework.tasks.contains_key(&id) {
        return Err(format!("Task has duplicate ID: {id}"));
    }
    if framework.unreachable_tasks.iter().any(|known| known.id() == id) {
        return Err(format!("Task reuses the ID of an unreachable task: {id}"));
    }
    Ok(())
}
