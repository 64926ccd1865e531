//! Groups of tasks.

use mesos_proto::v0::executor_info::Type as ExecutorType;
use mesos_proto::v0::{ExecutorInfo, TaskGroupInfo, TaskInfo, container_info as containers, health_check};

use super::executor::{launched_executor, same_executor};
use super::resource::overlapping;
use super::task::no_shared_cgroups;
use super::{
    TaskLaunch, command_info, refuse, revocable_not_mixed, task_body, task_id, unique_persistence_ids,
};
use crate::{Error, Resources, Scalar};

/// The least processors an executor of a group must have.
///
/// Mesos: src/master/constants.hpp, MIN_CPUS and MIN_MEM
const CPUS_MIN: Scalar = Scalar::from_thousandths(10);
/// The least megabytes of memory an executor of a group must have.
const MEM_MIN: Scalar = Scalar::from_thousandths(32_000);

/// A group and what is known about its surroundings.
#[derive(Clone, Copy, Debug)]
pub struct TaskGroupLaunch<'a> {
    /// The tasks.
    pub group: &'a TaskGroupInfo,
    /// Their executor.
    pub executor: &'a ExecutorInfo,
    /// Where they are launched and with what.
    pub launch: TaskLaunch<'a>,
}

/// Checks one task of a group, but for whether its id is taken.
///
/// # Errors
///
/// Fails with Mesos' words; the caller says whose task it is: `Task '<id>' is invalid: ...`.
///
/// Mesos: src/master/validation.cpp, group::internal::validateTask
pub fn task_in_group(task: &TaskInfo, launch: &TaskLaunch<'_>) -> Result<(), Error> {
    task_id(task)?;
    task_body(task, launch)?;
    if task.executor.is_none() {
        return refuse("'TaskInfo.executor' must be set");
    }
    if let Some(container) = &task.container {
        let kind = task.health_check.as_deref().and_then(|check| check.r#type);
        let network_check = matches!(kind, Some(health_check::Type::Http | health_check::Type::Tcp));
        if network_check && !container.network_infos.is_empty() {
            return refuse(
                "HTTP and TCP health checks are not supported for nested containers not joining parent's \
                 network",
            );
        }
        if container.r#type == containers::Type::Docker {
            return refuse("Docker ContainerInfo is not supported on the task");
        }
    }
    let linux = task
        .container
        .as_deref()
        .and_then(|container| container.linux_info.as_deref());
    if !task.limits.is_empty() && linux.is_none_or(|linux| linux.share_cgroups_or_default()) {
        return refuse(
            "Resource limits may only be set for tasks within a task group when the 'share_cgroups' field \
             is set to 'false'.",
        );
    }
    Ok(())
}

/// Checks the executor of a group, and that all fits into what was offered.
///
/// # Errors
///
/// Fails with Mesos' words.
///
/// Mesos: src/master/validation.cpp, group::internal::validateExecutor and validateShareCgroups
pub fn task_group(group: &TaskGroupLaunch<'_>) -> Result<(), Error> {
    let TaskGroupLaunch {
        group,
        executor,
        launch,
    } = *group;
    launched_executor(executor, launch.framework_id, launch.existing_executor)?;
    match executor.r#type {
        None => return refuse("'ExecutorInfo.type' must be set"),
        Some(ExecutorType::Unknown) => return refuse("Unknown executor type"),
        Some(ExecutorType::Default | ExecutorType::Custom) => {}
    }
    let container = executor.container.as_deref();
    if container.is_some_and(|container| container.r#type == containers::Type::Docker) {
        return refuse("Docker ContainerInfo is not supported on the executor");
    }
    let executor_id = &executor.executor_id.value;
    for task in &group.tasks {
        if task
            .executor
            .as_deref()
            .is_some_and(|other| !same_executor(other, executor))
        {
            return refuse(format!(
                "The `ExecutorInfo` of task '{}' is different from executor '{executor_id}'",
                task.task_id.value
            ));
        }
    }
    fits(group, executor, &launch)?;
    if let Some(command) = &executor.command {
        command_info(command).map_err(|error| {
            Error::new(format!(
                "Executor '{executor_id}'contains an invalid command: {error}"
            ))
        })?;
    }
    no_shared_cgroups(executor)?;
    same_cgroups(group)
}

fn fits(group: &TaskGroupInfo, executor: &ExecutorInfo, launch: &TaskLaunch<'_>) -> Result<(), Error> {
    let id = &executor.executor_id.value;
    let needs = Resources::from_valid_protos(&executor.resources);
    let shown = |scalar: Option<Scalar>| scalar.map_or("None".to_owned(), |scalar| scalar.to_string());
    if needs.cpus().is_none_or(|cpus| cpus < CPUS_MIN) {
        let cpus = shown(needs.cpus());
        return refuse(format!(
            "Executor '{id}' uses less CPUs ({cpus}) than the minimum required ({CPUS_MIN})"
        ));
    }
    if needs.mem().is_none_or(|mem| mem < MEM_MIN) {
        let mem = needs.mem().map_or("None".to_owned(), |mem| format!("{mem}MB"));
        return refuse(format!(
            "Executor '{id}' uses less memory ({mem}) than the minimum required ({MEM_MIN}MB)"
        ));
    }
    if needs.disk().is_none() {
        return refuse(format!("Executor '{id}' uses no disk"));
    }
    let tasks: Vec<Resources> = group
        .tasks
        .iter()
        .map(|task| Resources::from_valid_protos(&task.resources))
        .collect();
    let mut total = Resources::new();
    for resources in &tasks {
        total += resources;
    }
    let all = total.clone() + &needs;
    unique_persistence_ids(&all)
        .map_err(|error| error.within("Task group and executor use duplicate persistence ID"))?;
    revocable_not_mixed(&all)
        .map_err(|error| error.within("Task group and executor mix revocable and non-revocable resources"))?;
    let bundles: Vec<&Resources> = tasks.iter().chain([&needs]).collect();
    if overlapping(&bundles) {
        let tasks: Vec<String> = tasks.iter().map(Resources::to_string).collect();
        return refuse(format!(
            "There are overlapping resources in the task group's task resources {{ {} }} and/or executor \
             resources {needs}",
            tasks.join(", ")
        ));
    }
    if launch.existing_executor.is_none() {
        total = all;
    }
    if !launch.offered.contains(&total) {
        return refuse(format!(
            "Total resources {total} required by task group and its executor are more than available {}",
            launch.offered
        ));
    }
    Ok(())
}

/// Tasks of a group share the executor's cgroups, or each has its own: never mixed.
fn same_cgroups(group: &TaskGroupInfo) -> Result<(), Error> {
    let shares = |task: &TaskInfo| {
        let linux = task
            .container
            .as_deref()
            .and_then(|container| container.linux_info.as_deref());
        linux.is_none_or(|linux| linux.share_cgroups_or_default())
    };
    if group
        .tasks
        .windows(2)
        .any(|pair| shares(&pair[0]) != shares(&pair[1]))
    {
        return refuse(
            "If set, the value of 'share_cgroups' must be the same for all tasks in each task group and \
             under a single executor",
        );
    }
    Ok(())
}
