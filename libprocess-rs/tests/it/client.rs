//! The HTTP client, against our own server and against plain sockets.

use crate::{LIMIT, Raw, start};
use libprocess::http::{Client, Connection, Request, Response, Url};
use libprocess::{Context, Process, System};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::net::UnixListener;

struct Echo;

impl Process for Echo {
    fn initialize(&mut self, ctx: &mut Context<Self>) {
        ctx.route("/echo", |_, _, request, responder| {
            let mut response = Response::with_body("text/plain", request.body);
            response.headers.set("Query", request.query.raw());
            responder.respond(response);
        });
    }
}

fn echo() -> System {
    let system = start();
    system.spawn("echo", Echo).unwrap();
    system
}

#[test]
fn single_requests_by_url_and_address() {
    let system = echo();
    let client = Client::new(&system);
    let url = format!("http://{}/echo/echo?a=1", system.address());
    let response = client.post(&url, "text/plain", "hello").wait().unwrap();
    assert_eq!((response.status, response.body_bytes()), (200, &b"hello"[..]));
    assert_eq!(response.headers.get("query"), Some("a=1"));
    let named = format!("http://localhost:{}/echo/echo", system.address().port());
    assert_eq!(client.get(&named).wait().unwrap().status, 200);
    assert!(client.get("ftp://x/").wait().is_err());
    let vacant = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = client
        .request(vacant, Request::get("/"))
        .wait()
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with(&format!("Failed to connect to {vacant}: ")),
        "{error}"
    );
    system.shutdown();
}

#[test]
fn pipelined_requests_get_their_own_responses() {
    let system = echo();
    let connection = Connection::connect(&system, system.address().into())
        .wait()
        .unwrap();
    let responses: Vec<_> = (0..500)
        .map(|n| connection.send(Request::post("/echo/echo", "text/plain", n.to_string())))
        .collect();
    for (n, response) in responses.into_iter().enumerate() {
        assert_eq!(response.wait().unwrap().body_bytes(), n.to_string().as_bytes());
    }
    assert!(connection.closed().is_pending());
    connection.disconnect();
    assert_eq!(connection.closed().wait_for(LIMIT), Some(Ok(())));
    assert!(connection.send(Request::get("/echo/echo")).wait().is_err());
    system.shutdown();
}

#[test]
fn outstanding_requests_fail_with_their_connection() {
    let system = start();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let connection = Connection::connect(&system, listener.local_addr().unwrap())
        .wait()
        .unwrap();
    let (stream, _) = listener.accept().unwrap();
    let mut peer = Raw(stream);
    let first = connection.send(Request::get("/a"));
    let second = connection.send(Request::get("/b"));
    let head = peer.read_head();
    assert_eq!(
        head,
        format!(
            "GET /a HTTP/1.1\r\nHost: {}\r\n\r\n",
            connection.address().unwrap()
        )
    );
    peer.read_head();
    peer.send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    assert_eq!(first.wait().unwrap().body_bytes(), b"ok");
    drop(peer);
    assert!(second.wait().is_err());
    assert_eq!(connection.closed().wait_for(LIMIT), Some(Ok(())));
    system.shutdown();
}

#[test]
fn a_response_without_length_lasts_until_the_connection_ends() {
    let system = start();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let response = Client::new(&system).request(listener.local_addr().unwrap(), Request::get("/"));
    let mut peer = Raw(listener.accept().unwrap().0);
    peer.read_head();
    peer.send("HTTP/1.0 200 OK\r\n\r\nall of it");
    drop(peer);
    assert_eq!(response.wait().unwrap().body_bytes(), b"all of it");
    system.shutdown();
}

#[test]
fn dropping_the_last_handle_closes_the_connection() {
    let system = start();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let connection = Connection::connect(&system, listener.local_addr().unwrap())
        .wait()
        .unwrap();
    let mut peer = Raw(listener.accept().unwrap().0);
    drop(connection);
    assert_eq!(peer.read_rest(), "");
    system.shutdown();
}

