//! The text form of durations: `15secs`, `1mins`, `2weeks`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

const UNITS: [(&str, u64); 8] = [
    ("weeks", 604_800_000_000_000),
    ("days", 86_400_000_000_000),
    ("hrs", 3_600_000_000_000),
    ("mins", 60_000_000_000),
    ("secs", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

/// Why a text is not a duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseDurationError {
    /// No unit follows the number.
    #[error("Invalid duration '{0}'")]
    Invalid(String),
    /// The unit is none of `ns us ms secs mins hrs days weeks`.
    #[error("Unknown duration unit '{0}'")]
    UnknownUnit(String),
    /// The value is negative or beyond the range of a signed 64-bit count of nanoseconds.
    #[error("Argument larger than the maximum number of nanoseconds that a Duration can represent")]
    OutOfRange,
}

/// Reads a duration such as `15secs`, `1.5hrs` or `250ms`.
///
/// Mesos: 3rdparty/stout/include/stout/duration.hpp, `Duration::parse`.
///
/// # Errors
///
/// When the number or its unit cannot be read, or the value is negative or too large.
pub fn parse_duration(text: &str) -> Result<Duration, ParseDurationError> {
    let invalid = || ParseDurationError::Invalid(text.to_owned());
    let split = text
        .find(|c: char| !c.is_ascii_digit() && c != '.' && c != '-' && c != '+')
        .ok_or_else(invalid)?;
    let (number, unit) = text.split_at(split);
    let nanos_per_unit = UNITS
        .iter()
        .find(|(name, _)| *name == unit)
        .map(|(_, nanos)| *nanos)
        .ok_or_else(|| ParseDurationError::UnknownUnit(unit.to_owned()))?;
    if let Ok(whole) = number.parse::<u64>() {
        return match whole.checked_mul(nanos_per_unit) {
            Some(nanos) if nanos <= i64::MAX.unsigned_abs() => Ok(Duration::from_nanos(nanos)),
            _ => Err(ParseDurationError::OutOfRange),
        };
    }
    let value: f64 = number.parse().map_err(|_| invalid())?;
    let seconds = value * Duration::from_nanos(nanos_per_unit).as_secs_f64();
    match Duration::try_from_secs_f64(seconds) {
        Ok(duration) if duration.as_nanos() <= u128::from(i64::MAX.unsigned_abs()) => Ok(duration),
        _ => Err(ParseDurationError::OutOfRange),
    }
}

/// Writes a duration as Mesos prints it.
///
/// The unit is the largest one not above the value, or the next smaller one when only that makes the number whole:
/// `90secs` rather than `1.5mins`.
///
/// Mesos: 3rdparty/stout/include/stout/duration.hpp, `operator<<`.
///
/// ```
/// use libprocess_core::duration::format_duration;
/// use std::time::Duration;
/// assert_eq!(format_duration(Duration::from_secs(15)), "15secs");
/// assert_eq!(format_duration(Duration::from_secs(90)), "90secs");
/// assert_eq!(format_duration(Duration::from_secs(14 * 86_400)), "2weeks");
/// ```
pub fn format_duration(duration: Duration) -> String {
    let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
    let bucket = UNITS
        .iter()
        .position(|(_, unit)| nanos >= *unit)
        .unwrap_or(UNITS.len() - 1);
    let (name, unit) = UNITS[bucket];
    if nanos % unit == 0 {
        return format!("{}{name}", nanos / unit);
    }
    match UNITS.get(bucket + 1) {
        Some((smaller, smaller_unit)) if nanos % smaller_unit == 0 => {
            format!("{}{smaller}", nanos / smaller_unit)
        }
        _ => format!("{}{name}", fifteen_digits(nanos, unit)),
    }
}

/// The quotient with 15 significant digits, trailing zeros removed, which is how C++ streams print it.
fn fifteen_digits(nanos: u64, unit: u64) -> String {
    let whole = nanos / unit;
    let digits = whole.to_string().len();
    let decimals = 15usize.saturating_sub(digits);
    let scale = 10u128.pow(u32::try_from(decimals).unwrap_or(0));
    let scaled = (u128::from(nanos) * scale + u128::from(unit) / 2) / u128::from(unit);
    let text = format!("{}.{:0decimals$}", scaled / scale, scaled % scale);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A duration that parses and prints in Mesos' text form, for flags.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct DurationText(pub Duration);

impl fmt::Display for DurationText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&format_duration(self.0))
    }
}

impl FromStr for DurationText {
    type Err = ParseDurationError;
    fn from_str(text: &str) -> Result<DurationText, ParseDurationError> {
        parse_duration(text).map(DurationText)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mesos_flag_defaults_read_and_print_alike() {
        for text in [
            "15secs", "1mins", "2weeks", "10mins", "6hrs", "0ns", "75secs", "1.5secs", "500ms", "7us", "3ns",
        ] {
            let expected = if text == "1.5secs" { "1500ms" } else { text };
            assert_eq!(format_duration(parse_duration(text).unwrap()), expected);
        }
    }

    #[test]
    fn values_without_a_whole_number_print_decimals() {
        assert_eq!(
            format_duration(Duration::from_nanos(1_500_000_001)),
            "1.500000001secs"
        );
        assert_eq!(format_duration(Duration::from_nanos(1_500)), "1500ns");
        assert_eq!(
            format_duration(Duration::from_secs(604_800 + 1)),
            "1.00000165343915weeks"
        );
    }

    #[test]
    fn decimals_are_accepted() {
        assert_eq!(parse_duration("1.5hrs").unwrap(), Duration::from_secs(5400));
        assert_eq!(parse_duration("0.25secs").unwrap(), Duration::from_millis(250));
    }

    #[test]
    fn malformed_text_is_refused() {
        assert_eq!(
            parse_duration("15"),
            Err(ParseDurationError::Invalid("15".into()))
        );
        assert_eq!(
            parse_duration("15sec"),
            Err(ParseDurationError::UnknownUnit("sec".into()))
        );
        assert_eq!(
            parse_duration("secs"),
            Err(ParseDurationError::Invalid("secs".into()))
        );
        assert_eq!(parse_duration("-5secs"), Err(ParseDurationError::OutOfRange));
        assert_eq!(
            parse_duration("99999999999weeks"),
            Err(ParseDurationError::OutOfRange)
        );
    }
}
