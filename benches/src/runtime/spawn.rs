//! What it costs to have a process.

use std::sync::mpsc;
use std::time::Instant;

use libprocess::{Context, Process};

use super::ours::system;
use crate::counting;

/// Processes spawned before they have their first turn.
const BATCH: u64 = 1_000;

struct Idle;

impl Process for Idle {}

struct Parent {
    left: u64,
    began: Instant,
    held: i64,
    done: mpsc::Sender<(f64, i64)>,
}

impl Process for Parent {}

impl Parent {
    fn start(&mut self, ctx: &mut Context<Self>) {
        self.held = counting::held();
        self.began = Instant::now();
        self.batch(ctx);
    }

    fn batch(&mut self, ctx: &mut Context<Self>) {
        if self.left == 0 {
            let held = counting::held() - self.held;
            let _ = self.done.send((self.began.elapsed().as_secs_f64(), held));
            return;
        }
        let system = ctx.system();
        let batch = self.left.min(BATCH);
        let mut last = None;
        for _ in 0..batch {
            last = system.spawn(format!("idle-{}", self.left), Idle).ok();
            self.left -= 1;
        }
        // The last to be spawned has its first turn after all others have had theirs.
        let parent = ctx.pid();
        last.expect("the name is free")
            .tell(move |_, _| parent.tell(Parent::batch));
    }
}

/// Nanoseconds for each process, from its spawn to the end of its first turn, and the bytes it then holds: itself, its
/// name, its place in the tables of the system.
pub fn run(count: u64) -> (f64, f64) {
    let system = system(1);
    let (done, finished) = mpsc::channel();
    let parent = Parent {
        left: count,
        began: Instant::now(),
        held: 0,
        done,
    };
    let parent = system.spawn("parent", parent).expect("the name is free");
    parent.tell(Parent::start);
    let (seconds, held) = finished.recv().expect("it spawns them all");
    system.shutdown();
    (seconds * 1e9 / count as f64, held as f64 / count as f64)
}
