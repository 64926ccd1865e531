//! Metrics: many counters, each with a long name of its own.
//!
//! Mesos: 3rdparty/libprocess/src/tests/benchmarks.cpp, `Metrics_BENCHMARK_Test`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use libprocess::Future;

use super::ours::system;

/// Seconds to add `count` counters, and to take a snapshot of them.
pub fn run(count: usize) -> (f64, f64) {
    let system = system(2);
    let names: Vec<String> = (0..count).map(|number| format!("{number:0>100}")).collect();
    let counter = Arc::new(AtomicU64::new(7));
    let began = Instant::now();
    for name in &names {
        let (key, counter) = (name.clone(), counter.clone());
        system.metrics().provide(name, move || {
            let value = counter.load(Ordering::Relaxed);
            Future::ready(vec![(key.clone(), value as f64)])
        });
    }
    let added = began.elapsed().as_secs_f64();
    let began = Instant::now();
    let snapshot = system.metrics().snapshot(&system, None).wait();
    let taken = began.elapsed().as_secs_f64();
    let snapshot = snapshot.expect("every counter answers");
    assert!(snapshot.len() >= count && snapshot[&names[0]] == 7.0);
    system.shutdown();
    (added, taken)
}
