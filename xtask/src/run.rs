//! Runs other programs.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, bail};

/// Runs a program to its end, with its output shown.
///
/// # Errors
///
/// When it cannot be started or does not end with status 0.
pub fn run<S: AsRef<OsStr>>(root: &Path, program: &str, arguments: &[S]) -> Result<()> {
    let shown: Vec<String> = arguments
        .iter()
        .map(|argument| argument.as_ref().to_string_lossy().into_owned())
        .collect();
    let line = format!("{program} {}", shown.join(" "));
    println!("> {line}");
    let started = Instant::now();
    let status = Command::new(program)
        .args(arguments)
        .current_dir(root)
        .stdin(Stdio::null())
        .status()
        .with_context(|| format!("failed to start `{line}`"))?;
    if !status.success() {
        bail!("`{line}` failed: {status}");
    }
    println!("  {:.1} s", started.elapsed().as_secs_f64());
    Ok(())
}

/// The cargo that runs us.
pub fn cargo() -> String {
    std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned())
}
