//! Two processes in two runtimes send each other named messages, and notice when the other is gone.
//!
//! Run it with `cargo run --example ping_pong`.

use libprocess::{Bytes, Context, Process, Promise, System, Upid};

const ROUNDS: u32 = 1_000;

/// Answers every `Ping` with a `Pong`.
struct Ponger;

impl Process for Ponger {
    fn initialize(&mut self, ctx: &mut Context<Self>) {
        ctx.install("Ping", |_, ctx, from, body| ctx.send(&from, "Pong", body));
    }
}

/// Plays until it has counted all rounds, then waits for the other side to go.
struct Pinger {
    partner: Upid,
    rounds: u32,
    done: Option<Promise<u32>>,
}

impl Process for Pinger {
    fn initialize(&mut self, ctx: &mut Context<Self>) {
        ctx.install("Pong", Pinger::pong);
        ctx.link(&self.partner);
        ctx.send(&self.partner, "Ping", "hello");
    }

    fn exited(&mut self, _ctx: &mut Context<Self>, who: Upid) {
        println!("{who} is gone");
        if let Some(done) = self.done.take() {
            done.set(self.rounds);
        }
    }
}

impl Pinger {
    fn pong(&mut self, ctx: &mut Context<Self>, from: Upid, body: Bytes) {
        self.rounds += 1;
        // At the end the partner is asked to leave; its runtime closes the connection.
        let name = if self.rounds < ROUNDS { "Ping" } else { "Leave" };
        ctx.send(&from, name, body);
    }
}

fn main() -> std::io::Result<()> {
    let (here, there) = (System::builder().start()?, System::builder().start()?);
    let ponger = there.spawn("ponger", Ponger).expect("the name is free");
    let (left, leave) = Promise::new();
    let mut left = Some(left);
    ponger.tell(move |_, ctx| {
        let leaving = parking_lot::Mutex::new(left.take());
        ctx.install("Leave", move |_, _, _, _| {
            if let Some(left) = leaving.lock().take() {
                left.set(());
            }
        });
    });
    let (done, rounds) = Promise::new();
    let pinger = Pinger {
        partner: ponger.upid().clone(),
        rounds: 0,
        done: Some(done),
    };
    here.spawn("pinger", pinger).expect("the name is free");
    leave.wait().expect("the pinger sends Leave");
    there.shutdown();
    println!("{} rounds", rounds.wait().expect("the pinger is told"));
    here.shutdown();
    Ok(())
}
