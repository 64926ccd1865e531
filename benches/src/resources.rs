//! The subject `resources`: the algebra of resources, with the parameters of Mesos' own benchmarks.
//!
//! Every figure is the processor time of one thread, the median of several runs. `Mesos` in the rows is what
//! src/tests/resources_tests.cpp measures: the same bundles, the same operations, the same counts. Sums and differences
//! that make a new bundle copy the left side, as there.
//!
//! | module | what |
//! |---|---|
//! | [`arithmetic`] | sums and differences of scalars, of many reservations, of shared volumes |
//! | [`contains`], [`ranges`] | bundles within bundles; ranges in many pieces |
//! | [`filters`], [`parse`] | views of a bundle; bundles out of text |
//! | [`growth`] | what a million roles, ports or words cost, each |

pub mod arithmetic;
pub mod contains;
pub mod filters;
pub mod growth;
pub mod parse;
pub mod ranges;

use crate::runtime::row::{Goal, Row};
use crate::runtime::{Size, cpu_seconds, median};

/// How many times as fast as Mesos we want to be.
const TIMES: f64 = 5.0;

/// The groups of rows, as they can be asked for.
pub const GROUPS: [&str; 6] = ["arithmetic", "contains", "filters", "parse", "ranges", "growth"];

/// Works on rows.
type Step = fn(Size) -> Vec<Row>;

/// Measures the groups asked for, all when none is, and says on the way what it finds.
pub fn run(size: Size, groups: &[String]) -> Vec<Row> {
    let steps: [(&str, Step); 6] = [
        ("arithmetic", arithmetic::rows),
        ("contains", contains::rows),
        ("filters", filters::rows),
        ("parse", parse::rows),
        ("ranges", ranges::rows),
        ("growth", growth::rows),
    ];
    let mut rows = Vec::new();
    for (group, step) in steps {
        if groups.is_empty() || groups.iter().any(|wanted| wanted == group) {
            for row in step(size) {
                println!("{row}");
                rows.push(row);
            }
        }
    }
    rows
}

/// A row in milliseconds of processor time beside what Mesos needs, if that is known.
fn row(work: &str, cpp: Option<f64>, ours: f64) -> Row {
    Row {
        cpp,
        ours,
        goals: cpp.map(|cpp| Goal::AtMost(cpp / TIMES)).into_iter().collect(),
        ..Row::time(work, "CPU ms")
    }
}

/// Milliseconds of processor time of `times` rounds. What takes less than a clock can tell is repeated.
fn timed(size: Size, times: u64, mut round: impl FnMut()) -> f64 {
    let times = size.whole(times);
    let samples = (0..size.runs).map(|_| {
        let mut repeats = 0u32;
        let start = cpu_seconds();
        loop {
            for _ in 0..times {
                round();
            }
            repeats += 1;
            let took = cpu_seconds() - start;
            if took >= 0.02 || size.divisor > 1 {
                return 1e3 * took / f64::from(repeats);
            }
        }
    });
    median(samples.collect())
}
