//! Bodies that arrive and leave piece by piece.

use crate::{LIMIT, Raw, start};
use libprocess::http::{Connection, Request, Response, Writer, pipe};
use libprocess::{Context, Process, Promise, System};
use std::sync::mpsc::{Sender, channel};

/// Hands out the writers of the streams it serves.
struct Streams(Sender<Writer>);

impl Process for Streams {
    fn initialize(&mut self, ctx: &mut Context<Self>) {
        ctx.route("/events", |streams, _, _, responder| {
            let (writer, reader) = pipe();
            responder.respond(Response::stream("application/json", reader));
            let _ = streams.0.send(writer);
        });
        ctx.route_streaming("/upload", |_, ctx, request, responder| {
            let (mut reader, mut pieces) = (request.reader.expect("the route streams"), 0);
            let read = async move {
                while let Ok(Some(piece)) = reader.next().await {
                    pieces += piece.len();
                }
                pieces
            };
            ctx.defer(read, |_, _, total| {
                responder.respond(Response::with_body("text/plain", total.to_string()));
            });
        });
    }
}

fn streams() -> (System, std::sync::mpsc::Receiver<Writer>) {
    let system = start();
    let (writers, opened) = channel();
    let streams = system.spawn("streams", Streams(writers)).unwrap();
    streams.dispatch(|_, _| ()).wait().unwrap();
    (system, opened)
}

#[test]
fn each_write_is_one_chunk() {
    let (system, opened) = streams();
    let mut raw = Raw::connect(&system);
    raw.send("GET /streams/events HTTP/1.1\r\n\r\n");
    let writer = opened.recv_timeout(LIMIT).unwrap();
    let head = raw.read_head();
    assert!(
        head.contains("Transfer-Encoding: chunked\r\nContent-Type: application/json\r\n\r\n"),
        "{head}"
    );
    assert!(!head.contains("Content-Length"));
    for record in ["3\nabc", "26\nabcdefghijklmnopqrstuvwxyz"] {
        assert!(writer.write(record));
        assert_eq!(raw.read_to("\r\n"), format!("{:x}\r\n", record.len()));
        assert_eq!(
            raw.read_exactly(record.len() + 2),
            format!("{record}\r\n").into_bytes()
        );
    }
    writer.write("");
    writer.close();
    assert_eq!(raw.read_exactly(5), b"0\r\n\r\n");
    raw.send("GET /nosuch HTTP/1.1\r\n\r\n");
    assert!(
        raw.read_head().starts_with("HTTP/1.1 404"),
        "the connection goes on after a stream"
    );
    system.shutdown();
}

#[test]
fn writers_learn_that_the_client_hung_up() {
    for reset in [false, true] {
        let (system, opened) = streams();
        let mut raw = Raw::connect(&system);
        raw.send("GET /streams/events HTTP/1.1\r\n\r\n");
        let writer = opened.recv_timeout(LIMIT).unwrap();
        if !reset {
            raw.read_head();
        }
        assert!(!writer.is_closed());
        drop(raw);
        assert_eq!(writer.closed().wait_for(LIMIT), Some(Ok(())));
        assert!(!writer.write("x"));
        assert_eq!(writer.queued_bytes(), 0);
        system.shutdown();
    }
}

#[test]
fn a_failed_writer_breaks_the_connection_off() {
    let (system, opened) = streams();
    let connection = Connection::connect(&system, system.address().into())
        .wait()
        .unwrap();
    let mut response = connection
        .send_streaming(Request::get("/streams/events"))
        .wait()
        .unwrap();
    let reader = response.take_reader().unwrap();
    let writer = opened.recv_timeout(LIMIT).unwrap();
    writer.write("abc");
    assert_eq!(reader.read().wait(), Ok(Some("abc".into())));
    writer.fail("trouble");
    assert!(reader.read().wait_for(LIMIT).unwrap().is_err());
    assert_eq!(connection.closed().wait_for(LIMIT), Some(Ok(())));
    system.shutdown();
}

#[test]
fn old_clients_get_a_stream_that_ends_with_the_connection() {
    let (system, opened) = streams();
    let mut raw = Raw::connect(&system);
    raw.send("GET /streams/events HTTP/1.0\r\n\r\n");
    let writer = opened.recv_timeout(LIMIT).unwrap();
    writer.write("plain");
    drop(writer);
    let all = raw.read_rest();
    assert!(
        all.ends_with("\r\n\r\nplain") && !all.contains("chunked"),
        "{all}"
    );
    system.shutdown();
}

#[test]
fn slow_readers_hold_back_uploads_not_lose_them() {
    let (system, _opened) = streams();
    let connection = Connection::connect(&system, system.address().into())
        .wait()
        .unwrap();
    let (writer, reader) = pipe();
    let mut request = Request::post("/streams/upload", "application/octet-stream", "");
    request.reader = Some(reader);
    let response = connection.send(request);
    for _ in 0..64 {
        writer.write(vec![7; 100_000]);
    }
    writer.close();
    let response = response.wait().unwrap();
    assert_eq!(response.body_bytes(), b"6400000");
    system.shutdown();
}

#[test]
fn streaming_routes_see_the_body_before_it_is_complete() {
    struct First(Option<Promise<bytes::Bytes>>);
    impl Process for First {
        fn initialize(&mut self, ctx: &mut Context<Self>) {
            ctx.route_streaming("/in", |first, ctx, request, responder| {
                let reader = request.reader.expect("the route streams");
                let read = reader.read();
                ctx.then(read, move |first, ctx, piece| {
                    if let (Some(promise), Ok(Some(piece))) = (first.0.take(), piece) {
                        promise.set(piece);
                    }
                    ctx.then(reader.read(), move |_, _, rest| {
                        assert!(rest.is_err(), "the client hangs up within the body");
                        drop((reader, responder));
                    });
                });
                let _ = first;
            });
        }
    }
    let system = start();
    let (promise, piece) = Promise::new();
    let first = system.spawn("first", First(Some(promise))).unwrap();
    // A request that overtakes the installation of its route would be buffered.
    first.dispatch(|_, _| ()).wait().unwrap();
    let mut raw = Raw::connect(&system);
    raw.send("POST /first/in HTTP/1.1\r\nContent-Length: 100\r\n\r\nhello");
    assert_eq!(piece.wait_for(LIMIT), Some(Ok("hello".into())));
    drop(raw);
    system.shutdown();
}
