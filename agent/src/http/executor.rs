//! `POST /api/v1/executor`: the API of executors.
//!
//! Mesos: src/slave/http.cpp, `Http::executor`.

use libprocess::{
    Context,
    http::{Request, Responder},
};
use mesos_agent_core::{ExecutorRequest, Input};
use mesos_daemon::api::{ContentType, accepted, decode_call};
use mesos_proto::v0::executor::{Call, call::Type};

use crate::agent::AgentProcess;

pub(super) fn route(ctx: &mut Context<AgentProcess>) {
    ctx.route("/api/v1/executor", executor);
}

fn executor(
    agent: &mut AgentProcess,
    ctx: &mut Context<AgentProcess>,
    request: Request,
    responder: Responder,
) {
    let call = match decode_call::<Call>(&request) {
        Ok(call) => call,
        Err(response) => return responder.respond(response),
    };
    // Only a subscription is answered with something to read.
    let content_type = if call.r#type == Some(Type::Subscribe) && call.subscribe.is_some() {
        match accepted(&request) {
            Ok(content_type) => content_type,
            Err(response) => return responder.respond(response),
        }
    } else {
        ContentType::Json
    };
    agent.next_request += 1;
    let request = agent.next_request;
    agent.waiting.insert(request, (responder, content_type));
    agent.handle(ctx, Input::Executor(Box::new(ExecutorRequest { request, call })));
}
