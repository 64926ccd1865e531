//! One gate, one fixer: verify, fix, test, bench, demo.

mod r#gen;

use std::path::Path;

fn main() -> anyhow::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("xtask lies in the workspace");
    match std::env::args().nth(1).as_deref() {
        Some("gen") => r#gen::run(root),
        _ => anyhow::bail!("usage: cargo xtask gen"),
    }
}
