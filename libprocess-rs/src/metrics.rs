//! Numbers about the running system, read through `/metrics/snapshot`.
//!
//! ```
//! use libprocess::{Future, System};
//! let system = System::builder().start()?;
//! system.metrics().provide("jobs", || Future::ready(vec![("jobs/waiting".to_owned(), 3.0)]));
//! let snapshot = system.metrics().snapshot(&system, None).wait().expect("providers answer");
//! assert_eq!(snapshot["jobs/waiting"], 3.0);
//! system.shutdown();
//! # Ok::<(), std::io::Error>(())
//! ```

use crate::future::await_all;
use crate::{Future, System};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

type Values = Vec<(String, f64)>;
type Provider = Arc<dyn Fn() -> Future<Values> + Send + Sync>;

/// The providers of metrics of one system.
#[derive(Default)]
pub struct Metrics(Mutex<BTreeMap<String, Provider>>);

impl Metrics {
    /// Asks `provider` for values at every snapshot, e.g. by dispatching to a process. Replaces the one `owner` had.
    pub fn provide(&self, owner: &str, provider: impl Fn() -> Future<Values> + Send + Sync + 'static) {
        self.0.lock().insert(owner.to_owned(), Arc::new(provider));
    }

    /// Stops asking `owner`.
    pub fn remove(&self, owner: &str) {
        self.0.lock().remove(owner);
    }

    /// Every value now, by name. Providers that fail, or take longer than `timeout`, are left out.
    ///
    /// Mesos: 3rdparty/libprocess/src/metrics/metrics.cpp, `MetricsProcess::snapshot`.
    pub fn snapshot(&self, system: &System, timeout: Option<Duration>) -> Future<BTreeMap<String, f64>> {
        let providers: Vec<Provider> = self.0.lock().values().cloned().collect();
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
        await_all(values).map(|all| all.into_iter().flatten().flatten().collect())
    }
}
