use super::{BODY_END, classify, destination, encode_head};
use crate::Upid;
use crate::http::{Head, RequestHead};
use bytes::Bytes;
use std::ops::Range;

/// Heads that are kept for one connection.
const KINDS: usize = 16;

/// Longer heads are not kept.
const MAX_HEAD: usize = 4 * 1024;

/// The longest line that tells the size of a chunk: 16 digits and its end.
const MAX_SIZE_LINE: usize = 18;

/// A body longer than this is worth an allocation and reads of its own, when it has not arrived yet.
const LARGE: usize = 16 * 1024;

/// From whom a message is, to whom, and its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// The sender; empty when it could not be parsed.
    pub from: Upid,
    /// The id of the receiver.
    pub to: String,
    /// The name of the message.
    pub name: String,
    /// Whether the head is written as libprocess writes it, which does not wait for answers; others may.
    pub is_libprocess: bool,
}

/// What stands at the beginning of some bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// A whole message; the next begins at `end`.
    Message {
        /// The number of its envelope.
        kind: usize,
        /// Where its body is.
        body: Range<usize>,
        /// How long it is.
        end: usize,
    },
    /// The beginning of a message whose body is long. What there is of it begins at `body`.
    Large {
        /// The number of its envelope.
        kind: usize,
        /// Where the body begins.
        body: usize,
        /// How long the body is; not more than the limit.
        length: usize,
        /// Whether [`BODY_END`] has to follow it.
        chunked: bool,
    },
    /// The beginning of a message that is well-formed so far, to be looked at again with more bytes.
    Partial {
        /// Whether its head is complete.
        within_body: bool,
    },
    /// Something else, e.g. an ordinary request, or a message that is cut within a head that was not seen before, is
    /// compressed, has many chunks, exceeds a limit or is malformed. [`RequestDecoder`](crate::http::RequestDecoder)
    /// tells.
    Other,
}

/// Finds whole messages in the bytes of a connection without taking them apart.
///
/// Peers send the same head again and again, so a head is parsed once and then compared. Every message that is found
/// is one that [`RequestDecoder`](crate::http::RequestDecoder) with [`classify`] and [`destination`] would find as well,
/// with the same body.
///
/// Each envelope can carry something of the user's, e.g. where its receiver was found last.
///
/// ```
/// use libprocess_core::{Upid, message::{self, Finder, Found}};
/// let (from, to): (Upid, Upid) = ("a@1.2.3.4:5".parse()?, "b@1.2.3.4:6".parse()?);
/// let mut wire = Vec::new();
/// message::encode(&from, &to, "Name", b"body", &mut wire);
/// let mut finder = Finder::<()>::new(1024);
/// let Found::Message { kind, body, end } = finder.find(&wire) else { panic!() };
/// assert_eq!((&wire[body], end), (&b"body"[..], wire.len()));
/// assert_eq!(finder.envelope(kind).name, "Name");
/// # Ok::<(), libprocess_core::upid::ParseUpidError>(())
/// ```
#[derive(Debug)]
pub struct Finder<T> {
    known: Vec<Known<T>>,
    last: usize,
    oldest: usize,
    max_body: u64,
}

#[derive(Debug)]
struct Known<T> {
    head: Box<[u8]>,
    framing: Framing,
    envelope: Envelope,
    attached: T,
}

#[derive(Clone, Copy, Debug)]
enum Framing {
    Length(usize),
    Chunk,
}

impl<T: Default> Finder<T> {
    /// Makes a finder for a new connection that leaves messages with bodies above `max_body` bytes to others.
    pub fn new(max_body: u64) -> Finder<T> {
        Finder {
            known: Vec::new(),
            last: 0,
            oldest: 0,
            max_body,
        }
    }

    /// The envelope of that number, which stays the same until the next [`Finder::find`].
    pub fn envelope(&self, kind: usize) -> &Envelope {
        &self.known[kind].envelope
    }

    /// What the user has attached to an envelope.
    pub fn attached(&mut self, kind: usize) -> (&Envelope, &mut T) {
        let known = &mut self.known[kind];
        (&known.envelope, &mut known.attached)
    }

    /// What stands at the beginning of `bytes`, which begin where a request may.
    pub fn find(&mut self, bytes: &[u8]) -> Found {
        let begins = |known: &Known<T>| bytes.starts_with(&known.head);
        let found = match self.known.get(self.last) {
            Some(known) if begins(known) => Some(self.last),
            _ => self.known.iter().position(begins).or_else(|| self.learn(bytes)),
        };
        let Some(kind) = found else {
            let partial = !bytes.is_empty() && self.known.iter().any(|known| known.head.starts_with(bytes));
            return if partial {
                Found::Partial { within_body: false }
            } else {
                Found::Other
            };
        };
        self.last = kind;
        let (start, framing) = (self.known[kind].head.len(), self.known[kind].framing);
        self.body(bytes, kind, start, framing)
    }

