use clap::Parser;

use super::*;

#[derive(Debug, Parser)]
#[command(name = "mesos-thing", rename_all = "snake_case")]
struct Flags {
    #[arg(long, default_value = "true", default_missing_value = "true", num_args = 0..=1, require_equals = true, action = ArgAction::Set)]
    strict: bool,
    #[arg(long, alias = "old_dir")]
    work_dir: Option<String>,
    #[arg(long, default_value_t = 5050)]
    port: u16,
}

fn read(words: &[&str], environment: &[(&str, &str)]) -> Result<Flags, String> {
    let words = ["mesos-thing"].iter().chain(words).map(OsString::from);
    let environment = environment.iter();
    let environment = environment.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    match load::<Flags>(words, environment) {
        Ok(loaded) => Ok(loaded.flags),
        Err(Stop::Asked(_)) => Err("help".to_owned()),
        Err(Stop::Wrong(text)) => {
            let hint = "\n\nSee `mesos-thing --help` for a list of supported flags.";
            Err(text
                .strip_suffix(hint)
                .expect("every mistake ends with a hint")
                .to_owned())
        }
    }
}

#[test]
fn mistakes_are_told_as_mesos_tells_them() {
    for (words, environment, said) in [
        (
            &["--port=1", "--port=1"][..],
            &[][..],
            "Flag 'port' is already loaded via name 'port'",
        ),
        (
            &["--work_dir=a", "--old_dir=b"],
            &[],
            "Flag 'work_dir' is already loaded via name 'old_dir'",
        ),
        (
            &["--strict", "--no-strict"],
            &[],
            "Flag 'strict' is already loaded via name 'strict'",
        ),
        // The environment gives way to the same name only.
        (
            &["--no-strict"],
            &[("MESOS_STRICT", "true")],
            "Flag 'strict' is already loaded via name 'strict'",
        ),
        (
            &["--work_dir=a"],
            &[("MESOS_OLD_DIR", "b")],
            "Flag 'work_dir' is already loaded via name 'old_dir'",
        ),
        (&["--nothing=1"], &[], "Failed to load unknown flag 'nothing'"),
        (
            &["--no-nothing"],
            &[],
            "Failed to load unknown flag 'nothing' via 'no-nothing'",
        ),
        // By name, not by place.
        (&["--zero", "--alpha"], &[], "Failed to load unknown flag 'alpha'"),
        (
            &["--no-port"],
            &[],
            "Failed to load non-boolean flag 'port' via 'no-port'",
        ),
        (
            &["--port"],
            &[],
            "Failed to load non-boolean flag 'port': Missing value",
        ),
        (
            &["--port", "--strict"],
            &[],
            "Failed to load non-boolean flag 'port': Missing value",
        ),
        (
            &["--no-strict=false"],
            &[],
            "Failed to load boolean flag 'strict' via 'no-strict' with value 'false'",
        ),
        (
            &["--strict=perhaps"],
            &[],
            "Failed to load flag 'strict': Failed to load value 'perhaps': \
             Expecting a boolean (e.g., true or false)",
        ),
        (
            &["--help=perhaps"],
            &[],
            "Failed to load flag 'help': Failed to load value 'perhaps': \
             Expecting a boolean (e.g., true or false)",
        ),
        (
            &["--work_dir=file:///no/such/file"],
            &[],
            "Failed to load flag 'work_dir': Failed to load value 'file:///no/such/file': \
             Error reading file '/no/such/file': No such file or directory (os error 2)",
        ),
        (
            &["--port=x"],
            &[],
            "Failed to load flag 'port': Failed to load value 'x': Failed to convert 'x' to number",
        ),
        (&["--help"], &[], "help"),
        (&["--help=1"], &[], "help"),
        (&["--zero", "--help"], &[], "help"),
        (&["--alpha", "--help"], &[], "Failed to load unknown flag 'alpha'"),
    ] {
        assert_eq!(read(words, environment).unwrap_err(), said, "{words:?}");
    }
}

#[test]
fn what_is_no_flag_is_passed_over() {
    let given = |words: &[&str]| {
        let flags = read(words, &[("MESOS_PORT", "7"), ("MESOS_SANDBOX", "/s")]).unwrap();
        (flags.strict, flags.work_dir.unwrap_or_default(), flags.port)
    };
    let expected = |strict, work_dir: &str, port| (strict, work_dir.to_owned(), port);
    assert_eq!(given(&[]), expected(true, "", 7));
    assert_eq!(given(&["start", "-x", "now"]), expected(true, "", 7));
    assert_eq!(given(&["--port=1", "--", "--nothing"]), expected(true, "", 1));
    assert_eq!(given(&[" --PORT=1 "]), expected(true, "", 1));
    assert_eq!(given(&["--work_dir", "/w", "x"]), expected(true, "/w", 7));
    assert_eq!(given(&["--strict", "false"]), expected(true, "", 7));
    assert_eq!(given(&["--strict=0", "--no-help"]), expected(false, "", 7));
    assert_eq!(given(&["--strict="]), expected(true, "", 7));
    assert_eq!(given(&["--no-strict="]), expected(false, "", 7));
}
