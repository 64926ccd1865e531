//! Kinds of values that flags have.

use std::borrow::Cow;
use std::convert::Infallible;
use std::path::PathBuf;
use std::str::FromStr;

use mesos_proto::json::object_from_json;
use mesos_proto::{Dialect, Message};
use tracing::warn;

/// A path that is meant as one: `file://` before it is dropped, where in other flags it stands for what the file holds.
///
/// The flag says `value_hint = clap::ValueHint::FilePath`, so that [`super::load`] leaves it alone.
///
/// Mesos: 3rdparty/stout/include/stout/flags/fetch.hpp, `fetch<Path>`.
///
/// ```
/// use mesos_daemon::flags::FilePath;
/// let path: FilePath = "file:///etc/mesos/whitelist".parse().unwrap();
/// assert_eq!(path.0, std::path::Path::new("/etc/mesos/whitelist"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilePath(pub PathBuf);

impl FromStr for FilePath {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.strip_prefix("file://").unwrap_or(text).into()))
    }
}

/// The JSON of a flag's value: the value itself, or what the file holds whose absolute path it is.
///
/// Mesos: 3rdparty/stout/include/stout/flags/parse.hpp, `parse<JSON::Object>`, which keeps the path for old scripts.
///
/// # Errors
///
/// The file that cannot be read, in Mesos' words.
pub fn json_text(value: &str) -> Result<Cow<'_, str>, String> {
    if !value.starts_with('/') {
        return Ok(value.into());
    }
    warn!("a flag's absolute path without file:// in front is deprecated");
    let content = std::fs::read_to_string(value);
    content
        .map(Into::into)
        .map_err(|error| format!("Error reading file '{value}': {error}"))
}

/// A message as JSON, or as the absolute path of a file that holds it.
///
/// # Errors
///
/// When the file cannot be read, or its text is not such a message.
pub fn json_message<M: Message>(value: &str) -> Result<M, String> {
    let json = json_text(value)?;
    object_from_json(json.as_bytes(), Dialect::V0).map_err(|error| error.to_string())
}
