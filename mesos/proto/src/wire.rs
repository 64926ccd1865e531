//! The protobuf wire format: what generated messages call to read and write themselves.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::error::{DecodeError, own_missing, prefix_missing};
use crate::message::Message;

/// How deep messages may nest; the limit of the C++ library.
pub const DEPTH_MAX: usize = 100;

pub(crate) const VARINT: u8 = 0;
pub(crate) const FIXED64: u8 = 1;
pub(crate) const LEN: u8 = 2;
pub(crate) const GROUP_START: u8 = 3;
pub(crate) const GROUP_END: u8 = 4;
pub(crate) const FIXED32: u8 = 5;

/// A type a field can have.
#[doc(hidden)]
pub trait Value: Default {
    /// The wire type of one value.
    const WIRE: u8;

    /// Writes the value without its tag.
    fn put(&self, out: &mut Vec<u8>);

    /// Reads the value, into what an earlier occurrence left; `false` for an unknown enum value.
    fn merge(&mut self, reader: &mut Reader<'_>, field: &'static str) -> Result<bool, DecodeError>;
}

#[inline]
pub(crate) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    if value < 0x80 {
        out.push(value as u8);
        return;
    }
    let mut buffer = [0u8; 10];
    let mut len = 0;
    loop {
        let byte = (value & 0x7f) as u8;
        value >>= 7;
        if value == 0 {
            buffer[len] = byte;
            len += 1;
            break;
        }
        buffer[len] = byte | 0x80;
        len += 1;
    }
    out.extend_from_slice(&buffer[..len]);
}

fn varint_len(value: u64) -> usize {
    (64 - (value | 1).leading_zeros() as usize).div_ceil(7)
}

/// Writes a field that is always there.
#[inline]
pub fn one<T: Value>(out: &mut Vec<u8>, number: u32, value: &T) {
    put_varint(out, u64::from(number << 3 | u32::from(T::WIRE)));
    value.put(out);
}

/// Writes a field that may be unset.
#[inline]
pub fn opt<T: Value>(out: &mut Vec<u8>, number: u32, value: &Option<T>) {
    if let Some(value) = value {
        one(out, number, value);
    }
}

/// Writes a field that is on the wire only when it differs from zero (proto3).
#[inline]
pub fn implicit<T: Value + PartialEq>(out: &mut Vec<u8>, number: u32, value: &T) {
    if *value != T::default() {
        one(out, number, value);
    }
}

/// Writes a repeated field.
#[inline]
pub fn rep<T: Value>(out: &mut Vec<u8>, number: u32, values: &[T]) {
    for value in values {
        one(out, number, value);
    }
}

/// Writes a map field in the order of its keys.
pub fn map<T: Value>(out: &mut Vec<u8>, number: u32, entries: &BTreeMap<String, T>) {
    for (key, value) in entries {
        put_varint(out, u64::from(number << 3 | u32::from(LEN)));
        delimited(out, |out| {
            one(out, 1, key);
            one(out, 2, value);
        });
    }
}

/// Writes a field that holds a message whose fields `body` writes.
pub fn nested(out: &mut Vec<u8>, number: u32, body: impl FnOnce(&mut Vec<u8>)) {
    put_varint(out, u64::from(number << 3 | u32::from(LEN)));
    delimited(out, body);
}

/// Writes a body behind its length. The length is only known afterwards: one byte is kept free for it,
/// and a longer body is moved up. That is one `memmove` a level of nesting, and no pass to measure.
#[inline]
fn delimited(out: &mut Vec<u8>, body: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.push(0);
    body(out);
    let len = out.len() - start - 1;
    if len < 0x80 {
        out[start] = len as u8;
    } else {
        move_up(out, start, len);
    }
}

fn move_up(out: &mut Vec<u8>, start: usize, len: usize) {
    let extra = varint_len(len as u64) - 1;
    out.resize(out.len() + extra, 0);
    out.copy_within(start + 1..start + 1 + len, start + 1 + extra);
    let mut rest = len as u64;
    for byte in &mut out[start..start + extra] {
        *byte = (rest & 0x7f) as u8 | 0x80;
        rest >>= 7;
    }
    out[start + extra] = rest as u8;
}

