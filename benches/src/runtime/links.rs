//! LargeNumberOfLinks: processes come and go beside many links that are no concern of theirs.
//!
//! Mesos: 3rdparty/libprocess/src/tests/benchmarks.cpp, `LargeNumberOfLinks`.

use std::time::Instant;

use libprocess::{Context, Process, Upid};

use super::ours::system;

/// Links to another.
struct Linker(Option<Upid>);

impl Process for Linker {
    fn initialize(&mut self, ctx: &mut Context<Self>) {
        if let Some(linkee) = &self.0 {
            ctx.link(linkee);
        }
    }
}

/// Ends itself by a dispatch.
struct Ephemeral;

impl Process for Ephemeral {
    fn initialize(&mut self, ctx: &mut Context<Self>) {
        ctx.tell_self(|_, ctx| ctx.terminate_self());
    }
}

/// Milliseconds until `ephemeral` processes have come and gone beside `links` links.
pub fn run(links: u64, ephemeral: u64) -> f64 {
    let system = system(2);
    let mut linkers = Vec::new();
    for number in 0..links {
        let linkee = system.spawn(format!("linkee-{number}"), Linker(None));
        let linkee = linkee.expect("the name is free").upid().clone();
        let linker = system.spawn(format!("linker-{number}"), Linker(Some(linkee)));
        linkers.push(linker.expect("the name is free"));
    }
    for linker in &linkers {
        linker.dispatch(|_, _| ()).wait().expect("it lives");
    }
    let began = Instant::now();
    let ephemerals: Vec<_> = (0..ephemeral)
        .map(|number| system.spawn(format!("ephemeral-{number}"), Ephemeral))
        .collect();
    for process in ephemerals {
        let ended = process.expect("the name is free").wait().wait();
        ended.expect("it ends");
    }
    let took = began.elapsed();
    system.shutdown();
    took.as_secs_f64() * 1e3
}
