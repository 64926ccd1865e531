//! Every row of the subject `runtime` at a tiny size, so that none can rot.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::path::Path;

use mesos_benches::counting::Counting;
use mesos_benches::runtime::{Size, plot, row, run};

#[path = "../peers/mod.rs"]
mod peers;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn runtime_measures_every_row() {
    let program = Path::new(env!("CARGO_BIN_EXE_libprocess-bench"));
    let rows = run(Size::TINY, &peers::all(), program, &[]).unwrap();
    assert_eq!(rows.len(), 37);
    for row in &rows {
        assert!(row.ours.is_finite() && row.ours >= 0.0, "{row}");
        let measured = |figure: f64| figure > 0.0 || figure.is_nan();
        assert!(row.peers.iter().all(|(_, figure)| measured(*figure)), "{row}");
    }
    assert_eq!(row::render(&rows).lines().count(), rows.len() + 8);
    assert!(plot::svg(&rows).ends_with("</svg>\n"));
}

#[test]
fn a_load_in_one_direction_ends_for_every_client() {
    let load = [
        "local",
        "--one-way",
        "--clients",
        "5",
        "--count",
        "20000",
        "--json",
    ];
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_libprocess-bench"))
        .args(load)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    // Messages go out in windows of 4,096.
    assert!(text.contains(&format!("\"count\":{}", 5 * 5 * 4096)), "{text}");
}
