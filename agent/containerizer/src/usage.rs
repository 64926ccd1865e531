//! What containers consume, from `/proc`.

use std::collections::BTreeMap;

use crate::tree::{Stat, members, processes};

/// What one container consumed so far.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Usage {
    /// Seconds of CPU time in user mode, of the processes that still run.
    pub user_seconds: f64,
    /// Seconds of CPU time in the kernel, of the processes that still run.
    pub system_seconds: f64,
    /// Resident memory in bytes.
    pub resident_bytes: u64,
    /// Running processes.
    pub processes: u32,
    /// Threads of all of them.
    pub threads: u32,
}

/// Reads the table of processes once and sums it up for every container, given as `(id, first pid)`.
///
/// Mesos: src/slave/containerizer/mesos/isolators/posix.hpp, `PosixIsolatorProcess::usage`.
#[must_use]
pub fn usage<'a>(containers: impl IntoIterator<Item = (&'a str, u32)>) -> BTreeMap<String, Usage> {
    let table = processes();
    containers
        .into_iter()
        .map(|(id, pid)| (id.to_owned(), sum(pid, &table)))
        .collect()
}

fn sum(root: u32, table: &BTreeMap<u32, Stat>) -> Usage {
    let ticks = procfs::ticks_per_second();
    let page = procfs::page_size();
    let mut usage = Usage::default();
    for stat in members(root, table)
        .iter()
        .filter_map(|pid| table.get(pid))
        .filter(|stat| !stat.zombie)
    {
        usage.user_seconds += seconds(stat.user_ticks, ticks);
        usage.system_seconds += seconds(stat.system_ticks, ticks);
        usage.resident_bytes += stat.resident_pages * page;
        usage.processes += 1;
        usage.threads += u32::try_from(stat.threads).unwrap_or(u32::MAX);
    }
    usage
}

fn seconds(ticks: u64, per_second: u64) -> f64 {
    // Ticks of a process stay far below the range where a double loses whole numbers.
    #[allow(clippy::cast_precision_loss)]
    let seconds = ticks as f64 / per_second as f64;
    seconds
}
