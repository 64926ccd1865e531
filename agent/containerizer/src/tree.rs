//! Who belongs to a container: everybody in its session, and everybody who descends from its first process.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

pub use nix::sys::signal::Signal;
use nix::{sys::signal::kill, unistd::Pid};

/// What one line of `/proc/<pid>/stat` says about kinship and consumption.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stat {
    /// The process.
    pub pid: u32,
    /// Its parent.
    pub parent: u32,
    /// Its process group.
    pub group: u32,
    /// Its session.
    pub session: u32,
    /// Whether it has ended and only waits to be reaped.
    pub zombie: bool,
    /// Clock ticks spent in user mode.
    pub user_ticks: u64,
    /// Clock ticks spent in the kernel.
    pub system_ticks: u64,
    /// Resident pages.
    pub resident_pages: u64,
    /// Threads of the process.
    pub threads: u64,
}

/// Reads the table of all processes. Those that end meanwhile are left out.
#[must_use]
pub fn processes() -> BTreeMap<u32, Stat> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return BTreeMap::new();
    };
    entries
        .filter_map(Result::ok)
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        .filter_map(|pid| Some((pid, stat(pid)?)))
        .collect()
}

/// Reads one process.
#[must_use]
pub fn stat(pid: u32) -> Option<Stat> {
    parse(pid, &fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

fn parse(pid: u32, line: &str) -> Option<Stat> {
    // The command's name is in parentheses and may itself hold spaces and parentheses.
    let mut fields = line.get(line.rfind(')')? + 2..)?.split_ascii_whitespace();
    let state = fields.next()?;
    let mut number = |skip: usize| fields.nth(skip)?.parse::<i64>().ok();
    let parent = number(0)?;
    let group = number(0)?;
    let session = number(0)?;
    let user_ticks = number(7)?;
    let system_ticks = number(0)?;
    let threads = number(4)?;
    let resident_pages = number(3)?;
    Some(Stat {
        pid,
        parent: u32::try_from(parent).ok()?,
        group: u32::try_from(group).unwrap_or(0),
        session: u32::try_from(session).unwrap_or(0),
        zombie: state == "Z" || state == "X",
        user_ticks: user_ticks.unsigned_abs(),
        system_ticks: system_ticks.unsigned_abs(),
        resident_pages: resident_pages.unsigned_abs(),
        threads: threads.unsigned_abs(),
    })
}

/// The processes of a container, its first one included if it still runs.
#[must_use]
pub fn members(root: u32, table: &BTreeMap<u32, Stat>) -> BTreeSet<u32> {
    let mut found: BTreeSet<u32> = table
        .values()
        .filter(|stat| stat.pid == root || stat.session == root)
        .map(|stat| stat.pid)
        .collect();
    loop {
        let before = found.len();
        let sessions: BTreeSet<u32> = found
            .iter()
            .filter_map(|pid| table.get(pid))
            .map(|stat| stat.session)
            .collect();
        for stat in table.values() {
            let kin = found.contains(&stat.parent)
                // A descendant that opened a session of its own takes that session's members along.
                || (sessions.contains(&stat.session) && found.contains(&stat.session));
            if kin {
                found.insert(stat.pid);
            }
        }
        if found.len() == before {
            return found;
        }
    }
}

/// Kills a container's processes and returns how many there were.
///
/// All are stopped first, so that none can fork away while the others die; the table is read again until a
/// round finds nobody new.
///
/// Mesos: 3rdparty/stout/include/stout/os/posix/killtree.hpp, `os::killtree`.
pub fn kill_session(root: u32) -> usize {
    let mut killed = BTreeSet::new();
    // A fork bomb that outruns us is left to the kernel's own limits after this many rounds.
    const ROUNDS: usize = 16;
    for _ in 0..ROUNDS {
        let table = processes();
        let living: Vec<u32> = members(root, &table)
            .into_iter()
            .filter(|pid| !killed.contains(pid) && table.get(pid).is_some_and(|stat| !stat.zombie))
            .collect();
        if living.is_empty() {
            break;
        }
        for pid in &living {
            signal(*pid, Signal::SIGSTOP);
        }
        for pid in living {
            signal(pid, Signal::SIGKILL);
            killed.insert(pid);
        }
    }
    killed.len()
}

/// Sends a signal to every process of a tree and of the group its root leads, and returns whom it reached.
pub fn signal_tree(root: u32, what: Signal) -> Vec<u32> {
    let table = processes();
    let mut found = members(root, &table);
    found.extend(
        table
            .values()
            .filter(|stat| stat.group == root)
            .map(|stat| stat.pid),
    );
    found.into_iter().filter(|pid| signal(*pid, what)).collect()
}

fn signal(pid: u32, what: Signal) -> bool {
    i32::try_from(pid).is_ok_and(|pid| pid > 1 && kill(Pid::from_raw(pid), what).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_line_whose_command_holds_parentheses() {
        let line =
            "42 (a) b) S 7 40 41 0 -1 4194560 100 0 0 0 11 22 0 0 20 0 3 0 500 1000 77 18446744073709551615";
        let stat = parse(42, line).unwrap();
        assert_eq!((stat.parent, stat.group, stat.session), (7, 40, 41));
        assert_eq!((stat.user_ticks, stat.system_ticks), (11, 22));
        assert_eq!((stat.threads, stat.resident_pages), (3, 77));
        assert!(!stat.zombie);
    }

    #[test]
    fn a_descendant_in_its_own_session_and_its_session_mates_are_members() {
        let stat = |pid, parent, session| {
            (
                pid,
                Stat {
                    pid,
                    parent,
                    session,
                    group: session,
                    ..Stat::default()
                },
            )
        };
        let table = BTreeMap::from([
            stat(1, 0, 1),
            stat(10, 1, 10),
            stat(11, 10, 10),
            stat(12, 11, 12),
            stat(13, 1, 12),
            stat(14, 1, 10),
            stat(20, 1, 20),
        ]);
        assert_eq!(members(10, &table), BTreeSet::from([10, 11, 12, 13, 14]));
    }

    #[test]
    fn an_absent_root_still_owns_its_session() {
        let stat = |pid, parent, session| {
            (
                pid,
                Stat {
                    pid,
                    parent,
                    session,
                    ..Stat::default()
                },
            )
        };
        let table = BTreeMap::from([stat(1, 0, 1), stat(31, 1, 30)]);
        assert_eq!(members(30, &table), BTreeSet::from([31]));
    }
}
