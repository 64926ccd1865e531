//! The subject `runtime`: libprocess beside C++ libprocess, other actor runtimes and a bare task.
//!
//! Every figure is the median of several runs. Where there are peers, each run measures all of them one after another,
//! with the same handlers and the same messages, on as many threads as ours and on the same allocator.
//!
//! | module | what |
//! |---|---|
//! | [`engine`], [`ours`], [`peer`], [`bare`] | what each runtime is asked to do; ours; the others; no runtime at all |
//! | [`pinned`] | tokio with one runtime a thread |
//! | [`throughput`], [`rpc`], [`links`], [`defer`], [`protobuf`], [`metrics`] | the benchmarks of libprocess |
//! | [`spawn`], [`allocations`] | what a process and a message cost |
//! | [`remote`] | messages between two OS processes |
//! | [`row`], [`plot`] | what is shown |

pub mod allocations;
pub mod bare;
pub mod defer;
pub mod engine;
pub mod links;
pub mod metrics;
pub mod ours;
pub mod peer;
pub mod pinned;
pub mod plot;
pub mod protobuf;
pub mod remote;
pub mod row;
pub mod rpc;
pub mod spawn;
pub mod throughput;

use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use nix::time::{ClockId, clock_gettime};

use engine::{Engine, Place};
use remote::{Echo, Remote, Wire};
use row::{Goal, Row};
use rpc::Load;

/// How much of each work is done.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Runs whose median counts.
    pub runs: usize,
    /// The full count of each work is divided by this.
    pub divisor: u64,
}

impl Size {
    /// The size whose results are kept.
    pub const REAL: Self = Self { runs: 5, divisor: 1 };
    /// The size for a look.
    pub const QUICK: Self = Self { runs: 1, divisor: 10 };
    /// The size of a test.
    pub const TINY: Self = Self {
        runs: 1,
        divisor: 10_000,
    };

    pub(crate) fn of(self, count: u64) -> u64 {
        (count / self.divisor).max(64)
    }

    /// For figures that are the time of the whole: as many as in the original, except in a test.
    pub(crate) fn whole(self, count: u64) -> u64 {
        if self.divisor > Self::QUICK.divisor {
            self.of(count)
        } else {
            count
        }
    }
}

/// The groups of rows, as they can be asked for.
pub const GROUPS: [&str; 11] = [
    "throughput",
    "rpc",
    "links",
    "defer",
    "protobuf",
    "metrics",
    "tell",
    "ask",
    "hop",
    "cost",
    "remote",
];

/// Processor time this OS process has used.
pub fn cpu_seconds() -> f64 {
    let used = clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID).expect("the kernel knows");
    used.tv_sec() as f64 + used.tv_nsec() as f64 / 1e9
}

/// One measurement.
type Measure<'a> = Box<dyn Fn() -> f64 + 'a>;

/// The medians of several measurements, taken in turns.
fn medians(runs: usize, measures: &[Measure<'_>]) -> Vec<f64> {
    let mut samples = vec![Vec::new(); measures.len()];
    for _ in 0..runs {
        for (samples, measure) in samples.iter_mut().zip(measures) {
            samples.push(measure());
        }
    }
    samples.into_iter().map(median).collect()
}

pub(crate) fn median(mut samples: Vec<f64>) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples[samples.len() / 2]
}

/// One group of rows.
type Step = fn(&mut Run<'_>);

/// What is measured how often, and what was found.
struct Run<'a> {
    size: Size,
    peers: &'a [Box<dyn Engine>],
    rows: Vec<Row>,
}

/// Measures the groups asked for, all when none is, and says on the way what it finds. `program` is
/// `libprocess-bench`.
///
/// # Errors
///
/// When the other OS process does not start.
pub fn run(size: Size, peers: &[Box<dyn Engine>], program: &Path, groups: &[String]) -> Result<Vec<Row>> {
    let mut run = Run {
        size,
        peers,
        rows: Vec::new(),
    };
    let wanted = |group: &str| groups.is_empty() || groups.iter().any(|wanted| wanted == group);
    let steps: [(&str, Step); 10] = [
        ("throughput", |run| run.throughput()),
        ("rpc", |run| run.rpc()),
        ("links", |run| run.links()),
        ("defer", |run| run.defer()),
        ("protobuf", |run| run.protobuf()),
        ("metrics", |run| run.metrics()),
        ("tell", |run| run.tell()),
        ("ask", |run| run.ask()),
        ("hop", |run| run.hop()),
        ("cost", |run| run.cost()),
    ];
    for (group, step) in steps {
        if wanted(group) {
            step(&mut run);
        }
    }
    if wanted("remote") {
        let mut echo = Echo::start(program)?;
        for wire in [Wire::Compatible, Wire::Negotiated] {
            remote::rows(&mut run, &Remote::start(program, wire)?, &mut echo);
        }
    }
    Ok(run.rows)
}

