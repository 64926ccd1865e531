use super::{DEFINITION, DEFINITION_HEADER, HEADER, MARK, MAX_DEFINITION, MAX_DEFINITIONS, MAX_KINDS};
use crate::Upid;
use crate::message::Envelope;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::ops::Range;

/// A body longer than this is worth an allocation and reads of its own, when it has not arrived yet.
const LARGE: usize = 16 * 1024;

/// Why some bytes are no frames, or not ones we accept; the connection cannot be read any further.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// A body is longer than the limit.
    #[error("body exceeds the limit of {0} bytes")]
    BodyTooLarge(u64),
    /// A definition is malformed, or too many are in force.
    #[error("malformed definition")]
    BadDefinition,
    /// A message is of a kind that was not defined.
    #[error("undefined kind")]
    UndefinedKind,
    /// A mark has another length than its number.
    #[error("malformed mark")]
    BadMark,
}

/// What stands at the beginning of some bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// A whole message; the next frame begins at `end`.
    Message {
        /// The number of its envelope.
        kind: usize,
        /// Where its body is.
        body: Range<usize>,
        /// How long the frame is.
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
    },
    /// A number to send back.
    Mark {
        /// The number.
        number: u64,
        /// How long the frame is.
        end: usize,
    },
    /// A frame that was for the finder alone.
    Nothing {
        /// How long the frame is.
        end: usize,
    },
    /// The beginning of a frame, to be looked at again with more bytes.
    Partial,
}

/// Finds frames in the bytes of a connection without taking them apart.
///
/// Each kind can carry something of the user's, e.g. where its receiver was found last.
#[derive(Debug)]
pub struct Finder<T> {
    kinds: Vec<Option<Kind<T>>>,
    /// Bytes of the definitions in force.
    bytes: usize,
    max_body: u64,
}

#[derive(Debug)]
struct Kind<T> {
    envelope: Envelope,
    bytes: usize,
    attached: T,
}

impl<T: Default> Finder<T> {
    /// Makes a finder for what follows the [`PREFACE`](super::PREFACE), with bodies of at most `max_body` bytes.
    pub fn new(max_body: u64) -> Finder<T> {
        Finder {
            kinds: Vec::new(),
            bytes: 0,
            max_body,
        }
    }

    /// The envelope of a kind that was found.
    ///
    /// # Panics
    ///
    /// When no message of this kind was found.
    pub fn envelope(&self, kind: usize) -> &Envelope {
        &self.kinds[kind]
            .as_ref()
            .expect("a kind that was found is defined")
            .envelope
    }

    /// The envelope of a kind that was found, and what the user has attached to it.
    ///
    /// # Panics
    ///
    /// When no message of this kind was found.
    pub fn attached(&mut self, kind: usize) -> (&Envelope, &mut T) {
        let kind = self.kinds[kind]
            .as_mut()
            .expect("a kind that was found is defined");
        (&kind.envelope, &mut kind.attached)
    }

    /// What stands at the beginning of `bytes`, which begin where a frame does. Lengths are checked before the content
    /// has arrived.
    ///
    /// # Errors
    ///
    /// When these bytes cannot be the beginning of a frame.
    pub fn find(&mut self, bytes: &[u8]) -> Result<Found, FrameError> {
        let Some(([l0, l1, l2, l3, k0, k1, k2, k3], content)) = bytes.split_first_chunk::<HEADER>() else {
            return Ok(Found::Partial);
        };
        let length = u32::from_le_bytes([*l0, *l1, *l2, *l3]);
        let kind = u32::from_le_bytes([*k0, *k1, *k2, *k3]);
        match kind {
            DEFINITION => self.definition(length, content),
            MARK => mark(length, content),
            kind => self.message(kind, length, content.len()),
        }
    }

    fn message(&self, kind: u32, length: u32, arrived: usize) -> Result<Found, FrameError> {
        let kind = usize::try_from(kind).map_err(|_| FrameError::UndefinedKind)?;
        if !matches!(self.kinds.get(kind), Some(Some(_))) {
            return Err(FrameError::UndefinedKind);
        }
        let too_large = FrameError::BodyTooLarge(self.max_body);
        if u64::from(length) > self.max_body {
            return Err(too_large);
        }
        let length = usize::try_from(length).map_err(|_| too_large)?;
        let end = HEADER.checked_add(length).ok_or(too_large)?;
        Ok(if arrived >= length {
            Found::Message {
                kind,
                body: HEADER..end,
                end,
            }
        } else if length > LARGE {
            Found::Large {
                kind,
                body: HEADER,
                length,
            }
        } else {
            Found::Partial
        })
    }

    fn definition(&mut self, length: u32, content: &[u8]) -> Result<Found, FrameError> {
        let length = usize::try_from(length).map_err(|_| FrameError::BadDefinition)?;
        if !(DEFINITION_HEADER..=MAX_DEFINITION).contains(&length) {
            return Err(FrameError::BadDefinition);
        }
        let Some(content) = content.get(..length) else {
            return Ok(Found::Partial);
        };
        let (number, definition) = content
            .split_first_chunk::<4>()
            .ok_or(FrameError::BadDefinition)?;
        self.define(u32::from_le_bytes(*number), definition)?;
        Ok(Found::Nothing { end: HEADER + length })
    }

    /// Defines a kind by what stands behind its number.
    pub(super) fn define(&mut self, number: u32, definition: &[u8]) -> Result<(), FrameError> {
        let kind = usize::try_from(number).map_err(|_| FrameError::BadDefinition)?;
        let envelope = envelope(definition).filter(|_| (1..=MAX_KINDS).contains(&number));
        let envelope = envelope.ok_or(FrameError::BadDefinition)?;
        let old = self
            .kinds
            .get(kind)
            .and_then(Option::as_ref)
            .map_or(0, |old| old.bytes);
        let bytes = self.bytes - old + definition.len();
        if bytes > MAX_DEFINITIONS {
            return Err(FrameError::BadDefinition);
        }
        self.bytes = bytes;
        if self.kinds.len() <= kind {
            self.kinds.resize_with(kind + 1, || None);
        }
        self.kinds[kind] = Some(Kind {
            envelope,
            bytes: definition.len(),
            attached: T::default(),
        });
        Ok(())
    }
}

/// Reads a definition from the address on.
fn envelope(definition: &[u8]) -> Option<Envelope> {
    let (ip, rest) = definition.split_first_chunk::<4>()?;
    let (port, rest) = rest.split_first_chunk::<2>()?;
    let (lengths, texts) = rest.split_first_chunk::<6>()?;
    let texts = std::str::from_utf8(texts).ok()?;
    let [f0, f1, t0, t1, n0, n1] = *lengths;
    let length = |low, high| usize::from(u16::from_le_bytes([low, high]));
    let (from, rest) = texts.split_at_checked(length(f0, f1))?;
    let (to, name) = rest.split_at_checked(length(t0, t1))?;
    let address = SocketAddrV4::new(Ipv4Addr::from(*ip), u16::from_le_bytes(*port));
    (name.len() == length(n0, n1)).then(|| Envelope {
        from: Upid::new(from, address),
        to: to.to_owned(),
        name: name.to_owned(),
        is_libprocess: true,
    })
}

fn mark(length: u32, content: &[u8]) -> Result<Found, FrameError> {
    if length != 8 {
        return Err(FrameError::BadMark);
    }
    Ok(content
        .first_chunk::<8>()
        .map_or(Found::Partial, |number| Found::Mark {
            number: u64::from_le_bytes(*number),
            end: HEADER + 8,
        }))
}
