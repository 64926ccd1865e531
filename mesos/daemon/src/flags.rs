//! Flags as Mesos writes them.
//!
//! A program declares a struct with `clap`; [`load`] reads it from `--name=value`, `--name` and `--no-name` for
//! switches, from `MESOS_NAME` in the environment (the command line wins), and from files named by `file://` values.
//! A mistake is told as Mesos tells it, with the flag's name, and ends the program with status 1.
//!
//! Mesos: `3rdparty/stout/include/stout/flags/flags.hpp`.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{ArgAction, Command, CommandFactory, FromArgMatches, ValueHint};

mod values;

pub use values::{FilePath, json_message, json_text};

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
/// Words that are no flags are passed over, and what follows a lone `--`.
///
/// # Errors
///
/// [`Stop`] when help was asked for or a flag is wrong.
pub fn load<F: CommandFactory + FromArgMatches>(
    arguments: impl IntoIterator<Item = OsString>,
    environment: impl IntoIterator<Item = (String, String)>,
) -> Result<Loaded<F>, Stop> {
    let mut command = F::command();
    command.build();
    let words = words(&command, arguments, environment).map_err(|said| wrong(&command, &said))?;
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

/// A flag as it was given: its name in small letters, perhaps with `no-` before it, and its value if it has one.
type Given = (String, Option<String>);

/// The words for `clap`: every flag once, as `--name=value`.
///
/// Mesos: `FlagsBase::load`.
fn words(
    command: &Command,
    arguments: impl IntoIterator<Item = OsString>,
    environment: impl IntoIterator<Item = (String, String)>,
) -> Result<Vec<OsString>, String> {
    let mut arguments = arguments.into_iter();
    let mut words: Vec<OsString> = arguments.next().into_iter().collect();
    let mut given = given(command, arguments)?;
    let typed: BTreeSet<String> = given.iter().map(|(name, _)| name.clone()).collect();
    for (name, value) in environment {
        if let Some(name) = name.strip_prefix("MESOS_").map(str::to_lowercase)
            && find(command, name.strip_prefix("no-").unwrap_or(&name)).is_some()
            && !typed.contains(&name)
        {
            given.push((name, Some(value)));
        }
    }
    // Mesos goes by name, and so tells the first mistake in that order.
    given.sort_by(|one, two| one.0.cmp(&two.0));
    let mut loaded: BTreeMap<String, String> = BTreeMap::new();
    for flag in given {
        match load_one(command, &mut loaded, flag) {
            Ok(word) => words.extend(word),
            // Who has asked for help by then gets it.
            Err(_)
                if words
                    .iter()
                    .any(|word| word == "--help" || word == "--version=true") =>
            {
                break;
            }
            Err(said) => return Err(said),
        }
    }
    Ok(words)
}

/// The word for one flag, unless it was there before.
fn load_one(
    command: &Command,
    loaded: &mut BTreeMap<String, String>,
    (name, value): Given,
) -> Result<Option<OsString>, String> {
    let flag_name = name.strip_prefix("no-").unwrap_or(&name);
    let Some(argument) = find(command, flag_name) else {
        let via = if flag_name == name {
            String::new()
        } else {
            format!(" via '{name}'")
        };
        return Err(format!("Failed to load unknown flag '{flag_name}'{via}"));
    };
    if let Some(before) = loaded.insert(argument.get_id().to_string(), flag_name.to_owned()) {
        return Err(format!(
            "Flag '{flag_name}' is already loaded via name '{before}'"
        ));
    }
    word(argument, &name, flag_name, value)
}

/// Reads the command line. A flag without `=` takes the next word, unless that is a flag too or it is a switch.
///
/// Differs from Mesos: there, only `=` gives a value.
fn given(command: &Command, arguments: impl Iterator<Item = OsString>) -> Result<Vec<Given>, String> {
    let mut given = Vec::new();
    let mut arguments = arguments.peekable();
    while let Some(word) = arguments.next() {
        let Some(text) = word.to_str() else {
            return Err(format!("Failed to read '{}': not UTF-8", word.to_string_lossy()));
        };
        let text = text.trim();
        if text == "--" {
            break;
        }
        let Some(flag) = text.strip_prefix("--") else {
            continue;
        };
        let Some((name, value)) = flag.split_once('=') else {
            let name = flag.to_lowercase();
            let takes_value = find(command, &name).is_some_and(|argument| !is_boolean(argument));
            let is_value = |word: &OsString| word.to_str().is_some_and(|word| !word.starts_with("--"));
            let value = arguments.next_if(|word| takes_value && is_value(word));
            given.push((name, value.and_then(|word| word.into_string().ok())));
            continue;
        };
        given.push((name.to_lowercase(), Some(value.to_owned())));
    }
    Ok(given)
}

/// One flag as `clap` reads it; nothing for help that is not wanted.
fn word(
    argument: &clap::Arg,
    name: &str,
    flag_name: &str,
    value: Option<String>,
) -> Result<Option<OsString>, String> {
    let negated = name != flag_name;
    let long = argument.get_long().unwrap_or(flag_name);
    if !is_boolean(argument) {
        if negated {
            return Err(format!(
                "Failed to load non-boolean flag '{flag_name}' via '{name}'"
            ));
        }
        let Some(value) = value else {
            return Err(format!(
                "Failed to load non-boolean flag '{flag_name}': Missing value"
            ));
        };
        let value = match argument.get_value_hint() {
            ValueHint::FilePath => value,
            _ => contents(flag_name, value)?,
        };
        return Ok(Some(format!("--{long}={value}").into()));
    }
    let value = match value.filter(|value| !value.is_empty()) {
        None if negated => "false".to_owned(),
        None => "true".to_owned(),
        Some(value) if negated => {
            return Err(format!(
                "Failed to load boolean flag '{flag_name}' via '{name}' with value '{value}'"
            ));
        }
        Some(value) => match contents(flag_name, value)?.as_str() {
            "1" => "true".to_owned(),
            "0" => "false".to_owned(),
            other => other.to_owned(),
        },
    };
    if is_switch(argument) {
        return Ok(Some(format!("--{long}={value}").into()));
    }
    match value.as_str() {
        "true" => Ok(Some(format!("--{long}").into())),
        "false" => Ok(None),
        other => Err(format!(
            "Failed to load flag '{flag_name}': Failed to load value '{other}': {NO_BOOLEAN}"
        )),
    }
}

const NO_BOOLEAN: &str = "Expecting a boolean (e.g., true or false)";

fn find<'a>(command: &'a Command, name: &str) -> Option<&'a clap::Arg> {
    command.get_arguments().find(|argument| {
        argument.get_long() == Some(name)
            || argument
                .get_all_aliases()
                .is_some_and(|aliases| aliases.contains(&name))
    })
}

