//! The server: routing, order, compression, what is refused.

use crate::{LIMIT, Probe, Raw, start};
use libprocess::http::{Body, Request, Responder, Response};
use libprocess::{Context, Process, System};
use std::io::Read;
use std::sync::mpsc::{Sender, channel};

/// Answers with the route that matched and the path it saw.
struct Site;

impl Process for Site {
    fn initialize(&mut self, ctx: &mut Context<Self>) {
        for route in ["/", "/api", "/api/v1", "/state"] {
            ctx.route(route, move |_, _, request, responder| {
                let query = request.query.get("q").unwrap_or("-").to_owned();
                let body = format!("{route} {} {query} {}", request.path, request.body.len());
                responder.respond(Response::with_body("text/plain", body));
            });
        }
        ctx.route("/large", |_, _, _, responder| {
            responder.respond(Response::json("x".repeat(2000)));
        });
        ctx.route("/huge", |_, _, _, responder| {
            responder.respond(Response::json("y".repeat(200_000)));
        });
        ctx.route("/jsonp", |_, _, request, responder| {
            responder.respond(Response::json_with_jsonp("{}", &request));
        });
        ctx.route("/dropped", |_, _, _, _| {});
    }
}

fn site() -> System {
    let system = System::builder().workers(2).delegate("site").start().unwrap();
    system.spawn("site", Site).unwrap();
    system.spawn("other(1)", Site).unwrap();
    system
}

fn get(system: &System, target: &str) -> (u16, String) {
    let client = libprocess::http::Client::new(system);
    let response = client
        .request(system.address().into(), Request::get(target))
        .wait()
        .unwrap();
    (
        response.status,
        String::from_utf8_lossy(response.body_bytes()).into_owned(),
    )
}

#[test]
fn paths_find_their_process_and_longest_route() {
    let system = site();
    for (target, expected) in [
        ("/site/state", "/state /site/state - 0"),
        ("/site/state/", "/state /site/state/ - 0"),
        (
            "/site/api/v1/scheduler?q=a%20b",
            "/api/v1 /site/api/v1/scheduler a b 0",
        ),
        ("/site/api/v2", "/api /site/api/v2 - 0"),
        ("/site", "/ /site - 0"),
        ("/state?q=1", "/state /site/state 1 0"),
        ("/", "/ /site/ - 0"),
        ("/api/v1", "/api/v1 /site/api/v1 - 0"),
        ("/other(1)/state", "/state /other(1)/state - 0"),
        ("/other%281%29/state", "/state /other%281%29/state - 0"),
    ] {
        assert_eq!(get(&system, target), (200, expected.to_owned()), "{target}");
    }
    for target in ["/site/nosuch", "/nosuch/x", "/site/../site/state", "/%zz/state"] {
        assert_eq!(
            get(&system, target),
            (404, "404 Not Found.".to_owned()),
            "{target}"
        );
    }
    assert_eq!(get(&system, "/site/dropped").0, 500);
    system.shutdown();
}

#[test]
fn without_delegate_unknown_paths_are_not_found() {
    let system = start();
    assert_eq!(get(&system, "/state").0, 404);
    assert_eq!(get(&system, "/").0, 404);
    system.shutdown();
}

#[test]
fn jsonp_wraps_json() {
    let system = site();
    assert_eq!(get(&system, "/jsonp"), (200, "{}".to_owned()));
    assert_eq!(get(&system, "/jsonp?jsonp=f"), (200, "f({});".to_owned()));
    system.shutdown();
}

/// Keeps responders until told to answer, in reverse.
struct Late(Vec<Responder>, Sender<usize>);

impl Process for Late {
    fn initialize(&mut self, ctx: &mut Context<Self>) {
        ctx.route("/wait", |late, _, _, responder| {
            late.0.push(responder);
            let _ = late.1.send(late.0.len());
        });
    }
}

#[test]
fn pipelined_responses_keep_the_order_of_their_requests() {
    let system = site();
    let (arrived, arrivals) = channel();
    let late = system.spawn("late", Late(Vec::new(), arrived)).unwrap();
    let mut raw = Raw::connect(&system);
    let get = |target: &str| format!("GET {target} HTTP/1.1\r\n\r\n");
    raw.send(get("/late/wait") + &get("/site/state") + &get("/late/wait") + &get("/nosuch"));
    while arrivals.recv_timeout(LIMIT).unwrap() < 2 {}
    late.tell(|late, _| {
        for (n, responder) in late.0.drain(..).enumerate().collect::<Vec<_>>().into_iter().rev() {
            responder.respond(Response::with_body("text/plain", format!("late{n}")));
        }
    });
    for expected in ["late0", "/state /site/state - 0", "late1", "404 Not Found."] {
        let head = raw.read_head();
        assert!(
            head.contains(&format!("Content-Length: {}\r\n", expected.len())),
            "{head}"
        );
        assert_eq!(
            String::from_utf8(raw.read_exactly(expected.len())).unwrap(),
            expected
        );
    }
    system.shutdown();
}

#[test]
fn a_client_that_hangs_up_discards_what_it_asked_for() {
    let system = site();
    let (arrived, arrivals) = channel();
    let late = system.spawn("late", Late(Vec::new(), arrived)).unwrap();
    let client = libprocess::http::Client::new(&system);
    let response = client.request(system.address().into(), Request::get("/late/wait"));
    arrivals.recv_timeout(LIMIT).unwrap();
    let closed = late.dispatch_future(|late, _| late.0[0].on_closed());
    response.discard();
    assert!(response.wait_for(LIMIT).unwrap().is_err());
    assert_eq!(closed.wait_for(LIMIT), Some(Ok(())));
    system.shutdown();
}

