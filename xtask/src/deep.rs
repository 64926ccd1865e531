//! What the gate has no time for: every interleaving, sanitizers, order and rules under load.
//!
//! | lane | what it shows |
//! |---|---|
//! | `loom` | every interleaving (up to three preemptions) of small programs on the engine |
//! | `asan` | the engine and the runtime under AddressSanitizer, on nightly: no byte is used outside of its life |
//! | `valgrind` | the engine under memcheck: nothing uninitialised decides anything, nothing is lost |
//! | `order` | order and causality of four million messages between four threads and two workers |
//! | `model` | a hundred thousand random programs against the model of libprocess' rules |
//! | `drf` | a million instances of the properties of fairness, a million inputs of random clusters with their books checked, ten thousand clusters against the reference allocator |
//! | `fuzz` | a few seconds of every target that takes strangers' bytes |

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};

use crate::run::cargo;

const TARGET: &str = "x86_64-unknown-linux-gnu";

/// One lane.
type Lane = fn(&Path) -> Result<()>;

const LANES: [(&str, Lane); 7] = [
    ("loom", loom),
    ("asan", asan),
    ("valgrind", valgrind),
    ("order", order),
    ("model", model),
    ("drf", drf),
    ("fuzz", crate::fuzz::smoke),
];

/// Runs the lanes asked for, all when none is.
pub fn run(root: &Path, wanted: &[String]) -> Result<()> {
    if let Some(unknown) = wanted
        .iter()
        .find(|name| !LANES.iter().any(|lane| lane.0 == *name))
    {
        let names: Vec<&str> = LANES.iter().map(|lane| lane.0).collect();
        bail!("there is no lane `{unknown}`; there are {}", names.join(", "));
    }
    for (name, lane) in LANES {
        if wanted.is_empty() || wanted.iter().any(|wanted| wanted == name) {
            println!("== {name}");
            lane(root).with_context(|| format!("lane `{name}`"))?;
        }
    }
    println!("all lanes passed");
    Ok(())
}

fn loom(root: &Path) -> Result<()> {
    let mut command = release_test("libprocess-engine", "loom");
    command.env("RUSTFLAGS", "--cfg loom");
    finish(command.env("CARGO_TARGET_DIR", root.join("target/loom")), root)
}

fn asan(root: &Path) -> Result<()> {
    // LeakSanitizer knows nothing of threads that live until the process ends, so leaks are the engine's alone here.
    sanitize(
        root,
        "detect_leaks=1",
        &[
            "--package",
            "libprocess-engine",
            "--test",
            "actors",
            "--test",
            "order",
            "--test",
            "company",
        ],
    )?;
    let tests = [
        "--package",
        "libprocess",
        "--test",
        "it",
        "--test",
        "hostile",
        "--test",
        "model",
    ];
    sanitize(root, "detect_leaks=0", &tests)
}

fn sanitize(root: &Path, options: &str, tests: &[&str]) -> Result<()> {
    let known = Command::new("rustup")
        .args(["run", "nightly", "rustc", "--version"])
        .output();
    ensure!(
        known.is_ok_and(|output| output.status.success()),
        "AddressSanitizer needs a nightly compiler: `rustup toolchain install nightly`"
    );
    let mut command = Command::new("rustup");
    command
        .args(["run", "nightly", "cargo", "test", "--locked", "--target", TARGET])
        .args(tests)
        // Memory that was given back is kept by the sanitizer, so how much there is says nothing.
        .args(["--", "--skip", "connections_links_and_lives_leave_nothing_behind"])
        .env_remove("RUSTUP_TOOLCHAIN")
        .env("RUSTFLAGS", "-Zsanitizer=address")
        .env("ASAN_OPTIONS", options)
        .env("CARGO_TARGET_DIR", root.join("target/asan"));
    finish(&mut command, root)
}

fn valgrind(root: &Path) -> Result<()> {
    ensure!(
        Command::new("valgrind").arg("--version").output().is_ok(),
        "this lane needs valgrind: `apt-get install valgrind`"
    );
    for program in test_programs(root, &["actors", "order"])? {
        let mut command = Command::new("valgrind");
        command
            .args(["-q", "--error-exitcode=9", "--leak-check=full"])
            .args(["--show-leak-kinds=definite", "--errors-for-leak-kinds=definite"])
            .arg(program)
            .arg("--test-threads=1")
            .env("ENGINE_ROUNDS", "500");
        finish(&mut command, root)?;
    }
    Ok(())
}

/// Builds tests of the engine and says where they are.
fn test_programs(root: &Path, names: &[&str]) -> Result<Vec<PathBuf>> {
    let mut command = Command::new(cargo());
    command.args([
        "test",
        "--locked",
        "--package",
        "libprocess-engine",
        "--no-run",
        "--message-format=json",
    ]);
    for name in names {
        command.args(["--test", name]);
    }
    let output = command.current_dir(root).output()?;
    ensure!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8_lossy(&output.stdout);
    let found = text
        .lines()
        .filter_map(|line| line.split_once("\"executable\":\"")?.1.split_once('"'));
    let programs: Vec<PathBuf> = found.map(|(path, _)| PathBuf::from(path)).collect();
    ensure!(programs.len() == names.len(), "cargo says nothing of {names:?}");
    Ok(programs)
}

fn order(root: &Path) -> Result<()> {
    let mut command = release_test("libprocess-engine", "order");
    finish(command.env("ENGINE_ROUNDS", "1000000"), root)
}

fn model(root: &Path) -> Result<()> {
    let mut command = release_test("libprocess", "model");
    finish(command.env("LIBPROCESS_PROGRAMS", "100000"), root)
}

fn drf(root: &Path) -> Result<()> {
    let mut command = Command::new(cargo());
    command.args([
        "test",
        "--release",
        "--locked",
        "--package",
        "mesos-allocator",
        "--lib",
    ]);
    command.env("MESOS_DRF_INSTANCES", "1000000");
    command.env("MESOS_DRF_INPUTS", "1000000");
    command.env("MESOS_DRF_CLUSTERS", "10000");
    finish(&mut command, root)
}

/// One test of a package, in release.
fn release_test(package: &str, test: &str) -> Command {
    let mut command = Command::new(cargo());
    command.args([
        "test",
        "--release",
        "--locked",
        "--package",
        package,
        "--test",
        test,
    ]);
    command
}

fn finish(command: &mut Command, root: &Path) -> Result<()> {
    println!("> {command:?}");
    let status = command.current_dir(root).status()?;
    ensure!(status.success(), "{status}");
    Ok(())
}
