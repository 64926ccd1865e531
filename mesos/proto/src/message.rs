//! The contract every generated message fulfils.

use std::fmt::Debug;

use crate::error::{DecodeError, JsonError};
use crate::json::{Parser, Writer};
use crate::unknown::UnknownFields;
use crate::wire::Reader;

/// Whose names a JSON text uses.
///
/// Messages of `mesos.*` know both: their own (`slave_id`, `REASON_SLAVE_REMOVED`) and those of their
/// `mesos.v1.*` counterpart (`agent_id`, `REASON_AGENT_REMOVED`). All other messages know one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// The message's own names.
    V0,
    /// The names of the v1 API; fields and enum values that v1 lacks are left out.
    V1,
    /// As [`Dialect::V1`], but the fields v1 lacks are shown, as the reading calls of the operator API do.
    ///
    /// Mesos: src/common/http.cpp, json(ObjectWriter*, asV1Protobuf)
    Operator,
}

/// A protobuf message with Mesos' JSON.
///
/// # Examples
///
/// ```
/// use mesos_proto::{v0, Dialect, Message};
///
/// let id = v0::TaskID { value: "t1".to_owned(), ..Default::default() };
/// assert_eq!(v0::TaskID::decode(&id.encode_to_vec()), Ok(id.clone()));
/// assert_eq!(id.to_json(Dialect::V1), r#"{"value":"t1"}"#);
/// ```
pub trait Message: Default + Clone + PartialEq + Debug + Send + Sync + 'static {
    /// The full protobuf name, e.g. `mesos.internal.RegisterSlaveMessage`.
    const NAME: &'static str;

    /// The required fields; the position of a name is its bit in [`Reader`] and [`Parser`].
    #[doc(hidden)]
    const REQUIRED: &'static [&'static str];

    /// Writes the known fields in ascending order of their numbers.
    #[doc(hidden)]
    fn encode_fields(&self, out: &mut Vec<u8>);

    /// Reads the field of this tag; `false` when the field or its enum value is unknown.
    #[doc(hidden)]
    fn decode_field(&mut self, tag: u32, reader: &mut Reader<'_>) -> Result<bool, DecodeError>;

    /// Writes the fields in the order of their declaration.
    #[doc(hidden)]
    fn write_json_fields(&self, writer: &mut Writer<'_>);

    /// Reads the value of this key; `false` when the key is unknown and its value unread.
    #[doc(hidden)]
    fn parse_json_field(&mut self, key: &str, parser: &mut Parser<'_>) -> Result<bool, JsonError>;

    /// The fields this build does not know.
    #[doc(hidden)]
    fn unknown_fields(&self) -> &UnknownFields;

    /// The fields this build does not know.
    #[doc(hidden)]
    fn unknown_fields_mut(&mut self) -> &mut UnknownFields;

    /// The size of the encoding in bytes. It costs an encoding: do not ask before you encode.
    fn encoded_len(&self) -> usize {
        let mut out = Vec::new();
        self.encode(&mut out);
        out.len()
    }

    /// Appends the protobuf encoding: known fields by ascending number, then the unknown ones.
    fn encode(&self, out: &mut Vec<u8>) {
        self.encode_fields(out);
        out.extend_from_slice(self.unknown_fields().as_bytes());
    }

    /// The protobuf encoding in a vector of its own.
    fn encode_to_vec(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(64);
        self.encode(&mut out);
        out
    }

    /// Reads a message from its protobuf encoding.
    ///
    /// # Errors
    ///
    /// Fails when the bytes are malformed, nested deeper than [`crate::wire::DEPTH_MAX`], hold a string
    /// that is not UTF-8, or lack a required field.
    fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        crate::wire::decode(bytes)
    }

    /// Appends the JSON text, without white space.
    ///
    /// An unset field is left out unless it declares a default; empty lists are left out, except where
    /// Mesos' own operator answers show them.
    fn write_json(&self, out: &mut Vec<u8>, dialect: Dialect) {
        Writer::new(out, dialect).message(self);
    }

    /// The JSON text in a string of its own.
    fn to_json(&self, dialect: Dialect) -> String {
        let mut out = Vec::with_capacity(128);
        self.write_json(&mut out, dialect);
        String::from_utf8(out).expect("keys are ASCII, values come from strings, escapes are ASCII")
    }

    /// Reads a message from its JSON text. Unknown keys are skipped.
    ///
    /// # Errors
    ///
    /// Fails when the text is no JSON, nested deeper than [`crate::json::DEPTH_MAX`], does not fit the
    /// message, or lacks a required field.
    fn from_json(text: &[u8], dialect: Dialect) -> Result<Self, JsonError> {
        crate::json::from_json(text, dialect)
    }
}
