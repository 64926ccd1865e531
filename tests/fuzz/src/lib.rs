//! What reads bytes of strangers, fed with bytes that look for trouble.
//!
//! A [`Target`] is a function that takes any bytes and panics when something is wrong: when the code under test panics, and when
//! two ways to the same answer differ. `cargo xtask fuzz` runs the targets under LLVM's libFuzzer, which keeps what reaches new
//! code. What was found once lies in `found/<target>/` and is replayed by the ordinary tests, beside the recorded traffic
//! in `tests/golden`.
#![deny(unsafe_code)]

pub mod http;
pub mod proto;
pub mod resources;
pub mod seeds;
pub mod text;
pub mod views;
pub mod wires;

/// Something to feed.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// What it is called on the command line.
    pub name: &'static str,
    /// Takes any bytes; panics when something is wrong.
    pub run: fn(&[u8]),
    /// What to begin with.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

const fn target(name: &'static str, run: fn(&[u8]), seeds: fn() -> Vec<Vec<u8>>) -> Target {
    Target { name, run, seeds }
}

/// All targets, one a line.
pub const TARGETS: [Target; 14] = [
    target("message", http::message, seeds::streams),
    target("request", http::request, seeds::streams),
    target("response", http::response, seeds::streams),
    target("finder", wires::finder, seeds::streams),
    target("frames", wires::frames, seeds::frames),
    target("recordio", text::recordio, seeds::records),
    target("upid", text::upid, seeds::upids),
    target("query", text::query, seeds::queries),
    target("duration", text::duration, seeds::durations),
    target("proto", proto::wire, seeds::messages),
    target("json", proto::json, seeds::texts),
    target("view", views::view, seeds::views),
    target("resources", resources::resources, seeds::resources),
    target("operation", resources::operation, seeds::operations),
];

/// The target of this name.
pub fn find(name: &str) -> Option<Target> {
    TARGETS.into_iter().find(|target| target.name == name)
}
