//! What the executor says, in the form operators know from Mesos.

use std::fmt::{self, Arguments};
use std::io::{self, Write as _};

use libprocess::{Clock, Time};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::{
    fmt::{FmtContext, FormatEvent, FormatFields, format::Writer},
    registry::LookupSpan,
};

/// Writes one line to the standard error: `I1121 09:40:43.123456 15217 executor.rs] text`.
pub(crate) fn say(text: Arguments<'_>) {
    write('I', text);
}

/// As [`say`], for something that is wrong.
pub(crate) fn warn(text: Arguments<'_>) {
    write('W', text);
}

/// In one piece, so that nobody who reads the file sees half a line.
fn write(level: char, text: Arguments<'_>) {
    let line = format!("{}{text}\n", Prefix::now(level, "executor.rs", None));
    // Where the standard error is gone there is nobody to tell.
    let _ = io::stderr().write_all(line.as_bytes());
}

/// What a line starts with.
struct Prefix<'a> {
    level: char,
    time: Time,
    file: &'a str,
    line: Option<u32>,
}

impl<'a> Prefix<'a> {
    fn now(level: char, file: &'a str, line: Option<u32>) -> Self {
        Self {
            level,
            time: Clock::machine(),
            file,
            line,
        }
    }
}

impl fmt::Display for Prefix<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let civil = self.time.civil();
        write!(
            f,
            "{}{:02}{:02} {:02}:{:02}:{:02}.{:06} {:5} {}",
            self.level,
            civil.month,
            civil.day,
            civil.hour,
            civil.minute,
            civil.second,
            self.time.nanos() / 1000 % 1_000_000,
            std::process::id(),
            self.file,
        )?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        f.write_str("] ")
    }
}

/// Gives what the libraries log the same form.
pub(crate) struct Glog;

impl<S, N> FormatEvent<S, N> for Glog
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let metadata = event.metadata();
        let level = match *metadata.level() {
            Level::ERROR => 'E',
            Level::WARN => 'W',
            _ => 'I',
        };
        let file = metadata.file().unwrap_or_else(|| metadata.target());
        let file = file.rsplit('/').next().unwrap_or(file);
        write!(writer, "{}", Prefix::now(level, file, metadata.line()))?;
        context.format_fields(writer.by_ref(), event)?;
        writeln!(writer)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_libraries_log_looks_as_what_the_executor_says() {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .event_format(Glog)
            .with_writer(move || writer.clone())
            .finish();
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(agent = "a", "subscribed");
            tracing::warn!("late");
            tracing::debug!("not shown");
        });
        let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 2, "{text}");
        for (line, level, said) in [(lines[0], "I", "subscribed agent=\"a\""), (lines[1], "W", "late")] {
            let (prefix, message) = line.split_once("] ").unwrap();
            assert_eq!(message, said);
            let words: Vec<&str> = prefix.split_whitespace().collect();
            let [day, time, pid, place] = words[..] else {
                panic!("{line}")
            };
            assert!(day.starts_with(level) && day.len() == 5, "{line}");
            assert_eq!(time.len(), "09:40:43.123456".len(), "{line}");
            assert_eq!(pid, std::process::id().to_string());
            assert!(place.starts_with("log.rs:"), "{line}");
        }
    }
}
