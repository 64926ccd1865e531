//! One gate, one fixer, and the helpers people type: `cargo xtask <command>`.
//!
//! | command | what it does |
//! |---|---|
//! | `verify` | everything CI checks: formatting, lints, the house rules, documentation, tests. Never writes. |
//! | `verify --deep [LANE...]` | what CI has no time for: loom, sanitizers, order and rules under load. |
//! | `fix` | formats and applies what the linter can mend. Never judges. |
//! | `test` | the tests, with the real clients they need (installed into `target/` from PyPI). |
//! | `bench SUBJECT` | a benchmark: `launch`, `resources`, `runtime`. |
//! | `fuzz [TARGET]` | what reads strangers' bytes under libFuzzer, `--seconds N` each. |
//! | `demo [FILES...]` | a real cluster that counts words (`cargo demo`). |
//! | `gen` | the Rust of the messages from their `.proto` files. |
//! | `tidy` | the house rules alone. |

mod bench;
mod clients;
mod deep;
mod demo;
mod fuzz;
mod r#gen;
mod run;
mod test;
mod tidy;
mod verify;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, bail};

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let command = arguments.next().unwrap_or_default();
    let rest: Vec<String> = arguments.collect();
    match dispatch(&command, &rest) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask {command}: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(command: &str, rest: &[String]) -> Result<()> {
    let root = root();
    match command {
        "verify" => match rest.split_first() {
            None => verify::run(&root),
            Some((flag, lanes)) if flag == "--deep" => deep::run(&root, lanes),
            Some((other, _)) => bail!("`verify` knows `--deep [LANE...]`, not `{other}`"),
        },
        "fix" => verify::fix(&root),
        "test" => test::run(&root, rest),
        "bench" => bench::run_named(&root, rest),
        "fuzz" => fuzz::run(&root, rest),
        "demo" => demo::run(&root, rest),
        "gen" => r#gen::run(&root),
        "tidy" => tidy::run(&root),
        "" | "help" | "--help" | "-h" => {
            println!("{HELP}");
            Ok(())
        }
        other => bail!("there is no command `{other}`\n\n{HELP}"),
    }
}

const HELP: &str = "cargo xtask <command>

  verify          everything CI checks; never writes
  verify --deep   what CI has no time for: loom, asan, valgrind, order, model, drf, fuzz; by name for a part
  fix             formats and applies lint fixes; never judges
  test [FILTER]   the tests, with the real clients they need
  bench SUBJECT   a benchmark: launch, resources, runtime
  fuzz [TARGET]   what reads strangers' bytes under libFuzzer; --seconds N each
  demo [FILES]    a real cluster that counts words; --keep leaves it up
  gen             the Rust of the messages from their .proto files
  tidy            the house rules alone";

/// The top of the repository.
fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent()
        .expect("xtask is a directory of the repository")
        .to_path_buf()
}
