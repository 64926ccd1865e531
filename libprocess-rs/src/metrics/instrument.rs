//! Metrics that count for themselves: nobody has to be asked for them.

use super::series::{PERCENTILES, Series};
use crate::{Clock, Future, Time};
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A number of things that have happened. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Counter(Arc<AtomicU64>);

impl Counter {
    /// One more.
    pub fn increment(&self) {
        self.add(1);
    }

    /// So many more.
    pub fn add(&self, n: u64) {
        self.0.fetch_add(n, Ordering::Relaxed);
    }

    /// How many there were.
    pub fn value(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Begins again at zero.
    pub fn reset(&self) {
        self.0.store(0, Ordering::Relaxed);
    }
}

/// A number that goes up and down. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Gauge(Arc<AtomicU64>);

impl Gauge {
    /// Makes it this number.
    pub fn set(&self, value: f64) {
        self.0.store(value.to_bits(), Ordering::Relaxed);
    }

    /// Adds to it; a negative number takes away.
    pub fn add(&self, value: f64) {
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |bits| {
            Some((f64::from_bits(bits) + value).to_bits())
        });
    }

    /// The number.
    pub fn value(&self) -> f64 {
        f64::from_bits(self.0.load(Ordering::Relaxed))
    }
}

/// How long something takes, in milliseconds: the last time, and over a window how often, shortest, longest and percentiles. Clones
/// share it.
///
/// Mesos: 3rdparty/libprocess/include/process/metrics/timer.hpp, `Timer<Milliseconds>`.
#[derive(Clone)]
pub struct Timer {
    clock: Clock,
    series: Arc<Mutex<Series>>,
}

/// A [`Timer`] that was started. Dropped, it measures nothing.
#[must_use = "stop it to measure"]
pub struct Running {
    timer: Timer,
    since: Time,
}

impl Timer {
    pub(super) fn new(clock: Clock, window: Duration) -> Timer {
        Timer {
            clock,
            series: Arc::new(Mutex::new(Series::new(window))),
        }
    }

    /// Begins to measure; many may run at a time.
    pub fn start(&self) -> Running {
        Running {
            timer: self.clone(),
            since: self.clock.now(),
        }
    }

    /// Measures until a future is complete, however it ends.
    pub fn time<T: Send + 'static>(&self, future: Future<T>) -> Future<T> {
        let running = self.start();
        future.on_complete(move |_| {
            running.stop();
        });
        future
    }

    /// Notes a time that was measured elsewhere.
    pub fn record(&self, took: Duration) {
        self.series
            .lock()
            .push(self.clock.now(), took.as_secs_f64() * 1e3);
    }
}

impl Running {
    /// Ends the measurement and says how long it was.
    pub fn stop(self) -> Duration {
        let took = self.timer.clock.now().duration_since(self.since);
        self.timer.record(took);
        took
    }
}

/// What stands under a name.
pub(super) enum Instrument {
    Counter(Counter),
    Gauge(Gauge),
    Timer(Timer),
}

impl Instrument {
    /// Its values, each under the name and what follows it.
    pub(super) fn read(&self, name: &str, mut show: impl FnMut(String, f64)) {
        match self {
            // Exact up to 2^53.
            Instrument::Counter(counter) => show(name.to_owned(), counter.value() as f64),
            Instrument::Gauge(gauge) => show(name.to_owned(), gauge.value()),
            Instrument::Timer(timer) => {
                let mut series = timer.series.lock();
                let Some(last) = series.last() else { return };
                show(name.to_owned(), last);
                let Some(statistics) = series.statistics(timer.clock.now()) else {
                    return;
                };
                show(format!("{name}/count"), statistics.count as f64);
                show(format!("{name}/max"), statistics.max);
                show(format!("{name}/min"), statistics.min);
                for ((end, _), value) in PERCENTILES.iter().zip(statistics.percentiles) {
                    show(format!("{name}/{end}"), value);
                }
            }
        }
    }

    pub(super) fn is_counter(&self) -> bool {
        matches!(self, Instrument::Counter(_))
    }
}
