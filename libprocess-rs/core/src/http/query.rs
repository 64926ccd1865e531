use std::convert::Infallible;

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
    pub fn parse(raw: &str) -> Query {
        Self::read(raw, |text| {
            Ok::<_, Infallible>(percent_decode(text).unwrap_or_else(|| text.to_owned()))
        })
        .unwrap_or_else(|never| match never {})
    }

    /// Reads `a=1&b=2` and insists on well-formed escapes. Bytes that are not UTF-8 become U+FFFD.
    ///
    /// ```
    /// use libprocess_core::http::Query;
    /// let error = Query::parse_strictly("path=a%zz").unwrap_err();
    /// assert_eq!(error.to_string(), "Malformed % escape in 'a%zz': '%zz'");
    /// ```
    ///
    /// # Errors
    ///
    /// Names the first malformed escape.
    ///
    /// Mesos: 3rdparty/libprocess/src/http.cpp, `query::decode`.
    pub fn parse_strictly(raw: &str) -> Result<Query, MalformedEscape> {
        Self::read(raw, |text| {
            let bytes = unescape(text.as_bytes())?;
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        })
    }

    fn read<E>(raw: &str, decode: impl Fn(&str) -> Result<String, E>) -> Result<Query, E> {
        let pairs = raw
            .split(['&', ';'])
            .filter(|pair| !pair.is_empty())
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .map(|(name, value)| Ok((decode(name)?, decode(value)?)))
            .collect::<Result<_, E>>()?;
        Ok(Query {
            raw: raw.to_owned(),
            pairs,
        })
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

/// A `%` that two hexadecimal digits do not follow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Malformed % escape in '{text}': '{escape}'")]
pub struct MalformedEscape {
    text: String,
    escape: String,
}

/// Decodes `%XX` escapes, and `+` to a space; `None` when an escape or the resulting UTF-8 is malformed.
///
/// Mesos: 3rdparty/libprocess/src/http.cpp, `decode`.
pub fn percent_decode(text: &str) -> Option<String> {
    String::from_utf8(unescape(text.as_bytes()).ok()?).ok()
}

fn unescape(text: &[u8]) -> Result<Vec<u8>, MalformedEscape> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [byte, after @ ..] = rest {
        rest = after;
        out.push(match (byte, rest) {
            (b'+', _) => b' ',
            (b'%', [high, low, after @ ..]) if hex(*high).and(hex(*low)).is_some() => {
                rest = after;
                (hex(*high).unwrap_or(0) << 4) | hex(*low).unwrap_or(0)
            }
            (b'%', _) => {
                let shown = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                let start = text.len() - rest.len() - 1;
                return Err(MalformedEscape {
                    text: shown(text),
                    escape: shown(&text[start..text.len().min(start + 3)]),
                });
            }
            (other, _) => *other,
        });
    }
    Ok(out)
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
    fn a_strict_reader_names_the_escape_that_is_malformed() {
        for (raw, escape) in [
            ("a=1&b=x%", "%"),
            ("b=x%1", "%1"),
            ("b=x%zz", "%zz"),
            ("b=x%1géé", "%1g"),
        ] {
            let text = raw.rsplit('=').next().unwrap();
            let said = format!("Malformed % escape in '{text}': '{escape}'");
            assert_eq!(Query::parse_strictly(raw).unwrap_err().to_string(), said);
        }
        assert!(Query::parse_strictly("%g=1").is_err(), "names too");
        let query = Query::parse_strictly("a=%41+b;c=%ff").unwrap();
        assert_eq!((query.get("a"), query.get("c")), (Some("A b"), Some("\u{fffd}")));
    }

    #[test]
    fn repeated_parameters_take_the_last_value() {
        let query = Query::parse("a=1&a=2&flag&&=x");
        assert_eq!(query.get("a"), Some("2"));
        assert_eq!(query.get("flag"), Some(""));
        assert!(query.contains("flag") && !query.contains("b"));
    }
}
