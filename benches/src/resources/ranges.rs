//! Ranges in many pieces, each half over one of the other side.

use std::hint::black_box;

use mesos::{Ranges, Resource, Resources, Value};

use super::row;
use crate::runtime::row::Row;
use crate::runtime::{Size, cpu_seconds, median};

/// So many ranges of six numbers, ten apart.
fn ports(first: u64, count: u64) -> Resources {
    let ranges = Ranges::new((0..count).map(|number| (first + 10 * number, first + 10 * number + 5)));
    Resources::from_iter([Resource::new("ports", Value::Ranges(ranges))])
}

/// The milliseconds of `+=`, `-=`, `a + b` and `a - b`, so often each.
fn four(one: &Resources, two: &Resources, times: u64) -> [f64; 4] {
    let lap = |change: &dyn Fn(&mut Resources)| {
        // Copies are not counted, so they are made before.
        let mut copies: Vec<Resources> = (0..times).map(|_| one.clone()).collect();
        let start = cpu_seconds();
        for copy in &mut copies {
            change(copy);
        }
        1e3 * (cpu_seconds() - start)
    };
    let fresh = |make: &dyn Fn() -> Resources| {
        let start = cpu_seconds();
        for _ in 0..times {
            black_box(make());
        }
        1e3 * (cpu_seconds() - start)
    };
    [
        lap(&|copy| *copy += black_box(two)),
        lap(&|copy| *copy -= black_box(two)),
        fresh(&|| black_box(one) + black_box(two)),
        fresh(&|| black_box(one) - black_box(two)),
    ]
}

pub(super) fn rows(size: Size) -> Vec<Row> {
    let mut rows = Vec::new();
    for (count, cpp) in [
        (10, [None; 4]),
        (100, [None; 4]),
        (1_000, [Some(88.0), Some(72.0), Some(96.0), Some(81.0)]),
    ] {
        let (one, two) = (ports(1, count), ports(3, count));
        let times = size.whole(1_000);
        let runs: Vec<[f64; 4]> = (0..size.runs).map(|_| four(&one, &two, times)).collect();
        for (index, operation) in ["a += b", "a -= b", "a + b", "a - b"].into_iter().enumerate() {
            let ours = median(runs.iter().map(|run| run[index]).collect());
            rows.push(row(
                &format!("{count} ranges, 1,000 x {operation}"),
                cpp[index],
                ours,
            ));
        }
    }
    rows
}
