//! Streams of HTTP and of the messages of C++ libprocess.

use libprocess_core::http::{Decoder, RequestHead};
use libprocess_core::http::{Event, Head, Limits, RequestDecoder, ResponseDecoder};
use libprocess_core::{Upid, message};

/// Small bounds, so that they are reached.
const LIMITS: Limits = Limits {
    max_head: 1024,
    max_body: 4096,
};

/// What a stream was found to be: its events, with the pieces of a body put together, and how it ended.
#[derive(Debug, PartialEq)]
struct Seen<H> {
    events: Vec<Event<H>>,
    error: Option<String>,
}

impl<H: Head + PartialEq> Seen<H> {
    /// Takes what the decoder has; false once it has failed.
    fn drain(&mut self, decoder: &mut Decoder<H>) -> bool {
        loop {
            match decoder.next() {
                Ok(Some(Event::Data(data))) => {
                    assert!(!data.is_empty(), "a piece is never empty");
                    if let Some(Event::Data(before)) = self.events.last_mut() {
                        *before = [before.as_ref(), data.as_ref()].concat().into();
                    } else {
                        self.events.push(Event::Data(data));
                    }
                }
                Ok(Some(event)) => self.events.push(event),
                Ok(None) => return true,
                Err(error) => {
                    self.error = Some(error.to_string());
                    assert!(decoder.next().is_err(), "a failure is for good");
                    return false;
                }
            }
        }
    }
}

/// Decodes a stream that comes in pieces of `piece` bytes.
fn decode<H: Head + PartialEq>(mut decoder: Decoder<H>, stream: &[u8], piece: usize) -> Seen<H> {
    let mut seen = Seen {
        events: Vec::new(),
        error: None,
    };
    for bytes in stream.chunks(piece.max(1)) {
        decoder.push(bytes);
        if !seen.drain(&mut decoder) {
            return seen;
        }
    }
    match decoder.finish() {
        Ok(event) => seen.events.extend(event),
        Err(error) => seen.error = Some(error.to_string()),
    }
    seen
}

/// Heads, bodies and ends come in order.
fn assert_order<H>(seen: &Seen<H>) {
    let mut within = false;
    for event in &seen.events {
        let begins = matches!(event, Event::Head(_));
        assert_ne!(begins, within, "a head follows an end");
        within = !matches!(event, Event::End);
    }
    assert!(!within || seen.error.is_some(), "what begins also ends");
}

/// Requests, in pieces of as many bytes as the first byte says, and at once.
pub fn request(data: &[u8]) {
    requests(data);
}

fn requests(data: &[u8]) -> Vec<Event<RequestHead>> {
    let Some((&piece, stream)) = data.split_first() else {
        return Vec::new();
    };
    let in_pieces = decode(RequestDecoder::new(LIMITS), stream, piece.into());
    let at_once = decode(RequestDecoder::new(LIMITS), stream, stream.len());
    assert_order(&in_pieces);
    assert_order(&at_once);
    assert_same(&in_pieces, &at_once);
    at_once.events
}

/// A malformed stream may be noticed earlier or later, but what was read before is the same.
fn assert_same<H: PartialEq + std::fmt::Debug>(a: &Seen<H>, b: &Seen<H>) {
    if a.error.is_none() || b.error.is_none() {
        assert_eq!(a, b);
        return;
    }
    let heads = |seen: &Seen<H>| {
        let ends = seen.events.iter().filter(|event| matches!(event, Event::End));
        ends.count()
    };
    assert_eq!(heads(a), heads(b));
}

/// Responses; the bits of the second byte say which of them answer a `HEAD`.
pub fn response(data: &[u8]) {
    let [piece, heads, stream @ ..] = data else {
        return;
    };
    let decoder = || {
        let mut decoder = ResponseDecoder::new(LIMITS);
        (0..8).for_each(|bit| decoder.expect_response(heads >> bit & 1 == 1));
        decoder
    };
    let in_pieces = decode(decoder(), stream, (*piece).into());
    let at_once = decode(decoder(), stream, stream.len());
    assert_order(&in_pieces);
    assert_order(&at_once);
    assert_same(&in_pieces, &at_once);
}

/// Messages of C++ libprocess, as their receiver reads them: what is one is written again and read again.
pub fn message(data: &[u8]) {
    let mut events = requests(data).into_iter().peekable();
    while let Some(event) = events.next() {
        let Event::Head(head) = event else { continue };
        let body = match events.peek() {
            Some(Event::Data(body)) => body.clone(),
            _ => Default::default(),
        };
        let Some(from) = message::classify(&head) else {
            let _ = message::destination(&head.target);
            continue;
        };
        let Ok((id, name)) = message::destination(&head.target) else {
            continue;
        };
        // An id is written as it is, and only these leave an address an address.
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"()-_.".contains(&byte);
        if id.is_empty() || !id.bytes().all(plain) {
            continue;
        }
        let to = Upid::new(id, std::net::SocketAddrV4::new([127, 0, 0, 1].into(), 5050));
        let mut wire = Vec::new();
        message::encode(&from, &to, name, &body, &mut wire);
        let again = decode(RequestDecoder::new(Limits::default()), &wire, wire.len());
        let Some(Event::Head(head)) = again.events.first() else {
            panic!("what was written can be read: {again:?}");
        };
        assert_eq!(message::classify(head), Some(from), "the sender survives");
        let (read_id, read_name) = message::destination(&head.target).expect("it was written here");
        assert_eq!(
            (read_id.as_str(), read_name),
            (to.id(), name),
            "so does the receiver"
        );
        let written = match again.events.get(1) {
            Some(Event::Data(written)) => written.clone(),
            _ => Default::default(),
        };
        assert_eq!(written, body, "so does the body");
    }
}
