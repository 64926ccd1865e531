//! What a process holds.

use std::path::Path;

use anyhow::{Context as _, Result};
use procfs::process::{Process, all_processes};

/// Resident memory in kB.
#[derive(Debug, Clone, Copy)]
pub struct Memory {
    /// All of it (`VmRSS`).
    pub resident: u64,
    /// What no file backs (`RssAnon`).
    pub private: u64,
}

/// What a process holds now.
///
/// # Errors
///
/// When it is gone.
pub fn of(pid: u32) -> Result<Memory> {
    let process = Process::new(pid.cast_signed()).with_context(|| format!("process {pid} is gone"))?;
    let status = process.status()?;
    Ok(Memory {
        resident: status.vmrss.context("the kernel does not tell")?,
        private: status.rssanon.context("the kernel does not tell")?,
    })
}

/// The first process that runs this program below this directory.
///
/// # Errors
///
/// When there is none.
pub fn find(program: &str, directory: &Path) -> Result<u32> {
    let directory = directory.canonicalize()?;
    let mut processes = all_processes()?.flatten();
    let found = processes.find(|process| {
        process.cwd().is_ok_and(|cwd| cwd.starts_with(&directory))
            && process
                .exe()
                .is_ok_and(|exe| exe.file_name().is_some_and(|name| name == program))
    });
    let found = found.with_context(|| format!("no {program} runs in {}", directory.display()))?;
    Ok(found.pid().cast_unsigned())
}
