//! Executors.

use mesos_proto::v0::executor_info::Type;
use mesos_proto::v0::{ExecutorInfo, container_info as containers};
use mesos_proto::{Dialect, Message};

use super::{
    allocated_to_single_role, command_info, container_info, id, negative, refuse, revocable_not_mixed,
    task_resources, unique_persistence_ids,
};
use crate::ids::FrameworkId;
use crate::{Error, Resources};

/// Checks what an executor says about itself.
///
/// # Errors
///
/// Fails with Mesos' words.
///
/// Mesos: src/master/validation.cpp, executor::validate
pub fn executor_info(executor: &ExecutorInfo) -> Result<(), Error> {
    kind(executor)?;
    id(&executor.executor_id.value)?;
    if negative(executor.shutdown_grace_period.as_deref()) {
        return refuse("ExecutorInfo's 'shutdown_grace_period' must be non-negative");
    }
    if let Some(command) = &executor.command {
        command_info(command).map_err(|error| error.within("Executor's `CommandInfo` is invalid"))?;
    }
    if let Some(container) = &executor.container {
        container_info(container).map_err(|error| error.within("Executor's `ContainerInfo` is invalid"))?;
    }
    Ok(())
}

fn kind(executor: &ExecutorInfo) -> Result<(), Error> {
    match executor.r#type.unwrap_or_default() {
        Type::Default => {
            if executor.command.is_some() {
                return refuse("'ExecutorInfo.command' must not be set for 'DEFAULT' executor");
            }
            let Some(container) = &executor.container else {
                return Ok(());
            };
            if container.r#type != containers::Type::Mesos {
                return refuse("'ExecutorInfo.container.type' must be 'MESOS' for 'DEFAULT' executor");
            }
            if container
                .mesos
                .as_deref()
                .is_some_and(|mesos| mesos.image.is_some())
            {
                return refuse("'ExecutorInfo.container.mesos.image' must not be set for 'DEFAULT' executor");
            }
            Ok(())
        }
        Type::Custom if executor.command.is_none() => {
            refuse("'ExecutorInfo.command' must be set for 'CUSTOM' executor")
        }
        // Unknown: a type that is newer than this master.
        Type::Custom | Type::Unknown => Ok(()),
    }
}

/// Checks an executor that a framework launches: `existing` is the one of the same id the framework
/// already has on the agent.
///
/// # Errors
///
/// Fails with Mesos' words.
///
/// Mesos: src/master/validation.cpp, executor::internal::validate
pub fn launched_executor(
    executor: &ExecutorInfo,
    framework_id: &FrameworkId,
    existing: Option<&ExecutorInfo>,
) -> Result<(), Error> {
    executor_info(executor)?;
    match &executor.framework_id {
        None => return refuse("'ExecutorInfo.framework_id' must be set"),
        Some(actual) if actual.value != framework_id.as_str() => {
            return refuse(format!(
                "ExecutorInfo has an invalid FrameworkID (Actual: {} vs Expected: {framework_id})",
                actual.value
            ));
        }
        Some(_) => {}
    }
    resources(executor)?;
    match existing {
        Some(existing) if !same_executor(existing, executor) => {
            let line = "-".repeat(60);
            refuse(format!(
                "ExecutorInfo is not compatible with existing ExecutorInfo with same ExecutorID.\n\
                 {line}\nExisting ExecutorInfo:\n{}\n{line}\nExecutorInfo:\n{}\n{line}\n",
                existing.to_json(Dialect::V0),
                executor.to_json(Dialect::V0)
            ))
        }
        _ => Ok(()),
    }
}

/// Tells whether two messages describe one executor; labels and the spelling of resources do not
/// matter.
///
/// Mesos: src/common/type_utils.cpp, operator==(const ExecutorInfo&, const ExecutorInfo&)
pub(super) fn same_executor(one: &ExecutorInfo, two: &ExecutorInfo) -> bool {
    let told = |executor: &ExecutorInfo| {
        let executor = executor.clone();
        ExecutorInfo {
            resources: Vec::new(),
            labels: None,
            shutdown_grace_period: None,
            unknown: Default::default(),
            ..executor
        }
    };
    told(one) == told(two)
        && Resources::from_valid_protos(&one.resources) == Resources::from_valid_protos(&two.resources)
}

fn resources(executor: &ExecutorInfo) -> Result<(), Error> {
    task_resources(&executor.resources).map_err(|error| error.within("Executor uses invalid resources"))?;
    let resources = Resources::from_valid_protos(&executor.resources);
    unique_persistence_ids(&resources)
        .map_err(|error| error.within("Executor uses duplicate persistence ID"))?;
    allocated_to_single_role(&resources).map_err(|error| error.within("Invalid executor resources"))?;
    revocable_not_mixed(&resources)
        .map_err(|error| error.within("Executor mixes revocable and non-revocable resources"))
}
