//! Metrics that count for themselves: nobody has to be asked for them.

use super::series::{PERCENTILES, Series};
use crate::{Clock, Future, Time};
use parking_lot::Mutex;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The values of the last while, each with its time.
pub(super) struct History {
    clock: Clock,
    series: Mutex<Series>,
}

impl History {
    pub(super) fn new(clock: Clock, window: Duration) -> History {
        History {
            clock,
            series: Mutex::new(Series::new(window)),
        }
    }

    fn push(&self, value: f64) {
        // The time is read under the lock, so that it never goes back.
        let mut series = self.series.lock();
        series.push(self.clock.now(), value);
    }

    fn last(&self) -> Option<f64> {
        self.series.lock().last()
    }

    /// Shows what it says under `name`; nothing before there are two values.
    fn read(&self, name: &str, show: &mut impl FnMut(String, f64)) {
        let Some(statistics) = self.series.lock().statistics(self.clock.now()) else {
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

/// A number of things that have happened. Clones share it.
#[derive(Clone, Default)]
pub struct Counter(Arc<Number>);

/// A number that goes up and down. Clones share it.
#[derive(Clone, Default)]
pub struct Gauge(Arc<Number>);

/// What the two have in common: bits that are read and changed as one, and what they were if somebody wants to know.
#[derive(Default)]
struct Number {
    bits: AtomicU64,
    history: Option<History>,
}

impl Number {
    fn note(&self, value: f64) {
        if let Some(history) = &self.history {
            history.push(value);
        }
    }
}

impl Counter {
    pub(super) fn with_history(history: History) -> Counter {
        Counter(Arc::new(Number {
            bits: AtomicU64::new(0),
            history: Some(history),
        }))
    }

    /// One more.
    pub fn increment(&self) {
        self.add(1);
    }

    /// So many more.
    pub fn add(&self, n: u64) {
        let before = self.0.bits.fetch_add(n, Ordering::Relaxed);
        // Exact up to 2^53.
        self.0.note(before.wrapping_add(n) as f64);
    }

    /// How many there were.
    pub fn value(&self) -> u64 {
        self.0.bits.load(Ordering::Relaxed)
    }

    /// Begins again at zero.
    pub fn reset(&self) {
        self.0.bits.store(0, Ordering::Relaxed);
        self.0.note(0.0);
    }
}

impl Gauge {
    pub(super) fn with_history(history: History) -> Gauge {
        Gauge(Arc::new(Number {
            bits: AtomicU64::new(0),
            history: Some(history),
        }))
    }

    /// Makes it this number.
    pub fn set(&self, value: f64) {
        self.0.bits.store(value.to_bits(), Ordering::Relaxed);
        self.0.note(value);
    }

    /// Adds to it; a negative number takes away.
    pub fn add(&self, value: f64) {
        let mut sum = value;
        let _ = self
            .0
            .bits
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |bits| {
                sum = f64::from_bits(bits) + value;
                Some(sum.to_bits())
            });
        self.0.note(sum);
    }

    /// The number.
    pub fn value(&self) -> f64 {
        f64::from_bits(self.0.bits.load(Ordering::Relaxed))
    }
}

impl fmt::Debug for Counter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Counter").field(&self.value()).finish()
    }
}

impl fmt::Debug for Gauge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Gauge").field(&self.value()).finish()
    }
}

/// How long something takes, in milliseconds: the last time, and over a window how often, shortest, longest and percentiles. Clones
/// share it.
///
/// Mesos: 3rdparty/libprocess/include/process/metrics/timer.hpp, `Timer<Milliseconds>`.
#[derive(Clone)]
pub struct Timer(Arc<History>);

/// A [`Timer`] that was started. Dropped, it measures nothing.
#[must_use = "stop it to measure"]
pub struct Running {
    timer: Timer,
    since: Time,
}

impl Timer {
    pub(super) fn new(history: History) -> Timer {
        Timer(Arc::new(history))
    }

    /// Begins to measure; many may run at a time.
    pub fn start(&self) -> Running {
        Running {
            timer: self.clone(),
            since: self.0.clock.now(),
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
        self.0.push(took.as_secs_f64() * 1e3);
    }
}

impl Running {
    /// Ends the measurement and says how long it was.
    pub fn stop(self) -> Duration {
        let took = self.timer.0.clock.now().duration_since(self.since);
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
        let (value, history) = match self {
            // Exact up to 2^53.
            Instrument::Counter(counter) => (Some(counter.value() as f64), counter.0.history.as_ref()),
            Instrument::Gauge(gauge) => (Some(gauge.value()), gauge.0.history.as_ref()),
            Instrument::Timer(timer) => (timer.0.last(), Some(timer.0.as_ref())),
        };
        if let Some(value) = value {
            show(name.to_owned(), value);
        }
        if let Some(history) = history {
            history.read(name, &mut show);
        }
    }

    pub(super) fn is_counter(&self) -> bool {
        matches!(self, Instrument::Counter(_))
    }
}
