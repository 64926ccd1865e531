//! The processes every listening system has: `metrics`, `system`, `logging`, `profiler`, `__processes__` and `help`.

mod help;
mod logging;
mod machine;
mod markdown;
mod profiler;
mod snapshot;

use crate::cell::Waiting;
use crate::future::await_all;
use crate::http::{Response, RouteOptions};
use crate::sync::RateLimiter;
use crate::{Context, Process, Promise, System, Upid};
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

/// Serves `/__processes__`: every process and what waits for it.
struct Processes;

impl Process for Processes {
    fn initialize(&mut self, ctx: &mut Context<Self>) {
        ctx.route("/", |_, ctx, request, responder| {
            let described = ctx.system().0.processes.all().into_iter().map(|process| {
                let upid = process.upid().clone();
                let (promise, described) = Promise::new();
                process.ask_waiting(Box::new(move |waiting| {
                    promise.set(describe(&upid, waiting));
                }));
                described
            });
            let described = await_all(described.collect());
            responder.respond_with(described.map(move |described| {
                let outcomes = described.into_iter().filter_map(|one| one.ok());
                let mut processes: Vec<String> = outcomes.collect();
                processes.sort();
                Response::json_with_jsonp(format!("[{}]", processes.join(",")), &request)
            }));
        });
    }
}

/// A process and its events, with the fields libprocess gives them.
///
/// Mesos: 3rdparty/libprocess/include/process/event.hpp, `Event::operator JSON::Object`.
fn describe(upid: &Upid, waiting: Vec<Waiting>) -> String {
    let events = waiting.into_iter().map(|event| match event {
        Waiting::Message { name, from, body } => format!(
            "{{\"body\":{},\"from\":{},\"name\":{},\"to\":{},\"type\":\"MESSAGE\"}}",
            quoted(&String::from_utf8_lossy(&body)),
            quoted(&from.to_string()),
            quoted(&name),
            quoted(&upid.to_string()),
        ),
        Waiting::Http { method, url } => format!(
            "{{\"method\":{},\"type\":\"HTTP\",\"url\":{}}}",
            quoted(&method),
            quoted(&url)
        ),
        Waiting::Dispatch => "{\"type\":\"DISPATCH\"}".to_owned(),
        Waiting::Exited => "{\"type\":\"EXITED\"}".to_owned(),
        Waiting::Terminate => "{\"type\":\"TERMINATE\"}".to_owned(),
    });
    let events: Vec<String> = events.collect();
    format!(
        "{{\"events\":[{}],\"id\":{}}}",
        events.join(","),
        quoted(upid.id())
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Request;
    use std::time::Duration;

    struct Idle;

    impl Process for Idle {
        fn initialize(&mut self, ctx: &mut Context<Self>) {
            ctx.route("/page", |_, _, _, responder| responder.respond(Response::ok()));
        }
    }

    #[test]
    fn what_waits_is_shown_in_its_order_with_its_contents() {
        let system = System::builder().workers(1).start().unwrap();
        let probe = system.spawn("probe", Idle).unwrap();
        let gone = system.spawn("gone", Idle).unwrap();
        let asker = system.spawn("asker", Idle).unwrap();
        let (promise, shown) = Promise::new();
        let upid = probe.upid().clone();
        asker.tell(move |_, ctx| {
            let cell = ctx.system().0.find_id("probe").unwrap();
            ctx.send(&upid, "Note", "a \"b\"/c");
            probe.tell(|_, _| {});
            let (responder, answer) = crate::http::Responder::new();
            let event = crate::cell::HttpEvent {
                route: "/page".to_owned(),
                request: Request::get("/probe/page?x=1"),
                responder,
            };
            assert!(cell.http(Box::new(event)).is_ok());
            cell.exited(gone.upid().clone());
            cell.terminate(false);
            cell.ask_waiting(Box::new(move |waiting| {
                promise.set(describe(&upid, waiting));
                drop(answer);
            }));
        });
        let shown = shown.wait_for(Duration::from_secs(30)).unwrap().unwrap();
        let at = system.address();
        let events = [
            format!(
                "{{\"body\":\"a \\\"b\\\"\\/c\",\"from\":\"asker@{at}\",\"name\":\"Note\",\"to\":\"probe@{at}\",\"type\":\"MESSAGE\"}}"
            ),
            "{\"type\":\"DISPATCH\"}".to_owned(),
            "{\"method\":\"GET\",\"type\":\"HTTP\",\"url\":\"\\/probe\\/page?x=1\"}".to_owned(),
            "{\"type\":\"EXITED\"}".to_owned(),
            "{\"type\":\"TERMINATE\"}".to_owned(),
        ];
        assert_eq!(
            shown,
            format!("{{\"events\":[{}],\"id\":\"probe\"}}", events.join(","))
        );
        system.shutdown();
    }
}
