//! The processes every listening system has: `metrics`, `system`, `logging`, `__processes__` and `help`.

mod logging;
mod machine;

use crate::future::await_all;
use crate::http::{Request, Responder, Response};
use crate::metrics::prometheus;
use crate::{Context, Process, System, duration};
use logging::Logging;
use std::collections::BTreeMap;

/// Starts them.
pub(crate) fn spawn(system: &System, listening: bool) {
    if !listening {
        return;
    }
    system.metrics().provide("system", machine::metrics);
    let toggle = system.0.settings.log_toggle.clone();
    let spawned = [
        system.spawn("metrics", Snapshot).map(drop),
        system.spawn("system", Machine).map(drop),
        system.spawn("logging", Logging::new(toggle)).map(drop),
        system.spawn("__processes__", Processes).map(drop),
        system.spawn("help", Help).map(drop),
    ];
    debug_assert!(spawned.iter().all(Result::is_ok), "a new system has no processes");
}

/// Serves `/metrics/snapshot`, and `/metrics` for Prometheus.
struct Snapshot;

impl Process for Snapshot {
    fn initialize(&mut self, ctx: &mut Context<Self>) {
        ctx.route("/snapshot", |_, ctx, request, responder| {
            snapshot(ctx, request, responder)
        });
        ctx.route("/", |_, ctx, _, responder| {
            let system = ctx.system();
            let values = system.metrics().snapshot(&system, None);
            responder.respond_with(values.map(move |values| {
                let text = prometheus::text(&values, &system.metrics().counters());
                Response::with_body("text/plain; version=0.0.4; charset=utf-8", text)
            }));
        });
    }
}

/// Mesos: 3rdparty/libprocess/src/metrics/metrics.cpp, `MetricsProcess::_snapshot`.
/// Differs from Mesos: not limited to two requests a second.
fn snapshot(ctx: &Context<Snapshot>, request: Request, responder: Responder) {
    let timeout = match request.query.get("timeout").map(duration::parse_duration) {
        None => None,
        Some(Ok(timeout)) => Some(timeout),
        Some(Err(error)) => {
            let text = request.query.get("timeout").unwrap_or_default();
            let message = format!("Invalid timeout '{text}': {error}.\n");
            return responder.respond(Response::bad_request(message));
        }
    };
    let system = ctx.system();
    let values = system.metrics().snapshot(&system, timeout);
    responder.respond_with(values.map(move |values| Response::json_with_jsonp(object(&values), &request)));
}

/// A JSON object of numbers. Every number has a fraction or an exponent, as Mesos prints doubles.
fn object(values: &BTreeMap<String, f64>) -> String {
    let fields: Vec<String> = values
        .iter()
        .filter(|(_, value)| value.is_finite())
        .map(|(name, value)| format!("{}:{value:?}", quoted(name)))
        .collect();
    format!("{{{}}}", fields.join(","))
}

/// A JSON string.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '/' => out.push_str("\\/"),
            control if control.is_control() => out.push_str(&format!("\\u{:04x}", u32::from(control))),
            other => out.push(other),
        }
    }
    out.push('"');
    out
}

/// Serves `/system/stats.json`.
struct Machine;

impl Process for Machine {
    fn initialize(&mut self, ctx: &mut Context<Self>) {
        ctx.route("/stats.json", |_, _, request, responder| {
            responder.respond(Response::json_with_jsonp(machine::stats_json(), &request));
        });
    }
}

/// Serves `/__processes__`: every process and how much waits for it.
struct Processes;

impl Process for Processes {
    fn initialize(&mut self, ctx: &mut Context<Self>) {
        ctx.route("/", |_, ctx, request, responder| {
            let system = ctx.system();
            let described = system.0.processes.all().into_iter().map(|process| {
                let upid = process.upid().clone();
                let counts = system.queued_events(&upid);
                counts.map(move |counts| counts.map(|counts| describe(upid.id(), &counts)))
            });
            let described = await_all(described.collect());
            responder.respond_with(described.map(move |described| {
                let outcomes = described.into_iter().filter_map(|one| one.ok().flatten());
                let mut processes: Vec<String> = outcomes.collect();
                processes.sort();
                Response::json_with_jsonp(format!("[{}]", processes.join(",")), &request)
            }));
        });
    }
}

/// The kinds of events are named as Mesos names them.
fn describe(id: &str, counts: &crate::EventCounts) -> String {
    let kinds = [
        ("MESSAGE", counts.messages),
        ("DISPATCH", counts.dispatches),
        ("HTTP", counts.http_requests),
        ("EXITED", counts.exited),
    ];
    let events: Vec<String> = kinds
        .iter()
        .flat_map(|(kind, count)| vec![format!("{{\"type\":\"{kind}\"}}"); *count])
        .collect();
    format!("{{\"events\":[{}],\"id\":{}}}", events.join(","), quoted(id))
}

/// Serves `/help`: the endpoints of every process.
struct Help;

impl Process for Help {
    fn initialize(&mut self, ctx: &mut Context<Self>) {
        ctx.route("/", |_, ctx, request, responder| {
            let system = ctx.system();
            let mut endpoints: Vec<String> = system
                .0
                .processes
                .all()
                .into_iter()
                .flat_map(|process| {
                    let id = process.upid().id_arc();
                    process
                        .routes()
                        .into_iter()
                        .map(move |route| format!("/{id}{}", route.trim_end_matches('/')))
                })
                .collect();
            endpoints.sort();
            responder.respond(match request.query.get("format") {
                Some("json") => {
                    let quoted: Vec<String> = endpoints.iter().map(|endpoint| quoted(endpoint)).collect();
                    Response::json(format!("{{\"endpoints\":[{}]}}", quoted.join(",")))
                }
                _ => Response::text(200, format!("# Endpoints\n\n* {}\n", endpoints.join("\n* "))),
            });
        });
    }
}
