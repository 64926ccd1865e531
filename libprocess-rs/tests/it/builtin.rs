//! The endpoints every system has, and what processes say about their own.

use crate::{LIMIT, start};
use libprocess::http::auth::Basic;
use libprocess::http::{Client, Connection, Help, Request, Response, RouteOptions};
use libprocess::{Context, Process, System};
use std::path::PathBuf;
use std::sync::mpsc::channel;
use std::time::Duration;

fn ask(system: &System, request: Request) -> Response {
    let answer = Client::new(system).request(system.address().into(), request);
    answer
        .wait_for(LIMIT)
        .expect("an answer in time")
        .expect("an answer")
}

fn get(system: &System, target: &str) -> (u16, String) {
    let response = ask(system, Request::get(target).header("User-Agent", "curl/8"));
    (
        response.status,
        String::from_utf8_lossy(response.body_bytes()).into_owned(),
    )
}

/// Two endpoints: one explained, one not, and files.
struct Site(PathBuf);

impl Process for Site {
    fn initialize(&mut self, ctx: &mut Context<Self>) {
        let help = Help::new("Says **hello**.")
            .description("As [in the book][book].")
            .references("[book]: http://example.com/");
        ctx.route_with("/hello", RouteOptions::help(help), |_, _, _, responder| {
            responder.respond(Response::ok());
        });
        ctx.route("/", |_, _, _, responder| responder.respond(Response::accepted()));
        ctx.route("/files/own", |_, _, _, responder| {
            responder.respond(Response::accepted())
        });
        ctx.provide("files", &self.0);
        ctx.provide("one.txt", self.0.join("page.html"));
        ctx.provide_with(
            "odd",
            &self.0,
            [("html".to_owned(), "text/odd".to_owned())].into(),
        );
    }
}

fn site(files: PathBuf) -> System {
    let system = System::builder().workers(2).delegate("site").start().unwrap();
    let site = system.spawn("site", Site(files)).unwrap();
    site.dispatch(|_, _| ()).wait_for(LIMIT).unwrap().unwrap();
    system
}

#[test]
fn help_lists_processes_their_endpoints_and_what_was_written_about_each() {
    let system = site(PathBuf::new());
    let (status, index) = get(&system, "/help");
    assert_eq!(status, 200);
    assert!(index.starts_with("## HELP\n> [/logging][logging]\n"), "{index}");
    assert!(index.contains("\n[site]: help/site\n"), "{index}");
    assert!(!index.contains("/help][") && !index.contains("__processes__"));
    let endpoints =
        "## `/site` ##\n> [/site][site]\n> [/site/files/own][site/files/own]\n> [/site/hello][site/hello]\n";
    let references = "\n[site]: site\n[site/files/own]: site/files/own\n[site/hello]: site/hello\n";
    assert_eq!(
        get(&system, "/help/site"),
        (200, format!("{endpoints}{references}"))
    );
    let text = "### USAGE ###\n>        /hello\n>        /site/hello\n\n### TL;DR; ###\nSays **hello**.\n\n\
                ### DESCRIPTION ###\nAs [in the book][book].\n\n[book]: http://example.com/\n";
    assert_eq!(get(&system, "/help/site/hello"), (200, format!("{text}\n")));
    let unexplained = "## No help page for `/site/files/own`\n";
    assert_eq!(
        get(&system, "/help/site/files/own"),
        (200, format!("{unexplained}\n"))
    );
    assert_eq!(
        get(&system, "/help/site/nosuch"),
        (400, "No help available for '/site/nosuch'.\n".to_owned())
    );
    assert_eq!(get(&system, "/help/nosuch").0, 404);

    let page = ask(&system, Request::get("/help/site/hello"));
    assert_eq!(page.headers.get("Content-Type"), Some("text/html"));
    let html = String::from_utf8_lossy(page.body_bytes());
    assert!(
        html.contains("<p>As <a href=\"http://example.com/\">in the book</a>.</p>"),
        "{html}"
    );
    let markdown = ask(
        &system,
        Request::get("/help/site/hello").header("User-Agent", "HTTPie/3"),
    );
    assert_eq!(markdown.headers.get("Content-Type"), Some("text/x-markdown"));

    let json: serde_json::Value = serde_json::from_str(&get(&system, "/help?format=json").1).unwrap();
    let processes = json["processes"].as_array().unwrap();
    let site = processes.iter().find(|process| process["id"] == "site").unwrap();
    let names: Vec<_> = site["endpoints"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["name"])
        .collect();
    assert_eq!(names, ["/", "/files/own", "/hello"]);
    assert_eq!(site["endpoints"][2]["text"], text);
    system.shutdown();
}

