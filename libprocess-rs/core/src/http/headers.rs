use bytes::Bytes;
use std::fmt;

/// A piece of text that may share its bytes with the head it was read from.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Text(Bytes);

impl Text {
    /// Wraps a constant without copying it.
    pub const fn from_static(text: &'static str) -> Text {
        Text(Bytes::from_static(text.as_bytes()))
    }

    /// Takes the bytes of a head; what is not UTF-8 is replaced by U+FFFD.
    pub(super) fn from_bytes(bytes: Bytes) -> Text {
        match std::str::from_utf8(&bytes) {
            Ok(_) => Text(bytes),
            Err(_) => Text(Bytes::from(String::from_utf8_lossy(&bytes).into_owned())),
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("every constructor takes or checks UTF-8")
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Text {
        Text(Bytes::copy_from_slice(text.as_bytes()))
    }
}

impl From<String> for Text {
    fn from(text: String) -> Text {
        Text(Bytes::from(text))
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Header fields in the order they stand on the wire; names compare without regard to case.
///
/// ```
/// use libprocess_core::http::Headers;
/// let mut headers = Headers::new();
/// headers.add("Mesos-Stream-Id", "1");
/// headers.set("mesos-stream-id", "2");
/// assert_eq!(headers.get("MESOS-STREAM-ID"), Some("2"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers(Vec<(Text, Text)>);

impl Headers {
    /// Makes an empty list.
    pub const fn new() -> Headers {
        Headers(Vec::new())
    }

    /// The value of the first field called `name`.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.get_all(name).next()
    }

    /// The values of all fields called `name`, in order.
    pub fn get_all<'a, 'n>(&'a self, name: &'n str) -> impl Iterator<Item = &'a str> + use<'a, 'n> {
        let matching = move |(key, _): &&(Text, Text)| key.0.eq_ignore_ascii_case(name.as_bytes());
        self.0.iter().filter(matching).map(|(_, value)| value.as_str())
    }

    /// Whether a field called `name` exists.
    pub fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Gives `name` this value: in place when it exists, else at the end. Line breaks in the value become spaces.
    pub fn set(&mut self, name: impl Into<Text>, value: impl Into<Text>) {
        let (name, value) = (name.into(), single_line(value.into()));
        match self
            .0
            .iter_mut()
            .find(|(key, _)| key.0.eq_ignore_ascii_case(&name.0))
        {
            Some(entry) => entry.1 = value,
            None => self.0.push((name, value)),
        }
    }

    /// Appends a field, also when one of that name exists. Line breaks in the value become spaces.
    pub fn add(&mut self, name: impl Into<Text>, value: impl Into<Text>) {
        self.0.push((name.into(), single_line(value.into())));
    }

    /// Removes every field called `name`.
    pub fn remove(&mut self, name: &str) {
        self.0
            .retain(|(key, _)| !key.0.eq_ignore_ascii_case(name.as_bytes()));
    }

    /// The fields in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// How many fields there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no field.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the comma-separated values of `name` contain `token`, without regard to case.
    pub fn has_token(&self, name: &str, token: &str) -> bool {
        self.get_all(name)
            .flat_map(|value| value.split(','))
            .any(|t| t.trim().eq_ignore_ascii_case(token))
    }

    pub(super) fn with_capacity(fields: usize) -> Headers {
        Headers(Vec::with_capacity(fields))
    }

    pub(super) fn push_parsed(&mut self, name: Bytes, value: Bytes) {
        self.0.push((Text::from_bytes(name), Text::from_bytes(value)));
    }
}

/// A value that came from a peer must not be able to add lines of its own.
fn single_line(value: Text) -> Text {
    match value.0.iter().any(|b| matches!(b, b'\r' | b'\n' | 0)) {
        true => Text::from(value.as_str().replace(['\r', '\n', '\0'], " ")),
        false => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_cannot_smuggle_a_line() {
        let mut headers = Headers::new();
        headers.set("Location", "/x\r\nSet-Cookie: a");
        assert_eq!(headers.get("location"), Some("/x  Set-Cookie: a"));
    }

    #[test]
    fn tokens_are_found_in_lists() {
        let mut headers = Headers::new();
        headers.add("Connection", "Upgrade, Keep-Alive");
        assert!(headers.has_token("connection", "keep-alive"));
        assert!(!headers.has_token("connection", "close"));
        headers.remove("CONNECTION");
        assert!(headers.is_empty());
    }
}
