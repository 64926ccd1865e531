//! `POST /api/v1`: the operator API. Mesos: `src/master/http.cpp`, `Master::Http::api`.

use std::time::Duration;

use libprocess::Context;
use libprocess::http::{Request, Responder, Response, pipe};
use mesos::ids::FrameworkId;
use mesos_daemon::api::{ContentType, EventStream, accepted, decode_call_with};
use mesos_daemon::{ids, version};
use mesos_master_core::views::Read;
use mesos_master_core::{Input, StreamId};
use mesos_proto::v0::master::{Call, Response as Reply, call::Type, response};
use mesos_proto::v0::{Flag, Metric};

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
        Type::Subscribe => subscribe(master, context, form, responder),
        Type::Teardown => {
            let Some(teardown) = call.teardown else { return };
            let id = FrameworkId::from(&teardown.framework_id);
            master.request(context, responder, |ticket| Input::Teardown(ticket, id));
        }
        _ => responder.respond(Response::not_implemented("")),
    }
}

/// The call, its type and the form of the answer. Mesos: `validation::master::call::validate` for the words.
fn parse(request: &Request) -> Result<(Call, Type, ContentType), Response> {
    let call: Call = decode_call_with(
        request,
        mesos::convert::master_call_from_wire,
        mesos::convert::master_call_from_json,
    )?;
    let invalid = |missing: &str| {
        Err(Response::bad_request(format!(
            "Failed to validate master::Call: Expecting '{missing}' to be present"
        )))
    };
    let Some(kind) = call.r#type else {
        return invalid("type");
    };
    match kind {
        Type::ListFiles if call.list_files.is_none() => return invalid("list_files"),
        Type::ReadFile if call.read_file.is_none() => return invalid("read_file"),
        Type::GetMetrics if call.get_metrics.is_none() => return invalid("get_metrics"),
        Type::Teardown if call.teardown.is_none() => return invalid("teardown"),
        _ => {}
    }
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
