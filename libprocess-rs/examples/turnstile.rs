//! A turnstile that stays unlocked for ten seconds after a coin, tested with a clock that is moved by hand.
//!
//! Run it with `cargo run --example turnstile`: the ten seconds pass at once.

use libprocess::{Context, Process, System, Timer};
use std::time::Duration;

const OPEN_FOR: Duration = Duration::from_secs(10);

#[derive(Default)]
struct Turnstile {
    /// Set while unlocked: locks it again.
    lock: Option<Timer>,
    passed: u32,
}

impl Process for Turnstile {}

impl Turnstile {
    fn coin(&mut self, ctx: &mut Context<Self>) {
        if let Some(earlier) = self.lock.take() {
            ctx.cancel(earlier);
        }
        self.lock = Some(ctx.delay(OPEN_FOR, |turnstile, _| turnstile.lock = None));
    }

    fn push(&mut self, _ctx: &mut Context<Self>) -> bool {
        let open = self.lock.is_some();
        self.passed += u32::from(open);
        open
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let system = System::builder().paused_clock(true).start()?;
    let turnstile = system.spawn("turnstile", Turnstile::default())?;
    assert!(
        !turnstile.dispatch(Turnstile::push).wait()?,
        "locked without a coin"
    );
    turnstile.tell(Turnstile::coin);
    assert!(turnstile.dispatch(Turnstile::push).wait()?);
    system.clock().advance(OPEN_FOR - Duration::from_secs(1));
    assert!(turnstile.dispatch(Turnstile::push).wait()?, "still open");
    system.clock().advance(Duration::from_secs(1));
    system.clock().settle().wait()?;
    assert!(!turnstile.dispatch(Turnstile::push).wait()?, "locked again");
    println!(
        "{} passed",
        turnstile.dispatch(|turnstile, _| turnstile.passed).wait()?
    );
    system.shutdown();
    Ok(())
}
