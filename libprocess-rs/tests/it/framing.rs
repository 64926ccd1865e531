//! Frames between runtimes that both know them, and only between those.

use crate::{LIMIT, Probe, Raw, next, start};
use libprocess::{LinkMode, System, Upid};
use libprocess_core::frame::{self, MARK_LEN, PREFACE};
use libprocess_core::message;
use std::net::{SocketAddr, TcpListener};

const OFFER: &str = "HTTP/1.1 202 Accepted\r\nLibprocess-Framing: 1\r\nContent-Length: 0\r\n\r\n";

/// A request as libprocess writes it.
fn request(from: &str, to: &Upid, name: &str, body: &str) -> Vec<u8> {
    let mut wire = Vec::new();
    message::encode(&from.parse().unwrap(), to, name, body.as_bytes(), &mut wire);
    wire
}

/// A connection whose other end has offered to read frames.
fn offered(system: &System, to: &Upid) -> Raw {
    let mut raw = Raw::connect(system);
    raw.send(request("x@127.0.0.1:1", to, "Note", "first"));
    let answer = raw.read_head();
    assert!(answer.contains("\r\nLibprocess-Framing: 1\r\n"), "{answer}");
    raw
}

/// A linked process of `system`, and the other end of its connection, which has offered to read frames.
fn linked(system: &System) -> (libprocess::Pid<Probe>, Upid, Raw, TcpListener) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let Ok(SocketAddr::V4(address)) = listener.local_addr() else {
        unreachable!("it is bound to IPv4")
    };
    let to = Upid::new("b", address);
    let (pid, _events) = Probe::spawn(system, "a");
    let linkee = to.clone();
    pid.tell(move |_, ctx| {
        ctx.link(&linkee);
        ctx.send(&linkee, "First", "x");
    });
    let (stream, _) = listener.accept().unwrap();
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    let mut raw = Raw(stream);
    raw.read_to("0\r\n\r\n");
    raw.send(OFFER);
    // The offer has been heard when the message it answers is no longer waited for.
    system.clock().settle().wait().unwrap();
    (pid, to, raw, listener)
}

#[test]
fn a_peer_that_offers_is_sent_frames() {
    let system = start();
    let (pid, to, mut raw, _listener) = linked(&system);
    let mut writer = frame::Writer::default();
    let mut expected = PREFACE.to_vec();
    assert!(writer.write(pid.upid(), &to, "X", b"body", &mut expected));
    assert!(writer.write(pid.upid(), &to, "X", b"", &mut expected));
    assert!(writer.write(pid.upid(), &to, "Y", &[7; 100_000], &mut expected));
    pid.tell(move |_, ctx| {
        ctx.send(&to, "X", "body");
        ctx.send(&to, "X", "");
        ctx.send(&to, "Y", vec![7; 100_000]);
    });
    assert!(raw.read_exactly(expected.len()) == expected);
    let settled = system.clock().settle();
    let mark = raw.read_exactly(MARK_LEN);
    assert_eq!(
        frame::read_mark(&mark),
        Some(3),
        "asked whether it has handled three messages"
    );
    assert!(settled.is_pending());
    raw.send(mark);
    assert_eq!(settled.wait_for(LIMIT), Some(Ok(())));
    system.shutdown();
}

#[test]
fn a_reconnect_begins_with_requests_again() {
    let system = start();
    let (pid, to, mut raw, listener) = linked(&system);
    let linkee = to.clone();
    pid.tell(move |_, ctx| {
        ctx.send(&linkee, "X", "lost or not");
        ctx.link_with(&linkee, LinkMode::Reconnect);
        ctx.send(&linkee, "X", "after");
    });
    let (stream, _) = listener.accept().unwrap();
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    let mut again = Raw(stream);
    let mut expected = Vec::new();
    for body in ["lost or not", "after"] {
        message::encode(pid.upid(), &to, "X", body.as_bytes(), &mut expected);
    }
    assert_eq!(
        String::from_utf8_lossy(&again.read_exactly(expected.len())),
        String::from_utf8_lossy(&expected)
    );
    assert_eq!(raw.read_rest(), "");
    system.shutdown();
}

#[test]
fn frames_can_be_turned_off() {
    let system = System::builder().workers(2).framing(false).start().unwrap();
    let (probe, events) = Probe::spawn(&system, "probe");
    let mut asking = Raw::connect(&system);
    asking.send(request("x@127.0.0.1:1", probe.upid(), "Note", "hello"));
    assert_eq!(asking.read_head().len(), 81, "an answer without an offer");
    assert_eq!([next(&events), next(&events)], ["initialize", "hello"]);
    let (pid, to, mut raw, _listener) = linked(&system);
    pid.tell(move |_, ctx| ctx.send(&to, "X", "body"));
    assert!(raw.read_head().starts_with("POST /b/X HTTP/1.1\r\n"));
    system.shutdown();
}

#[test]
fn strangers_are_offered_nothing() {
    let system = start();
    let (_probe, _events) = Probe::spawn(&system, "probe");
    let mut raw = Raw::connect(&system);
    raw.send("POST /probe/Note HTTP/1.1\r\nLibprocess-From: x@127.0.0.1:1\r\nContent-Length: 2\r\n\r\nhi");
    assert_eq!(raw.read_head().len(), 81);
    raw.send(PREFACE);
    assert!(raw.read_head().starts_with("HTTP/1.1 400 "));
    system.shutdown();
}

