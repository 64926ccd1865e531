//! The tiny size of each subject, so that benchmarks cannot rot.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::path::Path;

use mesos_benches::launch::{Size, run};

#[test]
fn launch_walks_all_its_ways() {
    let rows = run(Size::QUICK, None, Path::new(env!("CARGO_BIN_EXE_bench-executor"))).unwrap();
    assert_eq!(rows.len(), 6);
    let many = &rows[3];
    assert!(many.reached, "{many:?}");
}
