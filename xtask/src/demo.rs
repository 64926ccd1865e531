//! `cargo demo`: builds release and hands over to the demonstration.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::run::cargo;

/// The programs the demonstration starts, and itself.
const PACKAGES: [&str; 4] = ["mesos-master", "mesos-agent", "mesos-executor", "mesos-wordcount"];

/// Builds and runs. Ctrl-C reaches the demonstration too, which then stops what it started.
pub fn run(root: &Path, arguments: &[String]) -> Result<()> {
    let mut build = vec!["build", "--release", "--locked", "--bins"];
    for package in PACKAGES {
        build.extend_from_slice(&["--package", package]);
    }
    println!("building (release; the first time takes minutes) ...");
    crate::run::run(root, &cargo(), &build)?;
    let program = target(root).join("release/mesos-wordcount");
    // `cargo demo -- FILES` is what hands used to `cargo run` write.
    let arguments = match arguments {
        [first, rest @ ..] if first == "--" => rest,
        all => all,
    };
    let status = Command::new(&program)
        .args(arguments)
        .env("MESOS_DEMO_DEFAULT", root)
        .status()
        .with_context(|| format!("failed to start `{}`", program.display()))?;
    std::process::exit(status.code().unwrap_or(130))
}

/// Where cargo builds.
pub fn target(root: &Path) -> std::path::PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), Into::into)
}
