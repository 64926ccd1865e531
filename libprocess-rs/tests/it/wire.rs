//! The bytes between runtimes, against a plain socket and against recordings of C++ Mesos.

use crate::{LIMIT, Probe, Raw, next, start};
use libprocess::{LinkMode, System, Upid};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};

const ACCEPTED: &[u8] = b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n";

/// A peer that is nothing but a socket.
struct Peer(TcpListener);

impl Peer {
    fn listen() -> Peer {
        Peer(TcpListener::bind("127.0.0.1:0").unwrap())
    }

    fn upid(&self, id: &str) -> Upid {
        let Ok(SocketAddr::V4(address)) = self.0.local_addr() else {
            unreachable!("it is bound to IPv4")
        };
        Upid::new(id, address)
    }

    fn accept(&self) -> Raw {
        let (stream, _) = self.0.accept().unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        Raw(stream)
    }
}

#[test]
fn messages_leave_as_those_of_cpp_do() {
    let system = start();
    let (pid, _events) = Probe::spawn(&system, "slave(1)");
    let peer = Peer::listen();
    let to = peer.upid("master");
    pid.tell(move |_, ctx| {
        ctx.link(&to);
        ctx.send(&to, "mesos.internal.X", vec![7; 26]);
        ctx.send(&to, "mesos.internal.Empty", "");
    });
    let mut raw = peer.accept();
    let from = pid.upid().to_string();
    let head = |name: &str| {
        format!(
            "POST /master/{name} HTTP/1.1\r\nUser-Agent: libprocess/{from}\r\nLibprocess-From: {from}\r\n\
             Connection: Keep-Alive\r\nHost: \r\n"
        )
    };
    let expected = [
        head("mesos.internal.X").into_bytes(),
        b"Transfer-Encoding: chunked\r\n\r\n1a\r\n".to_vec(),
        vec![7; 26],
        b"\r\n0\r\n\r\n".to_vec(),
        head("mesos.internal.Empty").into_bytes(),
        b"\r\n".to_vec(),
    ]
    .concat();
    assert_eq!(
        String::from_utf8(raw.read_exactly(expected.len())),
        String::from_utf8(expected)
    );
    system.shutdown();
}

#[test]
fn unlinked_messages_use_a_connection_that_closes_when_drained() {
    let system = start();
    let peer = Peer::listen();
    for _ in 0..2 {
        system.send_from(&system.upid("a"), &peer.upid("b"), "One", "x");
        let mut raw = peer.accept();
        let all = raw.read_rest();
        assert!(
            all.starts_with("POST /b/One HTTP/1.1\r\n") && all.ends_with("x\r\n0\r\n\r\n"),
            "{all}"
        );
        raw.send(ACCEPTED);
    }
    system.shutdown();
}

#[test]
fn a_reconnect_replaces_the_connection_without_telling_anybody() {
    let system = start();
    let (pid, events) = Probe::spawn(&system, "probe");
    assert_eq!(next(&events), "initialize");
    let peer = Peer::listen();
    let to = peer.upid("b");
    let linkee = to.clone();
    pid.tell(move |_, ctx| ctx.link(&linkee));
    let mut first = peer.accept();
    let linkee = to.clone();
    pid.tell(move |_, ctx| {
        ctx.link_with(&linkee, LinkMode::Reconnect);
        ctx.send(&linkee, "After", "");
    });
    let mut second = peer.accept();
    assert_eq!(first.read_rest(), "", "the old connection is closed unused");
    assert!(second.read_head().starts_with("POST /b/After "));
    assert!(events.try_recv().is_err());
    drop(second);
    assert_eq!(next(&events), "exited b");
    system.shutdown();
}

#[test]
fn whoever_sends_much_can_wait_until_the_peer_has_read() {
    let system = start();
    let peer = Peer::listen();
    let to = peer.upid("b");
    assert_eq!(system.room(&to).wait_for(LIMIT), Some(Ok(())), "nothing was sent");
    const COUNT: usize = 2_000;
    let (pid, events) = Probe::spawn(&system, "probe");
    let linkee = to.clone();
    pid.dispatch(move |_, ctx| ctx.link(&linkee)).wait().unwrap();
    for _ in 0..COUNT {
        system.send_from(&system.upid("a"), &to, "Much", vec![7; 20_000]);
    }
    let room = system.room(&to);
    let mut raw = peer.accept();
    assert!(room.is_pending(), "40 MB are more than the kernel takes");
    let mut read = 0;
    while room.is_pending() && read < (COUNT - 100) * 20_000 {
        read += raw.read_exactly(100_000).len();
    }
    assert!(read > COUNT * 20_000 / 2, "room after {read} bytes");
    assert_eq!(room.wait_for(LIMIT), Some(Ok(())));
    // Whoever waits for a peer that goes away waits no longer.
    system.send_from(&system.upid("a"), &to, "Much", vec![7; 40_000_000]);
    let room = system.room(&to);
    drop((raw, peer));
    assert_eq!(room.wait_for(LIMIT), Some(Ok(())));
    assert_eq!([next(&events), next(&events)], ["initialize", "exited b"]);
    system.shutdown();
}

