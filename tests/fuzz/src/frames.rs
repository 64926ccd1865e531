//! Frames between our own runtimes, and messages as they are found in the bytes of a connection.

use libprocess_core::frame::{self, FrameError};
use libprocess_core::message;

/// Bodies longer than this are refused.
const MAX_BODY: u64 = 512;

/// What was found in a stream of frames.
#[derive(Debug, PartialEq, Eq)]
enum Seen {
    Message(String, String, String, Vec<u8>),
    Mark(u64),
    /// A body that is too long to be put together here; nothing is read behind it.
    Large(usize),
    Refused(FrameError),
}

fn read_frames(pieces: impl Iterator<Item = Vec<u8>>) -> Vec<Seen> {
    let mut finder = frame::Finder::<()>::new(MAX_BODY);
    let (mut seen, mut buffer) = (Vec::new(), Vec::new());
    for piece in pieces {
        buffer.extend_from_slice(&piece);
        loop {
            let end = match finder.find(&buffer) {
                Ok(frame::Found::Message { kind, body, end }) => {
                    let envelope = finder.envelope(kind);
                    seen.push(Seen::Message(
                        envelope.from.to_string(),
                        envelope.to.clone(),
                        envelope.name.clone(),
                        buffer[body].to_vec(),
                    ));
                    end
                }
                Ok(frame::Found::Mark { number, end }) => {
                    seen.push(Seen::Mark(number));
                    end
                }
                Ok(frame::Found::Nothing { end }) => end,
                Ok(frame::Found::Partial) => break,
                Ok(frame::Found::Large { length, .. }) => {
                    assert!(u64::try_from(length).is_ok_and(|length| length <= MAX_BODY));
                    seen.push(Seen::Large(length));
                    return seen;
                }
                Err(error) => {
                    seen.push(Seen::Refused(error));
                    return seen;
                }
            };
            assert!(end > 0, "a frame has a length");
            buffer.drain(..end);
        }
    }
    seen
}

/// Frames in pieces of as many bytes as the first byte says, and at once.
pub fn frames(data: &[u8]) {
    let Some((&piece, stream)) = data.split_first() else {
        return;
    };
    let at_once = read_frames(std::iter::once(stream.to_vec()));
    let in_pieces = read_frames(stream.chunks(usize::from(piece).max(1)).map(<[u8]>::to_vec));
    let is_large = |seen: &Seen| matches!(seen, Seen::Large(_));
    // A long body is told apart before it has arrived, so that pieces may show it where the whole does not.
    if !at_once.iter().chain(&in_pieces).any(is_large) {
        assert_eq!(at_once, in_pieces, "pieces make no difference");
    }
}

/// Messages found in place: what is found lies within the bytes, and the same bytes are found twice.
pub fn finder(data: &[u8]) {
    let mut finder = message::Finder::<()>::new(MAX_BODY);
    let mut rest = data;
    while !rest.is_empty() {
        let found = finder.find(rest);
        assert_eq!(found, finder.find(rest), "a head that was seen is seen again");
        let message::Found::Message { kind, body, end } = found else {
            return;
        };
        assert!(body.start <= body.end && body.end <= end && end <= rest.len() && end > 0);
        assert!(u64::try_from(body.len()).is_ok_and(|length| length <= MAX_BODY));
        assert!(!finder.envelope(kind).to.is_empty(), "somebody is meant");
        rest = &rest[end..];
    }
}

/// Streams of frames, behind the byte that says in which pieces they come.
pub fn seeds() -> Vec<Vec<u8>> {
    let upid = |text: &str| text.parse().unwrap_or_default();
    let mut out = vec![7];
    let mut writer = frame::Writer::default();
    for (name, body) in [("ping", "1"), ("ping", "22"), ("pong", "333")] {
        let _ = writer.write(
            &upid("a@1.2.3.4:5"),
            &upid("b@5.4.3.2:1"),
            name,
            body.as_bytes(),
            &mut out,
        );
    }
    frame::write_mark(9, &mut out);
    vec![out]
}

/// Messages as libprocess writes them.
pub fn messages() -> Vec<Vec<u8>> {
    super::seeds::streams()
        .into_iter()
        .map(|seed| seed.get(1..).unwrap_or_default().to_vec())
        .collect()
}
