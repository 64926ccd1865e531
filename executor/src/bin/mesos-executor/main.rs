//! The command executor: runs the one command of one task.
//!
//! The agent starts it for every task that names a command and no executor. It says what it does on its standard
//! error, in the sandbox beside the task's own output.
//!
//! Mesos: src/launcher/executor.cpp.

#![forbid(unsafe_code)]

mod command;
mod flags;
mod kill;
mod log;
mod signals;

use std::process::ExitCode;

use mesos_executor::{Settings, run};

use crate::{
    command::CommandExecutor,
    log::{Glog, say},
};

fn main() -> ExitCode {
    let mut arguments = std::env::args();
    let name = arguments.next().unwrap_or_default();
    let flags = match flags::parse(arguments) {
        Ok(flags) if flags.help => {
            println!("{}", flags::usage(&name));
            return ExitCode::SUCCESS;
        }
        Ok(flags) => flags,
        Err(error) => {
            eprintln!("{error}\n\n{}", flags::usage(&name));
            return ExitCode::FAILURE;
        }
    };
    let settings = match Settings::from_env() {
        Ok(settings) => settings,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    tracing_subscriber::fmt()
        .with_ansi(false)
        .event_format(Glog)
        .with_writer(std::io::stderr)
        .init();
    let executor = CommandExecutor::new(flags, settings.shutdown_grace_period);
    match run(settings, executor) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(format_args!("{error}"));
            ExitCode::FAILURE
        }
    }
}
