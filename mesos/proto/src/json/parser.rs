//! A parser that fills messages straight from the text, without a tree in between.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::Value;
use super::number::Number;
use crate::error::{JsonError, own_missing, prefix_missing};
use crate::message::{Dialect, Message};

/// How deep objects and arrays may nest, so that no text can exhaust the stack.
pub const DEPTH_MAX: usize = 200;

/// Reads a whole text.
pub(crate) fn from_json<M: Message>(text: &[u8], dialect: Dialect) -> Result<M, JsonError> {
    let text = std::str::from_utf8(text)
        .map_err(|error| JsonError::Syntax(format!("invalid UTF-8 at byte {}", error.valid_up_to())))?;
    let mut parser = Parser::new(text, dialect);
    let result = parser.document();
    if matches!(result, Err(JsonError::Value(_) | JsonError::Missing(_))) {
        // Mesos reads the whole text before it looks at it, so a later syntax error comes first.
        let mut check = Parser::new(text, dialect);
        check.peek()?;
        check.skip()?;
        check.finish()?;
    }
    result
}

/// Reads the JSON of one message where Mesos asks for an object before it looks at what is in it.
///
/// # Errors
///
/// Fails as [`Message::from_json`] does; what is no object counts as a mistake of syntax.
///
/// Mesos: 3rdparty/stout/include/stout/json.hpp, JSON::parse<JSON::Object>
pub fn object_from_json<M: Message>(text: &[u8], dialect: Dialect) -> Result<M, JsonError> {
    expect_kind(text, b'{')?;
    from_json(text, dialect)
}

/// Reads the JSON of a list of messages.
///
/// # Errors
///
/// Fails as [`Message::from_json`] does for the first message that is not in order, without saying which; what is
/// no array counts as a mistake of syntax.
///
/// Mesos: 3rdparty/stout/include/stout/json.hpp, JSON::parse<JSON::Array>; stout/protobuf.hpp, protobuf::parse
pub fn list_from_json<M: Message>(text: &[u8], dialect: Dialect) -> Result<Vec<M>, JsonError> {
    let text = expect_kind(text, b'[')?;
    let mut parser = Parser::new(text, dialect);
    let mut list = Vec::new();
    parser.peek()?;
    parser.sequence(b']', |parser| {
        parser.peek()?;
        let start = parser.position;
        parser.skip()?;
        list.push(from_json(&text.as_bytes()[start..parser.position], dialect)?);
        Ok(())
    })?;
    Ok(list)
}

/// Checks that a text is one JSON value that starts like this.
fn expect_kind(text: &[u8], first: u8) -> Result<&str, JsonError> {
    let text = std::str::from_utf8(text)
        .map_err(|error| JsonError::Syntax(format!("invalid UTF-8 at byte {}", error.valid_up_to())))?;
    let mut check = Parser::new(text, Dialect::V0);
    let found = check.peek()?;
    check.skip()?;
    check.finish()?;
    if found == first {
        Ok(text)
    } else {
        Err(JsonError::Syntax("Unexpected JSON type parsed".to_owned()))
    }
}

