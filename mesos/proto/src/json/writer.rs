//! The text of JSON, as RapidJSON writes it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::number::write_f64;
use crate::message::{Dialect, Message};

/// Appends JSON to a vector.
#[derive(Debug)]
pub struct Writer<'a> {
    out: &'a mut Vec<u8>,
    v1: bool,
    operator: bool,
}

impl<'a> Writer<'a> {
    /// A writer that appends to `out`.
    pub fn new(out: &'a mut Vec<u8>, dialect: Dialect) -> Self {
        Self {
            out,
            v1: dialect != Dialect::V0,
            operator: dialect == Dialect::Operator,
        }
    }

    /// Tells whether the names are those of the v1 API.
    #[inline]
    pub fn v1(&self) -> bool {
        self.v1
    }

    /// Tells whether fields that v1 lacks are shown all the same.
    #[inline]
    pub fn operator(&self) -> bool {
        self.operator
    }

    /// Prints a message as an object.
    #[inline]
    pub fn message<M: Message>(&mut self, message: &M) {
        self.out.push(b'{');
        message.write_json_fields(self);
        self.out.push(b'}');
    }

    /// Prints the key of the next field. Keys are identifiers and need no escapes.
    #[inline]
    pub(super) fn key(&mut self, name: &str) {
        self.out.reserve(name.len() + 4);
        // Inside an object the last byte is its brace until the first key is out.
        if self.out.last() != Some(&b'{') {
            self.out.push(b',');
        }
        self.out.push(b'"');
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
    }

    #[inline]
    pub(super) fn raw(&mut self, text: &[u8]) {
        self.out.extend_from_slice(text);
    }

    #[inline]
    pub(super) fn integer<I: itoa::Integer>(&mut self, value: I) {
        self.out
            .extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
    }

    #[inline]
    pub(super) fn double(&mut self, value: f64) {
        write_f64(self.out, value);
    }

    #[inline]
    pub(super) fn string(&mut self, text: &str) {
        write_string(self.out, text);
    }

    /// Prints a name that needs no escapes.
    #[inline]
    pub(crate) fn word(&mut self, text: &str) {
        self.out.push(b'"');
        self.out.extend_from_slice(text.as_bytes());
        self.out.push(b'"');
    }

    pub(super) fn base64(&mut self, bytes: &[u8]) {
        self.out.push(b'"');
        let start = self.out.len();
        self.out.resize(start + bytes.len().div_ceil(3) * 4, 0);
        let written = BASE64
            .encode_slice(bytes, &mut self.out[start..])
            .expect("four bytes for every three begun are enough");
        self.out.truncate(start + written);
        self.out.push(b'"');
    }
}

/// What stands for a byte in a string: 0 = itself, `u` = `\u00XX`, else the letter after the backslash.
const ESCAPES: [u8; 256] = {
    let mut table = [0u8; 256];
    let mut byte = 0;
    while byte < 0x20 {
        table[byte] = b'u';
        byte += 1;
    }
    table[0x08] = b'b';
    table[0x09] = b't';
    table[0x0a] = b'n';
    table[0x0c] = b'f';
    table[0x0d] = b'r';
    table[b'"' as usize] = b'"';
    table[b'\\' as usize] = b'\\';
    table
};

/// Appends a string with its quotes. Control characters, `"` and `\` are escaped, all else is kept.
///
/// Mesos: 3rdparty/rapidjson-1.1.0 (include/rapidjson/writer.h), WriteString
pub fn write_string(out: &mut Vec<u8>, text: &str) {
    let bytes = text.as_bytes();
    out.reserve(bytes.len() + 2);
    out.push(b'"');
    let mut done = 0;
    for (index, &byte) in bytes.iter().enumerate() {
        let escape = ESCAPES[usize::from(byte)];
        if escape == 0 {
            continue;
        }
        out.extend_from_slice(&bytes[done..index]);
        out.extend_from_slice(&[b'\\', escape]);
        if escape == b'u' {
            const HEX: &[u8; 16] = b"0123456789ABCDEF";
            out.extend_from_slice(&[
                b'0',
                b'0',
                HEX[usize::from(byte >> 4)],
                HEX[usize::from(byte & 15)],
            ]);
        }
        done = index + 1;
    }
    out.extend_from_slice(&bytes[done..]);
    out.push(b'"');
}
