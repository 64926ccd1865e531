//! Puts what fuzzing begins with into a directory, and says which targets there are: `fuzz-seeds CORPUS`.

use std::path::Path;

use anyhow::{Context as _, Result};

fn main() -> Result<()> {
    let corpus = std::env::args_os().nth(1).context("where to?")?;
    mesos_tests_fuzz::seeds::plant(Path::new(&corpus))?;
    for target in mesos_tests_fuzz::TARGETS {
        println!("{}", target.name);
    }
    Ok(())
}
