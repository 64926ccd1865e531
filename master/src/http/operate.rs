//! The v0 endpoints that change something: resources of agents, quota, weights, maintenance.
//!
//! Mesos: `src/master/http.cpp`.

use libprocess::Context;
use libprocess::http::{Method, Query, Request, Responder, Response};
use mesos::ids::AgentId;
use mesos_master_core::{Input, OperatorCall};
use mesos_proto::json::{list_from_json, object_from_json};
use mesos_proto::v0::{self, offer};
use mesos_proto::{Dialect, Message};

use crate::master::MasterProcess;

pub fn route(context: &mut Context<MasterProcess>) {
    write(context, "/reserve", "POST", reserve);
    write(context, "/unreserve", "POST", unreserve);
    write(context, "/create-volumes", "POST", create_volumes);
    write(context, "/destroy-volumes", "POST", destroy_volumes);
    write(context, "/machine/down", "POST", machine_down);
    write(context, "/machine/up", "POST", machine_up);
    context.route("/quota", quota);
    context.route("/weights", weights);
    context.route("/maintenance/schedule", schedule);
    context.route(
        "/maintenance/status",
        |master: &mut MasterProcess, _, request: Request, responder| {
            if request.method != Method::Get {
                return refuse_method(responder, &["GET"], &request);
            }
            let status = master.core.maintenance_status();
            respond_json(responder, &request, &status);
        },
    );
}

/// An endpoint with one method, whose body is one call.
fn write(
    context: &mut Context<MasterProcess>,
    path: &'static str,
    method: &'static str,
    parse: fn(&Request) -> Result<OperatorCall, String>,
) {
    context.route(
        path,
        move |master: &mut MasterProcess, context, request: Request, responder| {
            if request.method.as_str() != method {
                return refuse_method(responder, &[method], &request);
            }
            call(master, context, responder, parse(&request));
        },
    );
}

/// Has the core take up the call, or answers what is wrong with it.
fn call(
    master: &mut MasterProcess,
    context: &mut Context<MasterProcess>,
    responder: Responder,
    call: Result<OperatorCall, String>,
) {
    match call {
        Ok(call) => master.request(context, responder, |ticket| Input::Operator(ticket, call)),
        Err(reason) => responder.respond(Response::bad_request(reason)),
    }
}

fn refuse_method(responder: Responder, allowed: &[&str], request: &Request) {
    responder.respond(Response::method_not_allowed(allowed, request.method.as_str()));
}

fn respond_json<M: Message>(responder: Responder, request: &Request, message: &M) {
    let body = message.to_json(Dialect::V0).into_bytes();
    responder.respond(Response::json_with_jsonp(body, request));
}

/// The form in a request's body.
fn form(request: &Request) -> Result<Query, String> {
    Query::parse_strictly(&String::from_utf8_lossy(&request.body))
        .map_err(|error| format!("Unable to decode query string: {error}"))
}

fn agent_of(form: &Query) -> Result<AgentId, String> {
    form.get("slaveId")
        .map(AgentId::new)
        .ok_or_else(|| "Missing 'slaveId' query parameter in the request body".to_owned())
}

/// The resources under a name of the form; `verb` is how Mesos words the error of this endpoint.
fn resources(form: &Query, name: &str, verb: &str) -> Result<Vec<v0::Resource>, String> {
    let text = form
        .get(name)
        .ok_or_else(|| format!("Missing '{name}' query parameter in the request body"))?;
    list_from_json(text.as_bytes(), Dialect::V0)
        .map_err(|error| format!("Error{verb} '{name}' query parameter in the request body: {error}"))
}

fn operate(agent_id: AgentId, operation: offer::Operation) -> OperatorCall {
    OperatorCall::Operate(agent_id, Box::new(operation))
}

fn reserve(request: &Request) -> Result<OperatorCall, String> {
    let form = form(request)?;
    let agent_id = agent_of(&form)?;
    let reserve = offer::operation::Reserve {
        resources: resources(&form, "resources", " parsing")?,
        source: match form.get("source") {
            Some(_) => resources(&form, "source", " parsing")?,
            None => Vec::new(),
        },
        ..Default::default()
    };
    Ok(operate(agent_id, reserve_operation(reserve)))
}

fn unreserve(request: &Request) -> Result<OperatorCall, String> {
    let form = form(request)?;
    let agent_id = agent_of(&form)?;
    let resources = resources(&form, "resources", " in parsing")?;
    Ok(operate(agent_id, unreserve_operation(resources)))
}

fn create_volumes(request: &Request) -> Result<OperatorCall, String> {
    let form = form(request)?;
    let agent_id = agent_of(&form)?;
    let volumes = resources(&form, "volumes", " in parsing")?;
    Ok(operate(agent_id, create_operation(volumes)))
}

fn destroy_volumes(request: &Request) -> Result<OperatorCall, String> {
    let form = form(request)?;
    let agent_id = agent_of(&form)?;
    let volumes = resources(&form, "volumes", " in parsing")?;
    Ok(operate(agent_id, destroy_operation(volumes)))
}

