//! Flags as Mesos writes them.
//!
//! A program declares a struct with `clap`; [`load`] reads it from `--name=value`, `--name` and `--no-name` for
//! switches, from `MESOS_NAME` in the environment (the command line wins), and from files named by `file://` values.
//! A mistake is told as Mesos tells it, with the flag's name, and ends the program with status 1.
//!
//! Mesos: `3rdparty/stout/include/stout/flags/flags.hpp`.

use std::collections::BTreeMap;
use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{ArgAction, Command, CommandFactory, FromArgMatches};

/// What was read.
#[derive(Debug)]
pub struct Loaded<F> {
    /// The flags.
    pub flags: F,
    /// Every flag that has a value, by name, as `/flags` shows it.
    pub shown: Vec<(String, String)>,
}

/// Why the program does not go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// Help or version was asked for: print this, end with status 0.
    Asked(String),
    /// A flag is wrong: print this on stderr, end with status 1.
    Wrong(String),
}

/// Reads a program's flags from its command line and environment.
///
/// # Errors
///
/// [`Stop`] when help was asked for or a flag is wrong.
pub fn load<F: CommandFactory + FromArgMatches>(
    arguments: impl IntoIterator<Item = OsString>,
    environment: impl IntoIterator<Item = (String, String)>,
) -> Result<Loaded<F>, Stop> {
    let command = F::command();
    let switches: Vec<String> = command
        .get_arguments()
        .filter(|argument| is_switch(argument))
        .map(|argument| argument.get_id().to_string())
        .collect();
    let (mut words, given) = normalise(arguments, &switches, &command)?;
    for (name, value) in environment {
        let Some(name) = name.strip_prefix("MESOS_").map(str::to_lowercase) else {
            continue;
        };
        let known = command
            .get_arguments()
            .find(|argument| matches_name(argument, &name));
        if let Some(known) = known
            && !given.contains(&known.get_id().to_string())
        {
            let value = of_switch(contents(&name, value)?, known.get_id().as_str(), &switches);
            words.push(format!("--{name}={value}").into());
        }
    }
    let matches = command
        .clone()
        .try_get_matches_from(words)
        .map_err(|error| explain(&command, &error))?;
    let flags = F::from_arg_matches(&matches).map_err(|error| explain(&command, &error))?;
    let mut shown = BTreeMap::new();
    for argument in command.get_arguments() {
        let name = argument.get_id().as_str();
        if let Ok(Some(values)) = matches.try_get_raw(name) {
            let text = values
                .map(|value| value.to_string_lossy().into_owned())
                .collect::<Vec<_>>()
                .join(",");
            shown.insert(name.to_owned(), canonical(&text));
        }
    }
    shown
        .entry("help".to_owned())
        .or_insert_with(|| "false".to_owned());
    Ok(Loaded {
        flags,
        shown: shown.into_iter().collect(),
    })
}

/// Reads the flags of the running program; prints and exits when it is not to go on.
pub fn load_or_exit<F: CommandFactory + FromArgMatches>() -> Loaded<F> {
    loaded_or_exit(load(std::env::args_os(), std::env::vars()))
}

/// Reads the flags of the running program from its command line only: inside a task `MESOS_CHECKPOINT` and others
/// say something about that task.
pub fn load_arguments_or_exit<F: CommandFactory + FromArgMatches>() -> Loaded<F> {
    loaded_or_exit(load(std::env::args_os(), []))
}

fn loaded_or_exit<F>(loaded: Result<Loaded<F>, Stop>) -> Loaded<F> {
    match loaded {
        Ok(loaded) => loaded,
        Err(Stop::Asked(text)) => {
            print!("{text}");
            std::process::exit(0);
        }
        Err(Stop::Wrong(text)) => {
            eprintln!("{text}");
            std::process::exit(1);
        }
    }
}

/// A JSON object of strings, as `--env` and `--executor_environment_variables` have it.
///
/// # Errors
///
/// When the text is something else.
pub fn string_map(text: &str) -> Result<Vec<(String, String)>, String> {
    let map: BTreeMap<String, String> = serde_json::from_str(text).map_err(|error| error.to_string())?;
    Ok(map.into_iter().collect())
}

/// Ends the program because of a mistake the flags could not show by themselves.
pub fn exit_with(message: &str) -> ! {
    eprintln!("{message}");
    std::process::exit(1)
}

fn is_switch(argument: &clap::Arg) -> bool {
    matches!(argument.get_action(), ArgAction::Set)
        && argument
            .get_possible_values()
            .iter()
            .map(|value| value.get_name())
            .eq(["true", "false"])
}

fn matches_name(argument: &clap::Arg, name: &str) -> bool {
    argument.get_long() == Some(name)
        || argument
            .get_all_aliases()
            .is_some_and(|aliases| aliases.contains(&name))
}

