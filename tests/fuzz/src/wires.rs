//! The fast ways to find messages on a connection: among requests, and in frames of our own.

use libprocess_core::frame;
use libprocess_core::http::{Event, Limits, RequestDecoder};
use libprocess_core::message::{Envelope, Finder, Found, classify, destination};

/// The longest body.
const MAX_BODY: u64 = 4096;

/// What the finder takes for a message is one for the decoder too, with the same sender, receiver and body. The first byte cuts
/// off the end of the stream for a first look.
pub fn finder(data: &[u8]) {
    let Some((&cut, mut stream)) = data.split_first() else {
        return;
    };
    let mut finder = Finder::<()>::new(MAX_BODY);
    let _ = finder.find(&stream[..stream.len().saturating_sub(cut.into())]);
    while let Found::Message { kind, body, end } = finder.find(stream) {
        let (message, rest) = stream.split_at(end);
        decodes(message, finder.envelope(kind), &message[body]);
        stream = rest;
    }
}

fn decodes(message: &[u8], envelope: &Envelope, body: &[u8]) {
    let mut decoder = RequestDecoder::new(Limits {
        max_body: MAX_BODY,
        ..Limits::default()
    });
    decoder.push(message);
    let Ok(Some(Event::Head(head))) = decoder.next() else {
        panic!("the finder sees a head where the decoder sees none");
    };
    assert_eq!(classify(&head).as_ref(), Some(&envelope.from));
    let to = (envelope.to.clone(), envelope.name.as_str());
    assert_eq!(destination(&head.target), Ok(to));
    let mut read = Vec::new();
    loop {
        match decoder.next() {
            Ok(Some(Event::Data(data))) => read.extend_from_slice(&data),
            Ok(Some(Event::End)) => break,
            other => panic!("the finder sees an end, the decoder {other:?}"),
        }
    }
    assert_eq!(read, body);
    assert!(decoder.is_idle(), "both end at the same byte");
}

/// Frames: what is found is within the bytes, and its envelope can be written and found again.
pub fn frames(mut stream: &[u8]) {
    let mut finder = frame::Finder::<()>::new(MAX_BODY);
    loop {
        let end = match finder.find(stream) {
            Ok(frame::Found::Message { kind, body, end }) => {
                written_again(finder.envelope(kind), &stream[body]);
                end
            }
            Ok(frame::Found::Mark { number, end }) => {
                assert_eq!(frame::read_mark(stream), Some(number));
                end
            }
            Ok(frame::Found::Nothing { end }) => end,
            Ok(frame::Found::Large { .. } | frame::Found::Partial) | Err(_) => return,
        };
        assert!(end >= frame::HEADER, "there is progress");
        stream = &stream[end..];
    }
}

fn written_again(envelope: &Envelope, body: &[u8]) {
    let to = libprocess_core::Upid::new(envelope.to.as_str(), envelope.from.address());
    let mut wire = Vec::new();
    let mut writer = frame::Writer::default();
    if !writer.write(&envelope.from, &to, &envelope.name, body, &mut wire) {
        return;
    }
    let mut finder = frame::Finder::<()>::new(MAX_BODY);
    let Ok(frame::Found::Nothing { end }) = finder.find(&wire) else {
        panic!("a definition comes first");
    };
    let Ok(frame::Found::Message { kind, body: at, .. }) = finder.find(&wire[end..]) else {
        panic!("then the message");
    };
    assert_eq!(&wire[end..][at], body);
    let found = finder.envelope(kind);
    assert_eq!(
        (&found.from, &found.to, &found.name),
        (&envelope.from, &envelope.to, &envelope.name)
    );
}
