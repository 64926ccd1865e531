//! Kinds of values that flags have.

use std::convert::Infallible;
use std::path::PathBuf;
use std::str::FromStr;

use mesos_proto::{Dialect, Message};

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

/// A message as JSON, or as the absolute path of a file that holds it.
///
/// # Errors
///
/// When the file cannot be read, or its text is not such a message.
///
/// Mesos: 3rdparty/stout/include/stout/flags/parse.hpp, `parse<JSON::Object>`.
pub fn json_message<M: Message>(text: &str) -> Result<M, String> {
    let read = if text.starts_with('/') {
        let content = std::fs::read_to_string(text);
        Some(content.map_err(|error| format!("Error reading file '{text}': {error}"))?)
    } else {
        None
    };
    let json = read.as_deref().unwrap_or(text);
    M::from_json(json.as_bytes(), Dialect::V0).map_err(|error| error.to_string())
}
