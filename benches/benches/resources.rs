//! `cargo xtask bench resources [--quick] [--record] [GROUP...]`.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use mesos_benches::runtime::{Size, plot, row};
use mesos_benches::{resources, table};

/// What the daemons run on.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<()> {
    let mut size = Size::REAL;
    let mut keep = false;
    let mut groups = Vec::new();
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--quick" => size = Size::QUICK,
            "--record" => keep = true,
            "--bench" => {}
            group if resources::GROUPS.contains(&group) => groups.push(argument),
            other => bail!(
                "unknown argument `{other}`: there are --quick, --record and {}",
                resources::GROUPS.join(", ")
            ),
        }
    }
    let rows = resources::run(size, &groups);
    let text = row::render(&rows);
    println!("\n{text}");
    if keep {
        let documents = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
        table::record(&documents.join("benchmarks.md"), "resources", &text)?;
        let picture = documents.join("resources.svg");
        std::fs::write(&picture, plot::svg(&rows))
            .with_context(|| format!("failed to write `{}`", picture.display()))?;
    }
    Ok(())
}