#[test]
fn frames_are_understood_however_they_are_cut() {
    let system = start();
    let (probe, events) = Probe::spawn(&system, "probe");
    assert_eq!(next(&events), "initialize");
    let mut wire = PREFACE.to_vec();
    let mut writer = frame::Writer::default();
    let sender: Upid = "y@127.0.0.1:2".parse().unwrap();
    assert!(writer.write(&sender, probe.upid(), "Note", b"one", &mut wire));
    assert!(writer.write(&sender, probe.upid(), "Other", &[7; 40_000], &mut wire));
    assert!(writer.write(&sender, &system.upid("nobody"), "Note", b"lost", &mut wire));
    assert!(writer.write(&sender, probe.upid(), "Note", b"two", &mut wire));
    frame::write_mark(4, &mut wire);
    for piece in [1, 7, 1000, 20_000, wire.len()] {
        let mut raw = offered(&system, probe.upid());
        assert_eq!(next(&events), "first");
        // The beginning byte by byte, and then in pieces.
        let (slowly, rest) = wire.split_at(if piece == 1 { 200 } else { 0 });
        slowly.chunks(1).for_each(|byte| raw.send(byte));
        rest.chunks(piece.max(7)).for_each(|piece| raw.send(piece));
        assert_eq!(frame::read_mark(&raw.read_exactly(MARK_LEN)), Some(4));
        assert_eq!(
            [next(&events), next(&events), next(&events)],
            ["one", "message Other from y of 40000", "two"],
            "by {piece}"
        );
    }
    system.shutdown();
}

#[test]
fn a_malformed_frame_ends_its_connection_and_no_other() {
    let system = System::builder().workers(2).max_body(1_000).start().unwrap();
    let (probe, events) = Probe::spawn(&system, "probe");
    assert_eq!(next(&events), "initialize");
    let mut good = offered(&system, probe.upid());
    assert_eq!(next(&events), "first");
    let mut defined = PREFACE.to_vec();
    let sender: Upid = "y@127.0.0.1:2".parse().unwrap();
    let mut writer = frame::Writer::default();
    assert!(writer.write(&sender, probe.upid(), "Note", b"defined", &mut defined));
    let frame = |length: u32, kind: u32| [length.to_le_bytes(), kind.to_le_bytes()].concat();
    for malformed in [
        frame(u32::MAX, 1),
        frame(1_001, 1),
        frame(1, 2),
        frame(u32::MAX, 0),
        frame(7, u32::MAX),
        b"GET /probe/x HTTP/1.1\r\n\r\n".to_vec(),
    ] {
        let mut raw = offered(&system, probe.upid());
        assert_eq!(next(&events), "first");
        raw.send(&defined);
        assert_eq!(next(&events), "defined");
        raw.send(&malformed);
        assert_eq!(raw.read_rest(), "", "{malformed:?}");
    }
    good.send(&defined);
    assert_eq!(next(&events), "defined");
    system.shutdown();
}

#[test]
fn a_false_sender_is_refused_in_frames_too() {
    let system = System::builder().workers(2).check_peer_ip(true).start().unwrap();
    let (probe, events) = Probe::spawn(&system, "probe");
    assert_eq!(next(&events), "initialize");
    let mut raw = offered(&system, probe.upid());
    assert_eq!(next(&events), "first");
    let (mut writer, mut wire) = (frame::Writer::default(), PREFACE.to_vec());
    for (from, body) in [("x@10.1.2.3:4", "false"), ("x@127.0.0.1:1", "true")] {
        let from: Upid = from.parse().unwrap();
        assert!(writer.write(&from, probe.upid(), "Note", body.as_bytes(), &mut wire));
    }
    raw.send(&wire);
    assert_eq!(next(&events), "true");
    system.shutdown();
}

#[test]
fn two_systems_go_over_to_frames_in_order() {
    for framing in [true, false] {
        let builder = || System::builder().workers(2).framing(framing);
        let (here, there) = (builder().start().unwrap(), builder().start().unwrap());
        let (pid, answers) = Probe::spawn(&here, "here");
        let (other, events) = Probe::spawn(&there, "there");
        assert_eq!([next(&events), next(&answers)], ["initialize", "initialize"]);
        let to = other.upid().clone();
        pid.tell(move |_, ctx| ctx.link(&to));
        for round in 0..20 {
            // A round trip, so that the offer is known after the first, then a burst.
            let to = other.upid().clone();
            pid.tell(move |_, ctx| ctx.send(&to, "Echo", vec![7; 1 << round]));
            assert_eq!(
                next(&answers),
                format!("message Echoed from there of {}", 1 << round)
            );
            let to = other.upid().clone();
            pid.tell(move |_, ctx| (0..300).for_each(|n| ctx.send(&to, "Note", n.to_string())));
            for n in 0..300 {
                assert_eq!(next(&events), n.to_string());
            }
        }
        let to = other.upid().clone();
        pid.tell(move |_, ctx| ctx.send(&to, "Note", "last"));
        here.clock().settle().wait().unwrap();
        assert_eq!(events.try_recv().as_deref(), Ok("last"), "settled means handled");
        there.shutdown();
        assert_eq!(next(&answers), "exited there");
        here.shutdown();
    }
}
