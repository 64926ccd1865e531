//! `POST /api/v1`: the operator API. Mesos: `src/master/http.cpp`, `Master::Http::api`.

use std::time::Duration;

use libprocess::Context;
use libprocess::http::{Request, Responder, Response, pipe};
use mesos::ids::{AgentId, FrameworkId};
use mesos_daemon::api::{ContentType, EventStream, accepted, decode_call_with};
use mesos_daemon::{ids, version};
use mesos_master_core::views::Read;
use mesos_master_core::{Input, OperatorCall, StreamId};
use mesos_proto::v0::master::{Call, Response as Reply, call::Type, response};
use mesos_proto::v0::{self, Flag, Metric, offer};

use super::operate::{create_operation, destroy_operation, reserve_operation, unreserve_operation};
use crate::master::MasterProcess;

pub fn route(context: &mut Context<MasterProcess>) {
    context.route("/api/v1", operator);
}

fn operator(
    master: &mut MasterProcess,
    context: &mut Context<MasterProcess>,
    request: Request,
    responder: Responder,
) {
    if !master.core.is_recovered() {
        return responder.respond(Response::service_unavailable("Master has not finished recovery"));
    }
    let (call, kind, form) = match parse(&request) {
        Ok(parsed) => parsed,
        Err(response) => return responder.respond(response),
    };
    let read = match kind {
        Type::GetState => Some(Read::GetState),
        Type::GetAgents => Some(Read::GetAgents),
        Type::GetFrameworks => Some(Read::GetFrameworks),
        Type::GetExecutors => Some(Read::GetExecutors),
        Type::GetTasks => Some(Read::GetTasks),
        Type::GetRoles => Some(Read::GetRoles),
        Type::GetMaster => Some(Read::GetMaster),
        Type::GetOperations => Some(Read::GetOperations),
        _ => None,
    };
    if let Some(read) = read {
        let body = master.core.read(read, form == ContentType::Json);
        return responder.respond(Response::with_body(form.as_str(), body));
    }
    match kind {
        Type::GetHealth => {
            let get_health = response::GetHealth {
                healthy: true,
                ..Default::default()
            };
            reply(responder, form, response::Type::GetHealth, |reply| {
                reply.get_health = Some(Box::new(get_health))
            });
        }
        Type::GetFlags => {
            let flags = master.core.options().shown.iter().map(|(name, value)| Flag {
                name: name.clone(),
                value: Some(value.clone()),
                ..Default::default()
            });
            let get_flags = response::GetFlags {
                flags: flags.collect(),
                ..Default::default()
            };
            reply(responder, form, response::Type::GetFlags, |reply| {
                reply.get_flags = Some(Box::new(get_flags))
            });
        }
        Type::GetVersion => {
            let get = response::GetVersion {
                version_info: version::message(),
                ..Default::default()
            };
            reply(responder, form, response::Type::GetVersion, |reply| {
                reply.get_version = Some(Box::new(get))
            });
        }
        Type::GetLoggingLevel => {
            let get = response::GetLoggingLevel {
                level: 0,
                ..Default::default()
            };
            reply(responder, form, response::Type::GetLoggingLevel, |reply| {
                reply.get_logging_level = Some(Box::new(get));
            });
        }
        Type::GetMetrics => get_metrics(context, &call, form, responder),
        Type::ListFiles => {
            let Some(list) = call.list_files else { return };
            let found = master.files.list_files(&list.path);
            context.then(found, move |_, _, found| match found {
                Ok(Ok(file_infos)) => {
                    let list = response::ListFiles {
                        file_infos,
                        ..Default::default()
                    };
                    reply(responder, form, response::Type::ListFiles, |reply| {
                        reply.list_files = Some(Box::new(list))
                    });
                }
                Ok(Err(error)) => responder.respond(error.response()),
                Err(error) => responder.respond(Response::internal_error(error.to_string())),
            });
        }
        Type::ReadFile => {
            let Some(read) = call.read_file else { return };
            let found = master.files.read_file(&read.path, read.offset, read.length);
            context.then(found, move |_, _, found| match found {
                Ok(Ok(part)) => {
                    let read = response::ReadFile {
                        size: part.size,
                        data: part.data,
                        ..Default::default()
                    };
                    reply(responder, form, response::Type::ReadFile, |reply| {
                        reply.read_file = Some(Box::new(read))
                    });
                }
                Ok(Err(error)) => responder.respond(error.response()),
                Err(error) => responder.respond(Response::internal_error(error.to_string())),
            });
        }
        Type::GetQuota => {
            let get = response::GetQuota {
                status: master.core.quota_status(),
                ..Default::default()
            };
            reply(responder, form, response::Type::GetQuota, |reply| {
                reply.get_quota = Some(Box::new(get));
            });
        }
        Type::GetWeights => {
            let get = response::GetWeights {
                weight_infos: master.core.weight_infos(),
                ..Default::default()
            };
            reply(responder, form, response::Type::GetWeights, |reply| {
                reply.get_weights = Some(Box::new(get));
            });
        }
        Type::GetMaintenanceStatus => {
            let get = response::GetMaintenanceStatus {
                status: master.core.maintenance_status(),
                ..Default::default()
            };
            reply(responder, form, response::Type::GetMaintenanceStatus, |reply| {
                reply.get_maintenance_status = Some(Box::new(get));
            });
        }
        Type::GetMaintenanceSchedule => {
            let get = response::GetMaintenanceSchedule {
                schedule: master.core.maintenance_schedule(),
                ..Default::default()
            };
            reply(responder, form, response::Type::GetMaintenanceSchedule, |reply| {
                reply.get_maintenance_schedule = Some(Box::new(get));
            });
        }
        Type::Subscribe => subscribe(master, context, form, responder),
        Type::Teardown => {
            let Some(teardown) = call.teardown else { return };
            let id = FrameworkId::from(&teardown.framework_id);
            master.request(context, responder, |ticket| Input::Teardown(ticket, id));
        }
        _ => match change(call, kind) {
            Some(change) => master.request(context, responder, |ticket| Input::Operator(ticket, change)),
            None => responder.respond(Response::not_implemented("")),
        },
    }
}

