//! Where log lines go.

use std::fs::OpenOptions;
use std::path::Path;
use std::sync::Mutex;

use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::writer::MakeWriterExt;

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
    let builder = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_ansi(false)
        .with_target(true);
    let Some(directory) = log_dir else {
        if !quiet {
            let _ = builder.with_writer(std::io::stderr).try_init();
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
    if quiet {
        let _ = builder.with_writer(Mutex::new(file)).try_init();
    } else {
        let _ = builder
            .with_writer(Mutex::new(file).and(std::io::stderr))
            .try_init();
    }
    Ok(())
}
