//! `POST /api/v1`: the operator API, its reading calls.
//!
//! Mesos: src/slave/http.cpp, `Http::api`.

use std::time::Duration;

use libprocess::{
    Context, FutureError,
    http::{Method, Request, Responder, Response},
};
use mesos_agent_core::AgentState;
use mesos_daemon::{
    api::{ContentType, JSON, PROTOBUF, accepted, decode_call},
    files::{FilePart, FilesError},
    version,
};
use mesos_proto::{
    Dialect, Message,
    v0::{
        FileInfo, Flag, Metric,
        agent::{Call, Response as Reply, call::Type, response, response::get_containers::Container},
    },
};

use super::readonly::{measure, statistics_of};
use crate::agent::AgentProcess;

/// The third content type of this API, for calls that stream their input.
const RECORDIO: &str = "application/recordio";

pub(super) fn route(ctx: &mut Context<AgentProcess>) {
    ctx.route("/api/v1", operator);
}

fn operator(
    agent: &mut AgentProcess,
    ctx: &mut Context<AgentProcess>,
    request: Request,
    responder: Responder,
) {
    if agent.core.state() == AgentState::Recovering {
        return responder.respond(Response::service_unavailable("Agent has not finished recovery"));
    }
    let (call, kind, form) = match parse(&request) {
        Ok(parsed) => parsed,
        Err(response) => return responder.respond(response),
    };
    let answer = Answer { responder, form };
    match kind {
        Type::GetHealth => answer.give(response::Type::GetHealth, |reply| {
            reply.get_health = Some(Box::new(response::GetHealth {
                healthy: true,
                ..Default::default()
            }));
        }),
        Type::GetFlags => answer.give(response::Type::GetFlags, |reply| {
            let flag = |(name, value): &(String, String)| Flag {
                name: name.clone(),
                value: Some(value.clone()),
                ..Flag::default()
            };
            let flags = agent.parts.daemon.flags.iter().map(flag).collect();
            reply.get_flags = Some(Box::new(response::GetFlags {
                flags,
                ..Default::default()
            }));
        }),
        Type::GetVersion => answer.give(response::Type::GetVersion, |reply| {
            let version_info = version::message();
            reply.get_version = Some(Box::new(response::GetVersion {
                version_info,
                ..Default::default()
            }));
        }),
        Type::GetLoggingLevel => answer.give(response::Type::GetLoggingLevel, |reply| {
            reply.get_logging_level = Some(Box::new(response::GetLoggingLevel {
                level: 0,
                ..Default::default()
            }));
        }),
        Type::GetAgent => answer.give(response::Type::GetAgent, |reply| {
            reply.get_agent = Some(Box::new(agent.core.get_agent()));
        }),
        Type::GetFrameworks => answer.give(response::Type::GetFrameworks, |reply| {
            reply.get_frameworks = Some(Box::new(agent.core.get_frameworks()));
        }),
        Type::GetExecutors => answer.give(response::Type::GetExecutors, |reply| {
            reply.get_executors = Some(Box::new(agent.core.get_executors()));
        }),
        Type::GetTasks => answer.give(response::Type::GetTasks, |reply| {
            reply.get_tasks = Some(Box::new(agent.core.get_tasks()));
        }),
        Type::GetState => answer.give(response::Type::GetState, |reply| {
            reply.get_state = Some(Box::new(agent.core.get_state()));
        }),
        Type::GetOperations => answer.give(response::Type::GetOperations, |reply| {
            reply.get_operations = Some(Box::new(agent.core.get_operations()));
        }),
        Type::GetResourceProviders => answer.give(response::Type::GetResourceProviders, |reply| {
            reply.get_resource_providers = Some(Box::default());
        }),
        Type::GetContainers => get_containers(agent, ctx, answer),
        Type::GetMetrics => get_metrics(ctx, &call, answer),
        Type::ListFiles => {
            let found = agent
                .parts
                .files
                .list_files(&call.list_files.unwrap_or_default().path);
            ctx.then(found, move |_, _, found| answer.list(found));
        }
        Type::ReadFile => {
            let read = call.read_file.unwrap_or_default();
            let found = agent.parts.files.read_file(&read.path, read.offset, read.length);
            ctx.then(found, move |_, _, found| answer.read(found));
        }
        // There are no images to prune.
        Type::PruneImages => answer.responder.respond(Response::ok()),
        _ => answer.responder.respond(Response::not_implemented("")),
    }
}

