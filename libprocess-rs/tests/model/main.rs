//! Random programs on a real system, held against a model of libprocess' rules.
//!
//! `LIBPROCESS_PROGRAMS` says how many, `LIBPROCESS_SEED` with which seed to begin: the seed of a failure, with one
//! program, makes the same program again.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod program;
mod rules;
mod run;

use libprocess::System;
use program::Program;
use std::sync::atomic::{AtomicU64, Ordering};

/// Programs of a normal run.
const PROGRAMS: u64 = 10_000;

/// After so many a new system is started.
const PER_SYSTEM: u64 = 500;

fn variable(name: &str, default: u64) -> u64 {
    std::env::var(name)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(default)
}

fn start(workers: usize) -> System {
    System::builder()
        .workers(workers)
        .paused_clock(true)
        .start()
        .unwrap()
}

#[test]
fn no_race_breaks_a_rule() {
    let (first, count) = (
        variable("LIBPROCESS_SEED", 1),
        variable("LIBPROCESS_PROGRAMS", PROGRAMS),
    );
    let next = AtomicU64::new(0);
    let worker = || {
        loop {
            let begin = next.fetch_add(PER_SYSTEM, Ordering::SeqCst);
            if begin >= count {
                return;
            }
            let workers = usize::try_from(2 + begin / PER_SYSTEM % 3).unwrap();
            let system = start(workers);
            for n in begin..(begin + PER_SYSTEM).min(count) {
                let (world, notes) = run::race(&system, Program::new(first + n));
                if let Err(broken) = rules::check(&world.program, &notes) {
                    show(&world.program, &notes);
                    panic!("seed {}: {broken}", world.program.seed);
                }
            }
            system.shutdown();
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(worker);
        scope.spawn(worker);
    });
}

fn show(program: &Program, notes: &[run::Note]) {
    for (n, step) in program.steps.iter().enumerate() {
        eprintln!("step {n}: {step:?}");
    }
    notes.iter().for_each(|note| eprintln!("{note:?}"));
}

#[test]
fn one_worker_and_a_paused_clock_repeat_a_history() {
    for seed in 0..200 {
        let histories = [(); 2].map(|()| {
            let system = start(1);
            let notes = run::conduct(&system, Program::new(seed));
            system.shutdown();
            let program = Program::new(seed);
            rules::check(&program, &notes).unwrap_or_else(|broken| panic!("seed {seed}: {broken}"));
            without_dates(&notes)
        });
        assert!(histories[0].len() > 10);
        assert_eq!(histories[0], histories[1], "seed {seed}");
    }
}

/// Notes as text, without the time of day.
fn without_dates(notes: &[run::Note]) -> Vec<String> {
    let text = |note: &run::Note| match note {
        run::Note::Advanced { span, .. } => format!("advanced {span:?}"),
        run::Note::Delayed { step, by, span, .. } => format!("delayed {step} {by} {span:?}"),
        note => format!("{note:?}"),
    };
    notes.iter().map(text).collect()
}
