//! What strangers may send, and how many of them may come.

use crate::{LIMIT, Probe, Raw, next, start};
use libprocess::http::Response;
use libprocess::{Context, Process, System};
use std::time::Duration;

struct Site;

impl Process for Site {
    fn initialize(&mut self, ctx: &mut Context<Self>) {
        ctx.route("/in", |_, _, _, responder| responder.respond(Response::ok()));
    }
}

fn assert_alive(system: &System) {
    let mut raw = Raw::connect(system);
    raw.send("GET /site/in HTTP/1.1\r\n\r\n");
    assert!(raw.read_head().starts_with("HTTP/1.1 200 OK\r\n"));
}

#[test]
fn malformed_bytes_are_answered_and_the_listener_lives() {
    let system = System::builder().workers(1).max_body(1000).start().unwrap();
    system.spawn("site", Site).unwrap();
    let long = format!("GET /{} HTTP/1.1\r\n", "a".repeat(100_000));
    for (bytes, status) in [
        ("\x16\x03\x01\x02\x00 a TLS hello", 400),
        ("hello\r\n\r\n", 400),
        ("GET / HTTP/9.9\r\n\r\n", 400),
        ("GET /site/in HTTP/1.1\r\nContent-Length: x\r\n\r\n", 400),
        (
            "POST /site/in HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            400,
        ),
        ("POST /site/in HTTP/1.1\r\nTransfer-Encoding: br\r\n\r\n", 501),
        ("POST /site/in HTTP/1.1\r\nContent-Length: 1001\r\n\r\n", 413),
        (
            "POST /site/in HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 1001\r\n\r\n",
            413,
        ),
        (
            "POST /site/in HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n",
            413,
        ),
        (
            "POST /site/in HTTP/1.1\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
            400,
        ),
        (
            "POST /%zz/Name HTTP/1.1\r\nLibprocess-From: a@1.2.3.4:5\r\n\r\n",
            500,
        ),
        (
            "POST nopath HTTP/1.1\r\nLibprocess-From: a@1.2.3.4:5\r\n\r\n",
            400,
        ),
        (&long, 400),
    ] {
        let mut raw = Raw::connect(&system);
        raw.send(bytes);
        let answer = raw.read_rest();
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{bytes:.60?}: {answer}"
        );
        assert!(
            answer.contains("Content-Type: text/plain; charset=utf-8\r\n"),
            "{answer}"
        );
        assert_alive(&system);
    }
    system.shutdown();
}

#[test]
fn a_compressed_bomb_is_refused() {
    let system = System::builder().workers(1).max_body(100_000).start().unwrap();
    system.spawn("site", Site).unwrap();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::Write::write_all(&mut encoder, &vec![0; 20_000_000]).unwrap();
    let bomb = encoder.finish().unwrap();
    let mut raw = Raw::connect(&system);
    raw.send(format!(
        "POST /site/in HTTP/1.1\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
        bomb.len()
    ));
    raw.send(&bomb);
    assert!(raw.read_rest().starts_with("HTTP/1.1 413 "));
    assert_alive(&system);
    system.shutdown();
}

#[test]
fn requests_that_never_arrive_are_cut_off_and_idle_connections_are_not() {
    let system = System::builder()
        .workers(1)
        .header_timeout(Duration::from_millis(30))
        .start()
        .unwrap();
    system.spawn("site", Site).unwrap();
    let mut idle = Raw::connect(&system);
    for beginning in [
        "GET /si",
        "POST /site/in HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc",
    ] {
        let mut slow = Raw::connect(&system);
        slow.send(beginning);
        assert!(slow.read_rest().starts_with("HTTP/1.1 408 "));
    }
    idle.send("GET /site/in HTTP/1.1\r\n\r\n");
    assert!(idle.read_head().starts_with("HTTP/1.1 200 OK\r\n"));
    system.shutdown();
}

#[test]
fn many_idle_connections_do_not_get_in_the_way() {
    let system = start();
    system.spawn("site", Site).unwrap();
    let idle: Vec<Raw> = (0..400).map(|_| Raw::connect(&system)).collect();
    assert_alive(&system);
    drop(idle);
    assert_alive(&system);
    system.shutdown();
}

#[test]
fn a_port_in_use_is_an_error_that_names_it() {
    let system = start();
    let port = system.address().port();
    let error = System::builder()
        .port(port)
        .start()
        .err()
        .expect("the port is taken");
    assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse);
    assert!(
        error.to_string().contains(&format!("127.0.0.1:{port}")),
        "{error}"
    );
    system.shutdown();
    let again = System::builder()
        .port(port)
        .start()
        .expect("the port is free again");
    again.shutdown();
}

#[test]
fn messages_from_strangers_need_very_little() {
    let system = start();
    let (_pid, events) = Probe::spawn(&system, "probe(1)");
    assert_eq!(next(&events), "initialize");
    let mut raw = Raw::connect(&system);
    raw.send("POST /probe(1)/Note HTTP/1.1\r\nLibprocess-From: x@127.0.0.1:1\r\nContent-Length: 2\r\n\r\nhi");
    let head = raw.read_head();
    assert!(head.starts_with("HTTP/1.1 202 Accepted\r\nDate: "));
    assert_eq!(head.len(), 81, "{head}");
    assert_eq!(next(&events), "hi");
    raw.send("POST /probe%281%29/a/b HTTP/1.1\r\nUser-Agent: libprocess/x@127.0.0.1:1\r\n\r\n");
    assert!(raw.read_head().starts_with("HTTP/1.1 202 "));
    assert_eq!(next(&events), "message a/b from x of 0");
    raw.send("POST /nobody/Note HTTP/1.1\r\nLibprocess-From: x@127.0.0.1:1\r\n\r\n");
    assert!(raw.read_head().starts_with("HTTP/1.1 404 "));
    assert!(events.recv_timeout(Duration::ZERO).is_err());
    assert!(LIMIT > Duration::ZERO);
    system.shutdown();
}
