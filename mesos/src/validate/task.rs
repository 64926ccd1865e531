//! Tasks.

use mesos_proto::v0::executor_info::Type as ExecutorType;
use mesos_proto::v0::{ExecutorInfo, TaskInfo};

use super::executor::launched_executor;
use super::resource::overlapping;
use super::{
    allocated_to_single_role, check_info, command_info, container_info, health_check, id, negative, refuse,
    revocable_not_mixed, task_resources, unique_persistence_ids,
};
use crate::ids::{AgentId, FrameworkId};
use crate::{Error, Resources, Scalar};

/// Where a task is launched and with what.
#[derive(Clone, Copy, Debug)]
pub struct TaskLaunch<'a> {
    /// The agent of the offers.
    pub agent_id: &'a AgentId,
    /// Whether that agent has the capability TASK_RESOURCE_LIMITS.
    pub resource_limits: bool,
    /// The framework.
    pub framework_id: &'a FrameworkId,
    /// The executor of the same id that the framework already has on the agent.
    pub existing_executor: Option<&'a ExecutorInfo>,
    /// What is left of the offers.
    pub offered: &'a Resources,
}

/// Checks the id of a task. Whether the id is taken the master asks next:
/// `Task has duplicate ID: <id>`, `Task reuses the ID of an unreachable task: <id>`.
///
/// # Errors
///
/// Fails with Mesos' words.
pub fn task_id(task: &TaskInfo) -> Result<(), Error> {
    id(&task.task_id.value)
}

/// Checks all of a task but its id and executor. Its resources must be allocated already.
///
/// # Errors
///
/// Fails with Mesos' words.
///
/// Mesos: src/master/validation.cpp, task::internal::validateTask
pub fn task_body(task: &TaskInfo, launch: &TaskLaunch<'_>) -> Result<(), Error> {
    if task.slave_id.value != launch.agent_id.as_str() {
        return refuse(format!(
            "Task uses invalid agent {} while agent {} is expected",
            task.slave_id.value, launch.agent_id
        ));
    }
    if negative(
        task.kill_policy
            .as_deref()
            .and_then(|policy| policy.grace_period.as_deref()),
    ) {
        return refuse("Task's 'kill_policy.grace_period' must be non-negative");
    }
    if negative(task.max_completion_time.as_deref()) {
        return refuse("Task's `max_completion_time` must be non-negative");
    }
    if let Some(check) = &task.check {
        check_info(check).map_err(|error| error.within("Task uses invalid check"))?;
    }
    if let Some(check) = &task.health_check {
        health_check(check).map_err(|error| error.within("Task uses invalid health check"))?;
    }
    resources(task)?;
    if let Some(command) = &task.command {
        command_info(command).map_err(|error| error.within("Task's `CommandInfo` is invalid"))?;
    }
    if let Some(container) = &task.container {
        container_info(container).map_err(|error| error.within("Task's `ContainerInfo` is invalid"))?;
    }
    limits(task, launch.resource_limits)
}

fn resources(task: &TaskInfo) -> Result<(), Error> {
    if task.resources.is_empty() {
        return refuse("Task uses no resources");
    }
    task_resources(&task.resources).map_err(|error| error.within("Task uses invalid resources"))?;
    let resources = Resources::from_valid_protos(&task.resources);
    unique_persistence_ids(&resources).map_err(|error| error.within("Task uses duplicate persistence ID"))?;
    allocated_to_single_role(&resources).map_err(|error| error.within("Invalid task resources"))?;
    revocable_not_mixed(&resources)
        .map_err(|error| error.within("Task mixes revocable and non-revocable resources"))
}

