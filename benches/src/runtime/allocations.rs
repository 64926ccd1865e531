//! How often memory is asked for.

use std::sync::mpsc;

use libprocess::{Context, Pid, Process};

use super::ours::system;
use crate::counting;

/// Messages before counting, so that queues have grown, and then counted.
const ROUNDS: u64 = 1_000;

struct Receiver(u64);

impl Process for Receiver {}

struct Sender {
    to: Pid<Receiver>,
    done: mpsc::Sender<f64>,
}

impl Process for Sender {}

impl Sender {
    fn tell(&mut self, ctx: &mut Context<Self>, again: bool) {
        let before = counting::allocations();
        for n in 0..ROUNDS {
            self.to.tell(move |receiver, _| receiver.0 += n);
        }
        let sender = ctx.pid();
        self.to.tell(move |_, _| {
            sender.tell(move |sender, ctx| {
                let asked = counting::allocations() - before;
                // One of them was the way back, and one the closure in it, unless they came from a pool.
                let asked = asked.saturating_sub(2);
                if again {
                    sender.tell(ctx, false);
                } else {
                    let _ = sender.done.send(asked as f64 / ROUNDS as f64);
                }
            });
        });
    }

    fn ask(&mut self, ctx: &mut Context<Self>, left: u64, before: u64) {
        let before = if left == ROUNDS {
            counting::allocations()
        } else {
            before
        };
        if left == 0 {
            let asked = counting::allocations() - before;
            let _ = self.done.send(asked as f64 / ROUNDS as f64);
            return;
        }
        let sum = self.to.dispatch(move |receiver, _| receiver.0 + left);
        ctx.then(sum, move |sender, ctx, _| sender.ask(ctx, left - 1, before));
    }
}

/// Allocations for each message, and for each question with its answer, on one worker.
pub fn run() -> (f64, f64) {
    let system = system(1);
    let (done, finished) = mpsc::channel();
    let to = system.spawn("receiver", Receiver(0)).expect("the name is free");
    let sender = system
        .spawn("sender", Sender { to, done })
        .expect("the name is free");
    sender.tell(|sender, ctx| sender.tell(ctx, true));
    let tell = finished.recv().expect("it comes to its end");
    sender.tell(|sender, ctx| sender.ask(ctx, 2 * ROUNDS, 0));
    let ask = finished.recv().expect("it comes to its end");
    system.shutdown();
    (tell, ask)
}
