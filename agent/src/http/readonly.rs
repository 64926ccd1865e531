//! The classic endpoints, which only read.
//!
//! Mesos: src/slave/http.cpp.

use std::collections::BTreeMap;

use libprocess::{
    Context, Time,
    http::{Method, Request, Responder, Response},
};
use mesos::model::Object;
use mesos_agent_core::{AgentState, views::ContainerView};
use mesos_containerizer::{Usage, usage};
use mesos_proto::v0::ResourceStatistics;

use crate::agent::AgentProcess;

pub(super) fn route(ctx: &mut Context<AgentProcess>) {
    ctx.route("/health", |_, _, _, responder: Responder| {
        responder.respond(Response::ok())
    });
    ctx.route(
        "/state",
        |agent: &mut AgentProcess, _, request: Request, responder: Responder| {
            if let Err(response) = may_read(agent, &request) {
                return responder.respond(response);
            }
            let body = agent.core.state_json(&agent.parts.daemon);
            responder.respond(Response::json_with_jsonp(body, &request));
        },
    );
    ctx.route(
        "/flags",
        |agent: &mut AgentProcess, _, request: Request, responder: Responder| {
            if let Err(response) = only_get(&request) {
                return responder.respond(response);
            }
            let mut out = Vec::new();
            Object::write(&mut out, |object| {
                object.object("flags", |flags| {
                    for (name, value) in &agent.parts.daemon.flags {
                        flags.string(name, value);
                    }
                });
            });
            responder.respond(Response::json_with_jsonp(out, &request));
        },
    );
    ctx.route("/containers", |agent, ctx, request, responder| {
        measured(agent, ctx, request, responder, true)
    });
    ctx.route("/monitor/statistics", |agent, ctx, request, responder| {
        measured(agent, ctx, request, responder, false)
    });
}

fn only_get(request: &Request) -> Result<(), Response> {
    if request.method == Method::Get {
        Ok(())
    } else {
        Err(Response::method_not_allowed(&["GET"], request.method.as_str()))
    }
}

fn may_read(agent: &AgentProcess, request: &Request) -> Result<(), Response> {
    if agent.core.state() == AgentState::Recovering {
        return Err(Response::service_unavailable("Agent has not finished recovery"));
    }
    only_get(request)
}

/// `/containers`, and without ids and status `/monitor/statistics`.
fn measured(
    agent: &mut AgentProcess,
    ctx: &mut Context<AgentProcess>,
    request: Request,
    responder: Responder,
    with_status: bool,
) {
    if let Err(response) = may_read(agent, &request) {
        return responder.respond(response);
    }
    let wanted = |view: &ContainerView| {
        let is = |name: &str, value: &str| request.query.get(name).is_none_or(|asked| asked == value);
        is("framework_id", view.framework_id.as_str())
            && is("executor_id", view.executor_id.as_str())
            && is("container_id", view.container_id.as_str())
    };
    let views: Vec<ContainerView> = agent.core.containers().into_iter().filter(wanted).collect();
    measure(ctx, views, move |now, views, used| {
        let mut out = vec![b'['];
        for (index, view) in views.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            let statistics = statistics_of(now, view, used.get(view.container_id.as_str()));
            write_container(&mut out, view, &statistics, with_status);
        }
        out.push(b']');
        responder.respond(Response::json_with_jsonp(out, &request));
    });
}

/// Looks at the containers' processes off the agent's process.
pub(super) fn measure(
    ctx: &mut Context<AgentProcess>,
    views: Vec<ContainerView>,
    then: impl FnOnce(Time, Vec<ContainerView>, BTreeMap<String, Usage>) + Send + 'static,
) {
    let look = move || {
        let used = usage(views.iter().map(|view| (view.container_id.as_str(), view.pid)));
        (views, used)
    };
    ctx.blocking(look, move |_, ctx, (views, used)| then(ctx.now(), views, used));
}

/// What a container may and does use, as Mesos reports it.
pub(super) fn statistics_of(now: Time, view: &ContainerView, used: Option<&Usage>) -> ResourceStatistics {
    let used = used.copied().unwrap_or_default();
    ResourceStatistics {
        timestamp: now.secs_f64(),
        cpus_user_time_secs: Some(used.user_seconds),
        cpus_system_time_secs: Some(used.system_seconds),
        cpus_soft_limit: Some(view.cpus),
        mem_limit_bytes: Some(view.memory_bytes),
        mem_soft_limit_bytes: Some(view.memory_bytes),
        mem_rss_bytes: Some(used.resident_bytes),
        ..ResourceStatistics::default()
    }
}

/// Keys stand in alphabetical order, as in Mesos, also inside the statistics.
fn write_container(
    out: &mut Vec<u8>,
    view: &ContainerView,
    statistics: &ResourceStatistics,
    with_status: bool,
) {
    Object::write(out, |object| {
        if with_status {
            object.string("container_id", view.container_id.as_str());
        }
        object.string("executor_id", view.executor_id.as_str());
        object.string("executor_name", &view.executor_name);
        object.string("framework_id", view.framework_id.as_str());
        object.string("source", &view.source);
        object.object("statistics", |object| {
            object.number("cpus_soft_limit", statistics.cpus_soft_limit.unwrap_or(0.0));
            object.number(
                "cpus_system_time_secs",
                statistics.cpus_system_time_secs.unwrap_or(0.0),
            );
            object.number(
                "cpus_user_time_secs",
                statistics.cpus_user_time_secs.unwrap_or(0.0),
            );
            for (name, value) in [
                ("mem_limit_bytes", statistics.mem_limit_bytes),
                ("mem_rss_bytes", statistics.mem_rss_bytes),
                ("mem_soft_limit_bytes", statistics.mem_soft_limit_bytes),
            ] {
                object.integer(name, i64::try_from(value.unwrap_or(0)).unwrap_or(i64::MAX));
            }
            object.number("timestamp", statistics.timestamp);
        });
        if with_status {
            object.message("status", &view.status());
        }
    });
}