/// Mesos: src/master/validation.cpp, task::internal::validateResourceLimits
fn limits(task: &TaskInfo, supported: bool) -> Result<(), Error> {
    if task.limits.is_empty() {
        return Ok(());
    }
    if !supported {
        return refuse("Agent is not capable of handling task resource limits");
    }
    if task.limits.keys().any(|name| name != "cpus" && name != "mem") {
        return refuse("Only cpus and mem may be included in a task's resource limits");
    }
    let request = Resources::from_valid_protos(&task.resources);
    if let Some(limit) = task.limits.get("cpus") {
        let Some(cpus) = request.cpus() else {
            return refuse("When a CPU limit is specified, a CPU request must also be specified");
        };
        if limit.value < cpus.to_f64() {
            return refuse("The cpu limit must be greater than or equal to the cpu request");
        }
    }
    if let Some(limit) = task.limits.get("mem") {
        let Some(mem) = request.mem() else {
            return refuse("When a memory limit is specified, a memory request must also be specified");
        };
        if Scalar::from_f64(limit.value) < mem {
            return refuse("The memory limit must be greater than or equal to the memory request");
        }
    }
    Ok(())
}

/// Checks the executor of a task, and that both fit into what was offered.
///
/// # Errors
///
/// Fails with Mesos' words.
///
/// Mesos: src/master/validation.cpp, task::internal::validateExecutor and validateShareCgroups
pub fn task_executor(task: &TaskInfo, launch: &TaskLaunch<'_>) -> Result<(), Error> {
    if task.executor.is_some() == task.command.is_some() {
        return refuse("Task should have at least one (but not both) of CommandInfo or ExecutorInfo present");
    }
    let own = Resources::from_valid_protos(&task.resources);
    let mut total = own.clone();
    if let Some(executor) = &task.executor {
        let needs = Resources::from_valid_protos(&executor.resources);
        custom_executor(executor, &needs, launch)?;
        if launch.existing_executor.is_none() {
            total += &needs;
        }
        together(&own, &needs)?;
    }
    if !launch.offered.contains(&total) {
        return refuse(format!(
            "Total resources {total} required by task and its executor is more than available {}",
            launch.offered
        ));
    }
    let linux = task
        .container
        .as_deref()
        .and_then(|container| container.linux_info.as_deref());
    if linux.is_some_and(|linux| linux.share_cgroups == Some(false)) {
        return refuse("Only tasks in a task group may have 'share_cgroups' set to 'false'");
    }
    Ok(())
}

fn custom_executor(executor: &ExecutorInfo, needs: &Resources, launch: &TaskLaunch<'_>) -> Result<(), Error> {
    launched_executor(executor, launch.framework_id, launch.existing_executor)?;
    if executor.r#type.is_some_and(|kind| kind != ExecutorType::Custom) {
        return refuse("'ExecutorInfo.type' must be 'CUSTOM'");
    }
    if executor.command.is_none() {
        return refuse("'ExecutorInfo.command' must be set");
    }
    if !needs.shared().is_empty() {
        return refuse(format!(
            "Executor resources {needs} should not contain any shared resources"
        ));
    }
    no_shared_cgroups(executor)
}

pub(super) fn no_shared_cgroups(executor: &ExecutorInfo) -> Result<(), Error> {
    let linux = executor
        .container
        .as_deref()
        .and_then(|container| container.linux_info.as_deref());
    if linux.is_some_and(|linux| linux.share_cgroups == Some(true)) {
        return refuse("The 'share_cgroups' field cannot be set to 'true' on executor containers");
    }
    Ok(())
}

/// Mesos: src/master/validation.cpp, task::internal::validateTaskAndExecutorResources
fn together(task: &Resources, executor: &Resources) -> Result<(), Error> {
    let total = task.clone() + executor;
    task_resources(&total.to_protos())
        .map_err(|error| error.within("Task and its executor use invalid resources"))?;
    if overlapping(&[task, executor]) {
        return refuse(format!(
            "There are overlapping resources in the task resources {task} and executor resources {executor}"
        ));
    }
    unique_persistence_ids(&total)
        .map_err(|error| error.within("Task and its executor use duplicate persistence ID"))?;
    revocable_not_mixed(&total)
        .map_err(|error| error.within("Task and its executor mix revocable and non-revocable resources"))
}
