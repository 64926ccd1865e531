//! Calls of schedulers and executors.

use mesos_proto::v0::{TaskState, executor, scheduler, task_status};

use super::{check_status_info, refuse};
use crate::{Error, uuid};

fn expect(field: &str, present: bool) -> Result<(), Error> {
    if present {
        Ok(())
    } else {
        refuse(format!("Expecting '{field}' to be present"))
    }
}

/// Checks that a scheduler's call has what its type needs. `principal` is who authenticated.
///
/// # Errors
///
/// Fails with Mesos' words; the API answers `Failed to validate scheduler::Call: ...`.
///
/// Mesos: src/master/validation.cpp, scheduler::call::validate
pub fn scheduler_call(call: &scheduler::Call, principal: Option<&str>) -> Result<(), Error> {
    use scheduler::call::Type;
    let Some(kind) = call.r#type else {
        return refuse("Expecting 'type' to be present");
    };
    if kind == Type::Subscribe {
        return subscribe(call, principal);
    }
    expect("framework_id", call.framework_id.is_some())?;
    match kind {
        Type::Subscribe | Type::Teardown | Type::Revive | Type::Suppress | Type::Unknown => Ok(()),
        Type::Accept => expect("accept", call.accept.is_some()),
        Type::Decline => expect("decline", call.decline.is_some()),
        Type::AcceptInverseOffers => expect("accept_inverse_offers", call.accept_inverse_offers.is_some()),
        Type::DeclineInverseOffers => expect("decline_inverse_offers", call.decline_inverse_offers.is_some()),
        Type::Kill => expect("kill", call.kill.is_some()),
        Type::Shutdown => expect("shutdown", call.shutdown.is_some()),
        Type::Acknowledge => {
            expect("acknowledge", call.acknowledge.is_some())?;
            uuid::check(
                call.acknowledge
                    .as_ref()
                    .map_or(&[], |acknowledge| &acknowledge.uuid),
            )
        }
        Type::AcknowledgeOperationStatus => {
            let Some(acknowledge) = &call.acknowledge_operation_status else {
                return expect("acknowledge_operation_status", false);
            };
            uuid::check(&acknowledge.uuid)?;
            expect("agent_id", acknowledge.slave_id.is_some())
        }
        Type::Reconcile => expect("reconcile", call.reconcile.is_some()),
        Type::ReconcileOperations => expect("reconcile_operations", call.reconcile_operations.is_some()),
        Type::Message => expect("message", call.message.is_some()),
        Type::Request => expect("request", call.request.is_some()),
        Type::UpdateFramework => {
            let Some(update) = &call.update_framework else {
                return expect("update_framework", false);
            };
            let own = update.framework_info.id.as_ref().map_or("", |id| &id.value);
            if call.framework_id.as_ref().map_or("", |id| &id.value) != own {
                return refuse("'framework_id' differs from 'update_framework.framework_info.id'");
            }
            Ok(())
        }
    }
}

fn subscribe(call: &scheduler::Call, principal: Option<&str>) -> Result<(), Error> {
    let Some(subscribe) = &call.subscribe else {
        return expect("subscribe", false);
    };
    let info = &subscribe.framework_info;
    let own = info.id.as_ref().map_or("", |id| &id.value);
    if call.framework_id.as_ref().map_or("", |id| &id.value) != own {
        return refuse("'framework_id' differs from 'subscribe.framework_info.id'");
    }
    match (principal, &info.principal) {
        (Some(who), Some(claimed)) if who != claimed => refuse(format!(
            "Authenticated principal '{who}' does not match principal '{claimed}' set in `FrameworkInfo`"
        )),
        _ => Ok(()),
    }
}

/// Checks that an executor's call has what its type needs.
///
/// # Errors
///
/// Fails with Mesos' words; the API answers `Failed to validate Executor::Call: ...`.
///
/// Mesos: src/common/validation.cpp, validateExecutorCall
pub fn executor_call(call: &executor::Call) -> Result<(), Error> {
    use executor::call::Type;
    let Some(kind) = call.r#type else {
        return refuse("Expecting 'type' to be present");
    };
    match kind {
        Type::Subscribe => expect("subscribe", call.subscribe.is_some()),
        Type::Message => expect("message", call.message.is_some()),
        Type::Heartbeat | Type::Unknown => Ok(()),
        Type::Update => update(call),
    }
}

fn update(call: &executor::Call) -> Result<(), Error> {
    let Some(update) = &call.update else {
        return expect("update", false);
    };
    let status = &update.status;
    let Some(bytes) = &status.uuid else {
        return expect("uuid", false);
    };
    uuid::check(bytes)?;
    let (executor, framework) = (&call.executor_id.value, &call.framework_id.value);
    if let Some(other) = status.executor_id.as_ref().filter(|id| id.value != *executor) {
        return refuse(format!(
            "ExecutorID in Call: {executor} does not match ExecutorID in TaskStatus: {}",
            other.value
        ));
    }
    if status.source != Some(task_status::Source::SourceExecutor) {
        return refuse(format!(
            "Received Call from executor {executor} of framework {framework} with invalid source, \
             expecting 'SOURCE_EXECUTOR'"
        ));
    }
    if status.state == TaskState::TaskStaging {
        return refuse(format!(
            "Received TASK_STAGING from executor {executor} of framework {framework} which is not allowed"
        ));
    }
    status.check_status.as_deref().map_or(Ok(()), check_status_info)
}