impl Run<'_> {
    fn push(&mut self, row: Row) {
        println!("{row}");
        self.rows.push(row);
    }

    /// The median of our own runs.
    fn ours(&self, measure: impl Fn() -> f64) -> f64 {
        medians(self.size.runs, &[Box::new(measure)])[0]
    }

    /// A row for every engine that can do the work.
    fn contest(&mut self, row: Row, place: Place, measure: impl Fn(&dyn Engine) -> f64) {
        self.contest_of(self.size.runs, row, place, measure);
    }

    /// As `contest`, with so many runs.
    fn contest_of(&mut self, runs: usize, row: Row, place: Place, measure: impl Fn(&dyn Engine) -> f64) {
        let ours = ours::Ours;
        let measure = |engine: &dyn Engine| {
            if place == Place::Same && !engine.shares_threads() {
                return f64::NAN;
            }
            measure(engine)
        };
        let measure = &measure;
        let mut measures: Vec<Measure<'_>> = vec![Box::new(|| measure(&ours))];
        for peer in self.peers {
            measures.push(Box::new(move || measure(peer.as_ref())));
        }
        let mut figures = medians(runs, &measures).into_iter();
        let ours = figures.next().unwrap_or(f64::NAN);
        let names = self.peers.iter().map(|peer| peer.name());
        self.push(Row {
            ours,
            peers: names.zip(figures).collect(),
            ..row
        });
    }

    fn throughput(&mut self) {
        let count = self.size.of(15_000_000);
        let ours = self.ours(|| throughput::run(count));
        let work = "ThroughputPerformance: ping-pongs of tells, 8 pairs, 1,000 in flight each";
        self.push(Row {
            cpp: Some(5.3e6),
            goals: vec![Goal::AtLeast(30e6)],
            ours,
            ..Row::rate(work, "/CPU s")
        });
    }

    fn rpc(&mut self) {
        let load = Load {
            clients: 8,
            ahead: 250,
            each: self.size.of(250_000).max(250),
            bytes: 3,
        };
        let ours = self.ours(|| rpc::local(load));
        self.push(Row {
            cpp: Some(1.56e6),
            goals: vec![Goal::AtLeast(12e6)],
            ours,
            ..Row::rate(
                "ClientServer: 8 clients, 250 in flight each, 3 bytes, by name",
                "rpc/s",
            )
        });
    }

    fn links(&mut self) {
        let (links, ephemeral) = (self.size.whole(5_000), self.size.whole(10_000));
        let ours = self.ours(|| links::run(links, ephemeral));
        self.push(Row {
            cpp: Some(122.0),
            goals: vec![Goal::AtMost(10.0)],
            ours,
            ..Row::time(
                "LargeNumberOfLinks: 10,000 processes come and go beside 5,000 links",
                "ms",
            )
        });
    }

    fn defer(&mut self) {
        let rounds = self.size.whole(100_000);
        for (way, text, cpp, goal) in [
            (defer::Way::Move, "moved", 214.0, 20.0),
            (defer::Way::Copy, "copied twice a round", 320.0, 220.0),
        ] {
            let ours = self.ours(|| defer::run(way, rounds));
            self.push(Row {
                cpp: Some(cpp),
                goals: vec![Goal::AtMost(goal)],
                ours,
                ..Row::time(&format!("DispatchDefer: 100,000 rounds with 40 KB, {text}"), "ms")
            });
        }
    }

    fn protobuf(&mut self) {
        for (below, count, cpp) in [
            (5, 2_000_000, 2.15e6),
            (100, 200_000, 226e3),
            (10_000, 2_000, 3.0e3),
        ] {
            let count = self.size.of(count);
            let ours = self.ours(|| protobuf::run(below, count));
            let size = protobuf::size(below);
            let work = format!(
                "ProtobufInstallHandler: {size} bytes, {} messages in one",
                below + 1
            );
            self.push(Row {
                cpp: Some(cpp),
                goals: vec![Goal::AtLeast(5.0 * cpp)],
                ours,
                ..Row::rate(&work, "/s")
            });
        }
    }

    fn metrics(&mut self) {
        let count = usize::try_from(self.size.whole(100_000)).unwrap_or(64);
        let runs = (0..self.size.runs).map(|_| metrics::run(count));
        let (added, taken): (Vec<f64>, Vec<f64>) = runs.unzip();
        for (text, ours, cpp, goal) in [("add", added, 4_730.0, 100.0), ("snapshot", taken, 340.0, 50.0)] {
            self.push(Row {
                cpp: Some(cpp),
                goals: vec![Goal::AtMost(goal)],
                ours: 1e3 * median(ours),
                ..Row::time(&format!("Metrics: 100,000 counters, {text}"), "ms")
            });
        }
    }

    fn tell(&mut self) {
        let count = self.size.of(500_000);
        let ways = [
            (Place::Same, 1, "same thread", 6.0),
            (Place::Across, 1, "across threads", 2.5),
            (Place::Across, 4, "4 threads to 1", 3.0),
        ];
        for (place, senders, text, times) in ways {
            for bytes in [8, 64] {
                let row = Row {
                    goals: vec![Goal::Times("actix", times), Goal::Best],
                    ..Row::rate(&format!("tell, {text}, {bytes} bytes"), "/s")
                };
                self.contest(row, place, |engine| {
                    let took = match bytes {
                        8 => engine.tell_8(place, senders, count),
                        _ => engine.tell_64(place, senders, count),
                    };
                    (count / senders * senders) as f64 / took.as_secs_f64()
                });
            }
        }
    }

    fn ask(&mut self) {
        let each =
            |took: Vec<Duration>, asks: u64| took.iter().sum::<Duration>().as_secs_f64() * 1e9 / asks as f64;
        let count = self.size.of(200_000);
        let row = Row {
            goals: vec![Goal::Times("actix", 1.5), Goal::Times("tokio task", 1.5)],
            ..Row::time("ask, same thread", "ns")
        };
        self.contest(row, Place::Same, |engine| {
            each(engine.ask(Place::Same, 1, count), count)
        });
        let row = Row {
            goals: vec![Goal::Best],
            ..Row::time("ask, across threads, 64 in flight", "ns")
        };
        let count = count / 64 * 64;
        self.contest(row, Place::Across, |engine| {
            each(engine.ask(Place::Across, 64, count), count)
        });
        let row = Row {
            goals: vec![Goal::Within(bare::NAME, 0.1)],
            ..Row::time("ask, across threads, one at a time, p50", "ns")
        };
        // Many short runs: one is decided by where the kernel happens to put two threads, 4 µs apart or 30.
        let (runs, count) = (5 * self.size.runs, self.size.of(2_000));
        self.contest_of(runs, row, Place::Across, |engine| {
            let took = engine.ask(Place::Across, 1, count);
            median(took.iter().map(|took| took.as_nanos() as f64).collect())
        });
    }

    fn hop(&mut self) {
        let hops = self.size.of(500_000);
        for (members, text) in [(2, "ping-pong"), (1_000, "ring of 1,000")] {
            let row = Row {
                goals: vec![Goal::AtMost(8.0), Goal::Best],
                ..Row::time(&format!("{text}, same thread, a hop"), "ns")
            };
            self.contest(row, Place::Same, |engine| {
                engine.ring(members, hops).as_secs_f64() * 1e9 / hops as f64
            });
        }
    }

    fn cost(&mut self) {
        let count = self.size.of(1_000_000);
        let runs = (0..self.size.runs).map(|_| spawn::run(count));
        let (time, bytes): (Vec<f64>, Vec<f64>) = runs.unzip();
        self.push(Row {
            goals: vec![Goal::AtMost(250.0)],
            ours: median(time),
            ..Row::time("spawn, each of 1,000,000, named, up to its first turn", "ns")
        });
        self.push(Row {
            goals: vec![Goal::AtMost(256.0)],
            ours: median(bytes),
            ..Row::time(
                "heap of an idle process, its name and places in tables included",
                "bytes",
            )
        });
        let (tell, ask) = allocations::run();
        for (text, ours, goal) in [("tell", tell, 0.0), ("ask", ask, 1.0)] {
            self.push(Row {
                goals: vec![Goal::AtMost(goal)],
                ours,
                ..Row::time(&format!("allocations of a {text}"), "allocations")
            });
        }
    }
}