/// The call, its type and the form of the answer.
fn parse(request: &Request) -> Result<(Call, Type, ContentType), Response> {
    if request.method != Method::Post {
        return Err(Response::method_not_allowed(&["POST"], request.method.as_str()));
    }
    let content_type = request.headers.get("Content-Type").unwrap_or_default();
    if content_type == RECORDIO {
        return Err(Response::not_implemented(
            "Streaming requests are not supported by this release",
        ));
    }
    if !content_type.is_empty()
        && ![JSON, PROTOBUF]
            .iter()
            .any(|known| content_type.starts_with(known))
    {
        return Err(Response::unsupported_media_type(format!(
            "Expecting 'Content-Type' of {JSON} or {PROTOBUF} or {RECORDIO}"
        )));
    }
    let call: Call = decode_call(request)?;
    let missing = |what: &str| {
        Response::bad_request(format!(
            "Failed to validate agent::Call: Expecting '{what}' to be present"
        ))
    };
    let kind = call
        .r#type
        .filter(|kind| *kind != Type::Unknown)
        .ok_or_else(|| missing("type"))?;
    match kind {
        Type::ListFiles if call.list_files.is_none() => return Err(missing("list_files")),
        Type::ReadFile if call.read_file.is_none() => return Err(missing("read_file")),
        Type::GetMetrics if call.get_metrics.is_none() => return Err(missing("get_metrics")),
        Type::SetLoggingLevel if call.set_logging_level.is_none() => {
            return Err(missing("set_logging_level"));
        }
        _ => {}
    }
    Ok((call, kind, accepted(request)?))
}

/// Where an answer goes, and in which form.
struct Answer {
    responder: Responder,
    form: ContentType,
}

impl Answer {
    fn give(self, kind: response::Type, fill: impl FnOnce(&mut Reply)) {
        // These answers show some lists even when they are empty, and what only v0 knows.
        use response::Type::{GetExecutors, GetFrameworks, GetState, GetTasks};
        let own_writer = matches!(kind, GetExecutors | GetFrameworks | GetState | GetTasks);
        let mut reply = Reply {
            r#type: Some(kind),
            ..Reply::default()
        };
        fill(&mut reply);
        let body = match self.form {
            ContentType::Json if own_writer => reply.to_json(Dialect::Operator).into_bytes(),
            form => form.encode(&reply),
        };
        self.responder
            .respond(Response::with_body(self.form.as_str(), body));
    }

    fn list(self, found: Result<Result<Vec<FileInfo>, FilesError>, FutureError>) {
        match found {
            Ok(Ok(file_infos)) => self.give(response::Type::ListFiles, |reply| {
                reply.list_files = Some(Box::new(response::ListFiles {
                    file_infos,
                    ..Default::default()
                }));
            }),
            Ok(Err(error)) => self.responder.respond(error.response()),
            Err(error) => self
                .responder
                .respond(Response::internal_error(error.to_string())),
        }
    }

    fn read(self, found: Result<Result<FilePart, FilesError>, FutureError>) {
        match found {
            Ok(Ok(FilePart { size, data })) => self.give(response::Type::ReadFile, |reply| {
                reply.read_file = Some(Box::new(response::ReadFile {
                    size,
                    data,
                    ..Default::default()
                }));
            }),
            Ok(Err(error)) => self.responder.respond(error.response()),
            Err(error) => self
                .responder
                .respond(Response::internal_error(error.to_string())),
        }
    }
}

fn get_containers(agent: &AgentProcess, ctx: &mut Context<AgentProcess>, answer: Answer) {
    measure(ctx, agent.core.containers(), move |now, views, used| {
        let shown = |view: &mesos_agent_core::views::ContainerView| Container {
            framework_id: Some(Box::new(view.framework_id.to_proto())),
            executor_id: Some(Box::new(view.executor_id.to_proto())),
            executor_name: Some(view.executor_name.clone()),
            container_id: view.container_id.to_proto(),
            container_status: Some(Box::new(view.status())),
            resource_statistics: Some(Box::new(statistics_of(
                now,
                view,
                used.get(view.container_id.as_str()),
            ))),
            ..Container::default()
        };
        let containers = views.iter().map(shown).collect();
        answer.give(response::Type::GetContainers, |reply| {
            reply.get_containers = Some(Box::new(response::GetContainers {
                containers,
                ..Default::default()
            }));
        });
    });
}

fn get_metrics(ctx: &mut Context<AgentProcess>, call: &Call, answer: Answer) {
    let timeout = call.get_metrics.as_ref().and_then(|get| get.timeout.as_ref());
    let timeout = timeout.map(|timeout| Duration::from_nanos(timeout.nanoseconds.max(0).unsigned_abs()));
    let system = ctx.system();
    let snapshot = system.metrics().snapshot(&system, timeout);
    ctx.then(snapshot, move |_, _, snapshot| {
        let metrics = snapshot
            .unwrap_or_default()
            .into_iter()
            .map(|(name, value)| Metric {
                name,
                value: Some(value),
                ..Metric::default()
            })
            .collect();
        answer.give(response::Type::GetMetrics, |reply| {
            reply.get_metrics = Some(Box::new(response::GetMetrics {
                metrics,
                ..Default::default()
            }));
        });
    });
}
