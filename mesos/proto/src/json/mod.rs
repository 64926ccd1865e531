//! Mesos' JSON mapping: what generated messages call to print and parse themselves.
//!
//! Mesos: 3rdparty/stout/include/stout/protobuf.hpp, json(ObjectWriter*, Protobuf) and Parser;
//! the text itself is that of RapidJSON's writer.

mod number;
mod parser;
mod writer;

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;

use crate::error::JsonError;
use crate::message::Message;

use self::number::Number;
pub use self::number::write_f64;
pub(crate) use self::parser::from_json;
pub use self::parser::{DEPTH_MAX, Parser, list_from_json, object_from_json};
pub use self::writer::{Writer, write_string};

/// A type a field can have.
#[doc(hidden)]
pub trait Value: Default {
    /// Tells whether the dialect has a word for the value.
    fn visible(&self, _writer: &Writer<'_>) -> bool {
        true
    }

    /// Prints the value.
    fn write(&self, writer: &mut Writer<'_>);

    /// Reads the value; `false` for `null` and for an enum name the dialect does not know.
    fn parse(&mut self, parser: &mut Parser<'_>, field: &'static str) -> Result<bool, JsonError>;
}

pub(crate) fn parse_message<M: Message>(
    message: &mut M,
    parser: &mut Parser<'_>,
    field: &'static str,
) -> Result<bool, JsonError> {
    match parser.peek()? {
        b'{' => parser.object(message).map(|()| true),
        b'n' => parser.null(),
        _ => Err(parser.unexpected(field)),
    }
}

pub(crate) fn parse_enum<E>(
    slot: &mut E,
    parser: &mut Parser<'_>,
    field: &'static str,
    from_name: fn(&str, bool) -> Option<E>,
) -> Result<bool, JsonError> {
    match parser.peek()? {
        b'"' => {
            let name = parser.string()?;
            if let Some(value) = from_name(&name, parser.v1()) {
                *slot = value;
                return Ok(true);
            }
            parser.unknown_enum(&name);
            Ok(false)
        }
        b'n' => parser.null(),
        _ => Err(parser.unexpected(field)),
    }
}

impl<T: Value> Value for Box<T> {
    fn visible(&self, writer: &Writer<'_>) -> bool {
        (**self).visible(writer)
    }

    #[inline]
    fn write(&self, writer: &mut Writer<'_>) {
        (**self).write(writer);
    }

    #[inline]
    fn parse(&mut self, parser: &mut Parser<'_>, field: &'static str) -> Result<bool, JsonError> {
        (**self).parse(parser, field)
    }
}

macro_rules! integers {
    ($($type:ty),*) => {$(
        impl Value for $type {
            #[inline]
            fn write(&self, writer: &mut Writer<'_>) {
                writer.integer(*self);
            }

            fn parse(&mut self, parser: &mut Parser<'_>, field: &'static str) -> Result<bool, JsonError> {
                let Some(number) = parser.number(field)? else { return Ok(false) };
                // Differs from Mesos: C++ wraps a number that does not fit; we refuse it.
                let fits = match number {
                    Number::Signed(value) => <$type>::try_from(value).ok(),
                    Number::Unsigned(value) => <$type>::try_from(value).ok(),
                    Number::Float(value) => number::truncate(value).and_then(|value| <$type>::try_from(value).ok()),
                };
                *self = fits.ok_or_else(|| {
                    JsonError::Value(format!("Number {number} is out of range for field '{field}'"))
                })?;
                Ok(true)
            }
        }
    )*};
}

integers!(i32, i64, u32, u64);

impl Value for f64 {
    #[inline]
    fn write(&self, writer: &mut Writer<'_>) {
        writer.double(*self);
    }

    fn parse(&mut self, parser: &mut Parser<'_>, field: &'static str) -> Result<bool, JsonError> {
        match parser.number(field)? {
            Some(number) => {
                *self = number.as_f64();
                Ok(true)
            }
            None => Ok(false),
        }
    }
}

impl Value for bool {
    #[inline]
    fn write(&self, writer: &mut Writer<'_>) {
        writer.raw(if *self { b"true" } else { b"false" });
    }