/// Reads a whole message.
pub(crate) fn decode<M: Message>(bytes: &[u8]) -> Result<M, DecodeError> {
    let mut reader = Reader {
        bytes,
        position: 0,
        end: bytes.len(),
        seen: 0,
        depth: 0,
        missing: Vec::new(),
    };
    let mut message = M::default();
    reader.fields(&mut message)?;
    if reader.missing.is_empty() {
        Ok(message)
    } else {
        Err(DecodeError::Missing(reader.missing))
    }
}

/// A place in encoded bytes.
#[derive(Debug)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    position: usize,
    /// Where the innermost message ends.
    end: usize,
    /// The required fields read so far, by position in `REQUIRED`.
    seen: u64,
    depth: usize,
    missing: Vec<String>,
}

impl<'a> Reader<'a> {
    /// Reads fields up to the end of the innermost message.
    fn fields<M: Message>(&mut self, message: &mut M) -> Result<(), DecodeError> {
        let from = self.missing.len();
        while self.position < self.end {
            let start = self.position;
            let tag = u32::try_from(self.varint()?).map_err(|_| DecodeError::Malformed)?;
            if tag >> 3 == 0 {
                return Err(DecodeError::Malformed);
            }
            if !message.decode_field(tag, self)? {
                // An enum value may have been read already: take the field from its tag again.
                self.position = start;
                self.varint()?;
                self.skip(tag, 0)?;
                message
                    .unknown_fields_mut()
                    .push(&self.bytes[start..self.position]);
            }
        }
        let all = M::REQUIRED.len();
        if all > 0 && self.seen.count_ones() < u32::try_from(all).unwrap_or(u32::MAX) {
            own_missing(&mut self.missing, from, M::REQUIRED, self.seen);
        }
        Ok(())
    }

    /// Reads a length-delimited message into `message`; `again` when an earlier occurrence filled it.
    ///
    /// Differs from Mesos: of a message that comes in parts the first must be complete. No library writes
    /// such parts.
    fn nested<M: Message>(&mut self, message: &mut M, again: bool) -> Result<(), DecodeError> {
        let len = self.length()?;
        if self.depth == DEPTH_MAX {
            return Err(DecodeError::TooDeep);
        }
        let end = std::mem::replace(&mut self.end, self.position + len);
        let seen = std::mem::replace(&mut self.seen, if again { u64::MAX } else { 0 });
        self.depth += 1;
        self.fields(message)?;
        self.depth -= 1;
        self.seen = seen;
        self.end = end;
        Ok(())
    }

    #[inline]
    fn varint(&mut self) -> Result<u64, DecodeError> {
        let bytes = &self.bytes[self.position..self.end];
        match bytes.first() {
            Some(&byte) if byte < 0x80 => {
                self.position += 1;
                Ok(u64::from(byte))
            }
            _ => self.varint_slow(),
        }
    }

    fn varint_slow(&mut self) -> Result<u64, DecodeError> {
        let mut value = 0u64;
        for (index, &byte) in self.bytes[self.position..self.end].iter().take(10).enumerate() {
            value |= u64::from(byte & 0x7f) << (7 * index);
            if byte < 0x80 {
                self.position += index + 1;
                return Ok(value);
            }
        }
        if self.end - self.position < 10 {
            Err(DecodeError::Truncated)
        } else {
            Err(DecodeError::Malformed)
        }
    }

    fn length(&mut self) -> Result<usize, DecodeError> {
        let len = usize::try_from(self.varint()?).map_err(|_| DecodeError::Truncated)?;
        if len > self.end - self.position {
            Err(DecodeError::Truncated)
        } else {
            Ok(len)
        }
    }

