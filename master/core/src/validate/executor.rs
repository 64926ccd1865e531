//! What an executor must be.

use mesos::ids::ExecutorId;
use mesos_proto::v0::{self, container_info, executor_info::Type};

use crate::state::{Agent, Framework};

/// Checks an executor that a task or group brings. Mesos: `executor::internal::validate`.
///
/// # Errors
///
/// The reason in Mesos' words.
pub fn executor(info: &v0::ExecutorInfo, framework: &Framework, agent: &Agent) -> Result<(), String> {
    kind(info)?;
    mesos::validate::executor_id(&info.executor_id.value)?;
    if info.shutdown_grace_period.as_deref().is_some_and(|grace| grace.nanoseconds < 0) {
        return Err("ExecutorInfo's 'shutdown_grace_period' must be non-negative".to_owned());
    }
    if let Some(command) = info.command.as_deref() {
        mesos::validate::command_info(command)
            .map_err(|reason| format!("Executor's `CommandInfo` is invalid: {reason}"))?;
    }
    if let Some(container) = info.container.as_deref() {
        mesos::validate::container_info(container)
            .map_err(|reason| format!("Executor's `ContainerInfo` is invalid: {reason}"))?;
    }
    let Some(framework_id) = info.framework_id.as_deref() else {
        return Err("'ExecutorInfo.framework_id' must be set".to_owned());
    };
    if framework_id.value != framework.id.as_str() {
        return Err(format!(
            "ExecutorInfo has an invalid FrameworkID (Actual: {} vs Expected: {})",
            framework_id.value, framework.id
        ));
    }
    mesos::validate::resources(&info.resources)
        .map_err(|reason| format!("Executor uses invalid resources: {reason}"))?;
    mesos::validate::allocated_to_single_role(&info.resources)
        .map_err(|reason| format!("Invalid executor resources: {reason}"))?;
    compatible(info, framework, agent)
}

fn kind(info: &v0::ExecutorInfo) -> Result<(), String> {
    match info.r#type.unwrap_or(Type::Unknown) {
        Type::Unknown => Ok(()),
        Type::Default => {
            if info.command.is_some() {
                return Err("'ExecutorInfo.command' must not be set for 'DEFAULT' executor".to_owned());
            }
            let Some(container) = info.container.as_deref() else { return Ok(()) };
            if container.r#type != container_info::Type::Mesos {
                return Err("'ExecutorInfo.container.type' must be 'MESOS' for 'DEFAULT' executor".to_owned());
            }
            if container.mesos.as_deref().is_some_and(|mesos| mesos.image.is_some()) {
                return Err(
                    "'ExecutorInfo.container.mesos.image' must not be set for 'DEFAULT' executor".to_owned()
                );
            }
            Ok(())
        }
        Type::Custom if info.command.is_none() => {
            Err("'ExecutorInfo.command' must be set for 'CUSTOM' executor".to_owned())
        }
        Type::Custom => Ok(()),
    }
}

/// An executor id names one executor: its description may not change while it runs.
fn compatible(info: &v0::ExecutorInfo, framework: &Framework, agent: &Agent) -> Result<(), String> {
    let running = agent.executor(&framework.id, &ExecutorId::from(&info.executor_id));
    match running {
        Some(running) if running != info => {
            const LINE: &str = "------------------------------------------------------------";
            let shown = |info: &v0::ExecutorInfo| {
                mesos_proto::Message::to_json(info, mesos_proto::Dialect::V0)
            };
            Err(format!(
                "ExecutorInfo is not compatible with existing ExecutorInfo with same ExecutorID.\n{LINE}\n\
                 Existing ExecutorInfo:\n{}\n{LINE}\nExecutorInfo:\n{}\n{LINE}\n",
                shown(running),
                shown(info)
            ))
        }
        _ => Ok(()),
    }
}
