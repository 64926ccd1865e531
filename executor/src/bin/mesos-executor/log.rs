//! What the executor says, in the form operators know from Mesos.

use std::fmt::Arguments;

use libprocess::Clock;

/// Writes one line to the standard error: `I1121 09:40:43.123456 15217 executor.rs] text`.
pub(crate) fn say(text: Arguments<'_>) {
    write('I', text);
}

/// As [`say`], for something that is wrong.
pub(crate) fn warn(text: Arguments<'_>) {
    write('W', text);
}

fn write(level: char, text: Arguments<'_>) {
    let now = Clock::machine();
    let civil = now.civil();
    eprintln!(
        "{level}{:02}{:02} {:02}:{:02}:{:02}.{:06} {:5} executor.rs] {text}",
        civil.month,
        civil.day,
        civil.hour,
        civil.minute,
        civil.second,
        now.nanos() / 1000 % 1_000_000,
        std::process::id(),
    );
}
