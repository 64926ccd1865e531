//! What a field of a view can be.

use super::cursor::Cursor;
use super::{Checked, View, check_below};
use crate::error::DecodeError;
use crate::wire::{DEPTH_MAX, FIXED64, LEN, VARINT};

/// A type a field of a [view](super) can have: numbers, enums, `&str`, `&[u8]` and other views.
pub trait Kind<'a>: Sized {
    /// The wire type of one value.
    #[doc(hidden)]
    const WIRE: u8;

    /// Whether several occurrences of a field that is not repeated are merged.
    #[doc(hidden)]
    const MERGED: bool = false;

    /// Checks one value; `false` for a number that is no value of an enum.
    #[doc(hidden)]
    fn check(cursor: &mut Cursor<'a>, depth: usize, field: &'static str) -> Checked<bool>;

    /// Reads one value that was checked; `None` where a check would give `false` or fail.
    #[doc(hidden)]
    fn get(cursor: &mut Cursor<'a>) -> Option<Self>;

    /// What a field without presence is when it is absent.
    #[doc(hidden)]
    fn absent() -> Self;
}

macro_rules! varints {
    ($($type:ty = |$value:ident| $convert:expr;)*) => {$(
        impl<'a> Kind<'a> for $type {
            const WIRE: u8 = VARINT;

            #[inline(always)]
            fn check(cursor: &mut Cursor<'a>, _: usize, _: &'static str) -> Checked<bool> {
                cursor.varint().map(|_| true).ok_or_else(|| cursor.fault())
            }

            #[inline(always)]
            fn get(cursor: &mut Cursor<'a>) -> Option<Self> {
                let $value = cursor.varint()?;
                Some($convert)
            }

            fn absent() -> Self {
                Self::default()
            }
        }
    )*};
}

varints! {
    i32 = |value| value as i32;
    i64 = |value| value as i64;
    u32 = |value| value as u32;
    u64 = |value| value;
    bool = |value| value != 0;
}

impl<'a> Kind<'a> for f64 {
    const WIRE: u8 = FIXED64;

    #[inline]
    fn check(cursor: &mut Cursor<'a>, _: usize, _: &'static str) -> Checked<bool> {
        cursor.take(8).map(|_| true).ok_or_else(|| cursor.fault())
    }

    #[inline]
    fn get(cursor: &mut Cursor<'a>) -> Option<Self> {
        let bytes = cursor.take(8)?;
        bytes.try_into().ok().map(f64::from_le_bytes)
    }

    fn absent() -> Self {
        Self::default()
    }
}

impl<'a> Kind<'a> for &'a str {
    const WIRE: u8 = LEN;

    #[inline]
    fn check(cursor: &mut Cursor<'a>, _: usize, field: &'static str) -> Checked<bool> {
        match std::str::from_utf8(bytes_of(cursor)?) {
            Ok(_) => Ok(true),
            Err(_) => Err(Box::new(DecodeError::Utf8(field))),
        }
    }

    #[inline]
    fn get(cursor: &mut Cursor<'a>) -> Option<Self> {
        // Looked at again: without `unsafe` nothing else makes a string of bytes.
        std::str::from_utf8(cursor.delimited()?).ok()
    }

    fn absent() -> Self {
        Self::default()
    }
}

impl<'a> Kind<'a> for &'a [u8] {
    const WIRE: u8 = LEN;

    #[inline]
    fn check(cursor: &mut Cursor<'a>, _: usize, _: &'static str) -> Checked<bool> {
        bytes_of(cursor).map(|_| true)
    }

    #[inline]
    fn get(cursor: &mut Cursor<'a>) -> Option<Self> {
        cursor.delimited()
    }

    fn absent() -> Self {
        Self::default()
    }
}

/// Checks the number of an enum.
pub(crate) fn check_enum<E>(cursor: &mut Cursor<'_>, from_number: fn(i32) -> Option<E>) -> Checked<bool> {
    // Negative numbers travel as ten bytes; the low half is the number.
    let number = cursor.varint().ok_or_else(|| cursor.fault())?;
    Ok(from_number(number as i32).is_some())
}

/// Reads the number of an enum.
pub(crate) fn get_enum<E>(cursor: &mut Cursor<'_>, from_number: fn(i32) -> Option<E>) -> Option<E> {
    from_number(cursor.varint()? as i32)
}

/// Bytes behind their length, which must be there.
#[inline(always)]
fn bytes_of<'a>(cursor: &mut Cursor<'a>) -> Checked<&'a [u8]> {
    let before = *cursor;
    cursor.delimited().ok_or_else(|| before.fault())
}

/// Checks a message in a message of this depth.
#[doc(hidden)]
#[inline(always)]
pub fn check_nested<'a, V: View<'a>>(cursor: &mut Cursor<'a>, depth: usize) -> Checked<bool> {
    let bytes = bytes_of(cursor)?;
    if depth == DEPTH_MAX {
        return Err(Box::new(DecodeError::TooDeep));
    }
    check_below::<V>(bytes, depth + 1).map(|()| true)
}

/// Checks values packed into one field.
#[doc(hidden)]
pub fn check_packed<'a, T: Kind<'a>>(
    cursor: &mut Cursor<'a>,
    depth: usize,
    field: &'static str,
) -> Checked<()> {
    let mut packed = Cursor::new(bytes_of(cursor)?);
    while !packed.is_empty() {
        T::check(&mut packed, depth, field)?;
    }
    Ok(())
}

/// Numbers of one field: the only one, or those packed into it.
#[derive(Clone, Copy, Debug)]
pub struct Elements<'a, T> {
    first: Option<T>,
    packed: Cursor<'a>,
}

impl<'a, T: Kind<'a>> Elements<'a, T> {
    /// The value of a field that holds one.
    #[doc(hidden)]
    #[inline(always)]
    pub fn one(cursor: &mut Cursor<'a>) -> Self {
        Elements {
            first: T::get(cursor),
            packed: Cursor::new(&[]),
        }
    }

    /// The values of a field that holds many.
    #[doc(hidden)]
    #[inline(always)]
    pub fn packed(cursor: &mut Cursor<'a>) -> Self {
        Elements {
            first: None,
            packed: Cursor::new(cursor.delimited().unwrap_or_default()),
        }
    }
}

impl<'a, T: Kind<'a>> Iterator for Elements<'a, T> {
    type Item = T;

    #[inline(always)]
    fn next(&mut self) -> Option<T> {
        if let Some(value) = self.first.take() {
            return Some(value);
        }
        while !self.packed.is_empty() {
            let before = self.packed.len();
            let value = T::get(&mut self.packed);
            // A number that is no value was read over. Of bytes that were checked, something always is.
            if value.is_some() || self.packed.len() == before {
                return value;
            }
        }
        None
    }
}
