//! Rule 22: one task's way through the house is fourteen stops, each written once and told in `docs/task-trip.md`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::Source;

/// How many stops there are.
const STOPS: usize = 14;

pub fn check(root: &Path, sources: &[Source]) -> Result<Vec<String>> {
    let mut breaches = Vec::new();
    let mut in_code: BTreeMap<usize, String> = BTreeMap::new();
    for source in sources
        .iter()
        .filter(|source| !source.path.starts_with("xtask/") && !source.is_test())
    {
        for (number, line) in source.text.lines().enumerate() {
            let Some(stop) = line.trim_start().strip_prefix("///").and_then(stop) else {
                continue;
            };
            let at = format!("{}:{}", source.path, number + 1);
            if let Some(other) = in_code.insert(stop, source.path.clone()) {
                breaches.push(format!("{at}: stop {stop} is also in {other} (rule 22)"));
            }
        }
    }
    let document = fs::read_to_string(root.join("docs/task-trip.md")).context("docs/task-trip.md")?;
    let told: BTreeMap<usize, &str> = document.lines().filter_map(told).collect();
    for stop in 1..=STOPS {
        match (in_code.get(&stop), told.get(&stop)) {
            (None, _) => breaches.push(format!("stop {stop} of {STOPS} is nowhere in the code (rule 22)")),
            (Some(path), Some(told)) if path != told => {
                breaches.push(format!(
                    "docs/task-trip.md: stop {stop} is in {path}, not in {told} (rule 22)"
                ));
            }
            (Some(path), None) => {
                breaches.push(format!(
                    "docs/task-trip.md: stop {stop} in {path} is not told (rule 22)"
                ));
            }
            _ => {}
        }
    }
    Ok(breaches)
}

/// `... Trip 5/14 ...`
fn stop(text: &str) -> Option<usize> {
    let (_, rest) = text.split_once("Trip ")?;
    let (number, rest) = rest.split_once('/')?;
    rest.starts_with(&STOPS.to_string())
        .then(|| number.parse().ok())?
}

/// `| 5 | `path` | ... |`
fn told(line: &str) -> Option<(usize, &str)> {
    let mut cells = line.trim().trim_matches('|').split('|').map(str::trim);
    let number = cells.next()?.parse().ok()?;
    Some((number, cells.next()?.trim_matches('`')))
}
