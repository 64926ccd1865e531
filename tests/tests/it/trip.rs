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
    let stop = |line: &str| {
        line.split("trip=")
            .nth(1)?
            .split_whitespace()
            .next()?
            .parse()
            .ok()
    };
    log.lines()
        .filter_map(|line| {
            let stop = stop(line)?;
            let (time, module) = glog(line).or_else(|| ours(line))?;
            Some((time, stop, module))
        })
        .collect()
}

/// Time and module of a daemon's line: `2026-11-21T16:03:09.123456Z  INFO module: ...`.
fn ours(line: &str) -> Option<(String, String)> {
    let mut words = line.split_whitespace();
    let (date, time) = words.next()?.split_once('T')?;
    let day: String = date.get(5..)?.split('-').collect();
    let module = words.nth(1)?.trim_end_matches(':').to_owned();
    Some((format!("{day} {}", time.trim_end_matches('Z')), module))
}

/// Time and file of the command executor's line: `I1121 16:03:09.123456 4711 file.rs:12] ...`.
fn glog(line: &str) -> Option<(String, String)> {
    let (prefix, _) = line.split_once("] ")?;
    let words: Vec<&str> = prefix.split_whitespace().collect();
    let [day, time, pid, place] = words[..] else {
        return None;
    };
    pid.parse::<u32>().ok()?;
    let day = day.strip_prefix(['I', 'W', 'E']).filter(|day| day.len() == 4)?;
    let file = place.split(':').next()?.strip_suffix(".rs")?;
    Some((format!("{day} {time}"), file.to_owned()))
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
    let errors = std::fs::read_to_string(sandbox.join("stderr")).unwrap();
    for line in errors.lines() {
        assert!(glog(line).is_some(), "every line is glog: {line}");
    }
    visited.extend(stops(&errors));
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
