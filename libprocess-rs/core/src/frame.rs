//! Our own framing of messages, for connections between runtimes that both know it.
//!
//! A connection begins as every other does, with messages as HTTP requests. A receiver that knows frames says so in its
//! first answer ([`OFFER`]); a sender that does writes [`PREFACE`] where the next request would begin, and from there
//! on frames:
//!
//! | bytes | what |
//! |---|---|
//! | 4 | length of the content, little-endian |
//! | 4 | kind, little-endian |
//! | length | content |
//!
//! | kind | content |
//! |---|---|
//! | 0 | a definition: the number of a kind (4 bytes), the IP (4) and port (2) of its sender, the lengths (2 each) of the id of the sender, the id of the receiver and the name, and these three |
//! | 1 to [`MAX_KINDS`] | the body of a message of that kind |
//! | `u32::MAX` | a number (8 bytes), which the receiver sends back in such a frame once it has handled all before |
//!
//! So sender, receiver and name stand once on a connection, and bodies are as the sender gave them. A kind may be
//! defined again. There is no answer but to the last kind of frame. Whatever is malformed ends the connection.

mod finder;
mod writer;

pub use finder::{Finder, Found, FrameError};
pub use writer::Writer;

/// The name and value of the header by which a receiver offers to read frames.
pub const OFFER: (&str, &str) = ("Libprocess-Framing", "1");

/// What stands before the first frame of a connection. No request begins so.
pub const PREFACE: &[u8] = b"\0frames\x01";

/// Bytes before the content of a frame.
pub const HEADER: usize = 8;

/// Kinds that can be defined at a time.
pub const MAX_KINDS: u32 = 4096;

/// Bytes of one definition.
pub const MAX_DEFINITION: usize = 16 * 1024;

/// Bytes of all definitions of a connection that are in force.
pub const MAX_DEFINITIONS: usize = 1024 * 1024;

const DEFINITION: u32 = 0;
const MARK: u32 = u32::MAX;

/// Bytes of a definition before its texts.
const DEFINITION_HEADER: usize = 16;

/// Appends a mark: the receiver returns `number` when it has handled all before.
pub fn write_mark(number: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(&8_u32.to_le_bytes());
    out.extend_from_slice(&MARK.to_le_bytes());
    out.extend_from_slice(&number.to_le_bytes());
}

/// The bytes of a mark.
pub const MARK_LEN: usize = HEADER + 8;

/// The number of the mark that `bytes` begin with, if they do.
pub fn read_mark(bytes: &[u8]) -> Option<u64> {
    let mark = bytes.first_chunk::<MARK_LEN>()?;
    let (header, number) = mark.split_first_chunk::<HEADER>()?;
    let header = header.split_first_chunk::<4>()?;
    let is_mark = *header.0 == 8_u32.to_le_bytes() && *header.1 == MARK.to_le_bytes();
    is_mark
        .then(|| {
            number
                .first_chunk::<8>()
                .map(|number| u64::from_le_bytes(*number))
        })
        .flatten()
}

#[cfg(test)]
mod tests;
