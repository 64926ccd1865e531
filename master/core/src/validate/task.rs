//! What a task must be to be launched.

use mesos::ids::{ExecutorId, TaskId};
use mesos::{Resources, Scalar};
use mesos_proto::v0::{self, executor_info, slave_info::capability};
use tracing::warn;

use crate::state::{Agent, Framework};

/// Checks one task of a LAUNCH against what is left of the offers. Mesos: `task::validate`.
///
/// # Errors
///
/// The reason in Mesos' words.
pub fn task(task: &v0::TaskInfo, framework: &Framework, agent: &Agent, offered: &Resources) -> Result<(), String> {
    alone(task, framework, agent)?;
    with_executor(task, framework, agent, offered)?;
    let share = task
        .container
        .as_deref()
        .and_then(|container| container.linux_info.as_deref())
        .and_then(|linux| linux.share_cgroups);
    if share == Some(false) {
        return Err("Only tasks in a task group may have 'share_cgroups' set to 'false'".to_owned());
    }
    Ok(())
}

/// Checks everything but the executor, in Mesos' order. Mesos: `task::internal::validateTask`.
pub(super) fn alone(task: &v0::TaskInfo, framework: &Framework, agent: &Agent) -> Result<(), String> {
    mesos::validate::task_id(&task.task_id.value)?;
    let id = TaskId::from(&task.task_id);
    if framework.tasks.contains_key(&id) {
        return Err(format!("Task has duplicate ID: {id}"));
    }
    if framework.unreachable_tasks.iter().any(|known| known.id() == id) {
        return Err(format!("Task reuses the ID of an unreachable task: {id}"));
    }
    if task.slave_id.value != agent.id.as_str() {
        return Err(format!(
            "Task uses invalid agent {} while agent {} is expected",
            task.slave_id.value, agent.id
        ));
    }
    let grace = task.kill_policy.as_deref().and_then(|policy| policy.grace_period.as_deref());
    if grace.is_some_and(|grace| grace.nanoseconds < 0) {
        return Err("Task's 'kill_policy.grace_period' must be non-negative".to_owned());
    }
    if task.max_completion_time.as_deref().is_some_and(|time| time.nanoseconds < 0) {
        return Err("Task's `max_completion_time` must be non-negative".to_owned());
    }
    if let Some(check) = task.check.as_deref() {
        mesos::validate::check_info(check).map_err(|reason| format!("Task uses invalid check: {reason}"))?;
    }
    if let Some(check) = task.health_check.as_deref() {
        mesos::validate::health_check(check)
            .map_err(|reason| format!("Task uses invalid health check: {reason}"))?;
    }
    resources(task)?;
    if let Some(command) = task.command.as_deref() {
        mesos::validate::command_info(command)
            .map_err(|reason| format!("Task's `CommandInfo` is invalid: {reason}"))?;
    }
    if let Some(container) = task.container.as_deref() {
        mesos::validate::container_info(container)
            .map_err(|reason| format!("Task's `ContainerInfo` is invalid: {reason}"))?;
    }
    limits(task, agent)
}

fn resources(task: &v0::TaskInfo) -> Result<(), String> {
    if task.resources.is_empty() {
        return Err("Task uses no resources".to_owned());
    }
    mesos::validate::resources(&task.resources)
        .map_err(|reason| format!("Task uses invalid resources: {reason}"))?;
    mesos::validate::allocated_to_single_role(&task.resources)
        .map_err(|reason| format!("Invalid task resources: {reason}"))
}

/// Mesos: `task::internal::validateResourceLimits`.
fn limits(task: &v0::TaskInfo, agent: &Agent) -> Result<(), String> {
    if task.limits.is_empty() {
        return Ok(());
    }
    if !agent.can(capability::Type::TaskResourceLimits) {
        return Err("Agent is not capable of handling task resource limits".to_owned());
    }
    if task.limits.keys().any(|name| name != "cpus" && name != "mem") {
        return Err("Only cpus and mem may be included in a task's resource limits".to_owned());
    }
    let requested = Resources::from_protos(&task.resources).map_err(|error| error.to_string())?;
    if let Some(limit) = task.limits.get("cpus") {
        let Some(cpus) = requested.cpus() else {
            return Err("When a CPU limit is specified, a CPU request must also be specified".to_owned());
        };
        if limit.value < cpus.to_f64() {
            return Err("The cpu limit must be greater than or equal to the cpu request".to_owned());
        }
    }
    if let Some(limit) = task.limits.get("mem") {
        let Some(mem) = requested.mem() else {
            return Err("When a memory limit is specified, a memory request must also be specified".to_owned());
        };
        if limit.value < mem.to_f64() {
            return Err("The memory limit must be greater than or equal to the memory request".to_owned());
        }
    }
    Ok(())
}

/// Checks the executor and that both fit into the offers. Mesos: `task::internal::validateExecutor`.
fn with_executor(
    task: &v0::TaskInfo,
    framework: &Framework,
    agent: &Agent,
    offered: &Resources,
) -> Result<(), String> {
    if task.executor.is_some() == task.command.is_some() {
        return Err(
            "Task should have at least one (but not both) of CommandInfo or ExecutorInfo present".to_owned()
        );
    }
    let mut total = Resources::from_protos(&task.resources).map_err(|error| error.to_string())?;
    if let Some(executor) = task.executor.as_deref() {
        super::executor::executor(executor, framework, agent)?;
        if executor.r#type.is_some_and(|kind| kind != executor_info::Type::Custom) {
            return Err("'ExecutorInfo.type' must be 'CUSTOM'".to_owned());
        }
        if executor.command.is_none() {
            return Err("'ExecutorInfo.command' must be set".to_owned());
        }
        let share = executor
            .container
            .as_deref()
            .and_then(|container| container.linux_info.as_deref())
            .and_then(|linux| linux.share_cgroups);
        if share == Some(true) {
            return Err("The 'share_cgroups' field cannot be set to 'true' on executor containers".to_owned());
        }
        let needed = Resources::from_protos(&executor.resources).map_err(|error| error.to_string())?;
        warn_small(executor, &needed);
        if !agent.has_executor(&framework.id, &ExecutorId::from(&executor.executor_id)) {
            total += &needed;
        }
    }
    if offered.contains(&total) {
        Ok(())
    } else {
        Err(format!(
            "Total resources {total} required by task and its executor is more than available {offered}"
        ))
    }
}

/// Mesos only warns of executors below 0.01 cpus or 32 MB (MESOS-1807).
fn warn_small(executor: &v0::ExecutorInfo, needed: &Resources) {
    let small = |amount: Option<Scalar>, least: f64| amount.unwrap_or_default() < Scalar::from_f64(least);
    if small(needed.cpus(), 0.01) || small(needed.mem(), 32.0) {
        warn!(executor_id = executor.executor_id.value, "executor uses less than the minimum required");
    }
}
