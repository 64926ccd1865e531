//! `POST /api/v1/scheduler`. Mesos: `src/master/http.cpp`, `Master::Http::scheduler`.

use libprocess::Context;
use libprocess::http::{Request, Responder, Response, pipe};
use mesos_daemon::api::{EventStream, accepted, decode_call_with};
use mesos_daemon::ids;
use mesos_master_core::{Input, StreamId, validate_call};
use mesos_proto::v0::scheduler::{Call, call::Type};
use mesos_proto::{Dialect, Message};

use crate::master::MasterProcess;

pub fn route(context: &mut Context<MasterProcess>) {
    context.route("/api/v1/scheduler", scheduler);
}

fn scheduler(
    master: &mut MasterProcess,
    context: &mut Context<MasterProcess>,
    request: Request,
    responder: Responder,
) {
    if !master.core.is_recovered() {
        return responder.respond(Response::service_unavailable("Master has not finished recovery"));
    }
    match call(&request) {
        Ok((Type::Subscribe, call)) => subscribe(master, context, &request, responder, call),
        Ok((kind, call)) => {
            // Mesos wants to know how it could answer this call, though it never does.
            if kind == Type::ReconcileOperations
                && let Err(response) = accepted(&request)
            {
                return responder.respond(response);
            }
            let stream = request.headers.get("Mesos-Stream-Id").map(str::to_owned);
            master.request(context, responder, |ticket| {
                Input::Call(ticket, Box::new(call), stream)
            });
        }
        Err(response) => responder.respond(response),
    }
}

fn call(request: &Request) -> Result<(Type, Call), Response> {
    let from_json = |text: &[u8]| Call::from_json(text, Dialect::V1);
    let call: Call = decode_call_with(request, mesos::convert::scheduler_call_from_wire, from_json)?;
    let kind = validate_call(&call)
        .map_err(|reason| Response::bad_request(format!("Failed to validate scheduler::Call: {reason}")))?;
    Ok((kind, call))
}

/// Opens the event stream; whether the framework is admitted is told on it.
fn subscribe(
    master: &mut MasterProcess,
    context: &mut Context<MasterProcess>,
    request: &Request,
    responder: Responder,
    call: Call,
) {
    let content_type = match accepted(request) {
        Ok(content_type) => content_type,
        Err(response) => return responder.respond(response),
    };
    if request.headers.contains("Mesos-Stream-Id") {
        return responder.respond(Response::bad_request(
            "Subscribe calls should not include the 'Mesos-Stream-Id' header",
        ));
    }
    let Some(subscribe) = call.subscribe else { return };
    let (writer, reader) = pipe();
    let id = StreamId(ids::random_uuid().into());
    let mut response = Response::stream(content_type.as_str(), reader);
    response.headers.remove("Content-Type");
    response.headers.set("Mesos-Stream-Id", &*id.0);
    response.headers.set("Content-Type", content_type.as_str());
    responder.respond(response);
    let stream = EventStream::new(writer, content_type);
    master.stream(
        context,
        id.clone(),
        stream,
        Input::Subscribe(id, subscribe),
        Input::StreamClosed,
    );
}
