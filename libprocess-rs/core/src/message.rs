//! How a named message between processes travels: as an HTTP request.
//!
//! The bytes are those of C++ libprocess, down to the order of the headers and the empty `Host`, which Mesos 1.11
//! writes. A reader needs only the `POST`, the path and either `Libprocess-From` or the `User-Agent`.

//!
//! [`Writer`] and [`Finder`] are the same for a whole connection: they remember heads, since most messages differ from
//! an earlier one in nothing but their body.

mod finder;
mod recent;
mod writer;

pub use finder::{Envelope, Finder, Found};
pub use recent::Recent;
pub use writer::Writer;

use crate::Upid;
use crate::http::{Method, RequestHead, percent_decode};
use std::io::Write;

/// What follows the one chunk of a body.
pub const BODY_END: &[u8] = b"\r\n0\r\n\r\n";

const CHUNKED: &[u8] = b"Transfer-Encoding: chunked\r\n\r\n";

/// Appends the request that carries one message to `out`.
///
/// The id of the receiver is not escaped and the body is one chunk; an empty body has no framing headers at all.
///
/// Mesos: 3rdparty/libprocess/src/encoder.hpp, `MessageEncoder::encode`.
pub fn encode(from: &Upid, to: &Upid, name: &str, body: &[u8], out: &mut Vec<u8>) {
    out.reserve(body.len() + 2 * from.id().len() + to.id().len() + name.len() + 200);
    encode_head(from, to, name, out);
    encode_body(body, out);
}

/// All lines of the head but the last, which depends on the body.
fn encode_head(from: &Upid, to: &Upid, name: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(b"POST /");
    if !to.id().is_empty() {
        out.extend_from_slice(to.id().as_bytes());
        out.push(b'/');
    }
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b" HTTP/1.1\r\nUser-Agent: libprocess/");
    let sender = out.len();
    write!(out, "{from}").expect("writing to memory does not fail");
    let sender = sender..out.len();
    out.extend_from_slice(b"\r\nLibprocess-From: ");
    out.extend_from_within(sender);
    out.extend_from_slice(b"\r\nConnection: Keep-Alive\r\nHost: \r\n");
}

fn encode_body(body: &[u8], out: &mut Vec<u8>) {
    if body.is_empty() {
        out.extend_from_slice(b"\r\n");
        return;
    }
    encode_body_begin(body.len(), out);
    out.extend_from_slice(body);
    out.extend_from_slice(BODY_END);
}

/// The end of the head of a message with a body, and the length of the chunk.
fn encode_body_begin(length: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(CHUNKED);
    let digits = (usize::BITS - length.leading_zeros()).div_ceil(4).max(1);
    for digit in (0..digits).rev() {
        let nibble = (length >> (4 * digit)) & 0xf;
        out.push(b"0123456789abcdef"[nibble]);
    }
    out.extend_from_slice(b"\r\n");
}

/// The sender, when `head` carries a message; `None` for an ordinary request.
///
/// A sender that cannot be parsed becomes the empty address and its message is still delivered, as in Mesos.
///
/// Mesos: 3rdparty/libprocess/src/process.cpp, `libprocess` and `parse`.
pub fn classify(head: &RequestHead) -> Option<Upid> {
    if head.method != Method::Post {
        return None;
    }
    let from = head.headers.get("Libprocess-From");
    let agent = head
        .headers
        .get("User-Agent")
        .and_then(|agent| agent.strip_prefix("libprocess/"));
    from.or(agent).map(|text| text.trim().parse().unwrap_or_default())
}

/// Why a path does not lead to a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DestinationError {
    /// The path does not begin with `/`.
    #[error("path does not begin with a slash")]
    NoSlash,
    /// The id of the process is not well escaped.
    #[error("malformed escape in the id of the process")]
    BadEscape,
}

/// Splits the target of a message into the id of the receiver, decoded, and the name of the message, as it is.
///
/// # Errors
///
/// When the path is relative or the id is malformed.
pub fn destination(target: &str) -> Result<(String, &str), DestinationError> {
    let path = target.split('?').next().unwrap_or_default();
    let path = path.strip_prefix('/').ok_or(DestinationError::NoSlash)?;
    let (id, name) = path.split_once('/').unwrap_or((path, ""));
    Ok((percent_decode(id).ok_or(DestinationError::BadEscape)?, name))
}

#[cfg(test)]
mod tests;
