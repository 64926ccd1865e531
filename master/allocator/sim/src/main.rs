//! `mesos-allocator-sim [FILE...]`: plays scripts, or what is typed.
#![forbid(unsafe_code)]

use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::process::ExitCode;

use mesos_allocator_sim::{HELP, Session};

fn main() -> ExitCode {
    let files: Vec<String> = std::env::args().skip(1).collect();
    if files.iter().any(|file| file == "--help" || file == "-h") {
        println!(
            "mesos-allocator-sim [FILE...]\n\nPlays scripts, or what is typed. A line is one of:\n\n{HELP}"
        );
        return ExitCode::SUCCESS;
    }
    let played = if files.is_empty() {
        typed()
    } else {
        files.iter().try_for_each(|file| {
            let text = std::fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?;
            let mut session = Session::default();
            text.lines().enumerate().try_for_each(|(number, line)| {
                play(&mut session, line).map_err(|error| format!("{file}:{}: {error}", number + 1))
            })
        })
    };
    match played {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Reads lines until there are no more; mistakes are said and forgotten.
fn typed() -> Result<(), String> {
    let mut session = Session::default();
    let input = std::io::stdin();
    let prompts = input.is_terminal();
    while !session.has_ended() {
        if prompts {
            print!("> ");
            std::io::stdout().flush().map_err(|error| error.to_string())?;
        }
        let mut line = String::new();
        let read = input
            .lock()
            .read_line(&mut line)
            .map_err(|error| error.to_string())?;
        if read == 0 {
            break;
        }
        if let Err(error) = play(&mut session, &line) {
            eprintln!("{error}");
        }
    }
    Ok(())
}

fn play(session: &mut Session, line: &str) -> Result<(), String> {
    print!("{}", session.line(line)?);
    for (file, picture) in session.take_pictures() {
        std::fs::write(&file, picture).map_err(|error| format!("failed to write `{file}`: {error}"))?;
    }
    Ok(())
}
