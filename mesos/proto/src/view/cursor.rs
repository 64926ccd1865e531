//! A place in bytes.

use super::{Checked, Fault};
use crate::error::DecodeError;
use crate::wire::{DEPTH_MAX, FIXED32, FIXED64, GROUP_END, GROUP_START, LEN, VARINT};

/// What is left to read of a message.
///
/// What cannot be read is `None`; why it cannot is found out afterwards, so that the way without errors stays short. Nothing
/// is called with a pointer to a cursor, but for what is inlined, so that it lives in registers.
#[derive(Clone, Copy, Debug)]
pub struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    /// One at the beginning.
    #[doc(hidden)]
    #[inline(always)]
    pub fn new(bytes: &'a [u8]) -> Self {
        Cursor { rest: bytes }
    }

    /// Tells whether all was read.
    #[doc(hidden)]
    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// How many bytes are left.
    #[inline(always)]
    pub(super) fn len(&self) -> usize {
        self.rest.len()
    }

    /// Skips pairs of fields that hold integers below 128 and have numbers below 16. They are well-formed whatever the
    /// message declares them to be.
    #[inline(always)]
    pub(super) fn skip_small(&mut self) {
        while let Some((word, rest)) = self.rest.split_first_chunk::<4>() {
            let word = u32::from_le_bytes(*word);
            // No byte goes on, both tags say varint, and neither field number is zero.
            let plain = word & 0x8087_8087 == 0;
            let numbered = word & 0x78 != 0 && word & 0x0078_0000 != 0;
            if !(plain && numbered) {
                return;
            }
            self.rest = rest;
        }
    }

    /// The tag of the next field.
    #[doc(hidden)]
    #[inline(always)]
    pub fn tag(&mut self) -> Option<u32> {
        let (&first, rest) = self.rest.split_first()?;
        if (8..0x80).contains(&first) {
            self.rest = rest;
            return Some(u32::from(first));
        }
        let (value, rest) = varint_slow(self.rest)?;
        let tag = u32::try_from(value).ok().filter(|tag| tag >> 3 != 0)?;
        self.rest = rest;
        Some(tag)
    }

    /// A varint.
    #[doc(hidden)]
    #[inline(always)]
    pub fn varint(&mut self) -> Option<u64> {
        let value;
        (value, self.rest) = match self.rest {
            [first, rest @ ..] if *first < 0x80 => (u64::from(*first), rest),
            [first, second, rest @ ..] if *second < 0x80 => {
                (u64::from(first & 0x7f) | u64::from(*second) << 7, rest)
            }
            rest => varint_slow(rest)?,
        };
        Some(value)
    }

    /// So many bytes.
    #[inline(always)]
    pub(super) fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let taken;
        (taken, self.rest) = self.rest.split_at_checked(len)?;
        Some(taken)
    }

    /// Bytes behind their length.
    #[doc(hidden)]
    #[inline(always)]
    pub fn delimited(&mut self) -> Option<&'a [u8]> {
        let len = self.varint()?;
        self.take(usize::try_from(len).ok()?)
    }

    /// The value of a field nobody declared; `depth` is that of its message.
    #[doc(hidden)]
    #[inline(always)]
    pub fn skip(&mut self, tag: u32, depth: usize) -> Checked<()> {
        self.rest = skip(self.rest, tag, depth)?;
        Ok(())
    }

    /// Why nothing could be read here: it ends too early, or a varint does not end.
    #[doc(hidden)]
    #[cold]
    #[inline(never)]
    pub fn fault(self) -> Fault {
        if self.rest.len() >= 10 && varint_slow(self.rest).is_none() {
            Box::new(DecodeError::Malformed)
        } else {
            Box::new(DecodeError::Truncated)
        }
    }

    /// Why no tag could be read here.
    #[cold]
    #[inline(never)]
    pub(super) fn tag_fault(self) -> Fault {
        if varint_slow(self.rest).is_some() {
            return Box::new(DecodeError::Malformed);
        }
        self.fault()
    }
}

#[inline(never)]
fn varint_slow(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0u64;
    for (index, &byte) in bytes.iter().take(10).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte < 0x80 {
            return Some((value, bytes.get(index + 1..)?));
        }
    }
    None
}

/// What is left behind the value of a field.
#[inline(never)]
fn skip(bytes: &[u8], tag: u32, depth: usize) -> Checked<&[u8]> {
    let mut cursor = Cursor::new(bytes);
    let skipped = match (tag & 7) as u8 {
        VARINT => cursor.varint().map(drop),
        FIXED64 => cursor.take(8).map(drop),
        LEN => cursor.delimited().map(drop),
        FIXED32 => cursor.take(4).map(drop),
        GROUP_START if depth < DEPTH_MAX => return skip_group(bytes, tag, depth),
        GROUP_START => return Err(Box::new(DecodeError::TooDeep)),
        _ => return Err(Box::new(DecodeError::Malformed)),
    };
    match skipped {
        Some(()) => Ok(cursor.rest),
        None => Err(Cursor::new(bytes).fault()),
    }
}

fn skip_group(bytes: &[u8], tag: u32, depth: usize) -> Checked<&[u8]> {
    let mut cursor = Cursor::new(bytes);
    loop {
        let inner = cursor.varint().ok_or_else(|| cursor.fault())?;
        let Ok(inner) = u32::try_from(inner) else {
            return Err(Box::new(DecodeError::Malformed));
        };
        if (inner & 7) as u8 == GROUP_END {
            if inner >> 3 == tag >> 3 {
                return Ok(cursor.rest);
            }
            return Err(Box::new(DecodeError::Malformed));
        }
        cursor.rest = skip(cursor.rest, inner, depth + 1)?;
    }
}