/// The calls that change something; `None` for those that are not known here.
fn change(call: Call, kind: Type) -> Option<OperatorCall> {
    let operate = |agent_id: &v0::SlaveID, operation: offer::Operation| {
        OperatorCall::Operate(AgentId::from(agent_id), Box::new(operation))
    };
    Some(match kind {
        Type::ReserveResources => {
            let call = call.reserve_resources?;
            let reserve = offer::operation::Reserve {
                source: call.source,
                resources: call.resources,
                ..Default::default()
            };
            operate(&call.slave_id, reserve_operation(reserve))
        }
        Type::UnreserveResources => {
            let call = call.unreserve_resources?;
            operate(&call.slave_id, unreserve_operation(call.resources))
        }
        Type::CreateVolumes => {
            let call = call.create_volumes?;
            operate(&call.slave_id, create_operation(call.volumes))
        }
        Type::DestroyVolumes => {
            let call = call.destroy_volumes?;
            operate(&call.slave_id, destroy_operation(call.volumes))
        }
        Type::GrowVolume => {
            let call = call.grow_volume?;
            let grow = offer::operation::GrowVolume {
                volume: call.volume,
                addition: call.addition,
                ..Default::default()
            };
            let operation = offer::Operation {
                r#type: Some(offer::operation::Type::GrowVolume),
                grow_volume: Some(Box::new(grow)),
                ..Default::default()
            };
            operate(&*call.slave_id?, operation)
        }
        Type::ShrinkVolume => {
            let call = call.shrink_volume?;
            let shrink = offer::operation::ShrinkVolume {
                volume: call.volume,
                subtract: call.subtract,
                ..Default::default()
            };
            let operation = offer::Operation {
                r#type: Some(offer::operation::Type::ShrinkVolume),
                shrink_volume: Some(Box::new(shrink)),
                ..Default::default()
            };
            operate(&*call.slave_id?, operation)
        }
        Type::UpdateWeights => OperatorCall::UpdateWeights(call.update_weights?.weight_infos),
        Type::SetQuota => OperatorCall::SetQuota(call.set_quota?.quota_request),
        Type::UpdateQuota => {
            let call = call.update_quota?;
            OperatorCall::UpdateQuota(call.quota_configs, call.force == Some(true))
        }
        Type::RemoveQuota => OperatorCall::RemoveQuota {
            role: call.remove_quota?.role,
            path: None,
        },
        Type::UpdateMaintenanceSchedule => {
            OperatorCall::UpdateSchedule(call.update_maintenance_schedule?.schedule)
        }
        Type::StartMaintenance => OperatorCall::StartMaintenance(call.start_maintenance?.machines),
        Type::StopMaintenance => OperatorCall::StopMaintenance(call.stop_maintenance?.machines),
        _ => return None,
    })
}

/// The call, its type and the form of the answer. Mesos: `validation::master::call::validate` for the words.
fn parse(request: &Request) -> Result<(Call, Type, ContentType), Response> {
    let call: Call = decode_call_with(
        request,
        mesos::convert::master_call_from_wire,
        mesos::convert::master_call_from_json,
    )?;
    let invalid = |error| Response::bad_request(format!("Failed to validate master::Call: {error}"));
    mesos::validate::master_call(&call).map_err(invalid)?;
    let kind = call.r#type.unwrap_or_default();
    let form = accepted(request)?;
    Ok((call, kind, form))
}

fn reply(responder: Responder, form: ContentType, kind: response::Type, fill: impl FnOnce(&mut Reply)) {
    let mut message = Reply {
        r#type: Some(kind),
        ..Default::default()
    };
    fill(&mut message);
    responder.respond(Response::with_body(form.as_str(), form.encode(&message)));
}

fn get_metrics(context: &mut Context<MasterProcess>, call: &Call, form: ContentType, responder: Responder) {
    let timeout = call
        .get_metrics
        .as_deref()
        .and_then(|get| get.timeout.as_deref())
        .map(|timeout| Duration::from_nanos(u64::try_from(timeout.nanoseconds).unwrap_or(0)));
    let system = context.system();
    let snapshot = system.metrics().snapshot(&system, timeout);
    context.then(snapshot, move |_, _, snapshot| {
        let metrics = snapshot
            .unwrap_or_default()
            .into_iter()
            .map(|(name, value)| Metric {
                name,
                value: Some(value),
                ..Default::default()
            });
        let get = response::GetMetrics {
            metrics: metrics.collect(),
            ..Default::default()
        };
        reply(responder, form, response::Type::GetMetrics, |reply| {
            reply.get_metrics = Some(Box::new(get))
        });
    });
}

/// Opens the operators' event stream.
fn subscribe(
    master: &mut MasterProcess,
    context: &mut Context<MasterProcess>,
    form: ContentType,
    responder: Responder,
) {
    let (writer, reader) = pipe();
    let id = StreamId(ids::random_uuid().into());
    responder.respond(Response::stream(form.as_str(), reader));
    let stream = EventStream::new(writer, form);
    master.stream(
        context,
        id.clone(),
        stream,
        Input::OperatorSubscribe(id),
        Input::OperatorStreamClosed,
    );
}