type Words = (Vec<OsString>, Vec<String>);

/// `--no-x` becomes `--x=false`, `--x` of a switch `--x=true`, `file://` values their contents.
fn normalise(
    arguments: impl IntoIterator<Item = OsString>,
    switches: &[String],
    command: &Command,
) -> Result<Words, Stop> {
    let mut words = Vec::new();
    let mut given = Vec::new();
    for word in arguments {
        let Some(text) = word
            .to_str()
            .filter(|_| !words.is_empty())
            .and_then(|text| text.strip_prefix("--"))
        else {
            words.push(word);
            continue;
        };
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (text, None),
        };
        let named = |name: &str| {
            command
                .get_arguments()
                .find(|argument| matches_name(argument, name))
                .map(|argument| argument.get_id().to_string())
        };
        if let Some(id) = named(name) {
            given.push(id.clone());
            match value {
                Some(value) => {
                    let value = of_switch(contents(name, value)?, &id, switches);
                    words.push(format!("--{name}={value}").into());
                }
                None if switches.contains(&id) => words.push(format!("--{name}=true").into()),
                None => words.push(word),
            }
        } else if let Some(id) = name
            .strip_prefix("no-")
            .and_then(named)
            .filter(|_| value.is_none())
        {
            if !switches.contains(&id) {
                return Err(Stop::Wrong(format!(
                    "Failed to load non-boolean flag '{id}' via '{name}'"
                )));
            }
            given.push(id.clone());
            words.push(format!("--{id}=false").into());
        } else {
            words.push(word);
        }
    }
    Ok((words, given))
}

/// Switches know numbers too, and nothing at all is a yes.
///
/// Mesos: `3rdparty/stout/include/stout/flags/parse.hpp`.
fn of_switch(value: String, id: &str, switches: &[String]) -> String {
    let is_switch = switches.iter().any(|switch| switch == id);
    match value.as_str() {
        "" | "1" if is_switch => "true".to_owned(),
        "0" if is_switch => "false".to_owned(),
        _ => value,
    }
}

/// A `file://` value stands for what is in the file.
fn contents(name: &str, value: String) -> Result<String, Stop> {
    match value.strip_prefix("file://") {
        Some(path) => std::fs::read_to_string(path)
            .map(|text| text.trim_end().to_owned())
            .map_err(|error| {
                Stop::Wrong(format!(
                    "Failed to load flag '{name}': Error reading file '{path}': {error}"
                ))
            }),
        None => Ok(value),
    }
}

/// Durations are shown in their shortest form, as Mesos prints them; all else as it was given.
fn canonical(text: &str) -> String {
    match libprocess_core::duration::parse_duration(text) {
        Ok(duration) => libprocess_core::duration::format_duration(duration),
        Err(_) => text.to_owned(),
    }
}

/// Mesos' words for a mistake, followed by how to get help.
fn explain(command: &Command, error: &clap::Error) -> Stop {
    let text = |kind: ContextKind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.join(", "),
        _ => String::new(),
    };
    let name = |text: String| {
        text.trim_start_matches('-')
            .split(['=', ' ', '['])
            .next()
            .unwrap_or_default()
            .to_owned()
    };
    let said = match error.kind() {
        ErrorKind::DisplayHelp
        | ErrorKind::DisplayVersion
        | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            return Stop::Asked(error.to_string());
        }
        ErrorKind::UnknownArgument => {
            format!(
                "Failed to load unknown flag '{}'",
                name(text(ContextKind::InvalidArg))
            )
        }
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            let reason = std::error::Error::source(error).map_or_else(
                || match error.get(ContextKind::ValidValue) {
                    Some(ContextValue::Strings(valid)) if *valid == ["true", "false"] => {
                        "Expecting a boolean (e.g., true or false)".to_owned()
                    }
                    Some(ContextValue::Strings(valid)) => format!("expected one of {}", valid.join(", ")),
                    _ => "a value is expected".to_owned(),
                },
                ToString::to_string,
            );
            format!(
                "Failed to load flag '{}': Failed to load value '{}': {reason}",
                name(text(ContextKind::InvalidArg)),
                text(ContextKind::InvalidValue)
            )
        }
        ErrorKind::MissingRequiredArgument => {
            format!(
                "Flag '{}' is required, but it was not provided",
                name(text(ContextKind::InvalidArg))
            )
        }
        ErrorKind::ArgumentConflict => {
            format!("Flag '{}' was given twice", name(text(ContextKind::InvalidArg)))
        }
        _ => error.to_string(),
    };
    Stop::Wrong(format!(
        "{said}\n\nRun `{} --help` for all flags.",
        command.get_name()
    ))
}
