//! `cargo xtask gen`: makes the Rust of `mesos/proto/src/gen` from the `.proto` files beside it.
//!
//! The result is committed, so nobody needs this (or `protoc`) to build. `docs/adr/003-protobuf.md` says
//! why the generator is our own.

mod emit;
mod model;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};

use self::model::Model;

/// Generates the messages of the workspace at `root`.
///
/// # Errors
///
/// Fails when a `.proto` file does not parse, when two names collide in Rust, or on I/O.
pub fn run(root: &Path) -> anyhow::Result<()> {
    let source = root.join("mesos/proto/proto");
    let target = root.join("mesos/proto/src/gen");
    let mut files = Vec::new();
    proto_files(&source, &mut files)?;
    files.sort();
    let set = protox::compile(&files, [&source]).context("failed to compile the .proto files")?;
    let model = Model::new(set)?;

    if target.exists() {
        fs::remove_dir_all(&target).with_context(|| format!("failed to remove `{}`", target.display()))?;
    }
    fs::create_dir_all(&target)?;
    let mut written = Vec::new();
    for (name, text) in emit::files(&model) {
        let path = target.join(name);
        fs::write(&path, text).with_context(|| format!("failed to write `{}`", path.display()))?;
        written.push(path);
    }
    let status = Command::new("rustfmt")
        .arg("--edition=2024")
        .arg("--config-path")
        .arg(root.join("rustfmt.toml"))
        .arg(target.join("mod.rs"))
        .status()
        .context("failed to run rustfmt")?;
    ensure!(status.success(), "rustfmt refused the generated code");
    println!("{} files in {}", written.len(), target.display());
    Ok(())
}

fn proto_files(folder: &Path, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("failed to list `{}`", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            proto_files(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "proto") {
            files.push(path);
        }
    }
    Ok(())
}