pub(super) fn reserve_operation(reserve: offer::operation::Reserve) -> offer::Operation {
    offer::Operation {
        r#type: Some(offer::operation::Type::Reserve),
        reserve: Some(Box::new(reserve)),
        ..Default::default()
    }
}

pub(super) fn unreserve_operation(resources: Vec<v0::Resource>) -> offer::Operation {
    offer::Operation {
        r#type: Some(offer::operation::Type::Unreserve),
        unreserve: Some(Box::new(offer::operation::Unreserve {
            resources,
            ..Default::default()
        })),
        ..Default::default()
    }
}

pub(super) fn create_operation(volumes: Vec<v0::Resource>) -> offer::Operation {
    offer::Operation {
        r#type: Some(offer::operation::Type::Create),
        create: Some(Box::new(offer::operation::Create {
            volumes,
            ..Default::default()
        })),
        ..Default::default()
    }
}

pub(super) fn destroy_operation(volumes: Vec<v0::Resource>) -> offer::Operation {
    offer::Operation {
        r#type: Some(offer::operation::Type::Destroy),
        destroy: Some(Box::new(offer::operation::Destroy {
            volumes,
            ..Default::default()
        })),
        ..Default::default()
    }
}

/// `GET`, `POST` and, with the role behind it, `DELETE /quota`.
fn quota(
    master: &mut MasterProcess,
    context: &mut Context<MasterProcess>,
    request: Request,
    responder: Responder,
) {
    match request.method.as_str() {
        "GET" => respond_json(responder, &request, &master.core.quota_status()),
        "POST" => call(master, context, responder, set_quota(&request)),
        "DELETE" => call(master, context, responder, remove_quota(&request)),
        _ => refuse_method(responder, &["GET", "POST", "DELETE"], &request),
    }
}

/// Mesos: `src/master/quota_handler.cpp`, `set`.
fn set_quota(request: &Request) -> Result<OperatorCall, String> {
    let body = String::from_utf8_lossy(&request.body);
    let parsed = object_from_json(&request.body, Dialect::V0);
    parsed.map(OperatorCall::SetQuota).map_err(|error| {
        let what = if error.is_syntax() { "parse" } else { "validate" };
        format!("Failed to {what} set quota request JSON '{body}': {error}")
    })
}

/// Mesos: `src/master/quota_handler.cpp`, `remove`.
fn remove_quota(request: &Request) -> Result<OperatorCall, String> {
    let tokens: Vec<&str> = request
        .path
        .splitn(4, '/')
        .filter(|token| !token.is_empty())
        .collect();
    // With the name of the process or without.
    let role = match tokens[..] {
        ["quota", role] | [_, "quota", role] => Some(role.to_owned()),
        ["quota", first, rest] => Some(format!("{first}/{rest}")),
        _ => None,
    };
    let path = Some(request.path.clone());
    match role {
        Some(role) => Ok(OperatorCall::RemoveQuota { role, path }),
        None => Err(format!(
            "Failed to parse remove quota request for path '{}': expected 3 tokens, found {} tokens",
            request.path,
            tokens.len()
        )),
    }
}

/// `GET` and `PUT /weights`.
fn weights(
    master: &mut MasterProcess,
    context: &mut Context<MasterProcess>,
    request: Request,
    responder: Responder,
) {
    match request.method.as_str() {
        "GET" => responder.respond(Response::json_with_jsonp(master.core.weights_json(), &request)),
        "PUT" => call(master, context, responder, update_weights(&request)),
        _ => refuse_method(responder, &["GET", "PUT"], &request),
    }
}

/// Mesos: `src/master/weights_handler.cpp`, `update`.
fn update_weights(request: &Request) -> Result<OperatorCall, String> {
    let body = String::from_utf8_lossy(&request.body);
    let parsed = list_from_json(&request.body, Dialect::V0);
    parsed.map(OperatorCall::UpdateWeights).map_err(|error| {
        if error.is_syntax() {
            format!("Failed to parse update weights request JSON '{body}': {error}")
        } else {
            format!("Failed to convert weights JSON array to protobuf '{body}': {error}")
        }
    })
}

/// `GET` and `POST /maintenance/schedule`.
fn schedule(
    master: &mut MasterProcess,
    context: &mut Context<MasterProcess>,
    request: Request,
    responder: Responder,
) {
    match request.method.as_str() {
        "GET" => respond_json(responder, &request, &master.core.maintenance_schedule()),
        "POST" => {
            let schedule = object_from_json(&request.body, Dialect::V0);
            let parsed = schedule
                .map(OperatorCall::UpdateSchedule)
                .map_err(|error| error.to_string());
            call(master, context, responder, parsed);
        }
        _ => refuse_method(responder, &["GET", "POST"], &request),
    }
}

fn machines(request: &Request) -> Result<Vec<v0::MachineID>, String> {
    list_from_json(&request.body, Dialect::V0).map_err(|error| error.to_string())
}

fn machine_down(request: &Request) -> Result<OperatorCall, String> {
    machines(request).map(OperatorCall::StartMaintenance)
}

fn machine_up(request: &Request) -> Result<OperatorCall, String> {
    machines(request).map(OperatorCall::StopMaintenance)
}
