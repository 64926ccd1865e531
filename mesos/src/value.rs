//! What a resource or an attribute is worth.

use std::fmt;

use mesos_proto::v0;

use crate::validate::scalar_input;
use crate::{Error, Ranges, Scalar, Set};

/// One value of one of the four types.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A quantity.
    Scalar(Scalar),
    /// Whole numbers.
    Ranges(Ranges),
    /// Words.
    Set(Set),
    /// A text; attributes only.
    Text(String),
}

/// A value as it was written: ranges keep their pairs, which may be inverted or overlap.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Parsed {
    Scalar(f64),
    Ranges(Vec<(u64, u64)>),
    Set(Vec<String>),
    Text(String),
}

impl Value {
    /// Reads `3.5`, `[1-5, 7-8]`, `{a, b}` or a text.
    ///
    /// # Errors
    ///
    /// Fails on unbalanced brackets, ranges that are not numbers, and numbers that are no quantity.
    pub fn parse(text: &str) -> Result<Self, Error> {
        Ok(match Parsed::parse(text)? {
            Parsed::Scalar(value) => Self::Scalar(Scalar::from_f64(value)),
            Parsed::Ranges(pairs) => Self::Ranges(Ranges::new(pairs)),
            Parsed::Set(items) => Self::Set(Set::new(items)),
            Parsed::Text(text) => Self::Text(text),
        })
    }

    /// The type, as messages name it.
    pub fn kind(&self) -> v0::value::Type {
        match self {
            Self::Scalar(_) => v0::value::Type::Scalar,
            Self::Ranges(_) => v0::value::Type::Ranges,
            Self::Set(_) => v0::value::Type::Set,
            Self::Text(_) => v0::value::Type::Text,
        }
    }
}

impl Parsed {
    /// Mesos: src/common/values.cpp, internal::values::parse
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        let stripped;
        let text = if text.contains(' ') {
            stripped = text.replace(' ', "");
            &stripped
        } else {
            text
        };
        if text.is_empty() {
            return Err(Error::new("Expecting non-empty string"));
        }
        if !text.contains(['{', '}', '[', ']', '(', ')']) {
            return scalar(text);
        }
        if [('{', '}'), ('[', ']'), ('(', ')')]
            .iter()
            .any(|(open, close)| !balanced(text, *open, *close))
        {
            return Err(Error::new("Mismatched brackets"));
        }
        match (text.find('['), text.find('{')) {
            (Some(0), _) => ranges(text),
            (Some(_), _) => Err(Error::new("Unexpected '[' found")),
            (None, Some(0)) => Ok(Self::Set(
                tokens(text, &['{', '}', ',', '\n']).map(str::to_owned).collect(),
            )),
            (None, Some(_)) => Err(Error::new("Unexpected '{' found")),
            (None, None) => scalar(text),
        }
    }
}

fn scalar(text: &str) -> Result<Parsed, Error> {
    let Ok(value) = text.parse() else {
        return Ok(Parsed::Text(text.to_owned()));
    };
    scalar_input(value).map_err(|error| Error::new(format!("Invalid scalar value '{text}':{error}")))?;
    Ok(Parsed::Scalar(value))
}

fn ranges(text: &str) -> Result<Parsed, Error> {
    let numbers: Vec<&str> = tokens(text, &['[', ']', '-', ',', '\n']).collect();
    if !numbers.len().is_multiple_of(2) {
        return Err(Error::new("Expecting one or more \"ranges\""));
    }
    let pairs: Result<Vec<_>, _> = numbers
        .chunks_exact(2)
        .map(|pair| match (pair[0].parse(), pair[1].parse()) {
            (Ok(begin), Ok(end)) => Ok((begin, end)),
            _ => Err(Error::new(format!(
                "Expecting non-negative integers in '{}'",
                pair[0]
            ))),
        })
        .collect();
    pairs.map(Parsed::Ranges)
}

/// The non-empty pieces between any of the delimiters.
pub(crate) fn tokens<'a>(text: &'a str, delimiters: &'a [char]) -> impl Iterator<Item = &'a str> {
    text.split(delimiters).filter(|token| !token.is_empty())
}

fn balanced(text: &str, open: char, close: char) -> bool {
    let mut depth = 0usize;
    for letter in text.chars() {
        if letter == open {
            depth += 1;
        } else if letter == close {
            let Some(outer) = depth.checked_sub(1) else {
                return false;
            };
            depth = outer;
        }
    }
    depth == 0
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scalar(scalar) => scalar.fmt(f),
            Self::Ranges(ranges) => ranges.fmt(f),
            Self::Set(set) => set.fmt(f),
            Self::Text(text) => f.write_str(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_refusals() {
        for (text, printed) in [
            ("45.55", "45.55"),
            ("[2-3, 1-2,9-9]", "[1-3, 9-9]"),
            ("{sda1, sda2, sda1}", "{sda1, sda2}"),
            ("a b", "ab"),
            ("[]", "[]"),
        ] {
            assert_eq!(Value::parse(text).unwrap().to_string(), printed);
        }
        for (text, error) in [
            ("", "Expecting non-empty string"),
            ("[1-2", "Mismatched brackets"),
            ("}{", "Mismatched brackets"),
            ("1[2-3]", "Unexpected '[' found"),
            ("1{a}", "Unexpected '{' found"),
            ("[1-2-3]", "Expecting one or more \"ranges\""),
            ("[a-b]", "Expecting non-negative integers in 'a'"),
            ("-1", "Invalid scalar value '-1':Negative values not supported"),
            ("inf", "Invalid scalar value 'inf':Infinite values not supported"),
            ("nan", "Invalid scalar value 'nan':NaN not supported"),
        ] {
            assert_eq!(Value::parse(text).unwrap_err().as_str(), error);
        }
    }
}
