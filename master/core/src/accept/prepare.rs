//! What must hold of each operation of an accept before the first is carried out.

use libprocess_core::time::Time;
use mesos::operation::{inject_allocation, validate_and_upgrade};
use mesos_proto::v0::{self, TaskState, health_check, offer::operation::Type, task_status};
use tracing::warn;

use super::{Accepted, launched_by};
use crate::apply_operation::feedback_refused;
use crate::effect::Effects;
use crate::state::Master;

impl Master {
    /// Sorts out the operations that are not well-formed, and fills in what schedulers may leave out of the others.
    ///
    /// Mesos: `Master::accept`.
    pub(super) fn prepare(
        &mut self,
        now: Time,
        accepted: &Accepted,
        operations: Vec<v0::offer::Operation>,
        effects: &mut Effects,
    ) -> Vec<v0::offer::Operation> {
        let framework_id = &accepted.framework_id;
        let mut prepared = Vec::with_capacity(operations.len());
        for mut operation in operations {
            self.count_launch(&operation);
            if let Err(reason) = well_formed(&mut operation) {
                if is_launch(&operation) {
                    self.reject_launch(now, framework_id, &operation, &reason, effects);
                } else {
                    let reason = format!("Operation attempted with invalid resources: {reason}");
                    self.drop_operation(framework_id, &operation, &reason, effects);
                }
                continue;
            }
            if operation.id.is_some() && is_launch(&operation) {
                let name = operation.r#type.unwrap_or_default().as_str_name();
                let reason = format!("The `id` field cannot be set on {name} operations");
                self.reject_launch(now, framework_id, &operation, &reason, effects);
                continue;
            }
            let agent = self.agents.get(&accepted.agent_id);
            if let Some(reason) = agent.and_then(|agent| feedback_refused(&operation, agent)) {
                self.drop_operation(framework_id, &operation, &reason, effects);
                continue;
            }
            inject_allocation(&mut operation, &accepted.role);
            complete(&mut operation, accepted);
            prepared.push(operation);
        }
        prepared
    }

    fn count_launch(&mut self, operation: &v0::offer::Operation) {
        if operation.r#type == Some(Type::Launch) {
            self.metrics.bump(if launched_by(operation).is_empty() {
                "messages_decline_offers"
            } else {
                "messages_launch_tasks"
            });
        }
    }

    /// All tasks of an operation are refused, since it is not in order as a whole.
    fn reject_launch(
        &mut self,
        now: Time,
        framework_id: &mesos::ids::FrameworkId,
        operation: &v0::offer::Operation,
        reason: &str,
        effects: &mut Effects,
    ) {
        let why = match operation.r#type {
            Some(Type::LaunchGroup) => task_status::Reason::ReasonTaskGroupInvalid,
            _ => task_status::Reason::ReasonTaskInvalid,
        };
        for task in launched_by(operation) {
            let state = TaskState::TaskError;
            self.reject_task(now, framework_id, task, state, reason, why, effects);
        }
    }
}

fn is_launch(operation: &v0::offer::Operation) -> bool {
    matches!(operation.r#type, Some(Type::Launch | Type::LaunchGroup))
}

/// Checks all resources of an operation and brings them into the form in which the master thinks.
fn well_formed(operation: &mut v0::offer::Operation) -> Result<(), String> {
    validate_and_upgrade(operation).map_err(|error| error.to_string())?;
    let updates = operation
        .reserve
        .as_deref()
        .is_some_and(|reserve| !reserve.source.is_empty());
    if operation.r#type == Some(Type::Reserve) && updates {
        return Err("Reservation updates are not yet implemented for the scheduler API.".to_owned());
    }
    Ok(())
}

/// Fills in what schedulers may leave out. Mesos: `Master::accept`, its adjustments for old schedulers.
fn complete(operation: &mut v0::offer::Operation, accepted: &Accepted) {
    if let Some(launch) = operation.launch.as_deref_mut() {
        for task in &mut launch.task_infos {
            complete_task(task, accepted);
        }
    }
    if let Some(launch) = operation.launch_group.as_deref_mut() {
        let executor = &launch.executor;
        for task in &mut launch.task_group.tasks {
            task.executor.get_or_insert_with(|| Box::new(executor.clone()));
        }
    }
}

fn complete_task(task: &mut v0::TaskInfo, accepted: &Accepted) {
    if let Some(executor) = task.executor.as_deref_mut() {
        executor
            .framework_id
            .get_or_insert_with(|| Box::new(accepted.framework_id.to_proto()));
    }
    if let Some(check) = task.health_check.as_deref_mut()
        && check.r#type.is_none()
    {
        warn!(
            task_id = task.task_id.value,
            "the type of a health check is not set"
        );
        check.r#type = match (&check.command, &check.http) {
            (Some(_), None) => Some(health_check::Type::Command),
            (None, Some(_)) => Some(health_check::Type::Http),
            _ => None,
        };
    }
}
