//! The flags an agent starts the command executor with.
//!
//! They are few and written by a program, so they are read without a flag library: the executor is started for
//! every task and should be small.

/// Flags with their values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Flags {
    /// Print the usage and stop.
    pub help: bool,
    /// `--task_command`: JSON of the command that replaces the task's.
    pub task_command: Option<String>,
    /// `--task_environment`: JSON of an environment added to the task's.
    pub task_environment: Option<String>,
    /// `--working_directory`: where the task starts.
    pub working_directory: Option<String>,
}

/// What the flags mean; the ones without a field are taken and do nothing here.
const KNOWN: [(&str, &str); 17] = [
    (
        "bounding_capabilities",
        "The bounding set of capabilities the command can use. Not supported yet.",
    ),
    (
        "effective_capabilities",
        "Capabilities granted to the command at launch. Not supported yet.",
    ),
    ("help", "Prints this help message."),
    ("initialize_driver_logging", "Taken for compatibility."),
    ("launcher_dir", "Directory of the helper programs."),
    (
        "log_dir",
        "Taken for compatibility: logs go to the standard error.",
    ),
    ("logbufsecs", "Taken for compatibility."),
    ("logging_level", "Taken for compatibility."),
    ("quiet", "Taken for compatibility."),
    ("rootfs", "The root file system of the task. Not supported yet."),
    ("sandbox_directory", "The sandbox as the task sees it."),
    (
        "task_command",
        "A command, as JSON, that replaces the one of the task.",
    ),
    (
        "task_environment",
        "An environment, as JSON, added to the one of the task.",
    ),
    (
        "task_launch_info",
        "How the container was prepared. Not supported yet.",
    ),
    ("tty_slave_path", "A terminal for the task. Not supported yet."),
    ("user", "The user of the task. Not supported yet."),
    ("working_directory", "The directory the task starts in."),
];

/// The flags that need no value.
const BOOLEAN: [&str; 3] = ["help", "initialize_driver_logging", "quiet"];

/// Reads `--name=value` and `--name` arguments; others are passed over, and what follows a lone `--`.
///
/// Mesos: 3rdparty/stout/include/stout/flags/flags.hpp, `FlagsBase::load`.
pub(crate) fn parse(arguments: impl Iterator<Item = String>) -> Result<Flags, String> {
    let mut given: Vec<(String, Option<String>)> = arguments
        .map(|argument| argument.trim().to_owned())
        .take_while(|argument| argument != "--")
        .filter_map(|argument| {
            let flag = argument.strip_prefix("--")?;
            Some(match flag.split_once('=') {
                Some((name, value)) => (name.to_lowercase(), Some(value.to_owned())),
                None => (flag.to_lowercase(), None),
            })
        })
        .collect();
    given.sort_by(|one, two| one.0.cmp(&two.0));
    let mut flags = Flags::default();
    let mut loaded: Vec<String> = Vec::new();
    for (written, value) in given {
        let name = written.strip_prefix("no-").unwrap_or(&written);
        let via = if name == written {
            String::new()
        } else {
            format!(" via '{written}'")
        };
        if !KNOWN.iter().any(|(known, _)| *known == name) {
            return Err(format!("Failed to load unknown flag '{name}'{via}"));
        }
        if loaded.iter().any(|before| before == name) {
            return Err(format!("Flag '{name}' is already loaded via name '{name}'"));
        }
        loaded.push(name.to_owned());
        if !BOOLEAN.contains(&name) {
            if !via.is_empty() {
                return Err(format!("Failed to load non-boolean flag '{name}'{via}"));
            }
            if value.is_none() {
                return Err(format!("Failed to load non-boolean flag '{name}': Missing value"));
            }
        }
        match name {
            "help" => flags.help = via.is_empty() && !matches!(value.as_deref(), Some("false" | "0")),
            "task_command" => flags.task_command = value,
            "task_environment" => flags.task_environment = value,
            "working_directory" => flags.working_directory = value,
            "rootfs" => {
                return Err(
                    "Failed to load flag 'rootfs': root file systems are not supported yet".to_owned(),
                );
            }
            _ => {}
        }
    }
    Ok(flags)
}

/// What `--help` prints.
pub(crate) fn usage(name: &str) -> String {
    let program = name.rsplit('/').next().unwrap_or(name);
    let mut text = format!("Usage: {program} [options]\n\n");
    for (flag, meaning) in KNOWN {
        text.push_str(&format!("  --{:<28} {meaning}\n", format!("{flag}=VALUE")));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(arguments: &[&str]) -> Result<Flags, String> {
        parse(arguments.iter().map(|argument| (*argument).to_owned()))
    }

    #[test]
    fn known_flags_are_read_and_others_refused() {
        let flags = read(&["--launcher_dir=/x", "--working_directory=/tmp"]).unwrap();
        assert_eq!(flags.working_directory.as_deref(), Some("/tmp"));
        assert_eq!(
            read(&["--nonsense"]).unwrap_err(),
            "Failed to load unknown flag 'nonsense'"
        );
        assert!(read(&["--rootfs=/"]).is_err());
        assert!(read(&["--help"]).unwrap().help);
        assert!(!read(&["--no-help"]).unwrap().help);
        let flags = read(&["word", "--QUIET", "--", "--nonsense"]);
        assert_eq!(flags, Ok(Flags::default()));
        for (given, said) in [
            (
                &["--user=a", "--user=b"][..],
                "Flag 'user' is already loaded via name 'user'",
            ),
            (
                &["--quiet", "--no-quiet"],
                "Flag 'quiet' is already loaded via name 'quiet'",
            ),
            (
                &["--no-user"],
                "Failed to load non-boolean flag 'user' via 'no-user'",
            ),
            (
                &["--user"],
                "Failed to load non-boolean flag 'user': Missing value",
            ),
        ] {
            assert_eq!(read(given).unwrap_err(), said);
        }
    }
}