fn is_switch(argument: &clap::Arg) -> bool {
    matches!(argument.get_action(), ArgAction::Set)
        && argument
            .get_possible_values()
            .iter()
            .map(|value| value.get_name())
            .eq(["true", "false"])
}

/// A switch, or one of those `clap` brings itself: help, version.
fn is_boolean(argument: &clap::Arg) -> bool {
    is_switch(argument) || !argument.get_action().takes_values()
}

/// A `file://` value stands for what is in the file.
fn contents(name: &str, value: String) -> Result<String, String> {
    match value.strip_prefix("file://") {
        Some(path) => std::fs::read_to_string(path)
            .map(|text| text.trim_end().to_owned())
            .map_err(|error| {
                format!(
                    "Failed to load flag '{name}': Failed to load value '{value}': \
                     Error reading file '{path}': {error}"
                )
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
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            let reason = std::error::Error::source(error).map_or_else(
                || match error.get(ContextKind::ValidValue) {
                    Some(ContextValue::Strings(valid)) if *valid == ["true", "false"] => {
                        NO_BOOLEAN.to_owned()
                    }
                    Some(ContextValue::Strings(valid)) => format!("expected one of {}", valid.join(", ")),
                    _ => "a value is expected".to_owned(),
                },
                |source| {
                    if source.is::<std::num::ParseIntError>() || source.is::<std::num::ParseFloatError>() {
                        // Mesos: 3rdparty/stout/include/stout/numify.hpp.
                        format!(
                            "Failed to convert '{}' to number",
                            text(ContextKind::InvalidValue)
                        )
                    } else {
                        source.to_string()
                    }
                },
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
        _ => error.to_string(),
    };
    wrong(command, &said)
}

/// Mesos: src/master/main.cpp, src/slave/main.cpp.
fn wrong(command: &Command, said: &str) -> Stop {
    Stop::Wrong(format!(
        "{said}\n\nSee `{} --help` for a list of supported flags.",
        command.get_name()
    ))
}

#[cfg(test)]
mod tests;
