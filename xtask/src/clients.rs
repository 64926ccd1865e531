//! The real clients the tests run: a Python environment under `target/`, installed once from PyPI.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::run::run;

/// What is installed, by exact version. `http-parser` is what pymesos parses with; its published C was made by a
/// Cython that knows nothing of Python 3.11, so it is made again from its `.pyx`.
const PACKAGES: [&str; 2] = ["mesoshttp==0.4.2", "addict==2.4.0"];
const HTTP_PARSER: &str = "http-parser==0.9.0";
const CYTHON: &str = "cython==0.29.37";
const PYMESOS: &str = "pymesos==0.3.15";

/// Where the environment is.
pub fn python(root: &Path) -> PathBuf {
    target(root).join("clients/bin/python3")
}

fn target(root: &Path) -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from)
}

/// Installs the clients unless they are there.
///
/// # Errors
///
/// When Python or PyPI is out of reach; the text says which command failed.
pub fn install(root: &Path) -> Result<()> {
    let directory = target(root).join("clients");
    let stamp = directory.join("installed");
    let wanted = format!("{} {HTTP_PARSER} {CYTHON} {PYMESOS}", PACKAGES.join(" "));
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    let shown = directory.to_string_lossy().into_owned();
    run(root, "python3", &["-m", "venv", "--clear", &shown]).context(
        "the tests need Python 3 with venv (Debian: apt-get install python3 python3-venv python3-dev gcc)",
    )?;
    let python = directory.join("bin/python3").to_string_lossy().into_owned();
    let pip = |arguments: &[&str]| {
        let mut all = vec!["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
        all.extend_from_slice(arguments);
        run(root, &python, &all)
    };
    pip(&["wheel", "setuptools<70", CYTHON])?;
    http_parser(root, &directory, &python)?;
    pip(&PACKAGES)?;
    pip(&[PYMESOS])?;
    fs::write(&stamp, wanted).with_context(|| format!("failed to write `{}`", stamp.display()))
}

/// Makes http-parser from its Cython source.
fn http_parser(root: &Path, directory: &Path, python: &str) -> Result<()> {
    let sources = directory.join("http-parser");
    let shown = sources.to_string_lossy().into_owned();
    let download = [
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "--no-binary",
        ":all:",
        "--no-build-isolation",
    ];
    let mut arguments = download.to_vec();
    arguments.extend_from_slice(&["-d", &shown, HTTP_PARSER]);
    run(root, python, &arguments)?;
    let archive = fs::read_dir(&sources)?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .find(|path| path.extension().is_some_and(|extension| extension == "gz"))
        .context("pip downloaded no archive of http-parser")?;
    run(
        &sources,
        "tar",
        &["xzf", &archive.to_string_lossy(), "--strip-components=1"],
    )?;
    let pyx = sources.join("http_parser/parser.pyx");
    let cython = Command::new(python)
        .args(["-m", "cython", "-3", &pyx.to_string_lossy()])
        .current_dir(&sources)
        .status()
        .context("failed to start cython")?;
    anyhow::ensure!(cython.success(), "cython could not make http-parser");
    let install = ["-m", "pip", "install", "--quiet", "--no-build-isolation", &shown];
    run(root, python, &install)
}
