//! `cargo xtask bench launch [--quick] [--record]`.

use std::path::Path;

use anyhow::{Result, bail};
use mesos_benches::{launch, table};

fn main() -> Result<()> {
    let mut size = launch::Size::REAL;
    let mut keep = false;
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--quick" => size = launch::Size::QUICK,
            "--record" => keep = true,
            "--bench" => {}
            other => bail!("unknown argument `{other}`: there are --quick and --record"),
        }
    }
    let rows = launch::run(size, None, Path::new(env!("CARGO_BIN_EXE_bench-executor")))?;
    let text = table::render(&rows);
    println!("\n{text}");
    if keep {
        let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/benchmarks.md");
        table::record(&document, "launch", &text)?;
    }
    Ok(())
}
