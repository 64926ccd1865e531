//! How a process ended, in the words of the C library, which Mesos prints.

use std::{os::unix::process::ExitStatusExt, process::ExitStatus};

/// Names of signals 1 to 31 as `strsignal` gives them.
const NAMES: [&str; 31] = [
    "Hangup",
    "Interrupt",
    "Quit",
    "Illegal instruction",
    "Trace/breakpoint trap",
    "Aborted",
    "Bus error",
    "Floating point exception",
    "Killed",
    "User defined signal 1",
    "Segmentation fault",
    "User defined signal 2",
    "Broken pipe",
    "Alarm clock",
    "Terminated",
    "Stack fault",
    "Child exited",
    "Continued",
    "Stopped (signal)",
    "Stopped",
    "Stopped (tty input)",
    "Stopped (tty output)",
    "Urgent I/O condition",
    "CPU time limit exceeded",
    "File size limit exceeded",
    "Virtual timer expired",
    "Profiling timer expired",
    "Window changed",
    "I/O possible",
    "Power failure",
    "Bad system call",
];

/// `exited with status 3` or `terminated with signal Killed`.
///
/// Mesos: 3rdparty/stout/include/stout/os/posix/..., `WSTRINGIFY`.
pub(crate) fn describe(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exited with status {code}"),
        (None, Some(signal)) => {
            let index = usize::try_from(signal - 1).ok();
            let name = match index.and_then(|index| NAMES.get(index)) {
                Some(name) => (*name).to_owned(),
                None => format!("Unknown signal {signal}"),
            };
            let core = if status.core_dumped() {
                " (core dumped)"
            } else {
                ""
            };
            format!("terminated with signal {name}{core}")
        }
        (None, None) => format!("ended with wait status {}", status.into_raw()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_read_as_mesos_writes_them() {
        for (raw, expected) in [
            (0, "exited with status 0"),
            (3 << 8, "exited with status 3"),
            (9, "terminated with signal Killed"),
            (15, "terminated with signal Terminated"),
            (
                11 | 0x80,
                "terminated with signal Segmentation fault (core dumped)",
            ),
            (40, "terminated with signal Unknown signal 40"),
        ] {
            assert_eq!(describe(ExitStatus::from_raw(raw)), expected);
        }
    }
}