    fn take(&mut self, len: usize) -> Result<&'a [u8], DecodeError> {
        if len > self.end - self.position {
            return Err(DecodeError::Truncated);
        }
        let taken = &self.bytes[self.position..self.position + len];
        self.position += len;
        Ok(taken)
    }

    fn delimited(&mut self) -> Result<&'a [u8], DecodeError> {
        let len = self.length()?;
        self.take(len)
    }

    fn skip(&mut self, tag: u32, depth: usize) -> Result<(), DecodeError> {
        match (tag & 7) as u8 {
            VARINT => self.varint().map(drop),
            FIXED64 => self.take(8).map(drop),
            LEN => self.delimited().map(drop),
            FIXED32 => self.take(4).map(drop),
            GROUP_START if self.depth + depth < DEPTH_MAX => loop {
                let inner = u32::try_from(self.varint()?).map_err(|_| DecodeError::Malformed)?;
                if (inner & 7) as u8 == GROUP_END {
                    return if inner >> 3 == tag >> 3 {
                        Ok(())
                    } else {
                        Err(DecodeError::Malformed)
                    };
                }
                self.skip(inner, depth + 1)?;
            },
            GROUP_START => Err(DecodeError::TooDeep),
            _ => Err(DecodeError::Malformed),
        }
    }

    /// Reads a required field; `bit` is its position in `REQUIRED`.
    #[inline]
    pub fn req<T: Value>(
        &mut self,
        slot: &mut T,
        bit: u32,
        field: &'static str,
    ) -> Result<bool, DecodeError> {
        let again = self.seen >> bit & 1 == 1;
        let from = self.missing.len();
        let outer = self.seen;
        self.seen = u64::from(again);
        let known = slot.merge(self, field)?;
        self.seen = outer;
        if self.missing.len() > from {
            prefix_missing(&mut self.missing[from..], field, None);
        }
        if known {
            self.seen |= 1 << bit;
        }
        Ok(known)
    }

    /// Reads a field that may be unset.
    #[inline]
    pub fn opt<T: Value>(&mut self, slot: &mut Option<T>, field: &'static str) -> Result<bool, DecodeError> {
        let from = self.missing.len();
        let outer = self.seen;
        let known = if let Some(value) = slot {
            self.seen = 1;
            value.merge(self, field)?
        } else {
            self.seen = 0;
            let mut value = T::default();
            let known = value.merge(self, field)?;
            if known {
                *slot = Some(value);
            }
            known
        };
        self.seen = outer;
        if self.missing.len() > from {
            prefix_missing(&mut self.missing[from..], field, None);
        }
        Ok(known)
    }

    /// Reads a field without presence (proto3).
    #[inline]
    pub fn implicit<T: Value>(&mut self, slot: &mut T, field: &'static str) -> Result<bool, DecodeError> {
        slot.merge(self, field)
    }

    /// Reads one element of a repeated field.
    #[inline]
    pub fn rep<T: Value>(&mut self, slot: &mut Vec<T>, field: &'static str) -> Result<bool, DecodeError> {
        let from = self.missing.len();
        let outer = std::mem::replace(&mut self.seen, 0);
        let index = slot.len();
        // Read in place: elements are large, and moving them costs as much as reading them.
        slot.push(T::default());
        let known = slot[index].merge(self, field)?;
        self.seen = outer;
        if self.missing.len() > from {
            prefix_missing(&mut self.missing[from..], field, Some(index));
        }
        if !known {
            slot.pop();
        }
        Ok(known)
    }

    /// Reads elements packed into one field. Unknown enum values are dropped, the rest is kept.
    pub fn packed<T: Value>(&mut self, slot: &mut Vec<T>, field: &'static str) -> Result<bool, DecodeError> {
        let len = self.length()?;
        let end = std::mem::replace(&mut self.end, self.position + len);
        while self.position < self.end {
            self.rep(slot, field)?;
        }
        self.end = end;
        Ok(true)
    }

    /// Reads one entry of a map; a later entry of the same key wins.
    pub fn map<T: Value>(
        &mut self,
        slot: &mut BTreeMap<String, T>,
        field: &'static str,
    ) -> Result<bool, DecodeError> {
        let len = self.length()?;
        let from = self.missing.len();
        let outer = std::mem::replace(&mut self.seen, 0);
        let end = std::mem::replace(&mut self.end, self.position + len);
        let mut key = String::new();
        let mut value = T::default();
        while self.position < self.end {
            let tag = u32::try_from(self.varint()?).map_err(|_| DecodeError::Malformed)?;
            if tag == 1 << 3 | u32::from(LEN) {
                key.merge(self, field)?;
            } else if tag == 2 << 3 | u32::from(T::WIRE) {
                value = T::default();
                value.merge(self, field)?;
            } else {
                self.skip(tag, 0)?;
            }
        }
        self.end = end;
        self.seen = outer;
        if self.missing.len() > from {
            prefix_missing(&mut self.missing[from..], field, None);
        }
        slot.insert(key, value);
        Ok(true)
    }
}

