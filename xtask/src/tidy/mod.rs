//! The house rules that a machine can check. One file a rule; each returns what breaks it, as `path:line: why`.

mod dependencies;
mod examples;
mod logs;
mod purity;
mod size;
mod trip;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

/// A Rust file of the repository.
pub struct Source {
    /// Its path from the top of the repository.
    pub path: String,
    /// Its text.
    pub text: String,
}

impl Source {
    /// True for files a program wrote.
    pub fn is_generated(&self) -> bool {
        self.path.contains("/src/gen/")
    }

    /// True for files that only tests see.
    pub fn is_test(&self) -> bool {
        self.path.ends_with("/tests.rs") || self.path.contains("/tests/") || self.path.starts_with("tests/")
    }
}

/// Checks all rules.
///
/// # Errors
///
/// All breaches, one a line.
pub fn run(root: &Path) -> Result<()> {
    let sources = sources(root)?;
    let mut breaches = dependencies::check(root)?;
    breaches.extend(purity::check(root, &sources));
    breaches.extend(size::check(&sources));
    breaches.extend(examples::check(&sources));
    breaches.extend(logs::check(&sources));
    breaches.extend(trip::check(root, &sources)?);
    if breaches.is_empty() {
        println!("> tidy: {} files keep the house rules", sources.len());
        return Ok(());
    }
    bail!("house rules broken:\n{}", breaches.join("\n"))
}

/// All Rust files that are ours.
fn sources(root: &Path) -> Result<Vec<Source>> {
    let mut found = Vec::new();
    let mut directories = vec![root.to_path_buf()];
    while let Some(directory) = directories.pop() {
        let entries =
            fs::read_dir(&directory).with_context(|| format!("failed to list `{}`", directory.display()))?;
        for entry in entries {
            let path: PathBuf = entry?.path();
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            if path.is_dir() {
                if !name.starts_with('.') && name != "target" {
                    directories.push(path);
                }
            } else if name.ends_with(".rs") {
                let text = fs::read_to_string(&path)
                    .with_context(|| format!("failed to read `{}`", path.display()))?;
                let path = path
                    .strip_prefix(root)
                    .unwrap_or(&path)
                    .to_string_lossy()
                    .into_owned();
                found.push(Source { path, text });
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}
