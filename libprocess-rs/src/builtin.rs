//! The processes every listening system has: `metrics`, `system`, `logging`, `profiler`, `__processes__` and `help`.

mod help;
mod logging;
mod machine;
mod markdown;
mod profiler;
mod snapshot;

use crate::future::await_all;
use crate::http::{Response, RouteOptions};
use crate::sync::RateLimiter;
use crate::{Context, Process, System};
use help::Help;
use logging::Logging;
use profiler::Profiler;
use snapshot::Snapshot;

/// Starts them.
pub(crate) fn spawn(system: &System, listening: bool) {
    if !listening {
        return;
    }
    system.metrics().provide("system", machine::metrics);
    let settings = &system.0.settings;
    let limiter = settings
        .metrics_limit
        .map(|(permits, per)| RateLimiter::new(system, permits, per));
    let snapshot = Snapshot::new(limiter, settings.readonly_realm.clone());
    let logging = Logging::new(settings.log_toggle.clone(), settings.readwrite_realm.clone());
    let profiler = Profiler {
        realm: settings.readwrite_realm.clone(),
    };
    let spawned = [
        system.spawn("help", Help).map(drop),
        system.spawn("metrics", snapshot).map(drop),
        system.spawn("logging", logging).map(drop),
        system.spawn("profiler", profiler).map(drop),
        system.spawn("system", Machine).map(drop),
        system.spawn("__processes__", Processes).map(drop),
    ];
    debug_assert!(spawned.iter().all(Result::is_ok), "a new system has no processes");
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
        let help = crate::http::Help::new("Shows load, processors and memory of this machine.")
            .authentication(false);
        ctx.route_with(
            "/stats.json",
            RouteOptions::help(help),
            |_, _, request, responder| {
                responder.respond(Response::json_with_jsonp(machine::stats_json(), &request));
            },
        );
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
