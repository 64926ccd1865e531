//! Notes about running containers, so that the next agent on this host finds what this one started.
//!
//! `runtime_dir/containers/<container id>/pid` holds the first process, `directory` its sandbox. They survive
//! the agent, not the host.
//!
//! Mesos: src/slave/containerizer/mesos/paths.hpp.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::{Container, LaunchError, tree};

/// The directory of notes.
#[derive(Debug)]
pub struct Runtime {
    containers: PathBuf,
}

impl Runtime {
    /// Opens the notes below `runtime_dir`.
    ///
    /// # Errors
    ///
    /// When the directory cannot be made.
    pub fn open(runtime_dir: PathBuf) -> io::Result<Self> {
        let containers = runtime_dir.join("containers");
        fs::create_dir_all(&containers)?;
        Ok(Self { containers })
    }

    /// Notes a container that was just started.
    pub(crate) fn remember(&self, container_id: &str, pid: u32, directory: &Path) -> Result<(), LaunchError> {
        let note = self.containers.join(container_id);
        let write = || -> io::Result<()> {
            fs::create_dir(&note)?;
            fs::write(note.join("directory"), directory.as_os_str().as_encoded_bytes())?;
            fs::write(note.join("pid"), pid.to_string())
        };
        write().map_err(|source| LaunchError::Checkpoint {
            path: note.clone(),
            source,
        })
    }

    /// Drops the note about a container; a missing one is fine.
    pub(crate) fn forget(&self, container_id: &str) {
        // A note that stays behind costs one look at `/proc` when the agent starts next.
        let _ = fs::remove_dir_all(self.containers.join(container_id));
    }

    /// The noted containers whose first process, or anything in its session, still runs. Others are forgotten.
    #[must_use]
    pub fn living(&self) -> Vec<(String, Container)> {
        let Ok(entries) = fs::read_dir(&self.containers) else {
            return Vec::new();
        };
        let table = tree::processes();
        let mut found = Vec::new();
        for entry in entries.filter_map(Result::ok) {
            let Some(container_id) = entry.file_name().to_str().map(str::to_owned) else {
                continue;
            };
            let note = self.containers.join(&container_id);
            let pid = fs::read_to_string(note.join("pid"))
                .ok()
                .and_then(|text| text.trim().parse::<u32>().ok());
            match pid {
                Some(pid)
                    if tree::members(pid, &table)
                        .iter()
                        .any(|member| is_ours(*member, &container_id)) =>
                {
                    found.push((container_id, Container { pid }));
                }
                _ => self.forget(&container_id),
            }
        }
        found
    }
}

/// Whether a process was started in this container: pids are used again, sandboxes are not.
fn is_ours(pid: u32, container_id: &str) -> bool {
    fs::read(format!("/proc/{pid}/environ")).is_ok_and(|environment| {
        environment
            .split(|byte| *byte == 0)
            .filter(|line| line.starts_with(b"MESOS_SANDBOX=") || line.starts_with(b"MESOS_DIRECTORY="))
            .any(|line| line.ends_with(container_id.as_bytes()))
    })
}
