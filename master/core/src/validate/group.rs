//! What a task group must be to be launched.

use mesos::Resources;
use mesos::ids::ExecutorId;
use mesos_proto::v0::{self, container_info, executor_info};

use crate::state::{Agent, Framework};

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
    for task in &group.tasks {
        super::task::alone(task, framework, agent)
            .map_err(|reason| format!("Task '{}' is invalid: {reason}", task.task_id.value))?;
    }
    with_executor(group, executor, framework, agent, offered)?;
    share_cgroups(group, executor)
}

fn with_executor(
    group: &v0::TaskGroupInfo,
    executor: &v0::ExecutorInfo,
    framework: &Framework,
    agent: &Agent,
    offered: &Resources,
) -> Result<(), String> {
    super::executor::executor(executor, framework, agent)?;
    let id = &executor.executor_id.value;
    match executor.r#type {
        None => return Err("'ExecutorInfo.type' must be set".to_owned()),
        Some(executor_info::Type::Unknown) => return Err("Unknown executor type".to_owned()),
        Some(executor_info::Type::Default | executor_info::Type::Custom) => {}
    }
    if executor.container.as_deref().is_some_and(|c| c.r#type == container_info::Type::Docker) {
        return Err("Docker ContainerInfo is not supported on the executor".to_owned());
    }
    for task in &group.tasks {
        if task.executor.as_deref().is_some_and(|own| own != executor) {
            return Err(format!(
                "The `ExecutorInfo` of task '{}' is different from executor '{id}'",
                task.task_id.value
            ));
        }
    }
    let needed = Resources::from_protos(&executor.resources).map_err(|error| error.to_string())?;
    match needed.cpus().map(|cpus| cpus.to_f64()) {
        Some(cpus) if cpus >= 0.01 => {}
        cpus => {
            let shown = cpus.map_or("None".to_owned(), |cpus| cpus.to_string());
            return Err(format!(
                "Executor '{id}' uses less CPUs ({shown}) than the minimum required (0.01)"
            ));
        }
    }
    match needed.mem().map(|mem| mem.to_f64()) {
        Some(mem) if mem >= 32.0 => {}
        mem => {
            let shown = mem.map_or("None".to_owned(), |mem| format!("{mem}MB"));
            return Err(format!(
                "Executor '{id}' uses less memory ({shown}) than the minimum required (32MB)"
            ));
        }
    }
    if needed.disk().is_none() {
        return Err(format!("Executor '{id}' uses no disk"));
    }
    let mut total = Resources::default();
    for task in &group.tasks {
        total += &Resources::from_protos(&task.resources).map_err(|error| error.to_string())?;
    }
    if !agent.has_executor(&framework.id, &ExecutorId::from(&executor.executor_id)) {
        total += &needed;
    }
    if offered.contains(&total) {
        Ok(())
    } else {
        Err(format!(
            "Total resources {total} required by task group and its executor are more than available {offered}"
        ))
    }
}

fn share_cgroups(group: &v0::TaskGroupInfo, executor: &v0::ExecutorInfo) -> Result<(), String> {
    let of = |container: &Option<Box<v0::ContainerInfo>>| {
        container
            .as_deref()
            .and_then(|container| container.linux_info.as_deref())
            .and_then(|linux| linux.share_cgroups)
    };
    if of(&executor.container) == Some(true) {
        return Err("The 'share_cgroups' field cannot be set to 'true' on executor containers".to_owned());
    }
    let mut shares = group.tasks.iter().map(|task| of(&task.container).unwrap_or(true));
    let first = shares.next();
    if shares.any(|share| Some(share) != first) {
        return Err("If set, the value of 'share_cgroups' must be the same for all tasks in each task group and \
                    under a single executor"
            .to_owned());
    }
    Ok(())
}