/// A place in a JSON text.
#[derive(Debug)]
pub struct Parser<'a> {
    text: &'a str,
    position: usize,
    v1: bool,
    depth: usize,
    /// The required fields of the innermost object read so far, by position in `REQUIRED`.
    seen: u64,
    missing: Vec<String>,
    /// The last enum name nobody knew.
    unknown_enum: Option<String>,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str, dialect: Dialect) -> Self {
        Self {
            text,
            position: 0,
            v1: dialect != Dialect::V0,
            depth: 0,
            seen: 0,
            missing: Vec::new(),
            unknown_enum: None,
        }
    }

    fn document<M: Message>(&mut self) -> Result<M, JsonError> {
        let mut message = M::default();
        if self.peek()? != b'{' {
            return Err(JsonError::Value("Expecting a JSON object".to_owned()));
        }
        self.object(&mut message)?;
        self.finish()?;
        if self.missing.is_empty() {
            Ok(message)
        } else {
            Err(JsonError::Missing(std::mem::take(&mut self.missing)))
        }
    }

    /// Tells whether the names are those of the v1 API.
    #[inline]
    pub fn v1(&self) -> bool {
        self.v1
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.position).copied()
    }

    /// The first byte that is no white space, without taking it.
    pub(super) fn peek(&mut self) -> Result<u8, JsonError> {
        while let Some(byte) = self.byte() {
            if !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return Ok(byte);
            }
            self.position += 1;
        }
        Err(self.syntax())
    }

    /// Mesos: 3rdparty/picojson-1.3.0, the `near` text of its parse errors.
    #[cold]
    fn syntax(&self) -> JsonError {
        let bytes = self.text.as_bytes();
        let at = self.position.min(bytes.len());
        let line = 1 + bytes[..at].iter().filter(|byte| **byte == b'\n').count();
        let rest: Vec<u8> = bytes[at..]
            .iter()
            .copied()
            .take_while(|byte| *byte != b'\n')
            .filter(|byte| *byte >= b' ')
            .collect();
        JsonError::Syntax(format!(
            "syntax error at line {line} near: {}",
            String::from_utf8_lossy(&rest)
        ))
    }

    /// The error for a value whose kind does not fit the field.
    #[cold]
    pub(super) fn unexpected(&mut self, field: &str) -> JsonError {
        let kind = match self.byte() {
            Some(b'{') => "object",
            Some(b'[') => "array",
            Some(b'"') => "string",
            Some(b't' | b'f') => "boolean",
            Some(b'-' | b'0'..=b'9') => "number",
            _ => return self.syntax(),
        };
        JsonError::Value(format!("Not expecting a JSON {kind} for field '{field}'"))
    }

    pub(super) fn unknown_enum(&mut self, name: &str) {
        self.unknown_enum = Some(name.to_owned());
    }

    fn expect(&mut self, byte: u8) -> Result<(), JsonError> {
        if self.peek()? != byte {
            return Err(self.syntax());
        }
        self.position += 1;
        Ok(())
    }

    /// Takes `,` (and says there is more) or `close`.
    fn more(&mut self, close: u8) -> Result<bool, JsonError> {
        let byte = self.peek()?;
        if byte != b',' && byte != close {
            return Err(self.syntax());
        }
        self.position += 1;
        Ok(byte == b',')
    }

    fn enter(&mut self) -> Result<(), JsonError> {
        if self.depth == DEPTH_MAX {
            return Err(JsonError::Syntax(
                "objects and arrays are nested too deeply".to_owned(),
            ));
        }
        self.depth += 1;
        self.position += 1;
        Ok(())
    }

    /// Takes the brackets around something and tells `each` to take what is between the commas.
    fn sequence(
        &mut self,
        close: u8,
        mut each: impl FnMut(&mut Self) -> Result<(), JsonError>,
    ) -> Result<(), JsonError> {
        self.enter()?;
        if self.peek()? == close {
            self.position += 1;
        } else {
            loop {
                each(self)?;
                if !self.more(close)? {
                    break;
                }
            }
        }
        self.depth -= 1;
        Ok(())
    }

    fn key(&mut self) -> Result<Cow<'a, str>, JsonError> {
        if self.peek()? != b'"' {
            return Err(self.syntax());
        }
        let key = self.string()?;
        self.expect(b':')?;
        Ok(key)
    }

    /// Reads an object into a message.
    pub(super) fn object<M: Message>(&mut self, message: &mut M) -> Result<(), JsonError> {
        let from = self.missing.len();
        let outer = std::mem::replace(&mut self.seen, 0);
        self.sequence(b'}', |parser| {
            let key = parser.key()?;
            if !message.parse_json_field(&key, parser)? {
                parser.peek()?;
                parser.skip()?;
            }
            Ok(())
        })?;
        let all = M::REQUIRED.len();
        if all > 0 && self.seen.count_ones() < u32::try_from(all).unwrap_or(u32::MAX) {
            own_missing(&mut self.missing, from, M::REQUIRED, self.seen);
        }
        self.seen = outer;
        Ok(())
    }

    /// Reads a required field; `bit` is its position in `REQUIRED`.
    pub fn req<T: Value>(&mut self, slot: &mut T, bit: u32, field: &'static str) -> Result<bool, JsonError> {
        let from = self.missing.len();
        self.unknown_enum = None;
        if slot.parse(self, field)? {
            prefix_missing(&mut self.missing[from..], field, None);
            self.seen |= 1 << bit;
        } else if let Some(name) = self.unknown_enum.take() {
            return Err(JsonError::Value(format!("Failed to find enum for '{name}'")));
        }
        Ok(true)
    }

    /// Reads a field that may be unset.
    pub fn opt<T: Value>(&mut self, slot: &mut Option<T>, field: &'static str) -> Result<bool, JsonError> {
        let from = self.missing.len();
        let mut value = T::default();
        if value.parse(self, field)? {
            prefix_missing(&mut self.missing[from..], field, None);
            *slot = Some(value);
        }
        Ok(true)
    }

    /// Reads a field without presence (proto3).
    pub fn implicit<T: Value>(&mut self, slot: &mut T, field: &'static str) -> Result<bool, JsonError> {
        slot.parse(self, field)?;
        Ok(true)
    }

    /// Reads a repeated field: an array, or one value alone.
    pub fn rep<T: Value>(&mut self, slot: &mut Vec<T>, field: &'static str) -> Result<bool, JsonError> {
        slot.clear();
        self.elements(slot, field)?;
        Ok(true)
    }

    fn elements<T: Value>(&mut self, slot: &mut Vec<T>, field: &'static str) -> Result<(), JsonError> {
        if self.peek()? == b'[' {
            return self.sequence(b']', |parser| parser.elements(slot, field));
        }
        let from = self.missing.len();
        let mut value = T::default();
        if value.parse(self, field)? {
            prefix_missing(&mut self.missing[from..], field, Some(slot.len()));
            slot.push(value);
        }
        Ok(())
    }

    /// Reads a map from an object.
    pub fn map<T: Value>(
        &mut self,
        slot: &mut BTreeMap<String, T>,
        field: &'static str,
    ) -> Result<bool, JsonError> {
        match self.peek()? {
            b'{' => self.sequence(b'}', |parser| {
                let key = parser.key()?;
                let from = parser.missing.len();
                let mut value = T::default();
                if value.parse(parser, field)? {
                    prefix_missing(&mut parser.missing[from..], field, None);
                    slot.insert(key.into_owned(), value);
                }
                Ok(())
            })?,
            b'n' => drop(self.null()?),
            _ => return Err(self.unexpected(field)),
        }
        Ok(true)
    }

    fn word(&mut self, word: &str) -> Result<(), JsonError> {
        if !self.text.as_bytes()[self.position..].starts_with(word.as_bytes()) {
            return Err(self.syntax());
        }
        self.position += word.len();
        Ok(())
    }

    /// Takes `null`, which leaves a field unset.
    pub(super) fn null(&mut self) -> Result<bool, JsonError> {
        self.word("null").map(|()| false)
    }

    pub(super) fn boolean(&mut self) -> Result<bool, JsonError> {
        if self.byte() == Some(b't') {
            self.word("true").map(|()| true)
        } else {
            self.word("false").map(|()| false)
        }
    }

    /// Reads a number or a string that spells one; `None` for `null`.
    pub(super) fn number(&mut self, field: &'static str) -> Result<Option<Number>, JsonError> {
        match self.peek()? {
            b'-' | b'0'..=b'9' => self.numeral().map(Some),
            b'n' => self.null().map(|_| None),
            b'"' => {
                let text = self.string()?;
                match &*text {
                    "Infinity" => return Ok(Some(Number::Float(f64::INFINITY))),
                    "-Infinity" => return Ok(Some(Number::Float(f64::NEG_INFINITY))),
                    _ => {}
                }
                let mut inner = Parser::new(text.trim(), Dialect::V0);
                match inner.numeral() {
                    Ok(number) if inner.position == inner.text.len() => Ok(Some(number)),
                    _ => Err(JsonError::Value(format!(
                        "Failed to parse '{text}' as a JSON number for field '{field}'"
                    ))),
                }
            }
            _ => Err(self.unexpected(field)),
        }
    }

    fn digits(&mut self) -> Result<(), JsonError> {
        if !self.byte().is_some_and(|byte| byte.is_ascii_digit()) {
            return Err(self.syntax());
        }
        while self.byte().is_some_and(|byte| byte.is_ascii_digit()) {
            self.position += 1;
        }
        Ok(())
    }

    fn numeral(&mut self) -> Result<Number, JsonError> {
        let start = self.position;
        if self.byte() == Some(b'-') {
            self.position += 1;
        }
        self.digits()?;
        let mut whole = true;
        if self.byte() == Some(b'.') {
            whole = false;
            self.position += 1;
            self.digits()?;
        }
        if matches!(self.byte(), Some(b'e' | b'E')) {
            whole = false;
            self.position += 1;
            if matches!(self.byte(), Some(b'+' | b'-')) {
                self.position += 1;
            }
            self.digits()?;
        }
        let text = &self.text[start..self.position];
        if whole {
            if let Ok(value) = text.parse() {
                return Ok(Number::Signed(value));
            }
            if let Ok(value) = text.parse() {
                return Ok(Number::Unsigned(value));
            }
        }
        text.parse().map(Number::Float).map_err(|_| self.syntax())
    }

    /// Reads a string; it is borrowed from the text when it has no escapes.
    pub(super) fn string(&mut self) -> Result<Cow<'a, str>, JsonError> {
        self.position += 1;
        let start = self.position;
        let plain = self.plain()?;
        if self.byte() == Some(b'"') {
            self.position += 1;
            return Ok(Cow::Borrowed(plain));
        }
        let mut text = plain.to_owned();
        loop {
            match self.byte() {
                Some(b'"') => {
                    self.position += 1;
                    return Ok(Cow::Owned(text));
                }
                Some(b'\\') => {
                    self.position += 1;
                    text.push(self.escape()?);
                }
                // A bare control character.
                _ => {
                    self.position = start;
                    return Err(self.syntax());
                }
            }
            text.push_str(self.plain()?);
        }
    }

    /// Takes bytes up to a quote, a backslash or a control character.
    fn plain(&mut self) -> Result<&'a str, JsonError> {
        let rest = &self.text[self.position..];
        let stop = rest
            .bytes()
            .position(|byte| byte == b'"' || byte == b'\\' || byte < b' ');
        let Some(stop) = stop else {
            return Err(self.syntax());
        };
        self.position += stop;
        Ok(&rest[..stop])
    }

    fn escape(&mut self) -> Result<char, JsonError> {
        let byte = self.byte();
        self.position += 1;
        Ok(match byte {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode(),
            _ => {
                self.position -= 1;
                return Err(self.syntax());
            }
        })
    }

    fn unicode(&mut self) -> Result<char, JsonError> {
        let mut unit = self.hex4()?;
        if (0xd800..0xdc00).contains(&unit) {
            self.word("\\u")?;
            let low = self.hex4()?;
            if !(0xdc00..0xe000).contains(&low) {
                return Err(self.syntax());
            }
            unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
        }
        char::from_u32(unit).ok_or_else(|| self.syntax())
    }

    fn hex4(&mut self) -> Result<u32, JsonError> {
        let digits = self.text.as_bytes().get(self.position..self.position + 4);
        let mut unit = 0;
        for digit in digits.ok_or_else(|| self.syntax())? {
            let digit = char::from(*digit).to_digit(16).ok_or_else(|| self.syntax())?;
            unit = unit << 4 | digit;
        }
        self.position += 4;
        Ok(unit)
    }

    /// Takes a value nobody asked for.
    fn skip(&mut self) -> Result<(), JsonError> {
        match self.peek()? {
            b'{' => self.sequence(b'}', |parser| {
                parser.key()?;
                parser.skip()
            }),
            b'[' => self.sequence(b']', Self::skip),
            b'"' => self.string().map(drop),
            b't' | b'f' => self.boolean().map(drop),
            b'n' => self.null().map(drop),
            b'-' | b'0'..=b'9' => self.numeral().map(drop),
            _ => Err(self.syntax()),
        }
    }

    fn finish(&mut self) -> Result<(), JsonError> {
        match self.peek() {
            Err(_) => Ok(()),
            Ok(_) => Err(JsonError::Syntax(format!(
                "Parsed JSON included non-whitespace trailing characters: {}",
                &self.text[self.position..]
            ))),
        }
    }
}
