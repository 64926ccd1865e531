//! The gate and the fixer.

use std::path::Path;

use anyhow::Result;

use crate::run::cargo;
use crate::{test, tidy};

/// Everything CI checks, cheapest first. Writes nothing but build products.
pub fn run(root: &Path) -> Result<()> {
    let cargo = cargo();
    tidy::run(root)?;
    crate::run::run(root, &cargo, &["fmt", "--all", "--check"])?;
    crate::run::run(
        root,
        &cargo,
        &[
            "clippy",
            "--workspace",
            "--all-targets",
            "--locked",
            "--",
            "-D",
            "warnings",
        ],
    )?;
    docs(root)?;
    test::run(root, &[])
}

/// Documentation without a warning: every link leads somewhere, every public item is described.
fn docs(root: &Path) -> Result<()> {
    println!("> cargo doc");
    let status = std::process::Command::new(cargo())
        .args(["doc", "--workspace", "--no-deps", "--locked", "--quiet"])
        .env("RUSTDOCFLAGS", "-D warnings")
        .current_dir(root)
        .status()?;
    anyhow::ensure!(status.success(), "the documentation has warnings");
    Ok(())
}

/// Formats, and applies what the linter can mend by itself.
pub fn fix(root: &Path) -> Result<()> {
    let cargo = cargo();
    let mend = [
        "clippy",
        "--workspace",
        "--all-targets",
        "--fix",
        "--allow-dirty",
        "--allow-staged",
    ];
    crate::run::run(root, &cargo, &mend)?;
    crate::run::run(root, &cargo, &["fmt", "--all"])
}
