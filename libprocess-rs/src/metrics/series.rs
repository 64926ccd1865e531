use crate::Time;
use std::time::Duration;

/// How many values a series keeps.
const CAPACITY: usize = 1000;

/// Values of the last while, by time: when there are too many, older ones become sparser.
///
/// Above the capacity every other value of the older half goes, one for each new value; at the middle it begins again.
///
/// Mesos: 3rdparty/libprocess/include/process/timeseries.hpp, `TimeSeries`.
pub(super) struct Series {
    window: Duration,
    values: Vec<(Time, f64)>,
    /// The place of the next value to go.
    next: usize,
}

/// What a series says at a glance; needs two values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Statistics {
    pub(super) count: usize,
    pub(super) min: f64,
    pub(super) max: f64,
    /// By the order of [`PERCENTILES`].
    pub(super) percentiles: [f64; 6],
}

/// The percentiles that are shown, with the end of their keys.
pub(super) const PERCENTILES: [(&str, f64); 6] = [
    ("p50", 0.5),
    ("p90", 0.9),
    ("p95", 0.95),
    ("p99", 0.99),
    ("p999", 0.999),
    ("p9999", 0.9999),
];

impl Series {
    pub(super) fn new(window: Duration) -> Series {
        Series {
            window,
            values: Vec::new(),
            next: 1,
        }
    }

    /// Adds a value; times never go back.
    pub(super) fn push(&mut self, now: Time, value: f64) {
        self.truncate(now);
        self.values.push((now, value));
        while self.values.len() > CAPACITY {
            if self.next > self.values.len() / 2 {
                self.next = 1;
            }
            self.values.remove(self.next);
            self.next += 1;
        }
    }

    /// The newest value.
    pub(super) fn last(&self) -> Option<f64> {
        self.values.last().map(|(_, value)| *value)
    }

    /// Drops what has left the window, but for the newest value.
    fn truncate(&mut self, now: Time) {
        let gone = self
            .values
            .partition_point(|(at, _)| now.duration_since(*at) >= self.window)
            .min(self.values.len().saturating_sub(1));
        self.values.drain(..gone);
        self.next = self.next.saturating_sub(gone).max(1);
    }

    pub(super) fn statistics(&mut self, now: Time) -> Option<Statistics> {
        self.truncate(now);
        if self.values.len() < 2 {
            return None;
        }
        let mut sorted: Vec<f64> = self.values.iter().map(|(_, value)| *value).collect();
        sorted.sort_by(f64::total_cmp);
        Some(Statistics {
            count: sorted.len(),
            min: sorted[0],
            max: sorted[sorted.len() - 1],
            percentiles: PERCENTILES.map(|(_, share)| percentile(&sorted, share)),
        })
    }
}

/// Between the two values around the place, by distance.
fn percentile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let below = place.floor();
    // A place within the slice.
    let at = below as usize;
    match sorted.get(at + 1) {
        Some(above) => sorted[at] + (place - below) * (above - sorted[at]),
        None => sorted[at],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Time {
        Time::EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn statistics_need_two_values_and_lie_between_them() {
        let mut series = Series::new(Duration::from_secs(100));
        assert_eq!(series.statistics(at(0)), None);
        series.push(at(0), 4.0);
        assert_eq!(series.statistics(at(0)), None);
        series.push(at(1), 2.0);
        let two = series.statistics(at(1)).unwrap();
        assert_eq!(
            (two.count, two.min, two.max, two.percentiles[0]),
            (2, 2.0, 4.0, 3.0)
        );
        assert_eq!(series.last(), Some(2.0));
    }

    #[test]
    fn values_leave_with_the_window_and_the_newest_stays() {
        let mut series = Series::new(Duration::from_secs(10));
        (0..5).for_each(|second| series.push(at(second), 1.0));
        assert_eq!(series.statistics(at(11)).unwrap().count, 3);
        assert_eq!(series.statistics(at(100)), None);
        assert_eq!(series.last(), Some(1.0));
    }

    #[test]
    fn a_full_series_keeps_the_recent_half_whole_and_thins_the_rest() {
        let mut series = Series::new(Duration::from_secs(1_000_000));
        (0..5000).for_each(|second| series.push(at(second), second as f64));
        assert_eq!(series.values.len(), CAPACITY);
        let kept: Vec<f64> = series.values.iter().map(|(_, value)| *value).collect();
        assert!(kept.is_sorted());
        assert_eq!(kept[0], 0.0, "the oldest stays");
        let recent: Vec<f64> = (4600..5000).map(f64::from).collect();
        assert!(kept.ends_with(&recent));
    }
}