    fn parse(&mut self, parser: &mut Parser<'_>, field: &'static str) -> Result<bool, JsonError> {
        match parser.peek()? {
            b't' | b'f' => *self = parser.boolean()?,
            b'"' => {
                let text = parser.string()?;
                *self = text.trim().parse().map_err(|_| {
                    JsonError::Value(format!(
                        "Failed to parse '{text}' as a JSON boolean for field '{field}'"
                    ))
                })?;
            }
            b'n' => return parser.null(),
            _ => return Err(parser.unexpected(field)),
        }
        Ok(true)
    }
}

impl Value for String {
    #[inline]
    fn write(&self, writer: &mut Writer<'_>) {
        writer.string(self);
    }

    fn parse(&mut self, parser: &mut Parser<'_>, field: &'static str) -> Result<bool, JsonError> {
        match parser.peek()? {
            b'"' => {
                *self = parser.string()?.into_owned();
                Ok(true)
            }
            b'n' => parser.null(),
            _ => Err(parser.unexpected(field)),
        }
    }
}

impl Value for Bytes {
    fn write(&self, writer: &mut Writer<'_>) {
        writer.base64(self);
    }

    fn parse(&mut self, parser: &mut Parser<'_>, field: &'static str) -> Result<bool, JsonError> {
        match parser.peek()? {
            b'"' => {
                let text = parser.string()?;
                let decoded = BASE64.decode(text.as_bytes()).map_err(|error| {
                    JsonError::Value(format!("Failed to base64 decode bytes field '{field}': {error}"))
                })?;
                *self = decoded.into();
                Ok(true)
            }
            b'n' => parser.null(),
            _ => Err(parser.unexpected(field)),
        }
    }
}

impl Writer<'_> {
    /// Prints a field that is always there.
    #[inline]
    pub fn one<T: Value>(&mut self, name: &str, value: &T) {
        if value.visible(self) {
            self.key(name);
            value.write(self);
        }
    }

    /// Prints a field that may be unset.
    #[inline]
    pub fn opt<T: Value>(&mut self, name: &str, value: &Option<T>) {
        if let Some(value) = value {
            self.one(name, value);
        }
    }

    /// Prints a field that has a default.
    #[inline]
    pub fn opt_or<T: Value>(&mut self, name: &str, value: &Option<T>, default: T) {
        match value {
            Some(value) if value.visible(self) => self.one(name, value),
            _ => self.one(name, &default),
        }
    }

    /// Prints a field that is set when it differs from zero (proto3).
    pub fn implicit<T: Value + PartialEq>(&mut self, name: &str, value: &T) {
        if *value != T::default() {
            self.one(name, value);
        }
    }

    /// Prints a repeated field unless it is empty.
    #[inline]
    pub fn rep<T: Value>(&mut self, name: &str, values: &[T]) {
        if !values.is_empty() {
            self.array(name, values);
        }
    }

    /// Prints a repeated field; the v1 dialect shows an empty one too.
    #[inline]
    pub fn list<T: Value>(&mut self, name: &str, values: &[T]) {
        if self.v1() || !values.is_empty() {
            self.array(name, values);
        }
    }

    fn array<T: Value>(&mut self, name: &str, values: &[T]) {
        self.key(name);
        self.raw(b"[");
        let mut first = true;
        for value in values {
            if value.visible(self) {
                if !first {
                    self.raw(b",");
                }
                first = false;
                value.write(self);
            }
        }
        self.raw(b"]");
    }

    /// Prints a map unless it is empty.
    pub fn map<T: Value>(&mut self, name: &str, entries: &BTreeMap<String, T>) {
        if entries.is_empty() {
            return;
        }
        self.key(name);
        self.raw(b"{");
        for (index, (key, value)) in entries.iter().enumerate() {
            if index > 0 {
                self.raw(b",");
            }
            self.string(key);
            self.raw(b":");
            value.write(self);
        }
        self.raw(b"}");
    }
}

#[cfg(test)]
mod tests;
