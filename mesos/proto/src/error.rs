//! What can go wrong while reading a message.

use std::fmt;

/// Why bytes are not a message of the expected type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The bytes end in the middle of a field.
    #[error("the message ends in the middle of a field")]
    Truncated,
    /// A varint is longer than ten bytes, or a tag has field number zero or a wire type out of range.
    #[error("malformed tag or varint")]
    Malformed,
    /// A string field holds bytes that are not UTF-8.
    #[error("field '{0}' is not valid UTF-8")]
    Utf8(&'static str),
    /// Messages are nested deeper than [`crate::wire::DEPTH_MAX`].
    #[error("messages are nested too deeply")]
    TooDeep,
    /// A [view](mod@crate::view) cannot merge the parts of this field; decoding can.
    #[error("field '{0}' comes in parts")]
    InParts(&'static str),
    /// Required fields are absent; the paths are spelled as C++ does (`slave.resources[0].name`).
    #[error("Missing required fields: {}", .0.join(", "))]
    Missing(Vec<String>),
}

/// Why a text is not the JSON of a message of the expected type.
///
/// Mesos answers the first kind with "Failed to parse body into JSON: ..." and the others with
/// "Failed to convert JSON into Call protobuf: ...".
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JsonError {
    /// The text is not JSON at all.
    Syntax(String),
    /// The JSON does not fit the message.
    Value(String),
    /// Required fields are absent; the paths are spelled as C++ does (`accept.filters[0].name`).
    Missing(Vec<String>),
}

impl JsonError {
    /// Tells whether the text is no JSON, as opposed to JSON that does not fit the message.
    pub fn is_syntax(&self) -> bool {
        matches!(self, Self::Syntax(_))
    }
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax(text) | Self::Value(text) => f.write_str(text),
            Self::Missing(paths) => write!(f, "Missing required fields: {}", paths.join(", ")),
        }
    }
}

impl std::error::Error for JsonError {}

/// Puts the name of the enclosing field before every path added since `from`.
pub(crate) fn prefix_missing(missing: &mut [String], field: &str, index: Option<usize>) {
    for path in missing {
        *path = match index {
            Some(index) => format!("{field}[{index}].{path}"),
            None => format!("{field}.{path}"),
        };
    }
}

/// Lists the fields of `required` whose bit is not in `seen`, before the paths that nested messages
/// already reported at `from` and later: C++ names a message's own fields first.
pub(crate) fn own_missing(missing: &mut Vec<String>, from: usize, required: &[&'static str], seen: u64) {
    let own: Vec<String> = required
        .iter()
        .enumerate()
        .filter(|(bit, _)| seen >> bit & 1 == 0)
        .map(|(_, name)| (*name).to_owned())
        .collect();
    missing.splice(from..from, own);
}