#[test]
fn connections_stay_open_or_close_as_asked() {
    let system = site();
    let mut raw = Raw::connect(&system);
    raw.send("GET /site/state HTTP/1.1\r\n\r\n");
    raw.read_to(" 0");
    raw.send("GET /site/state HTTP/1.1\r\nConnection: close\r\n\r\nGET /never HTTP/1.1\r\n\r\n");
    assert!(raw.read_rest().ends_with("/state /site/state - 0"));
    let mut old = Raw::connect(&system);
    old.send("GET /site/state HTTP/1.0\r\n\r\n");
    assert!(old.read_rest().ends_with("/state /site/state - 0"));
    let mut kept = Raw::connect(&system);
    kept.send("GET /site/state HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    assert!(kept.read_head().contains("Connection: Keep-Alive\r\n"));
    let mut half = Raw::connect(&system);
    half.send("GET /site/state HTTP/1.1\r\n\r\n");
    half.0.shutdown(std::net::Shutdown::Write).unwrap();
    assert!(
        half.read_rest().ends_with("/state /site/state - 0"),
        "a half-closed client still gets its answer"
    );
    system.shutdown();
}

#[test]
fn head_requests_get_no_body() {
    let system = site();
    let mut raw = Raw::connect(&system);
    raw.send("HEAD /site/large HTTP/1.1\r\n\r\nGET /site/state HTTP/1.1\r\n\r\n");
    assert!(raw.read_head().contains("Content-Length: 2000\r\n"));
    assert!(raw.read_head().starts_with("HTTP/1.1 200 OK\r\n"));
    system.shutdown();
}

#[test]
fn large_responses_are_compressed_for_clients_that_want_it() {
    let system = site();
    for (path, letter, size) in [("large", "x", 2000), ("huge", "y", 200_000)] {
        let mut raw = Raw::connect(&system);
        raw.send(format!(
            "GET /site/{path} HTTP/1.1\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n"
        ));
        let head = raw.read_head();
        assert!(head.contains("Content-Encoding: gzip\r\n"), "{head}");
        let mut text = String::new();
        flate2::read::GzDecoder::new(&mut raw.0)
            .read_to_string(&mut text)
            .unwrap();
        assert_eq!(text, letter.repeat(size));
    }
    let mut small = Raw::connect(&system);
    small.send("GET /site/state HTTP/1.1\r\nAccept-Encoding: gzip\r\n\r\n");
    assert!(!small.read_head().contains("Content-Encoding"));
    let mut unasked = Raw::connect(&system);
    unasked.send("GET /site/large HTTP/1.1\r\n\r\n");
    assert!(!unasked.read_head().contains("Content-Encoding"));
    system.shutdown();
}

#[test]
fn compressed_and_chunked_requests_arrive_whole() {
    let system = site();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut encoder, &[b'z'; 5000]).unwrap();
    let body = encoder.finish().unwrap();
    let mut raw = Raw::connect(&system);
    raw.send(format!(
        "POST /site/state HTTP/1.1\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
        body.len()
    ));
    raw.send(&body);
    raw.read_to("/state /site/state - 5000");
    raw.send("POST /site/state HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
    raw.send("4\r\ndefg\r\n0\r\n\r\n");
    raw.read_to("/state /site/state - 7");
    system.shutdown();
}

#[test]
fn clients_that_ask_first_are_told_to_continue() {
    let system = site();
    let mut raw = Raw::connect(&system);
    raw.send("POST /site/state HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
    assert_eq!(raw.read_head(), "HTTP/1.1 100 Continue\r\n\r\n");
    raw.send("abc");
    raw.read_to("/state /site/state - 3");
    system.shutdown();
}

#[test]
fn files_are_sent_and_missing_ones_not_found() {
    struct Files(std::path::PathBuf);
    impl Process for Files {
        fn initialize(&mut self, ctx: &mut Context<Self>) {
            ctx.route("/get", |files, _, request, responder| {
                let mut response = Response::new(200).header("Content-Type", "application/octet-stream");
                response.body = Body::File(files.0.join(request.query.get("name").unwrap_or_default()));
                responder.respond(response);
            });
        }
    }
    let system = start();
    let folder = tempfile::tempdir().unwrap();
    let content = "0123456789".repeat(100_000);
    std::fs::write(folder.path().join("big"), &content).unwrap();
    system.spawn("files", Files(folder.path().to_owned())).unwrap();
    assert_eq!(get(&system, "/files/get?name=big"), (200, content));
    assert_eq!(get(&system, "/files/get?name=none").0, 404);
    assert_eq!(get(&system, "/files/get?name=").0, 404, "a folder is not a file");
    system.shutdown();
}

#[test]
fn built_in_endpoints_answer() {
    let system = start();
    let (_pid, _events) = Probe::spawn(&system, "probe");
    let (status, metrics) = get(&system, "/metrics/snapshot?timeout=5secs");
    assert_eq!(status, 200);
    assert!(metrics.contains("\"system\\/cpus_total\":"), "{metrics}");
    assert_eq!(get(&system, "/metrics/snapshot?timeout=5").0, 400);
    assert!(get(&system, "/system/stats.json").1.contains("\"cpus_total\":"));
    assert!(get(&system, "/__processes__").1.contains("\"id\":\"probe\""));
    assert_eq!(get(&system, "/logging/toggle"), (200, "0\n".to_owned()));
    assert_eq!(get(&system, "/logging/toggle?level=3&duration=1mins").0, 200);
    assert_eq!(get(&system, "/logging/toggle"), (200, "3\n".to_owned()));
    assert_eq!(
        get(&system, "/logging/toggle?level=3").1,
        "Expecting 'duration=value' in query.\n"
    );
    system.shutdown();
}
