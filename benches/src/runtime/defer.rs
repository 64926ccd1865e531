//! DispatchDefer: a vector of 40 KB goes from a dispatch to its continuation and round again.
//!
//! Mesos: 3rdparty/libprocess/src/tests/benchmarks.cpp, `DispatchDefer`.

use std::sync::mpsc;
use std::time::Instant;

use libprocess::{Context, Process};

use super::ours::system;

/// As many integers as in the original.
const INTEGERS: usize = 10_240;

/// How a value gets from one handler to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// It is moved.
    Move,
    /// It is copied into the dispatch and copied into the continuation.
    Copy,
}

struct Runner {
    way: Way,
    done: mpsc::Sender<i32>,
}

impl Process for Runner {}

impl Runner {
    fn round(&mut self, ctx: &mut Context<Self>, data: Vec<i32>, left: u64) {
        if left == 0 {
            let _ = self.done.send(data[INTEGERS - 1]);
            return;
        }
        let way = self.way;
        let taken = ctx.pid().dispatch(move |_, _| hand(way, data));
        ctx.then(taken, move |runner, ctx, data| {
            let data = data.expect("the process is alive");
            runner.round(ctx, hand(way, data), left - 1);
        });
    }
}

fn hand(way: Way, data: Vec<i32>) -> Vec<i32> {
    match way {
        Way::Move => data,
        Way::Copy => data.clone(),
    }
}

/// Milliseconds for `rounds`.
pub fn run(way: Way, rounds: u64) -> f64 {
    let system = system(1);
    let (done, finished) = mpsc::channel();
    let runner = system
        .spawn("runner", Runner { way, done })
        .expect("the name is free");
    let began = Instant::now();
    runner.tell(move |runner, ctx| runner.round(ctx, vec![7; INTEGERS], rounds));
    assert_eq!(finished.recv(), Ok(7));
    let took = began.elapsed();
    system.shutdown();
    took.as_secs_f64() * 1e3
}
