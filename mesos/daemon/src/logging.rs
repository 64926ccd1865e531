//! Where log lines go.

use std::fs::OpenOptions;
use std::path::Path;
use std::sync::{Mutex, OnceLock};

use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::writer::{BoxMakeWriter, MakeWriterExt};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::reload;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Registry, fmt};

/// The level that was asked for at the start, and how to change it. There is one log for a program.
static LEVEL: OnceLock<(LevelFilter, reload::Handle<LevelFilter, Registry>)> = OnceLock::new();

/// Sets up logging for a daemon: to stderr unless `quiet`, and to `<log_dir>/<program>.INFO` when a directory is given.
///
/// `level` is Mesos' `--logging_level`: `INFO`, `WARNING` or `ERROR`.
///
/// # Errors
///
/// When the level is none of these or the log file cannot be opened.
pub fn initialize(program: &str, level: &str, quiet: bool, log_dir: Option<&Path>) -> Result<(), String> {
    let level = match level {
        "INFO" => LevelFilter::INFO,
        "WARNING" => LevelFilter::WARN,
        "ERROR" => LevelFilter::ERROR,
        other => {
            return Err(format!(
                "'{other}' is not a valid logging level. Possible values for 'logging_level' flag \
                                are: 'INFO', 'WARNING', 'ERROR'."
            ));
        }
    };
    let Some(directory) = log_dir else {
        if !quiet {
            start(level, BoxMakeWriter::new(std::io::stderr));
        }
        return Ok(());
    };
    std::fs::create_dir_all(directory).map_err(|error| {
        format!(
            "Could not initialize logging: Failed to create directory '{}': {error}",
            directory.display()
        )
    })?;
    let path = directory.join(format!("{program}.INFO"));
    let file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(&path)
        .map_err(|error| {
            format!(
                "Could not initialize logging: Failed to open '{}': {error}",
                path.display()
            )
        })?;
    start(
        level,
        if quiet {
            BoxMakeWriter::new(Mutex::new(file))
        } else {
            BoxMakeWriter::new(Mutex::new(file).and(std::io::stderr))
        },
    );
    Ok(())
}

fn start(level: LevelFilter, writer: BoxMakeWriter) {
    let (filter, handle) = reload::Layer::new(level);
    let lines = fmt::layer()
        .with_ansi(false)
        .with_target(true)
        .with_writer(writer);
    if tracing_subscriber::registry()
        .with(filter)
        .with(lines)
        .try_init()
        .is_ok()
    {
        let _ = LEVEL.set((level, handle));
    }
}

/// Changes how much is logged: 0 is what `--logging_level` says, 1 shows debug lines, 2 and above everything. This is what
/// `/logging/toggle` does.
pub fn set_verbosity(verbosity: u32) {
    if let Some((normal, handle)) = LEVEL.get() {
        let level = match verbosity {
            0 => *normal,
            1 => LevelFilter::DEBUG,
            2.. => LevelFilter::TRACE,
        };
        let _ = handle.reload(level);
    }
}
