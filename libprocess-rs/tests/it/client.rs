//! The HTTP client, against our own server and against plain sockets.

use crate::{LIMIT, Raw, start};
use libprocess::http::{Client, Connection, Request, Response};
use libprocess::{Context, Process, System};
use std::net::TcpListener;

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
        format!("GET /a HTTP/1.1\r\nHost: {}\r\n\r\n", connection.address())
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
