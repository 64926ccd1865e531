//! One task's way through the house, as it was written and as it went.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use crate::execute::program;
use crate::support::cluster;

/// Stop and file, as `docs/task-trip.md` tells them.
fn written() -> BTreeMap<u32, String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/task-trip.md");
    let text = std::fs::read_to_string(path).unwrap();
    let row = |line: &str| {
        let mut cells = line.trim().trim_matches('|').split('|').map(str::trim);
        let stop = cells.next()?.parse().ok()?;
        Some((stop, cells.next()?.trim_matches('`').to_owned()))
    };
    text.lines().filter_map(row).collect()
}

/// The stops in a log, each with the time and the module it was logged from.
fn stops(log: &str) -> Vec<(String, u32, String)> {
    log.lines()
        .filter_map(|line| {
            let stop = line
                .split("trip=")
                .nth(1)?
                .split_whitespace()
                .next()?
                .parse()
                .ok()?;
            let mut words = line.split_whitespace();
            let time = words.next()?.to_owned();
            let module = words.nth(1)?.trim_end_matches(':').to_owned();
            Some((time, stop, module))
        })
        .collect()
}

#[test]
fn a_task_visits_the_fourteen_stops_in_the_written_order() {
    let written = written();
    assert_eq!(
        written.keys().copied().collect::<Vec<u32>>(),
        (1..=14).collect::<Vec<u32>>()
    );
    let files: std::collections::BTreeSet<&String> = written.values().collect();
    assert_eq!(files.len(), 14, "every stop is in a file of its own");

    let cluster = cluster();
    let output = Command::new(program("mesos-execute"))
        .args([
            &format!("--master={}", cluster.master()),
            "--name=trip",
            "--command=true",
            "--logging_level=INFO",
        ])
        .output()
        .unwrap();
    assert!(output.status.success());

    let mut visited = stops(&String::from_utf8_lossy(&output.stderr));
    for log in ["master.log", "agent0.log"] {
        visited.extend(stops(
            &std::fs::read_to_string(cluster.directory().join(log)).unwrap(),
        ));
    }
    let sandbox = sandbox_of(cluster.directory());
    visited.extend(stops(&std::fs::read_to_string(sandbox.join("stderr")).unwrap()));
    visited.sort();

    let mut first: Vec<(u32, String)> = Vec::new();
    for (_, stop, module) in visited {
        if !first.iter().any(|(seen, _)| *seen == stop) {
            first.push((stop, module));
        }
    }
    let order: Vec<u32> = first.iter().map(|(stop, _)| *stop).collect();
    assert_eq!(order, (1..=14).collect::<Vec<u32>>(), "{first:?}");
    for (stop, module) in first {
        let file = &written[&stop];
        let last = module.rsplit("::").next().unwrap();
        let stem = Path::new(file).file_stem().unwrap().to_str().unwrap();
        let folder = Path::new(file)
            .parent()
            .unwrap()
            .file_name()
            .unwrap()
            .to_str()
            .unwrap();
        assert!(
            stem == last || (stem == "mod" && folder == last),
            "stop {stop} is in {module}, not in {file}"
        );
    }
}

/// The sandbox of the only executor there was.
fn sandbox_of(directory: &Path) -> std::path::PathBuf {
    let mut at = directory.join("agent0/slaves");
    for next in ["", "frameworks", "", "executors", "", "runs/latest"] {
        at = match next {
            "" => std::fs::read_dir(&at)
                .unwrap()
                .flatten()
                .map(|entry| entry.path())
                .find(|path| path.is_dir() && !path.is_symlink())
                .unwrap(),
            named => at.join(named),
        };
    }
    at
}
