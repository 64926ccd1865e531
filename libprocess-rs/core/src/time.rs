//! Instants, as nanoseconds since the Unix epoch.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};
use std::time::Duration;

/// An instant: nanoseconds since 1970-01-01T00:00:00Z.
///
/// ```
/// use libprocess_core::Time;
/// use std::time::Duration;
/// let then = Time::EPOCH + Duration::from_millis(1500);
/// assert_eq!(then.secs_f64(), 1.5);
/// assert_eq!(then - Time::EPOCH, Duration::from_millis(1500));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(u64);

impl Time {
    /// The Unix epoch.
    pub const EPOCH: Time = Time(0);

    /// The instant `nanos` nanoseconds after the epoch.
    pub const fn from_nanos(nanos: u64) -> Time {
        Time(nanos)
    }

    /// The instant `secs` seconds after the epoch; negative and non-finite values give the epoch.
    pub fn from_secs_f64(secs: f64) -> Time {
        Time::EPOCH + Duration::try_from_secs_f64(secs).unwrap_or_default()
    }

    /// Nanoseconds since the epoch.
    pub const fn nanos(self) -> u64 {
        self.0
    }

    /// Seconds since the epoch, as Mesos writes them into JSON.
    pub fn secs_f64(self) -> f64 {
        Duration::from_nanos(self.0).as_secs_f64()
    }

    /// Whole seconds since the epoch.
    pub const fn secs(self) -> u64 {
        self.0 / 1_000_000_000
    }

    /// How long after `earlier` this instant is; zero when it is not after it.
    pub fn duration_since(self, earlier: Time) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// Renders the instant as the `Date` header of HTTP does, e.g. `Sat, 21 Nov 2026 09:32:50 GMT`.
    pub fn rfc1123(self) -> String {
        const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
        const MONTHS: [&str; 12] = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ];
        let civil = self.civil();
        let weekday = usize::try_from(self.secs() / 86_400 % 7).unwrap_or(0);
        format!(
            "{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT",
            DAYS[weekday],
            civil.day,
            MONTHS[civil.month - 1],
            civil.year,
            civil.hour,
            civil.minute,
            civil.second
        )
    }

    /// The parts of the instant in the Gregorian calendar, UTC.
    ///
    /// The arithmetic counts from 1 March so that the leap day is the last of its year.
    pub fn civil(self) -> Civil {
        let secs = self.secs();
        let days = secs / 86_400;
        let shifted = days + 719_468;
        let era = shifted / 146_097;
        let day_of_era = shifted % 146_097;
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let month = if shifted_month < 10 {
            shifted_month + 3
        } else {
            shifted_month - 9
        };
        let year = year_of_era + era * 400 + u64::from(month <= 2);
        let small = |n: u64| u32::try_from(n).unwrap_or(0);
        Civil {
            year,
            month: usize::try_from(month).unwrap_or(1),
            day: small(day_of_year - (153 * shifted_month + 2) / 5 + 1),
            hour: small(secs / 3600 % 24),
            minute: small(secs / 60 % 60),
            second: small(secs % 60),
        }
    }
}

/// A date and time of day in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Civil {
    /// Year of the common era.
    pub year: u64,
    /// Month, 1 to 12.
    pub month: usize,
    /// Day of the month, from 1.
    pub day: u32,
    /// Hour, 0 to 23.
    pub hour: u32,
    /// Minute, 0 to 59.
    pub minute: u32,
    /// Second, 0 to 59.
    pub second: u32,
}

/// ISO 8601 with microseconds, for logs.
impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let c = self.civil();
        let micros = self.0 / 1000 % 1_000_000;
        write!(
            f,
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{micros:06}Z",
            c.year, c.month, c.day, c.hour, c.minute, c.second
        )
    }
}

/// Saturates at the end of time, the year 2554.
impl Add<Duration> for Time {
    type Output = Time;
    fn add(self, rhs: Duration) -> Time {
        Time(
            self.0
                .saturating_add(u64::try_from(rhs.as_nanos()).unwrap_or(u64::MAX)),
        )
    }
}

impl AddAssign<Duration> for Time {
    fn add_assign(&mut self, rhs: Duration) {
        *self = *self + rhs;
    }
}

/// Saturates at the epoch.
impl Sub<Duration> for Time {
    type Output = Time;
    fn sub(self, rhs: Duration) -> Time {
        Time(
            self.0
                .saturating_sub(u64::try_from(rhs.as_nanos()).unwrap_or(u64::MAX)),
        )
    }
}

/// As [`Time::duration_since`].
impl Sub for Time {
    type Output = Duration;
    fn sub(self, rhs: Time) -> Duration {
        self.duration_since(rhs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_date_header_is_that_of_the_recordings() {
        let time = Time::from_nanos(1_795_253_570_000_000_000);
        assert_eq!(time.rfc1123(), "Sat, 21 Nov 2026 09:32:50 GMT");
        assert_eq!(Time::EPOCH.rfc1123(), "Thu, 01 Jan 1970 00:00:00 GMT");
        let leap = Time::EPOCH + Duration::from_secs(951_782_400);
        assert_eq!(leap.rfc1123(), "Tue, 29 Feb 2000 00:00:00 GMT");
        assert_eq!(leap.to_string(), "2000-02-29T00:00:00.000000Z");
    }

    #[test]
    fn arithmetic_saturates_at_both_ends() {
        assert_eq!(Time::EPOCH - Duration::from_secs(1), Time::EPOCH);
        assert_eq!(
            Time::from_nanos(u64::MAX) + Duration::MAX,
            Time::from_nanos(u64::MAX)
        );
        assert_eq!(Time::EPOCH - Time::from_nanos(5), Duration::ZERO);
        assert_eq!(Time::from_secs_f64(f64::NAN), Time::EPOCH);
    }
}
