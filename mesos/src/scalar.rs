//! Quantities in fixed point.

use std::fmt;
use std::ops::{Add, AddAssign, Neg, Sub, SubAssign};

use mesos_proto::v0;

/// A quantity with three decimals, kept as thousandths, so that sums are exact: `cpus:0.1` ten times is
/// `cpus:1`.
///
/// Mesos: src/common/values.cpp, convertToFixed and convertToFloating
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scalar(i64);

impl Scalar {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// The quantity of so many thousandths.
    pub const fn from_thousandths(thousandths: i64) -> Self {
        Self(thousandths)
    }

    /// The number of thousandths.
    pub const fn thousandths(self) -> i64 {
        self.0
    }

    /// Rounds to the nearest thousandth, half away from zero; out of range it saturates, NaN is zero.
    pub fn from_f64(value: f64) -> Self {
        Self((value * 1000.0).round() as i64)
    }

    /// The quantity as a message carries it.
    pub fn to_f64(self) -> f64 {
        (self.0 / 1000) as f64 + (self.0 % 1000) as f64 / 1000.0
    }

    /// Tells whether it is nothing.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The quantity as a message.
    pub fn to_proto(self) -> v0::value::Scalar {
        v0::value::Scalar {
            value: self.to_f64(),
            ..Default::default()
        }
    }
}

impl From<&v0::value::Scalar> for Scalar {
    fn from(scalar: &v0::value::Scalar) -> Self {
        Self::from_f64(scalar.value)
    }
}

impl Add for Scalar {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for Scalar {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Neg for Scalar {
    type Output = Self;

    fn neg(self) -> Self {
        Self(self.0.saturating_neg())
    }
}

impl AddAssign for Scalar {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl SubAssign for Scalar {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl std::iter::Sum for Scalar {
    fn sum<I: Iterator<Item = Self>>(scalars: I) -> Self {
        scalars.fold(Self::ZERO, Add::add)
    }
}

/// Without trailing zeros: `4`, `0.1`. Fifteen digits at most, as C++ prints a number: `1e+15`.
impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DIGITS: usize = 15;
        let magnitude = self.0.unsigned_abs();
        if magnitude >= 10u64.pow(DIGITS as u32) {
            let text = format!("{:.*e}", DIGITS - 1, self.to_f64());
            let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
            let exponent: usize = exponent.parse().unwrap_or_default();
            return match (DIGITS - 1).checked_sub(exponent) {
                Some(decimals) => f.write_str(&trimmed(&format!("{:.decimals$}", self.to_f64()))),
                None => write!(f, "{}e+{exponent:02}", trimmed(digits)),
            };
        }
        let sign = if self.0 < 0 { "-" } else { "" };
        write!(f, "{sign}{}", magnitude / 1000)?;
        if magnitude.is_multiple_of(1000) {
            return Ok(());
        }
        f.write_str(&trimmed(&format!(".{:03}", magnitude % 1000)))
    }
}

/// A number with a fraction, without zeros at its end.
fn trimmed(text: &str) -> String {
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_and_prints() {
        for (value, text) in [
            (0.1, "0.1"),
            (4.0, "4"),
            (0.0005, "0.001"),
            (0.0004, "0"),
            (1.9999, "2"),
            (-0.25, "-0.25"),
            (1.2345, "1.235"),
            (99999999999.9994, "99999999999.999"),
            (999999999999.999, "999999999999.999"),
            (9999999999999.999, "10000000000000"),
            (1234567890123.456, "1234567890123.46"),
            (1e15, "1e+15"),
            (f64::INFINITY, "9.22337203685478e+15"),
        ] {
            assert_eq!(Scalar::from_f64(value).to_string(), text);
        }
        let tenth = Scalar::from_f64(0.1);
        assert_eq!((0..10).map(|_| tenth).sum::<Scalar>().to_f64(), 1.0);
        assert_eq!(Scalar::from_f64(f64::NAN), Scalar::ZERO);
    }
}
