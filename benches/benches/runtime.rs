//! `cargo xtask bench runtime [--quick] [--record] [ROW...]`, where a row is one of the groups.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use mesos_benches::counting::Counting;
use mesos_benches::{runtime, table};

#[path = "../peers/mod.rs"]
mod peers;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn main() -> Result<()> {
    let mut size = runtime::Size::REAL;
    let mut keep = false;
    let mut groups = Vec::new();
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--quick" => size = runtime::Size::QUICK,
            "--record" => keep = true,
            "--bench" => {}
            group if runtime::GROUPS.contains(&group) => groups.push(argument),
            other => bail!(
                "unknown argument `{other}`: there are --quick, --record and {}",
                runtime::GROUPS.join(", ")
            ),
        }
    }
    let program = Path::new(env!("CARGO_BIN_EXE_libprocess-bench"));
    let rows = runtime::run(size, &peers::all(), program, &groups)?;
    let text = runtime::row::render(&rows);
    println!("\n{text}");
    if keep {
        let documents = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
        table::record(&documents.join("benchmarks.md"), "runtime", &text)?;
        let picture = documents.join("runtime.svg");
        std::fs::write(&picture, runtime::plot::svg(&rows))
            .with_context(|| format!("failed to write `{}`", picture.display()))?;
    }
    Ok(())
}
