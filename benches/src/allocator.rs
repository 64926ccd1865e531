//! The subject `allocator`: Mesos' own benchmarks of its allocator and sorter, on ours.
//!
//! Times are processor seconds of this process, as those of C++ Mesos are; medians of several runs. The allocator is
//! driven by its interface alone, as the master drives it, on a clock that is moved by hand.
//!
//! | module | what |
//! |---|---|
//! | [`cluster`] | an allocator with agents and frameworks, and what was offered |
//! | [`rounds`] | offers declined and suppressed, round by round |
//! | [`quota`] | small and large quotas |
//! | [`tasks`] | frameworks of many kinds that launch all their tasks |
//! | [`books`] | conversions, memory |
//! | [`sorter`] | allocations made and taken back, order |
//! | [`plot`] | growth over agents and frameworks, as a picture |

pub mod books;
pub mod cluster;
pub mod plot;
pub mod quota;
pub mod rounds;
pub mod sorter;
pub mod tasks;

use crate::runtime::cpu_seconds;
use crate::runtime::row::{Goal, Row};

/// How much of each work is done.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Runs whose median counts.
    pub runs: usize,
    /// The count of agents and frameworks of each work is divided by this.
    pub divisor: u32,
}

impl Size {
    /// The size whose results are kept.
    pub const REAL: Self = Self { runs: 3, divisor: 1 };
    /// The size for a look.
    pub const QUICK: Self = Self { runs: 1, divisor: 10 };
    /// The size of a test.
    pub const TINY: Self = Self {
        runs: 1,
        divisor: 200,
    };

    /// So many, for this size.
    pub fn of(self, count: u32) -> u32 {
        (count / self.divisor).max(2)
    }
}

/// The groups of rows, as they can be asked for.
pub const GROUPS: [&str; 7] = ["decline", "add", "suppress", "quota", "tasks", "books", "memory"];

/// What a piece of work costs, in processor seconds.
pub fn timed<T>(work: impl FnOnce() -> T) -> (f64, T) {
    let start = cpu_seconds();
    let result = work();
    (cpu_seconds() - start, result)
}

pub(crate) fn median(mut samples: Vec<f64>) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples[samples.len() / 2]
}

/// A row of milliseconds with what C++ Mesos needs and what we want.
pub(crate) fn row(work: &str, cpp_ms: Option<f64>, goal_ms: f64, ours_ms: f64) -> Row {
    Row {
        cpp: cpp_ms,
        ours: ours_ms,
        goals: vec![Goal::AtMost(goal_ms)],
        ..Row::time(work, "CPU ms")
    }
}

/// Measures the groups asked for, all when none is, and says on the way what it finds.
pub fn run(size: Size, groups: &[String]) -> Vec<Row> {
    let wanted = |group: &str| groups.is_empty() || groups.iter().any(|wanted| wanted == group);
    let mut rows = Vec::new();
    let mut push = |found: Vec<Row>| {
        for row in found {
            println!("{row}");
            rows.push(row);
        }
    };
    if wanted("decline") {
        for (agents, frameworks, cpp, goal) in [
            (10_000, 1_000, 1050.0, 50.0),
            (20_000, 2_000, 2420.0, 110.0),
            (50_000, 200, 4600.0, 200.0),
        ] {
            push(rounds::decline(size, agents, frameworks, cpp, goal));
        }
    }
    if wanted("add") {
        push(rounds::add(size));
    }
    if wanted("suppress") {
        push(rounds::suppress(size));
    }
    if wanted("quota") {
        push(quota::small_and_large(size));
    }
    if wanted("tasks") {
        push(tasks::many_frameworks(size));
    }
    if wanted("books") {
        push(books::update_allocation(size));
        push(sorter::sorter(size));
        push(sorter::decided(size));
    }
    if wanted("memory") {
        push(books::memory(size));
    }
    rows
}
