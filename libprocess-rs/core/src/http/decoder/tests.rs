use super::*;
use crate::http::Method;
use proptest::prelude::*;

type Decoded = Vec<(RequestHead, Vec<u8>)>;

fn decode(pieces: &[&[u8]], limits: Limits) -> Result<Decoded, DecodeError> {
    let mut decoder = RequestDecoder::new(limits);
    let (mut done, mut current) = (Vec::new(), None);
    for piece in pieces {
        decoder.push(piece);
        while let Some(event) = decoder.next()? {
            match event {
                Event::Head(head) => current = Some((head, Vec::new())),
                Event::Data(data) => {
                    current
                        .as_mut()
                        .expect("data follows a head")
                        .1
                        .extend_from_slice(&data);
                }
                Event::End => done.push(current.take().expect("an end follows a head")),
            }
        }
    }
    decoder.finish()?;
    Ok(done)
}

fn decode_whole(wire: &str) -> Result<Decoded, DecodeError> {
    decode(&[wire.as_bytes()], Limits::default())
}

const PIPELINE: &str = "GET /state HTTP/1.1\r\nHost: a\r\n\r\n\
    POST /api/v1 HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello\
    POST /m/Name HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nTrailer: 1\r\n\r\n\
    \r\nGET /last HTTP/1.0\r\n\r\n";

#[test]
fn pipelined_requests_come_out_one_by_one() {
    let requests = decode_whole(PIPELINE).unwrap();
    let seen: Vec<(&str, &[u8])> = requests
        .iter()
        .map(|(h, b)| (h.target.as_str(), b.as_slice()))
        .collect();
    assert_eq!(
        seen,
        [
            ("/state", &b""[..]),
            ("/api/v1", b"hello"),
            ("/m/Name", b"abcde"),
            ("/last", b"")
        ]
    );
    assert_eq!(requests[1].0.method, Method::Post);
    assert!(requests[0].0.keep_alive() && !requests[3].0.keep_alive());
}

proptest! {
    #[test]
    fn any_split_gives_the_same_requests(size in 1usize..40) {
        let pieces: Vec<&[u8]> = PIPELINE.as_bytes().chunks(size).collect();
        prop_assert_eq!(decode(&pieces, Limits::default()), decode_whole(PIPELINE));
    }

    #[test]
    fn arbitrary_bytes_never_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        prefix in prop::sample::select(vec!["", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", "GET /"]),
    ) {
        let _ = decode(&[prefix.as_bytes(), &bytes], Limits::default());
    }
}

#[test]
fn malformed_requests_are_refused() {
    let head = |lines: &str| format!("POST / HTTP/1.1\r\n{lines}\r\n\r\n");
    let cases = [
        ("\x16\x03\x01 hello".to_owned(), "malformed head: invalid token"),
        (
            "GET / HTTP/2.7\r\n\r\n".to_owned(),
            "malformed head: invalid HTTP version",
        ),
        (
            "GET / HTTP/1.1\r\nBad Name: x\r\n\r\n".to_owned(),
            "malformed head: invalid header name",
        ),
        (head("Content-Length: -1"), "malformed Content-Length"),
        (head("Content-Length: +1"), "malformed Content-Length"),
        (
            head("Content-Length: 99999999999999999999"),
            "malformed Content-Length",
        ),
        (
            head("Content-Length: 1\r\nContent-Length: 2"),
            "ambiguous length of the body",
        ),
        (
            head("Content-Length: 1\r\nTransfer-Encoding: chunked"),
            "ambiguous length of the body",
        ),
        (
            head("Transfer-Encoding: gzip, chunked"),
            "unsupported Transfer-Encoding",
        ),
        (head("Transfer-Encoding: chunked") + "xyz\r\n", "malformed chunk"),
        (head("Transfer-Encoding: chunked") + "-1\r\n", "malformed chunk"),
        (head("Transfer-Encoding: chunked") + "\r\n", "malformed chunk"),
        (
            head("Transfer-Encoding: chunked") + "1\r\nabc\r\n",
            "malformed chunk",
        ),
        (
            head("Transfer-Encoding: chunked") + "11111111111111111\r\n",
            "malformed chunk",
        ),
        (
            head("Content-Length: 3") + "ab",
            "connection closed within a message",
        ),
        ("GET / HT".to_owned(), "connection closed within a message"),
    ];
    for (wire, expected) in cases {
        assert_eq!(decode_whole(&wire).unwrap_err().to_string(), expected, "{wire:?}");
    }
}

#[test]
fn limits_hold_before_the_bytes_arrive() {
    let limits = Limits {
        max_head: 200,
        max_body: 10,
    };
    let long = format!("GET /{} HTTP/1.1\r\n", "a".repeat(300));
    assert_eq!(
        decode(&[long.as_bytes()], limits),
        Err(DecodeError::HeadTooLarge(200))
    );
    let announced = b"POST / HTTP/1.1\r\nContent-Length: 11\r\n\r\n";
    assert_eq!(decode(&[announced], limits), Err(DecodeError::BodyTooLarge(10)));
    let chunked = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n";
    assert_eq!(decode(&[chunked], limits), Err(DecodeError::BodyTooLarge(10)));
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(600));
    assert_eq!(decode_whole(&many), Err(DecodeError::Head("too many headers")));
}

#[test]
fn a_line_of_a_trailer_is_as_long_in_pieces() {
    let limits = Limits {
        max_head: 64,
        ..Limits::default()
    };
    for (longer, fits) in [(0, true), (1, true), (2, false)] {
        let field = "x".repeat(limits.max_head + longer);
        let wire = format!("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n{field}\n\n");
        let (before, after) = wire.as_bytes().split_at(wire.len() - 2);
        for pieces in [&[wire.as_bytes()][..], &[before, after]] {
            assert_eq!(
                decode(pieces, limits).is_ok(),
                fits,
                "{longer} in {}",
                pieces.len()
            );
        }
    }
}

#[test]
fn fields_share_the_bytes_of_their_head_and_survive_non_utf8() {
    let wire = b"GET / HTTP/1.1\r\nA: caf\xe9\r\nHost: \r\n\r\n";
    let requests = decode(&[wire], Limits::default()).unwrap();
    assert_eq!(requests[0].0.headers.get("a"), Some("caf\u{fffd}"));
    assert_eq!(requests[0].0.headers.get("host"), Some(""));
}

#[test]
fn responses_end_by_status_method_length_or_close() {
    let mut decoder = ResponseDecoder::new(Limits::default());
    decoder.expect_response(true);
    decoder.push(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n");
    decoder.push(b"HTTP/1.1 200 OK\r\n\r\nrest");
    let mut log = Vec::new();
    while let Some(event) = decoder.next().unwrap() {
        log.push(match event {
            Event::Head(head) => head.status.to_string(),
            Event::Data(data) => String::from_utf8_lossy(&data).into_owned(),
            Event::End => "end".to_owned(),
        });
    }
    assert_eq!(log, ["200", "end", "204", "end", "200", "rest"]);
    assert_eq!(decoder.finish(), Ok(Some(Event::End)));
    assert_eq!(decoder.finish(), Ok(None));
}
