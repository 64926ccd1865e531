//! Calls of operators to the master.

use mesos_proto::v0::master::{Call, call::Type};

use super::{refuse, resources};
use crate::Error;

/// Checks that a call has the argument that belongs to its type.
///
/// # Errors
///
/// Fails with Mesos' words.
///
/// Mesos: src/master/validation.cpp, master::call::validate
pub fn master_call(call: &Call) -> Result<(), Error> {
    let Some(kind) = call.r#type else {
        return refuse("Expecting 'type' to be present");
    };
    let (name, present) = match kind {
        Type::GetMetrics => ("get_metrics", call.get_metrics.is_some()),
        Type::SetLoggingLevel => ("set_logging_level", call.set_logging_level.is_some()),
        Type::ListFiles => ("list_files", call.list_files.is_some()),
        Type::ReadFile => ("read_file", call.read_file.is_some()),
        Type::UpdateWeights => ("update_weights", call.update_weights.is_some()),
        Type::ReserveResources => ("reserve_resources", call.reserve_resources.is_some()),
        Type::UnreserveResources => ("unreserve_resources", call.unreserve_resources.is_some()),
        Type::CreateVolumes => ("create_volumes", call.create_volumes.is_some()),
        Type::DestroyVolumes => ("destroy_volumes", call.destroy_volumes.is_some()),
        Type::GrowVolume => ("grow_volume", call.grow_volume.is_some()),
        Type::ShrinkVolume => ("shrink_volume", call.shrink_volume.is_some()),
        Type::UpdateMaintenanceSchedule => (
            "update_maintenance_schedule",
            call.update_maintenance_schedule.is_some(),
        ),
        Type::StartMaintenance => ("start_maintenance", call.start_maintenance.is_some()),
        Type::StopMaintenance => ("stop_maintenance", call.stop_maintenance.is_some()),
        Type::DrainAgent => ("drain_agent", call.drain_agent.is_some()),
        Type::DeactivateAgent => ("deactivate_agent", call.deactivate_agent.is_some()),
        Type::ReactivateAgent => ("reactivate_agent", call.reactivate_agent.is_some()),
        Type::UpdateQuota => ("update_quota", call.update_quota.is_some()),
        Type::SetQuota => ("set_quota", call.set_quota.is_some()),
        Type::RemoveQuota => ("remove_quota", call.remove_quota.is_some()),
        Type::Teardown => ("teardown", call.teardown.is_some()),
        Type::MarkAgentGone => ("mark_agent_gone", call.mark_agent_gone.is_some()),
        _ => return Ok(()),
    };
    if !present {
        return refuse(format!("Expecting '{name}' to be present"));
    }
    let of_provider = match (&call.grow_volume, &call.shrink_volume) {
        (Some(grow), _) if kind == Type::GrowVolume => grow.slave_id.is_none(),
        (_, Some(shrink)) if kind == Type::ShrinkVolume => shrink.slave_id.is_none(),
        _ => false,
    };
    if of_provider {
        return refuse(
            "Expecting 'agent_id' to be present; only agent default resources are supported right now",
        );
    }
    match (&call.reserve_resources, &call.unreserve_resources) {
        (Some(reserve), _) if kind == Type::ReserveResources => resources(&reserve.resources),
        (_, Some(unreserve)) if kind == Type::UnreserveResources => resources(&unreserve.resources),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use mesos_proto::{Dialect, Message};

    use super::*;

    #[test]
    fn arguments_must_be_there() {
        let check = |text: &str| {
            let call = Call::from_json(text.as_bytes(), Dialect::V1).unwrap();
            master_call(&call).map_err(|error| error.to_string())
        };
        assert_eq!(check(r#"{"type":"GET_QUOTA"}"#), Ok(()));
        for (text, error) in [
            ("{}", "Expecting 'type' to be present"),
            (
                r#"{"type":"UPDATE_QUOTA"}"#,
                "Expecting 'update_quota' to be present",
            ),
            (
                r#"{"type":"GROW_VOLUME","grow_volume":{"volume":{"name":"disk","type":"SCALAR"},
                    "addition":{"name":"disk","type":"SCALAR"}}}"#,
                "Expecting 'agent_id' to be present; only agent default resources are supported right now",
            ),
            (
                r#"{"type":"RESERVE_RESOURCES","reserve_resources":{"agent_id":{"value":"a"},
                    "resources":[{"name":"cpus","type":"SCALAR"}]}}"#,
                "Resource 'cpus:0' is invalid: Invalid scalar resource",
            ),
        ] {
            assert_eq!(check(text).unwrap_err(), error, "{text}");
        }
    }
}