#[test]
fn help_forgets_processes_that_have_ended() {
    let system = site(PathBuf::new());
    let upid = system.upid("site");
    let ended = system.wait(&upid);
    system.terminate(&upid, true);
    assert_eq!(ended.wait_for(LIMIT), Some(Ok(true)));
    assert_eq!(get(&system, "/help/site").0, 404);
    system.shutdown();
}

#[test]
fn files_are_served_with_their_types_and_nothing_outside_of_their_folder() {
    let folder = tempfile::tempdir().unwrap();
    let inside = folder.path().join("public");
    std::fs::create_dir_all(inside.join("deep/er")).unwrap();
    std::fs::write(folder.path().join("secret"), "secret").unwrap();
    std::fs::write(inside.join("page.html"), "<p>").unwrap();
    std::fs::write(inside.join("deep/er/a b.js"), "1").unwrap();
    std::fs::write(inside.join("plain"), "x".repeat(3_000_000)).unwrap();
    let system = site(inside);
    let kind = |target: &str| {
        let response = ask(&system, Request::get(target));
        let length = response.body_bytes().len().to_string();
        if response.status == 200 {
            assert_eq!(response.headers.get("Content-Length"), Some(length.as_str()));
        }
        (
            response.status,
            response.headers.get("Content-Type").map(str::to_owned),
        )
    };
    let with = |status, kind: &str| (status, Some(kind.to_owned()));
    assert_eq!(kind("/site/files/page.html"), with(200, "text/html"));
    assert_eq!(
        kind("/files/page.html"),
        with(200, "text/html"),
        "by the delegate"
    );
    assert_eq!(
        kind("/site/files/deep/er/a%20b.js"),
        with(200, "application/x-javascript")
    );
    assert_eq!(kind("/site/files/plain"), (200, None));
    assert_eq!(
        kind("/site/one.txt"),
        with(200, "text/html"),
        "the type is that of the file"
    );
    assert_eq!(kind("/site/odd/page.html"), with(200, "text/odd"));
    assert_eq!(kind("/site/files/own").0, 202, "longer routes go first");
    for missing in [
        "/site/files",
        "/site/files/deep",
        "/site/files/none",
        "/site/files/../secret",
        "/site/files/%2e%2e/secret",
        "/site/files/%2e%2e%2fsecret",
        "/site/files/deep/%2e%2e/page.html",
        "/site/one.txt/more",
    ] {
        assert_eq!(kind(missing).0, 404, "{missing}");
    }
    assert!(
        get(&system, "/help/site/files")
            .1
            .starts_with("No help available")
    );
    system.shutdown();
}

#[test]
fn snapshots_of_metrics_are_limited_where_it_is_asked_for() {
    let second = Duration::from_secs(1);
    let system = System::builder()
        .workers(2)
        .paused_clock(true)
        .metrics_limit(Some((2, second)))
        .start()
        .unwrap();
    let connection = Connection::connect(&system, system.address().into());
    let connection = connection.wait_for(LIMIT).unwrap().unwrap();
    let ask = || connection.send(Request::get("/metrics/snapshot"));
    assert_eq!(ask().wait_for(LIMIT).unwrap().unwrap().status, 200);
    let began = system.now();
    for (number, answer) in [(1, ask()), (2, ask())] {
        // Time moves by hand, however long the requests take to arrive.
        while answer.is_pending() {
            system.clock().advance(second / 50);
            system.clock().settle().wait().unwrap();
        }
        assert_eq!(answer.wait().unwrap().status, 200);
        let waited = system.now().duration_since(began);
        assert!(waited >= second / 2 * number, "there are no bursts: {waited:?}");
    }
    system.shutdown();
}