    fn body(&self, bytes: &[u8], kind: usize, start: usize, framing: Framing) -> Found {
        let (body, length, tail) = match framing {
            Framing::Length(length) => (start, length, &b""[..]),
            Framing::Chunk => match size_line(&bytes[start..]) {
                SizeLine::Partial => return Found::Partial { within_body: true },
                SizeLine::Other => return Found::Other,
                SizeLine::Size { length, line } => (start + line, length, BODY_END),
            },
        };
        if u64::try_from(length).map_or(true, |length| length > self.max_body) {
            return Found::Other;
        }
        let rest = &bytes[body..];
        match rest.get(length..) {
            Some(after) if after.starts_with(tail) => Found::Message {
                kind,
                body: body..body + length,
                end: body + length + tail.len(),
            },
            Some(after) if tail.starts_with(after) => Found::Partial { within_body: true },
            Some(_) => Found::Other,
            None if length > LARGE => Found::Large {
                kind,
                body,
                length,
                chunked: !tail.is_empty(),
            },
            None => Found::Partial { within_body: true },
        }
    }

    /// Parses a head that was not seen before; its number, if it is that of a plain message.
    fn learn(&mut self, bytes: &[u8]) -> Option<usize> {
        if !bytes.starts_with(b"POST /") {
            return None;
        }
        let end = head_end(&bytes[..bytes.len().min(MAX_HEAD)])?;
        let text = Bytes::copy_from_slice(&bytes[..end]);
        let head = RequestHead::parse(&text, &mut [httparse::EMPTY_HEADER; 24]).ok()??;
        let from = classify(&head)?;
        let plain =
            head.minor_version == 1 && head.keep_alive() && !head.headers.contains("Content-Encoding");
        let (to, name) = destination(&head.target).ok().filter(|_| plain)?;
        let framing = match head.framing(false).ok()? {
            crate::http::Framing::Length(length) => Framing::Length(usize::try_from(length).ok()?),
            crate::http::Framing::Chunked => Framing::Chunk,
            crate::http::Framing::UntilClose => return None,
        };
        let mut usual = Vec::new();
        encode_head(&from, &Upid::new(to.as_str(), from.address()), name, &mut usual);
        // Some versions name a host.
        usual.truncate(usual.len() - 2);
        let known = Known {
            head: bytes[..end].into(),
            framing,
            envelope: Envelope {
                from,
                to,
                name: name.to_owned(),
                is_libprocess: text.starts_with(&usual),
            },
            attached: T::default(),
        };
        let place = if self.known.len() < KINDS {
            self.known.push(known);
            self.known.len() - 1
        } else {
            self.known[self.oldest] = known;
            self.oldest
        };
        self.oldest = (place + 1) % KINDS;
        Some(place)
    }
}

/// Where the blank line behind a head ends, if it and the line before end as HTTP says; the exceptions are others' work. It
/// is the first blank line of any kind, since the decoder ends a head there.
fn head_end(bytes: &[u8]) -> Option<usize> {
    let ends = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
    for (end, _) in ends {
        match bytes.get(end + 1..) {
            Some([b'\n', ..]) => return None,
            Some([b'\r', b'\n', ..]) => return bytes[..end].ends_with(b"\r").then_some(end + 3),
            _ => {}
        }
    }
    None
}

enum SizeLine {
    Size { length: usize, line: usize },
    Partial,
    Other,
}

/// The size of a chunk that is not the last, when nothing but digits stands on its line.
fn size_line(bytes: &[u8]) -> SizeLine {
    let mut length = 0_usize;
    for (place, byte) in bytes.iter().take(MAX_SIZE_LINE).enumerate() {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'f' => byte - b'a' + 10,
            b'A'..=b'F' => byte - b'A' + 10,
            b'\r' if length > 0 => {
                return match bytes.get(place + 1) {
                    Some(b'\n') => SizeLine::Size {
                        length,
                        line: place + 2,
                    },
                    Some(_) => SizeLine::Other,
                    None => SizeLine::Partial,
                };
            }
            _ => return SizeLine::Other,
        };
        match length.checked_mul(16) {
            Some(sixteen_times) => length = sixteen_times + usize::from(digit),
            None => return SizeLine::Other,
        }
    }
    if bytes.len() < MAX_SIZE_LINE {
        SizeLine::Partial
    } else {
        SizeLine::Other
    }
}

#[cfg(test)]
mod tests;
