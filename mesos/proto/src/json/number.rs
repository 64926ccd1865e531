//! Numbers: how they are printed and what a text may hold.

use std::fmt;

/// A number as the text spells it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Number {
    /// A whole number that fits a signed 64-bit integer.
    Signed(i64),
    /// A whole number that only fits an unsigned one.
    Unsigned(u64),
    /// Everything else.
    Float(f64),
}

impl Number {
    pub(super) fn as_f64(self) -> f64 {
        match self {
            Self::Signed(value) => value as f64,
            Self::Unsigned(value) => value as f64,
            Self::Float(value) => value,
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signed(value) => value.fmt(f),
            Self::Unsigned(value) => value.fmt(f),
            Self::Float(value) => value.fmt(f),
        }
    }
}

/// Cuts the fraction off, as a C++ cast does.
pub(super) fn truncate(value: f64) -> Option<i128> {
    (value.abs() < 2f64.powi(100)).then_some(value as i128)
}

/// Appends a double: the shortest digits that read back the same, always with a fraction or an exponent.
///
/// Infinities and NaN, which JSON lacks and for which C++ Mesos aborts, become strings.
///
/// Mesos: 3rdparty/rapidjson-1.1.0 (include/rapidjson/internal/dtoa.h), Prettify
pub fn write_f64(out: &mut Vec<u8>, value: f64) {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if value.trunc() == value && value.abs() < EXACT {
        if value.is_sign_negative() && value == 0.0 {
            out.push(b'-');
        }
        // The cast is exact: whole and below 2^53.
        out.extend_from_slice(itoa::Buffer::new().format(value as i64).as_bytes());
        out.extend_from_slice(b".0");
        return;
    }
    if !value.is_finite() {
        let word: &[u8] = match (value.is_nan(), value > 0.0) {
            (true, _) => b"\"NaN\"",
            (_, true) => b"\"Infinity\"",
            (_, false) => b"\"-Infinity\"",
        };
        out.extend_from_slice(word);
        return;
    }
    let mut buffer = zmij::Buffer::new();
    let text = buffer.format_finite(value);
    match text.split_once(['e', 'E']) {
        None => out.extend_from_slice(text.as_bytes()),
        Some((mantissa, exponent)) => {
            let (negative, mantissa) = match mantissa.strip_prefix('-') {
                Some(rest) => (true, rest),
                None => (false, mantissa),
            };
            if negative {
                out.push(b'-');
            }
            let exponent: i32 = exponent.parse().expect("the printer writes whole exponents");
            let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
            let fraction = if fraction == "0" { "" } else { fraction };
            scientific(out, &format!("{whole}{fraction}"), exponent + 1);
        }
    }
}

/// Writes digits whose decimal point stands after `point` of them.
fn scientific(out: &mut Vec<u8>, digits: &str, point: i32) {
    let len = i32::try_from(digits.len()).expect("a double has at most 17 digits");
    let mut text = String::new();
    if len <= point && point <= 21 {
        text.push_str(digits);
        text.extend((len..point).map(|_| '0'));
        text.push_str(".0");
    } else if 0 < point && point <= 21 {
        let (whole, fraction) = digits.split_at(usize::try_from(point).expect("it is positive"));
        text = format!("{whole}.{fraction}");
    } else if -6 < point && point <= 0 {
        text.push_str("0.");
        text.extend((point..0).map(|_| '0'));
        text.push_str(digits);
    } else {
        let (first, rest) = digits.split_at(1);
        let exponent = point - 1;
        text = if rest.is_empty() {
            format!("{first}e{exponent}")
        } else {
            format!("{first}.{rest}e{exponent}")
        };
    }
    out.extend_from_slice(text.as_bytes());
}
