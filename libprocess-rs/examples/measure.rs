//! Rough numbers of the engine: messages, questions, requests, memory. Use a release build.
//!
//! `cargo run --release --example measure`; the tiny size of a debug build only shows that it works.

use libprocess::http::{Connection, Request, Response};
use libprocess::{Context, Future, Process, System};
use std::time::Instant;

const SCALE: u64 = if cfg!(debug_assertions) { 1 } else { 100 };

#[derive(Default)]
struct Adder(u64);

impl Process for Adder {
    fn initialize(&mut self, ctx: &mut Context<Self>) {
        ctx.route("/value", |_, _, _, responder| {
            responder.respond(Response::json("{\"value\":1}"))
        });
        ctx.install("Add", |adder, _, _, body| adder.0 += body.len() as u64);
    }
}

/// Tells another process on the same worker, from within a handler, in rounds.
struct Teller(libprocess::Pid<Adder>);

impl Process for Teller {}

fn round(teller: &mut Teller, ctx: &mut Context<Teller>, left: u64, done: libprocess::Promise<()>) {
    if left == 0 {
        done.set(());
        return;
    }
    for n in 0..1_000u64 {
        teller.0.tell(move |adder, _| adder.0 = adder.0.wrapping_add(n));
    }
    ctx.tell_self(move |teller, ctx| round(teller, ctx, left - 1, done));
}

fn report(what: &str, count: u64, began: Instant) {
    let seconds = began.elapsed().as_secs_f64();
    println!(
        "{what:<44} {:>12.0} /s {:>8.0} ns each",
        count as f64 / seconds,
        seconds * 1e9 / count as f64
    );
}

fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok())
        .unwrap_or(0)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = System::builder().client_only().start()?;
    println!("{:<44} {:>12} KiB", "resident, client only", resident_kib());
    client.shutdown();
    let system = System::builder().workers(2).start()?;
    println!("{:<44} {:>12} KiB", "resident, two idle workers", resident_kib());

    let adder = system.spawn_on(0, "adder", Adder::default())?;
    let near = system.spawn_on(0, "near", Teller(adder.clone()))?;
    let far = system.spawn_on(1, "far", Teller(adder.clone()))?;
    for (what, teller) in [("tell, same worker", near), ("tell, other worker", far)] {
        let rounds = 100 * SCALE;
        let (promise, done) = libprocess::Promise::new();
        let began = Instant::now();
        teller.tell(move |teller, ctx| round(teller, ctx, rounds, promise));
        done.wait()?;
        adder.dispatch(|_, _| ()).wait()?;
        report(what, rounds * 1_000, began);
    }

    let asks = 500 * SCALE;
    let began = Instant::now();
    for _ in 0..asks {
        adder.dispatch(|adder, _| adder.0).wait()?;
    }
    report("dispatch and wait, from another thread", asks, began);

    let other = System::builder().workers(1).start()?;
    let target = other.spawn("target", Adder::default())?;
    let messages = 2_000 * SCALE;
    let began = Instant::now();
    let to = target.upid().clone();
    adder.tell(move |_, ctx| {
        ctx.link(&to);
        for _ in 0..messages {
            ctx.send(&to, "Add", "0123456789abcdef");
        }
    });
    while target.dispatch(|adder, _| adder.0).wait()? < messages * 16 {
        std::thread::yield_now();
    }
    report("message of 16 bytes to another runtime", messages, began);

    for (what, ahead) in [
        ("HTTP round trip, one at a time", 1u64),
        ("HTTP round trip, 64 pipelined", 64),
    ] {
        let requests = 500 * SCALE / if ahead == 1 { 4 } else { 1 } / ahead * ahead;
        let connection = Connection::connect(&system, other.address().into()).wait()?;
        let began = Instant::now();
        for _ in 0..requests / ahead {
            let batch: Vec<Future<Response>> = (0..ahead)
                .map(|_| connection.send(Request::get("/target/value")))
                .collect();
            for response in batch {
                response.wait()?;
            }
        }
        report(what, requests, began);
    }
    other.shutdown();
    system.shutdown();
    Ok(())
}
