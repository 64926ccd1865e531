//! Keeps a program running: starts it, reads what it says, and starts it again when it has ended, a little later each time.
//!
//! ```text
//! cargo run --example keep_running                       a shell line that gives up at once
//! cargo run --example keep_running -- 'sleep 1; date'    another, for as long as you like
//! ```

use libprocess::subprocess::{ChildHook, Stdio, Subprocess};
use libprocess::{Bytes, Context, FutureError, Process, Promise, System, io};
use std::time::Duration;

/// Where waiting begins; it doubles with every start.
const FIRST_PAUSE: Duration = Duration::from_millis(10);

/// The most that is read of what the program says at a time.
const PIECE: usize = 4096;

struct Keeper {
    line: String,
    /// How often the program may still be started; none for ever.
    left: Option<u32>,
    pause: Duration,
    done: Option<Promise<u32>>,
    starts: u32,
    child: Option<Subprocess>,
}

impl Process for Keeper {
    fn initialize(&mut self, ctx: &mut Context<Self>) {
        self.begin(ctx);
    }
}

impl Keeper {
    fn begin(&mut self, ctx: &mut Context<Self>) {
        self.starts += 1;
        let command = Subprocess::shell(&self.line)
            .stdout(Stdio::Pipe)
            // So that it cannot outlive the keeper.
            .child_hook(ChildHook::Supervisor);
        ctx.then(command.start(&ctx.system()), Keeper::started);
    }

    fn started(&mut self, ctx: &mut Context<Self>, child: Result<Subprocess, FutureError>) {
        match child {
            Ok(child) => {
                println!("started as {}", child.pid());
                self.child = Some(child);
                self.listen(ctx);
            }
            Err(error) => self.again(ctx, &error.to_string()),
        }
    }

    fn listen(&mut self, ctx: &mut Context<Self>) {
        let stdout = self.child.as_ref().and_then(|child| child.stdout.as_ref());
        if let Some(stdout) = stdout {
            ctx.then(io::read(&ctx.system(), stdout, PIECE), Keeper::said);
        }
    }

    /// Nothing means that it will say no more: then its end is near.
    fn said(&mut self, ctx: &mut Context<Self>, piece: Result<Bytes, FutureError>) {
        let piece = piece.unwrap_or_default();
        if !piece.is_empty() {
            print!("{}", String::from_utf8_lossy(&piece));
            return self.listen(ctx);
        }
        if let Some(child) = self.child.take() {
            ctx.then(child.status(), |keeper, ctx, status| {
                let status = status.ok().flatten();
                keeper.again(
                    ctx,
                    &status.map_or("ended".to_owned(), |status| status.to_string()),
                );
            });
        }
    }

    fn again(&mut self, ctx: &mut Context<Self>, why: &str) {
        println!("{why}");
        self.left = self.left.map(|left| left.saturating_sub(1));
        if self.left == Some(0) {
            if let Some(done) = self.done.take() {
                done.set(self.starts);
            }
            return;
        }
        ctx.delay(self.pause, Keeper::begin);
        self.pause *= 2;
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let given = std::env::args().nth(1);
    let system = System::builder().client_only().start()?;
    let (done, starts) = Promise::new();
    let keeper = Keeper {
        left: if given.is_some() { None } else { Some(3) },
        line: given.unwrap_or_else(|| "echo up; exit 3".to_owned()),
        pause: FIRST_PAUSE,
        done: Some(done),
        starts: 0,
        child: None,
    };
    system.spawn("keeper", keeper)?;
    println!("gave up after {} starts", starts.wait()?);
    system.shutdown();
    Ok(())
}