#[test]
fn settling_waits_for_the_answers_of_peers() {
    let system = start();
    let peer = Peer::listen();
    system.send_from(&system.upid("a"), &peer.upid("b"), "Slow", "x");
    let mut raw = peer.accept();
    raw.read_to("0\r\n\r\n");
    raw.send(ACCEPTED);
    assert_eq!(system.clock().settle().wait_for(LIMIT), Some(Ok(())));
    system.shutdown();
}

/// Replays what a C++ agent sent its master, in pieces, and expects the messages and the answers.
#[test]
fn a_recorded_agent_is_understood() {
    let recording = include_bytes!("../../../tests/golden/captures/a-agent-register/001-agent-to-master.bin");
    let system = start();
    let (_master, events) = Probe::spawn(&system, "master");
    let (_observer, pongs) = Probe::spawn(&system, "slave-observer(1)");
    let mut stream = TcpStream::connect(system.address()).unwrap();
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    for piece in recording.chunks(100) {
        stream.write_all(piece).unwrap();
    }
    let mut answers = [0; 5 * 81];
    stream.read_exact(&mut answers).unwrap();
    assert_eq!(
        answers
            .windows(12)
            .filter(|window| window == b"HTTP/1.1 202")
            .count(),
        5
    );
    assert_eq!(next(&events), "initialize");
    assert_eq!(
        next(&events),
        "message mesos.internal.RegisterSlaveMessage from slave(1) of 175"
    );
    assert_eq!(
        next(&events),
        "message mesos.internal.UpdateSlaveMessage from slave(1) of 69"
    );
    assert_eq!(next(&pongs), "initialize");
    for _ in 0..3 {
        assert_eq!(
            next(&pongs),
            "message mesos.internal.PongSlaveMessage from slave(1) of 0"
        );
    }
    system.shutdown();
}

#[test]
fn two_systems_talk_in_order() {
    let (here, there) = (start(), start());
    let (pid, _events) = Probe::spawn(&here, "here");
    let (other, events) = Probe::spawn(&there, "there");
    assert_eq!(next(&events), "initialize");
    let to = other.upid().clone();
    pid.tell(move |_, ctx| {
        ctx.link(&to);
        for n in 0..2_000 {
            ctx.send(&to, "Note", n.to_string());
        }
    });
    for n in 0..2_000 {
        assert_eq!(next(&events), n.to_string());
    }
    here.clock().settle().wait().unwrap();
    here.shutdown();
    there.shutdown();
}

#[test]
fn an_answer_goes_to_the_sender() {
    let (here, there) = (start(), start());
    let (pid, events) = Probe::spawn(&here, "here");
    let (other, _events) = Probe::spawn(&there, "there");
    let to = other.upid().clone();
    pid.tell(move |_, ctx| ctx.send(&to, "Echo", "12345"));
    assert_eq!(next(&events), "initialize");
    assert_eq!(next(&events), "message Echoed from there of 5");
    here.shutdown();
    there.shutdown();
}

#[test]
fn unhandled_messages_are_delegated_with_their_sender() {
    let system = start();
    let (front, _events) = Probe::spawn(&system, "front");
    let (back, events) = Probe::spawn(&system, "back");
    let to = back.upid().clone();
    front
        .dispatch(move |_, ctx| ctx.delegate("Odd", to))
        .wait()
        .unwrap();
    system.send_from(&system.upid("somebody"), front.upid(), "Odd", "x");
    assert_eq!(next(&events), "initialize");
    assert_eq!(next(&events), "message Odd from somebody of 1");
    system.shutdown();
}

#[test]
fn a_sender_that_claims_another_address_is_refused_when_that_is_wanted() {
    let system = System::builder().workers(2).check_peer_ip(true).start().unwrap();
    let (_probe, events) = Probe::spawn(&system, "probe");
    assert_eq!(next(&events), "initialize");
    let send = |from: &str| {
        let mut raw = Raw::connect(&system);
        raw.send(format!(
            "POST /probe/Hello HTTP/1.1\r\nLibprocess-From: {from}\r\nConnection: close\r\n\r\n"
        ));
        raw.read_to("\r\n\r\n")
    };
    assert!(send("x@10.1.2.3:4").starts_with("HTTP/1.1 400 Bad Request"));
    assert!(send("y@127.0.0.1:5").starts_with("HTTP/1.1 202 Accepted"));
    assert_eq!(next(&events), "message Hello from y of 0");
    system.shutdown();
}
