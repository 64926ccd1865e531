//! `cargo xtask bench SUBJECT`.

use std::path::Path;

use anyhow::{Result, bail};

use crate::run::{cargo, run};

/// The subjects and the benchmarks behind them.
const SUBJECTS: [&str; 4] = ["allocator", "launch", "resources", "runtime"];

/// Builds in release what the subject needs and runs it; further arguments go to it.
pub fn run_subject(root: &Path, subject: &str, rest: &[String]) -> Result<()> {
    let cargo = cargo();
    if subject == "launch" {
        let daemons = ["build", "--release", "--locked", "--workspace", "--bins"];
        run(root, &cargo, &daemons)?;
    }
    let mut arguments: Vec<String> = [
        "bench",
        "--locked",
        "--package",
        "mesos-benches",
        "--bench",
        subject,
        "--",
    ]
    .map(str::to_owned)
    .into();
    arguments.extend_from_slice(rest);
    run(root, &cargo, &arguments)
}

/// Picks the subject.
pub fn run_named(root: &Path, arguments: &[String]) -> Result<()> {
    let Some(subject) = arguments.first() else {
        bail!("which subject? one of {}", SUBJECTS.join(", "));
    };
    if !SUBJECTS.contains(&subject.as_str()) {
        bail!(
            "there is no benchmark `{subject}`; there are {}",
            SUBJECTS.join(", ")
        );
    }
    run_subject(root, subject, &arguments[1..])
}
