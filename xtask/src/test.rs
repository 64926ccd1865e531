//! The tests, and the real clients they need.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::clients;
use crate::run::cargo;

/// Builds the daemons, installs the clients, runs every test. Arguments go to the test harness as filters.
pub fn run(root: &Path, filters: &[String]) -> Result<()> {
    clients::install(root)?;
    let cargo = cargo();
    run_daemons(root, &cargo)?;
    println!("> cargo test --workspace");
    let status = Command::new(&cargo)
        .args(["test", "--workspace", "--locked", "--no-fail-fast"])
        .args(if filters.is_empty() { vec![] } else { vec!["--"] })
        .args(filters)
        .env("MESOS_TEST_PYTHON", clients::python(root))
        .current_dir(root)
        .status()
        .context("failed to start the tests")?;
    ensure!(status.success(), "tests failed");
    Ok(())
}

/// The programs that tests start as a user would.
fn run_daemons(root: &Path, cargo: &str) -> Result<()> {
    crate::run::run(root, cargo, &["build", "--workspace", "--bins", "--locked"])
}
