//! One target under libFuzzer: `FUZZ_TARGET=NAME fuzz CORPUS [OPTIONS]`. `cargo xtask fuzz` builds and runs it.
#![no_main]

use std::sync::OnceLock;

use mesos_tests_fuzz::{Target, find};

static TARGET: OnceLock<Target> = OnceLock::new();

fn chosen() -> Target {
    let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
    find(&name).expect("FUZZ_TARGET names a target")
}

libfuzzer_sys::fuzz_target!(init: { TARGET.get_or_init(chosen); }, |data: &[u8]| {
    (TARGET.get_or_init(chosen).run)(data);
});
