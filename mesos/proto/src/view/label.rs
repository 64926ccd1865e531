//! How often a field of a view is there. The names are those of the lines in [`view!`](crate::view!).
#![allow(
    non_camel_case_types,
    reason = "they are written as the words of a declaration"
)]

use super::cursor::Cursor;
use super::kind::{Elements, Kind, check_packed};
use super::{Checked, Fault};
use crate::error::DecodeError;
use crate::wire::LEN;

/// A field that must be there.
#[derive(Debug)]
pub enum required {}
/// A field that may be there.
#[derive(Debug)]
pub enum optional {}
/// A field that is its default when it is not there.
#[derive(Debug)]
pub enum implicit {}
/// Strings, bytes or messages.
#[derive(Debug)]
pub enum repeated {}
/// Numbers or enums, perhaps packed.
#[derive(Debug)]
pub enum numbers {}

/// A declared field, as its message meets it.
#[derive(Clone, Copy, Debug)]
pub struct Declared {
    /// Its name.
    pub name: &'static str,
    /// Its number.
    pub number: u32,
    /// Its bit among those that were seen.
    pub bit: u64,
}

/// What a label means for fields of type `T`.
pub trait Label<'a, T: Kind<'a>> {
    /// Whether a message is incomplete without it.
    const REQUIRED: bool = false;

    /// What one occurrence holds.
    type Held;

    /// Checks the value if the tag is that of the field, and says whether it is.
    fn check(
        declared: Declared,
        tag: u32,
        cursor: &mut Cursor<'a>,
        seen: &mut u64,
        depth: usize,
    ) -> Checked<bool>;

    /// Reads the value if the tag is that of the field: the outer `None` when it is not, the inner for no value.
    fn get(number: u32, tag: u32, cursor: &mut Cursor<'a>) -> Option<Option<Self::Held>>;
}

#[inline(always)]
fn tag_of<'a, T: Kind<'a>>(number: u32) -> u32 {
    number << 3 | u32::from(T::WIRE)
}

#[cold]
fn in_parts(name: &'static str) -> Fault {
    Box::new(DecodeError::InParts(name))
}

#[inline(always)]
fn check_single<'a, T: Kind<'a>>(
    declared: Declared,
    tag: u32,
    cursor: &mut Cursor<'a>,
    seen: &mut u64,
    depth: usize,
) -> Checked<bool> {
    if tag != tag_of::<T>(declared.number) {
        return Ok(false);
    }
    if T::MERGED && *seen & declared.bit != 0 {
        return Err(in_parts(declared.name));
    }
    if T::check(cursor, depth, declared.name)? {
        *seen |= declared.bit;
    }
    Ok(true)
}

macro_rules! single {
    ($($label:ident: $required:literal;)*) => {$(
        impl<'a, T: Kind<'a>> Label<'a, T> for $label {
            const REQUIRED: bool = $required;
            type Held = T;

            #[inline(always)]
            fn check(
                declared: Declared,
                tag: u32,
                cursor: &mut Cursor<'a>,
                seen: &mut u64,
                depth: usize,
            ) -> Checked<bool> {
                check_single::<T>(declared, tag, cursor, seen, depth)
            }

            #[inline(always)]
            fn get(number: u32, tag: u32, cursor: &mut Cursor<'a>) -> Option<Option<T>> {
                (tag == tag_of::<T>(number)).then(|| T::get(cursor))
            }
        }
    )*};
}

single! {
    required: true;
    optional: false;
    implicit: false;
}

impl<'a, T: Kind<'a>> Label<'a, T> for repeated {
    type Held = T;

    #[inline(always)]
    fn check(
        declared: Declared,
        tag: u32,
        cursor: &mut Cursor<'a>,
        _: &mut u64,
        depth: usize,
    ) -> Checked<bool> {
        if tag != tag_of::<T>(declared.number) {
            return Ok(false);
        }
        T::check(cursor, depth, declared.name).map(|_| true)
    }

    #[inline(always)]
    fn get(number: u32, tag: u32, cursor: &mut Cursor<'a>) -> Option<Option<T>> {
        (tag == tag_of::<T>(number)).then(|| T::get(cursor))
    }
}

impl<'a, T: Kind<'a>> Label<'a, T> for numbers {
    type Held = Elements<'a, T>;

    #[inline(always)]
    fn check(
        declared: Declared,
        tag: u32,
        cursor: &mut Cursor<'a>,
        _: &mut u64,
        depth: usize,
    ) -> Checked<bool> {
        if tag == tag_of::<T>(declared.number) {
            T::check(cursor, depth, declared.name).map(|_| true)
        } else if tag == declared.number << 3 | u32::from(LEN) {
            check_packed::<T>(cursor, depth, declared.name).map(|()| true)
        } else {
            Ok(false)
        }
    }

    #[inline(always)]
    fn get(number: u32, tag: u32, cursor: &mut Cursor<'a>) -> Option<Option<Elements<'a, T>>> {
        if tag == tag_of::<T>(number) {
            Some(Some(Elements::one(cursor)))
        } else if tag == number << 3 | u32::from(LEN) {
            Some(Some(Elements::packed(cursor)))
        } else {
            None
        }
    }
}
