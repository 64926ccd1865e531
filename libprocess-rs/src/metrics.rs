//! Numbers about the running system, read through `/metrics/snapshot` as JSON and `/metrics` as Prometheus text.
//!
//! Two kinds: what counts for itself ([`Counter`], [`Gauge`], [`Timer`]) and what is asked at every look
//! ([`Metrics::provide`]), e.g. by dispatching to the process that knows.
//!
//! ```
//! use libprocess::{Future, System};
//! use std::time::Duration;
//!
//! let system = System::builder().start()?;
//! let done = system.metrics().counter("jobs/done").expect("the name is free");
//! let took = system.metrics().timer(&system, "jobs/run", Duration::from_secs(3600)).expect("the name is free");
//! system.metrics().provide("jobs", || Future::ready(vec![("jobs/waiting".to_owned(), 3.0)]));
//! for milliseconds in [10, 30] {
//!     done.increment();
//!     took.record(Duration::from_millis(milliseconds));
//! }
//!
//! let snapshot = system.metrics().snapshot(&system, None).wait().expect("providers answer");
//! assert_eq!((snapshot["jobs/done"], snapshot["jobs/waiting"]), (2.0, 3.0));
//! assert_eq!((snapshot["jobs/run_ms"], snapshot["jobs/run_ms/p50"]), (30.0, 20.0));
//! system.shutdown();
//! # Ok::<(), std::io::Error>(())
//! ```

mod instrument;
pub(crate) mod prometheus;
mod series;

pub use instrument::{Counter, Gauge, Running, Timer};

use crate::future::await_all;
use crate::{Future, System};
use instrument::{History, Instrument};
use parking_lot::Mutex;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

type Values = Vec<(String, f64)>;
type Provider = Arc<dyn Fn() -> Future<Values> + Send + Sync>;

/// The metrics of one system.
#[derive(Default)]
pub struct Metrics {
    providers: Mutex<BTreeMap<String, Provider>>,
    instruments: Mutex<BTreeMap<String, Instrument>>,
}

/// There is a metric of this name already.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Metric '{0}' was already added")]
pub struct Duplicate(pub String);

impl Metrics {
    /// A counter of this name, at zero.
    ///
    /// # Errors
    ///
    /// When the name is taken.
    pub fn counter(&self, name: &str) -> Result<Counter, Duplicate> {
        let counter = Counter::default();
        self.add(name.to_owned(), Instrument::Counter(counter.clone()))?;
        Ok(counter)
    }

    /// A gauge of this name, at zero.
    ///
    /// # Errors
    ///
    /// When the name is taken.
    pub fn gauge(&self, name: &str) -> Result<Gauge, Duplicate> {
        let gauge = Gauge::default();
        self.add(name.to_owned(), Instrument::Gauge(gauge.clone()))?;
        Ok(gauge)
    }

    /// As [`Metrics::counter`], and shows below its name how its values of the last `window` were spread, once there are two: `count`,
    /// `max`, `min`, `p50`, `p90`, `p95`, `p99`, `p999`, `p9999`.
    ///
    /// # Errors
    ///
    /// When the name is taken.
    pub fn counter_over(&self, system: &System, name: &str, window: Duration) -> Result<Counter, Duplicate> {
        let counter = Counter::with_history(History::new(system.clock().clone(), window));
        self.add(name.to_owned(), Instrument::Counter(counter.clone()))?;
        Ok(counter)
    }

    /// As [`Metrics::gauge`], with the history of [`Metrics::counter_over`].
    ///
    /// # Errors
    ///
    /// When the name is taken.
    pub fn gauge_over(&self, system: &System, name: &str, window: Duration) -> Result<Gauge, Duplicate> {
        let gauge = Gauge::with_history(History::new(system.clock().clone(), window));
        self.add(name.to_owned(), Instrument::Gauge(gauge.clone()))?;
        Ok(gauge)
    }

    /// A timer that is shown as `<name>_ms` and below it, on the clock of `system`, over the last `window`.
    ///
    /// # Errors
    ///
    /// When the name is taken.
    pub fn timer(&self, system: &System, name: &str, window: Duration) -> Result<Timer, Duplicate> {
        let timer = Timer::new(History::new(system.clock().clone(), window));
        self.add(format!("{name}_ms"), Instrument::Timer(timer.clone()))?;
        Ok(timer)
    }

    /// Takes a counter, gauge or timer (`<name>_ms`) out; false when there is none.
    pub fn unregister(&self, name: &str) -> bool {
        self.instruments.lock().remove(name).is_some()
    }

    fn add(&self, name: String, instrument: Instrument) -> Result<(), Duplicate> {
        match self.instruments.lock().entry(name) {
            std::collections::btree_map::Entry::Occupied(taken) => Err(Duplicate(taken.key().clone())),
            std::collections::btree_map::Entry::Vacant(free) => {
                free.insert(instrument);
                Ok(())
            }
        }
    }

    /// The names of all counters.
    pub(crate) fn counters(&self) -> BTreeSet<String> {
        let instruments = self.instruments.lock();
        let counters = instruments
            .iter()
            .filter(|(_, instrument)| instrument.is_counter());
        counters.map(|(name, _)| name.clone()).collect()
    }

    /// Asks `provider` for values at every snapshot, e.g. by dispatching to a process. Replaces the one `owner` had.
    pub fn provide(&self, owner: &str, provider: impl Fn() -> Future<Values> + Send + Sync + 'static) {
        self.providers.lock().insert(owner.to_owned(), Arc::new(provider));
    }

    /// Stops asking `owner`.
    pub fn remove(&self, owner: &str) {
        self.providers.lock().remove(owner);
    }

    /// Every value now, by name. Providers that fail, or take longer than `timeout`, are left out.
    ///
    /// Mesos: 3rdparty/libprocess/src/metrics/metrics.cpp, `MetricsProcess::snapshot`.
    pub fn snapshot(&self, system: &System, timeout: Option<Duration>) -> Future<BTreeMap<String, f64>> {
        let providers: Vec<Provider> = self.providers.lock().values().cloned().collect();
        let limited = |values: Future<Values>| match timeout {
            None => values,
            Some(timeout) => values.after(system, timeout, |late| {
                late.discard();
                Future::failed("timed out")
            }),
        };
        let values = providers
            .into_iter()
            .map(|provider| limited(provider()))
            .collect();
        let mut own = BTreeMap::new();
        for (name, instrument) in self.instruments.lock().iter() {
            instrument.read(name, |name, value| {
                own.insert(name, value);
            });
        }
        await_all(values).map(|all| {
            own.extend(all.into_iter().flatten().flatten());
            own
        })
    }
}
