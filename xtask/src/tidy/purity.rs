//! Rules 1, 13, 14: cores do no I/O, have no clock, no threads, no order that differs from run to run.

use std::path::Path;

use super::Source;

/// Directories of pure crates.
const PURE: [&str; 6] = [
    "libprocess-rs/core/src/",
    "mesos/src/",
    "mesos/proto/src/",
    "master/core/src/",
    "master/allocator/src/",
    "agent/core/src/",
];
/// What must not be named there, and why.
const FORBIDDEN: [(&str, &str); 12] = [
    ("std::fs", "files"),
    ("std::net::Tcp", "sockets"),
    ("std::thread", "threads"),
    ("std::process::", "processes"),
    ("std::env::", "the environment"),
    ("Instant::now", "a clock"),
    ("SystemTime::now", "a clock"),
    ("tokio::", "a runtime"),
    ("libprocess::", "the shell's runtime"),
    ("rand::", "ambient randomness"),
    ("HashMap", "an order that differs from run to run"),
    ("HashSet", "an order that differs from run to run"),
];
/// Only the runtime sleeps and reads clocks (rule 13).
const CLOCKS: [&str; 4] = [
    "tokio::time::sleep",
    "thread::sleep",
    "Instant::now",
    "SystemTime::now",
];
/// Programs that measure or wait for other programs as a person would.
const OUTSIDE: [&str; 6] = [
    "libprocess-rs/",
    "xtask/",
    "benches/",
    "tests/",
    "frameworks/wordcount/",
    "frameworks/local/",
];

pub fn check(root: &Path, sources: &[Source]) -> Vec<String> {
    let mut breaches = Vec::new();
    for source in sources {
        let pure = PURE.iter().any(|directory| source.path.starts_with(directory)) && !source.is_test();
        let may_wait = OUTSIDE.iter().any(|directory| source.path.starts_with(directory));
        for (number, line) in source.text.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            let at = format!("{}:{}", source.path, number + 1);
            if pure {
                for (word, what) in FORBIDDEN {
                    if code.contains(word) {
                        breaches.push(format!("{at}: a core has no {what}: `{word}` (rules 1, 14)"));
                    }
                }
            }
            if !may_wait {
                for word in CLOCKS {
                    if code.contains(word) && !source.is_test() {
                        breaches.push(format!("{at}: time is given: `{word}` (rule 13)"));
                    }
                }
            }
        }
    }
    for directory in PURE {
        let config = directory.replace("src/", "clippy.toml");
        if !root.join(&config).is_file() {
            breaches.push(format!("{config}: a core has its own clippy.toml (rule 1)"));
        }
    }
    breaches
}