#[test]
fn garbage_instead_of_a_response_fails_the_request() {
    let system = start();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let response = Client::new(&system).request(listener.local_addr().unwrap(), Request::get("/"));
    let mut peer = Raw(listener.accept().unwrap().0);
    peer.read_head();
    peer.send("garbage\r\n\r\n");
    assert!(response.wait().is_err());
    system.shutdown();
}

/// A server for one connection, on a Unix socket or port: reads a head and its body, answers, and says what it has read.
fn answer_once(mut stream: impl Read + Write, answer: Vec<u8>) -> String {
    let mut seen = Vec::new();
    let mut piece = [0; 4096];
    while !seen.windows(4).any(|window| window == b"\r\n\r\n") {
        let count = stream.read(&mut piece).unwrap();
        assert_ne!(count, 0);
        seen.extend_from_slice(&piece[..count]);
    }
    stream.write_all(&answer).unwrap();
    String::from_utf8(seen).unwrap()
}

#[test]
fn requests_go_through_unix_sockets() {
    let system = start();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("server sock");
    let listener = UnixListener::bind(&path).unwrap();
    let url = Url::unix(&path, "/api?x=1").to_string();
    let server = std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        answer_once(stream, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi".to_vec())
    });
    let response = Client::new(&system)
        .delete(&url)
        .wait_for(LIMIT)
        .unwrap()
        .unwrap();
    assert_eq!((response.status, response.body_bytes()), (200, &b"hi"[..]));
    let seen = server.join().unwrap();
    assert!(seen.starts_with("DELETE /api?x=1 HTTP/1.1\r\n"), "{seen}");
    assert!(seen.contains("\r\nHost: localhost\r\n"), "{seen}");
    std::fs::remove_file(&path).unwrap();
    let error = Connection::connect_to(&system, &url)
        .wait_for(LIMIT)
        .unwrap()
        .unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with(&format!("Failed to connect to {}: ", path.display()))
    );
    system.shutdown();
}

#[test]
fn the_host_of_a_url_is_told_to_the_server() {
    let system = start();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        answer_once(
            stream,
            b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n".to_vec(),
        )
    });
    let response = Client::new(&system).get(&format!("http://localhost:{port}/a#b"));
    assert_eq!(response.wait_for(LIMIT).unwrap().unwrap().status, 204);
    let seen = server.join().unwrap();
    assert!(
        seen.starts_with("GET /a HTTP/1.1\r\n"),
        "a fragment stays here: {seen}"
    );
    assert!(
        seen.contains(&format!("\r\nHost: localhost:{port}\r\n")),
        "{seen}"
    );
    system.shutdown();
}

#[test]
fn compressed_answers_are_unfolded_whole_or_piece_by_piece() {
    let system = start();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(&[b'z'; 50_000]).unwrap();
    let folded = encoder.finish().unwrap();
    let head = |length: usize| {
        format!("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {length}\r\n\r\n")
    };
    let whole = [head(folded.len()).into_bytes(), folded.clone()].concat();
    let broken = [head(10).into_bytes(), b"0123456789".to_vec()].concat();
    let answers = [whole.clone(), whole, broken.clone(), broken, head(0).into_bytes()];
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = std::thread::spawn(move || {
        for answer in answers {
            answer_once(listener.accept().unwrap().0, answer);
        }
    });
    let client = Client::new(&system);
    let get = || {
        client
            .request(address, Request::get("/"))
            .wait_for(LIMIT)
            .unwrap()
    };
    let stream = || {
        client
            .request_streaming(address, Request::get("/"))
            .wait_for(LIMIT)
            .unwrap()
    };
    let response = get().unwrap();
    assert_eq!(response.body_bytes().len(), 50_000);
    assert_eq!(response.headers.get("Content-Length"), Some("50000"));
    let reader = stream().unwrap().take_reader().unwrap();
    assert_eq!(
        reader.read_all(60_000).wait_for(LIMIT).unwrap().unwrap().len(),
        50_000
    );
    assert!(get().unwrap_err().to_string().contains("gzip"));
    let reader = stream().unwrap().take_reader().unwrap();
    assert!(reader.read_all(60_000).wait_for(LIMIT).unwrap().is_err());
    assert_eq!(get().unwrap().body_bytes(), b"", "nothing unfolds to nothing");
    server.join().unwrap();
    system.shutdown();
}
