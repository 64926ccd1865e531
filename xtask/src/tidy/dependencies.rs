//! Rule 3: dependencies point one way.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

/// Crates without I/O. They may depend on one another and on nothing of ours that is not here.
const PURE: [&str; 6] = [
    "libprocess-core",
    "mesos-proto",
    "mesos",
    "mesos-allocator",
    "mesos-master-core",
    "mesos-agent-core",
];
/// Crates that know nothing of Mesos.
const RUNTIME: [&str; 4] = [
    "libprocess-core",
    "libprocess-spawn",
    "libprocess",
    "libprocess-actix",
];
/// Crates that only meet on the wire.
const APART: [(&str, &str); 2] = [("mesos-master", "mesos-agent"), ("mesos-agent", "mesos-master")];
/// Crates that bring I/O or a runtime; no pure crate may use them.
const IMPURE: [&str; 10] = [
    "tokio",
    "actix",
    "actix-rt",
    "nix",
    "libc",
    "procfs",
    "rustix",
    "getrandom",
    "dashmap",
    "bincode",
];

/// Checks the graph that cargo sees.
pub fn check(root: &Path) -> Result<Vec<String>> {
    let output = Command::new(crate::run::cargo())
        .args(["metadata", "--format-version", "1", "--no-deps", "--locked"])
        .current_dir(root)
        .output()
        .context("failed to start cargo metadata")?;
    ensure!(
        output.status.success(),
        "cargo metadata failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    let mut breaches = Vec::new();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let name = package["name"].as_str().unwrap_or_default();
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            if dependency["kind"] == "dev" {
                continue;
            }
            let on = dependency["name"].as_str().unwrap_or_default();
            if let Some(why) = breach(name, on) {
                breaches.push(format!(
                    "{name}/Cargo.toml: must not depend on {on}: {why} (rule 3)"
                ));
            }
        }
    }
    Ok(breaches)
}

fn breach(name: &str, on: &str) -> Option<&'static str> {
    let ours = on.starts_with("mesos") || on.starts_with("libprocess");
    if PURE.contains(&name) && IMPURE.contains(&on) {
        return Some("it is pure");
    }
    if PURE.contains(&name) && ours && !PURE.contains(&on) {
        return Some("pure crates see only pure crates");
    }
    if RUNTIME.contains(&name) && on.starts_with("mesos") {
        return Some("the runtime knows nothing of Mesos");
    }
    let apart = APART
        .iter()
        .any(|(from, to)| name.starts_with(from) && on.starts_with(to));
    apart.then_some("master and agent meet on the wire only")
}
