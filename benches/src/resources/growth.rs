//! What a large bundle costs for each part: it must not grow with the number of parts.

use std::hint::black_box;

use mesos::{Resource, Resources};

use super::arithmetic::reservations;
use crate::runtime::row::{Goal, Row};
use crate::runtime::{Size, cpu_seconds, median};

/// Nanoseconds of processor time for each of `parts`.
fn each(size: Size, parts: usize, mut work: impl FnMut()) -> f64 {
    let samples = (0..size.runs).map(|_| {
        let start = cpu_seconds();
        work();
        1e9 * (cpu_seconds() - start) / parts as f64
    });
    median(samples.collect())
}

fn row(work: &str, parts: usize, ours: f64, most: f64) -> Row {
    Row {
        ours,
        goals: vec![Goal::AtMost(most)],
        ..Row::time(&format!("{work}, each of {parts}"), "CPU ns")
    }
}

pub(super) fn rows(size: Size) -> Vec<Row> {
    let mut rows = Vec::new();
    for roles in [1_000, 10_000, 100_000] {
        let roles = usize::try_from(size.whole(roles)).unwrap_or(64);
        let bundle = reservations(roles);
        let messages = bundle.to_protos();
        let parts = bundle.len();
        let read = each(size, parts, || {
            assert_eq!(
                Resources::from_protos(black_box(&messages)).map(|all| all.len()),
                Ok(parts)
            );
        });
        rows.push(row("read reservations out of messages", parts, read, 2_000.0));
        let mut turned: Vec<Resource> = bundle.iter().cloned().collect();
        turned.reverse();
        let turned: Resources = turned.into_iter().collect();
        let sum = each(size, parts, || {
            assert_eq!((black_box(&bundle) + black_box(&turned)).len(), parts);
        });
        rows.push(row("add reservations in another order", parts, sum, 500.0));
        let equal = each(size, parts, || assert!(black_box(&bundle) == black_box(&turned)));
        rows.push(row("compare reservations in another order", parts, equal, 500.0));
    }
    for ports in [10_000, 1_000_000] {
        let ports = usize::try_from(size.whole(ports)).unwrap_or(64);
        let pairs: Vec<String> = (0..ports)
            .rev()
            .map(|port| format!("{0}-{0}", 2 * port))
            .collect();
        let text = format!("ports:[{}]", pairs.join(","));
        let read = each(size, ports, || {
            let bundle = Resources::parse(black_box(&text), "*").expect("a bundle");
            assert_eq!(bundle.len(), 1);
        });
        rows.push(row("parse ranges of one port", ports, read, 300.0));
    }
    rows
}