#[test]
fn slow_metrics_are_left_out_after_a_timeout() {
    let system = start();
    let (promise, never) = libprocess::Promise::new();
    let never = std::sync::Mutex::new(Some(never));
    system.metrics().provide("slow", move || {
        let taken = never.lock().unwrap().take();
        taken.unwrap_or_else(|| libprocess::Future::failed("broken"))
    });
    let (status, body) = get(&system, "/metrics/snapshot?timeout=10ms");
    assert!(status == 200 && body.contains("cpus_total"), "{body}");
    let (status, body) = get(&system, "/metrics/snapshot");
    assert!(
        status == 200 && body.contains("cpus_total"),
        "what fails is left out: {body}"
    );
    drop(promise);
    system.shutdown();
}

#[test]
fn logs_are_more_verbose_for_a_while() {
    let (levels, set) = channel();
    let system = System::builder()
        .paused_clock(true)
        .log_toggle(move |level| {
            let _ = levels.send(level);
        })
        .start()
        .unwrap();
    let refused = |query: &str| {
        let (status, text) = get(&system, &format!("/logging/toggle?{query}"));
        assert_eq!(status, 400, "{query}");
        text
    };
    assert_eq!(
        refused("level=x&duration=1mins"),
        "Failed to convert 'x' to number.\n"
    );
    assert_eq!(refused("level=-1&duration=1mins"), "Invalid level '-1'.\n");
    assert_eq!(refused("level=1&duration=1"), "Invalid duration '1'.\n");
    assert_eq!(refused("level=1&duration=1x"), "Unknown duration unit 'x'.\n");
    assert_eq!(refused("duration=1secs"), "Expecting 'level=value' in query.\n");
    assert_eq!(get(&system, "/logging/toggle?level=2&duration=10secs").0, 200);
    assert_eq!(set.recv_timeout(LIMIT).unwrap(), 2);
    system.clock().advance(Duration::from_secs(9));
    assert_eq!(get(&system, "/logging/toggle?level=3&duration=10secs").0, 200);
    assert_eq!(set.recv_timeout(LIMIT).unwrap(), 3);
    system.clock().advance(Duration::from_secs(9));
    system.clock().settle().wait().unwrap();
    assert_eq!(
        get(&system, "/logging/toggle").1,
        "3\n",
        "the last to ask decides"
    );
    system.clock().advance(Duration::from_secs(1));
    assert_eq!(set.recv_timeout(LIMIT).unwrap(), 0);
    system.shutdown();
}

#[test]
fn there_is_no_profiler_and_it_says_so() {
    let system = start();
    for path in ["/profiler/start", "/profiler/stop"] {
        let (status, text) = get(&system, path);
        assert!(
            status == 400 && text.starts_with("Perftools is disabled."),
            "{text}"
        );
    }
    system.shutdown();
}

#[test]
fn endpoints_of_the_system_can_be_guarded() {
    let system = System::builder()
        .workers(2)
        .realms("change", "look")
        .start()
        .unwrap();
    system.set_authenticator("change", Basic::new("change", [("ada", "l")]));
    for open in ["/metrics/snapshot", "/system/stats.json", "/help"] {
        assert_eq!(get(&system, open).0, 200, "{open}");
    }
    for closed in ["/logging/toggle", "/profiler/start"] {
        assert_eq!(get(&system, closed).0, 401, "{closed}");
    }
    system.set_authenticator("look", Basic::new("look", [("ada", "l")]));
    assert_eq!(get(&system, "/metrics/snapshot").0, 401);
    system.shutdown();
}
