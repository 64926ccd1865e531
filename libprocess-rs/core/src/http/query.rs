/// The parameters after the `?` of a target, percent-decoded, in order.
///
/// ```
/// use libprocess_core::http::Query;
/// let query = Query::parse("path=%2Ftmp%2Fa+b&offset=-1");
/// assert_eq!(query.get("path"), Some("/tmp/a b"));
/// assert_eq!(query.get("length"), None);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    raw: String,
    pairs: Vec<(String, String)>,
}

impl Query {
    /// Reads `a=1&b=2`; malformed escapes stay as they are.
    ///
    /// Mesos: 3rdparty/libprocess/src/http.cpp, `query::decode`.
    pub fn parse(raw: &str) -> Query {
        let decode = |text: &str| percent_decode(text).unwrap_or_else(|| text.to_owned());
        let pairs = raw
            .split(['&', ';'])
            .filter(|pair| !pair.is_empty())
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .map(|(name, value)| (decode(name), decode(value)))
            .collect();
        Query {
            raw: raw.to_owned(),
            pairs,
        }
    }

    /// The value of parameter `name`; of the last one when it is repeated.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.pairs
            .iter()
            .rev()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// Whether parameter `name` is present.
    pub fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// All parameters in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The text as it stood on the wire.
    pub fn raw(&self) -> &str {
        &self.raw
    }

    /// Whether there is no parameter.
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }
}

/// Decodes `%XX` escapes, and `+` to a space; `None` when an escape or the resulting UTF-8 is malformed.
///
/// Mesos: 3rdparty/libprocess/src/http.cpp, `decode`.
pub fn percent_decode(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'+' => b' ',
            b'%' => (hex(bytes.next()?)? << 4) | hex(bytes.next()?)?,
            other => other,
        });
    }
    String::from_utf8(out).ok()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

/// Escapes everything but letters, digits and `-_.~` as upper-case `%XX`.
///
/// Mesos: 3rdparty/libprocess/src/http.cpp, `encode`.
pub fn percent_encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_round_trip() {
        let text = "slave(1)/a b?ü%";
        assert_eq!(percent_decode(&percent_encode(text)).as_deref(), Some(text));
        assert_eq!(percent_decode("slave%281%29").as_deref(), Some("slave(1)"));
    }

    #[test]
    fn malformed_escapes_are_refused() {
        for text in ["%", "%1", "%zz", "%ff", "%+1"] {
            assert_eq!(percent_decode(text), None, "{text}");
        }
    }

    #[test]
    fn repeated_parameters_take_the_last_value() {
        let query = Query::parse("a=1&a=2&flag&&=x");
        assert_eq!(query.get("a"), Some("2"));
        assert_eq!(query.get("flag"), Some(""));
        assert!(query.contains("flag") && !query.contains("b"));
    }
}
