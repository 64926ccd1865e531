use super::*;
use crate::message::encode;

fn upid(text: &str) -> Upid {
    text.parse().unwrap()
}

fn message(name: &str, body: &[u8]) -> Vec<u8> {
    let mut wire = Vec::new();
    encode(&upid("a@1.2.3.4:5"), &upid("b@1.2.3.4:6"), name, body, &mut wire);
    wire
}

#[test]
fn a_message_cut_anywhere_is_partial_once_its_head_is_known() {
    let wire = message("Name", &[7; 300]);
    let mut finder = Finder::<()>::new(1000);
    assert!(matches!(finder.find(&wire), Found::Message { end, .. } if end == wire.len()));
    let head = wire.windows(4).position(|end| end == b"\r\n\r\n").unwrap() + 4;
    for cut in 1..wire.len() {
        let within_body = cut >= head;
        assert_eq!(
            finder.find(&wire[..cut]),
            Found::Partial { within_body },
            "cut at {cut}"
        );
    }
}

#[test]
fn a_head_that_is_new_and_incomplete_is_for_others() {
    let wire = message("Name", b"x");
    let mut finder = Finder::<()>::new(1000);
    for cut in [0, 1, 6, 50, 100] {
        assert_eq!(finder.find(&wire[..cut]), Found::Other, "cut at {cut}");
    }
}

#[test]
fn long_bodies_are_announced_when_they_are_within_the_limit() {
    let wire = message("Name", &vec![7; LARGE + 1]);
    let limit = u64::try_from(LARGE + 1).unwrap();
    let mut finder = Finder::<()>::new(limit);
    let found = finder.find(&wire[..1000]);
    assert!(
        matches!(found, Found::Large { length, chunked: true, body, .. } if length == LARGE + 1 && wire[body] == 7)
    );
    assert!(matches!(finder.find(&wire), Found::Message { .. }));
    assert_eq!(Finder::<()>::new(limit - 1).find(&wire), Found::Other);
}

#[test]
fn whatever_is_unusual_is_for_others() {
    let head = "POST /b/Name HTTP/1.1\r\nLibprocess-From: a@1.2.3.4:5\r\n";
    for rest in [
        "Connection: close\r\n\r\n",
        "Content-Encoding: gzip\r\n\r\n",
        "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "Content-Length: 1001\r\n\r\n",
        "Transfer-Encoding: gzip, chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n1;x\r\nx\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n1\r\nx\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nX: y\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n1\nx\n0\n\n",
        "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n-1\r\n",
        "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
        "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
    ] {
        let wire = format!("{head}{rest}");
        assert_eq!(
            Finder::<()>::new(1000).find(wire.as_bytes()),
            Found::Other,
            "{rest:?}"
        );
    }
    for wire in [
        "GET /b/Name HTTP/1.1\r\nLibprocess-From: a@1.2.3.4:5\r\n\r\n",
        "POST /b/Name HTTP/1.0\r\nLibprocess-From: a@1.2.3.4:5\r\n\r\n",
        "POST /b/Name HTTP/1.1\r\n\r\n",
        "POST /%zz/Name HTTP/1.1\r\nLibprocess-From: a@1.2.3.4:5\r\n\r\n",
        "\r\nPOST /b/Name HTTP/1.1\r\nLibprocess-From: a@1.2.3.4:5\r\n\r\n",
    ] {
        assert_eq!(
            Finder::<()>::new(1000).find(wire.as_bytes()),
            Found::Other,
            "{wire:?}"
        );
    }
}

#[test]
fn strangers_are_told_from_libprocess() {
    let mut finder = Finder::<()>::new(1000);
    let mut from_libprocess = |wire: &[u8]| match finder.find(wire) {
        Found::Message { kind, .. } => finder.envelope(kind).is_libprocess,
        found => panic!("{found:?}"),
    };
    assert!(from_libprocess(&message("Name", b"x")) && from_libprocess(&message("Empty", b"")));
    let stranger =
        "POST /b/Name HTTP/1.1\r\nUser-Agent: libprocess/a@1.2.3.4:5\r\nContent-Length: 1\r\n\r\nx";
    assert!(!from_libprocess(stranger.as_bytes()));
}

#[test]
fn many_kinds_in_turn_are_found_all_the_same() {
    let mut finder = Finder::<usize>::new(1000);
    for n in (0..3 * KINDS).chain(0..3 * KINDS) {
        let name = format!("Name{n}");
        let wire = message(&name, b"x");
        let Found::Message { kind, .. } = finder.find(&wire) else {
            panic!("a message")
        };
        let (envelope, attached) = finder.attached(kind);
        assert_eq!((envelope.name.as_str(), *attached), (name.as_str(), 0));
        *attached = n;
    }
}

#[test]
fn a_head_ends_at_its_first_blank_line_of_any_kind() {
    for blank in ["\n\r\n", "\n\n"] {
        let head = format!("POST /b/Name HTTP/1.1\r\nLibprocess-From: a@1.2.3.4:5{blank}");
        let wire = format!("{head}POST /c/Other HTTP/1.1\r\nLibprocess-From: a@1.2.3.4:5\r\n\r\n");
        assert_eq!(Finder::<()>::new(1000).find(wire.as_bytes()), Found::Other);
    }
}
