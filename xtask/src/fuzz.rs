//! `cargo xtask fuzz [TARGET] [--seconds N]`.
//!
//! libFuzzer needs code that counts where it has been. The compiler adds that by flags, which are stable, so the pinned
//! toolchain does it. They are given for a build with its own directory and the host named as the target, so that no other build and no
//! build script sees them.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};

use crate::run::cargo;

/// What makes code count where it has been: an edge counter each, the operands of comparisons, and a table of places.
const COVERAGE: &str = "-Cpasses=sancov-module \
    -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares";

/// No input is worth this much memory; the largest is some kilobytes.
const RSS_LIMIT_MB: u32 = 512;

/// An input that takes longer than this is a find.
const TIMEOUT_SECONDS: u32 = 5;

/// The longest input that is made up.
const MAX_LEN: u32 = 4096;

/// Seconds for each target when nothing is said.
const SECONDS: u32 = 60;

/// Runs one target or all, each for some time. What is found is kept in `tests/fuzz/found`.
pub fn run(root: &Path, arguments: &[String]) -> Result<()> {
    let (mut wanted, mut seconds) = (None, SECONDS);
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        if argument == "--seconds" {
            let number = arguments.next().context("--seconds needs a number")?;
            seconds = number
                .parse()
                .with_context(|| format!("`{number}` is no number"))?;
        } else if wanted.replace(argument.as_str()).is_some() {
            bail!("one target or all");
        }
    }
    run_targets(root, wanted, seconds)
}

/// A few seconds of every target, for `verify --deep`.
pub fn smoke(root: &Path) -> Result<()> {
    run_targets(root, None, 5)
}

fn run_targets(root: &Path, wanted: Option<&str>, seconds: u32) -> Result<()> {
    let directory = root.join("target/fuzz");
    let targets = plant(root, &directory)?;
    if let Some(wanted) = wanted {
        ensure!(
            targets.iter().any(|target| target == wanted),
            "there is no target `{wanted}`; there are {}",
            targets.join(", ")
        );
    }
    let program = build(root, &directory)?;
    let mut failed = Vec::new();
    for target in targets {
        if wanted.is_none_or(|wanted| wanted == target) {
            println!("> fuzz {target}, {seconds} s");
            if !fuzz(root, &directory, &program, &target, seconds)? {
                failed.push(target);
            }
        }
    }
    ensure!(failed.is_empty(), "found something for {}", failed.join(", "));
    Ok(())
}

/// Puts the seeds beside what earlier runs have learnt; the names of all targets.
fn plant(root: &Path, directory: &Path) -> Result<Vec<String>> {
    let output = Command::new(cargo())
        .args(["run", "--quiet", "--locked", "--package", "mesos-tests-fuzz"])
        .args(["--bin", "fuzz-seeds", "--"])
        .arg(directory.join("corpus"))
        .current_dir(root)
        .stderr(Stdio::inherit())
        .output()
        .context("failed to start cargo")?;
    ensure!(output.status.success(), "the seeds cannot be planted");
    let names = String::from_utf8(output.stdout)?;
    Ok(names.lines().map(str::to_owned).collect())
}

fn build(root: &Path, directory: &Path) -> Result<PathBuf> {
    let host = host()?;
    println!("> cargo build --profile fuzz --package mesos-tests-fuzz");
    let status = Command::new(cargo())
        .args(["build", "--profile", "fuzz", "--locked"])
        .args([
            "--package",
            "mesos-tests-fuzz",
            "--bin",
            "fuzz",
            "--features",
            "libfuzzer",
        ])
        .args(["--target", &host, "--target-dir"])
        .arg(directory)
        .env("RUSTFLAGS", COVERAGE)
        .current_dir(root)
        .status()
        .context("failed to start cargo")?;
    ensure!(status.success(), "the fuzzer does not build");
    Ok(directory.join(host).join("fuzz/fuzz"))
}

/// The name of this machine as a target of the compiler.
fn host() -> Result<String> {
    let output = Command::new("rustc")
        .args(["--print", "host-tuple"])
        .output()
        .context("failed to start rustc")?;
    ensure!(output.status.success(), "rustc does not know its host");
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

/// Runs one target and says how it went; false when it found something, which is then kept.
fn fuzz(root: &Path, directory: &Path, program: &Path, target: &str, seconds: u32) -> Result<bool> {
    let finds = directory.join("finds").join(target);
    let logs = directory.join("logs");
    for directory in [&finds, &logs] {
        std::fs::create_dir_all(directory)
            .with_context(|| format!("failed to create `{}`", directory.display()))?;
    }
    let log = logs.join(format!("{target}.log"));
    let file = File::create(&log).with_context(|| format!("failed to write `{}`", log.display()))?;
    let status = Command::new(program)
        .arg(directory.join("corpus").join(target))
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-rss_limit_mb={RSS_LIMIT_MB}"))
        .arg(format!("-timeout={TIMEOUT_SECONDS}"))
        .arg(format!("-max_len={MAX_LEN}"))
        .arg(format!("-artifact_prefix={}/", finds.display()))
        .args(["-print_final_stats=1", "-use_value_profile=1"])
        .env("FUZZ_TARGET", target)
        .stdin(Stdio::null())
        .stderr(file)
        .status()
        .with_context(|| format!("failed to start `{}`", program.display()))?;
    let text = String::from_utf8_lossy(&std::fs::read(&log)?).into_owned();
    println!("  {}", summary(&text));
    if status.success() {
        return Ok(true);
    }
    println!("  see {}", log.display());
    keep(root, &finds, target)?;
    Ok(false)
}

/// Executions, coverage and memory, from what libFuzzer wrote.
fn summary(log: &str) -> String {
    let after = |mark: &str| {
        let at = log.rfind(mark)? + mark.len();
        log[at..].split_whitespace().next()
    };
    format!(
        "{} executions, {} a second; {} edges, {} features, {} inputs; {} MB",
        after("stat::number_of_executed_units:").unwrap_or("?"),
        after("stat::average_exec_per_sec:").unwrap_or("?"),
        after(" cov: ").unwrap_or("?"),
        after(" ft: ").unwrap_or("?"),
        after(" corp: ").unwrap_or("?"),
        after("stat::peak_rss_mb:").unwrap_or("?"),
    )
}

/// Copies what was found to where tests replay it.
fn keep(root: &Path, finds: &Path, target: &str) -> Result<()> {
    let kept = root.join("tests/fuzz/found").join(target);
    std::fs::create_dir_all(&kept).with_context(|| format!("failed to create `{}`", kept.display()))?;
    for find in std::fs::read_dir(finds)? {
        let find = find?;
        let to = kept.join(find.file_name());
        std::fs::copy(find.path(), &to).with_context(|| format!("failed to write `{}`", to.display()))?;
        println!("  kept {}", to.display());
    }
    Ok(())
}