/// Writes a nested message behind its length.
#[inline]
#[doc(hidden)]
pub fn put_message<M: Message>(message: &M, out: &mut Vec<u8>) {
    delimited(out, |out| message.encode(out));
}

/// Reads a nested message. The caller says in `seen` whether an earlier occurrence filled it.
#[inline]
#[doc(hidden)]
pub fn merge_message<M: Message>(message: &mut M, reader: &mut Reader<'_>) -> Result<bool, DecodeError> {
    let again = reader.seen == 1;
    reader.nested(message, again)?;
    Ok(true)
}

/// Reads an enum number; `None` when this build does not know it.
pub(crate) fn merge_enum<E>(
    slot: &mut E,
    reader: &mut Reader<'_>,
    from_number: fn(i32) -> Option<E>,
) -> Result<bool, DecodeError> {
    // Negative numbers travel as ten bytes; the low half is the number.
    let number = reader.varint()? as i32;
    Ok(match from_number(number) {
        Some(value) => {
            *slot = value;
            true
        }
        None => false,
    })
}

impl<T: Value> Value for Box<T> {
    const WIRE: u8 = T::WIRE;

    #[inline]
    fn put(&self, out: &mut Vec<u8>) {
        (**self).put(out);
    }

    #[inline]
    fn merge(&mut self, reader: &mut Reader<'_>, field: &'static str) -> Result<bool, DecodeError> {
        (**self).merge(reader, field)
    }
}

/// The integers of proto2 are all varints here; a negative one is sign-extended to 64 bits.
macro_rules! integers {
    ($($type:ty: $wide:ty),*) => {$(
        impl Value for $type {
            const WIRE: u8 = VARINT;

            #[inline]
            fn put(&self, out: &mut Vec<u8>) {
                put_varint(out, <$wide>::from(*self) as u64);
            }

            #[inline]
            fn merge(&mut self, reader: &mut Reader<'_>, _: &'static str) -> Result<bool, DecodeError> {
                *self = reader.varint()? as $type;
                Ok(true)
            }
        }
    )*};
}

integers!(i32: i64, i64: i64, u32: u64, u64: u64);

impl Value for bool {
    const WIRE: u8 = VARINT;

    #[inline]
    fn put(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }

    #[inline]
    fn merge(&mut self, reader: &mut Reader<'_>, _: &'static str) -> Result<bool, DecodeError> {
        *self = reader.varint()? != 0;
        Ok(true)
    }
}

impl Value for f64 {
    const WIRE: u8 = FIXED64;

    #[inline]
    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.to_le_bytes());
    }

    #[inline]
    fn merge(&mut self, reader: &mut Reader<'_>, _: &'static str) -> Result<bool, DecodeError> {
        let bytes = reader.take(8)?;
        *self = f64::from_le_bytes(bytes.try_into().expect("eight bytes were taken"));
        Ok(true)
    }
}

impl Value for String {
    const WIRE: u8 = LEN;

    #[inline]
    fn put(&self, out: &mut Vec<u8>) {
        put_varint(out, self.len() as u64);
        out.extend_from_slice(self.as_bytes());
    }

    #[inline]
    fn merge(&mut self, reader: &mut Reader<'_>, field: &'static str) -> Result<bool, DecodeError> {
        let bytes = reader.delimited()?;
        let text = std::str::from_utf8(bytes).map_err(|_| DecodeError::Utf8(field))?;
        self.clear();
        self.push_str(text);
        Ok(true)
    }
}

impl Value for Bytes {
    const WIRE: u8 = LEN;

    #[inline]
    fn put(&self, out: &mut Vec<u8>) {
        put_varint(out, self.len() as u64);
        out.extend_from_slice(self);
    }

    #[inline]
    fn merge(&mut self, reader: &mut Reader<'_>, _: &'static str) -> Result<bool, DecodeError> {
        *self = Bytes::copy_from_slice(reader.delimited()?);
        Ok(true)
    }
}
