//! `cargo xtask bench allocator [--quick] [--record] [GROUP...]`.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use mesos_benches::counting::Counting;
use mesos_benches::{allocator, runtime, table};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn main() -> Result<()> {
    let mut size = allocator::Size::REAL;
    let mut keep = false;
    let mut groups = Vec::new();
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--quick" => size = allocator::Size::QUICK,
            "--record" => keep = true,
            "--bench" => {}
            group if allocator::GROUPS.contains(&group) => groups.push(argument),
            other => bail!(
                "unknown argument `{other}`: there are --quick, --record and {}",
                allocator::GROUPS.join(", ")
            ),
        }
    }
    let rows = allocator::run(size, &groups);
    let text = runtime::row::render(&rows);
    println!("\n{text}");
    if keep {
        let documents = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
        table::record(&documents.join("benchmarks.md"), "allocator", &text)?;
        let growth = allocator::plot::growth(size);
        table::record(
            &documents.join("benchmarks.md"),
            "allocator-growth",
            &growth.table(),
        )?;
        let picture = documents.join("allocator.svg");
        std::fs::write(&picture, growth.svg())
            .with_context(|| format!("failed to write `{}`", picture.display()))?;
    }
    Ok(())
}
