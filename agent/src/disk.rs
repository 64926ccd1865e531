//! Writes to the disk, in order, many at a time.
//!
//! While one batch is being written the next one gathers, so that a burst of status updates costs few waits for
//! the disk.

use std::{
    collections::BTreeSet,
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use mesos_agent_core::{Ticket, Volume};
use mesos_containerizer::sandbox;

/// One thing to write.
#[derive(Clone, Debug)]
pub(crate) enum Write {
    /// Replaces a file as a whole: readers see the old or the new one.
    Replace { path: String, bytes: Vec<u8> },
    /// Appends to a file and waits until it is durable.
    Append { path: String, bytes: Vec<u8> },
    /// Points a symbolic link somewhere.
    Link { link: String, target: String },
    /// Gives a file another name.
    Rename { from: String, to: String },
    /// Removes a file, a link or a directory with all it holds, if it is there.
    Remove { path: String },
    /// Makes a directory, unless there is one.
    MakeDirectory { path: String },
    /// Removes what is in a directory, but not the directory.
    Empty { path: String },
    /// Links persistent volumes into a sandbox.
    Volumes { directory: String, volumes: Vec<Volume> },
    /// Nothing: says when what was written before is safe.
    Barrier,
}

/// The queue of writes.
#[derive(Debug, Default)]
pub(crate) struct Disk {
    queue: Vec<(Write, Option<Ticket>)>,
    busy: bool,
}

/// Writes that are made together.
#[derive(Debug)]
pub(crate) struct Batch(Vec<(Write, Option<Ticket>)>);

impl Disk {
    /// Adds a write behind all others.
    pub fn push(&mut self, write: Write, ticket: Option<Ticket>) {
        self.queue.push((write, ticket));
    }

    /// What to write now, if nothing is being written.
    pub fn next(&mut self) -> Option<Batch> {
        if self.busy || self.queue.is_empty() {
            return None;
        }
        self.busy = true;
        Some(Batch(std::mem::take(&mut self.queue)))
    }

    /// The batch was written.
    pub fn done(&mut self) {
        self.busy = false;
    }
}

impl Batch {
    /// Writes everything and returns the tickets of what is safe now. Only volumes may fail without ending all.
    ///
    /// # Errors
    ///
    /// Names the first file that could not be written.
    pub fn write(self) -> Result<Vec<Written>, String> {
        let mut tickets = Vec::new();
        let mut appended = BTreeSet::new();
        for (write, ticket) in &self.0 {
            if let Write::Volumes { directory, volumes } = write {
                let failed = link(directory, volumes).err();
                tickets.extend(ticket.map(|ticket| Written { ticket, failed }));
                continue;
            }
            write
                .make(&mut appended)
                .map_err(|error| format!("Failed to checkpoint to '{}': {error}", write.path()))?;
            tickets.extend(ticket.map(|ticket| Written { ticket, failed: None }));
        }
        for path in appended {
            let sync = || File::open(path)?.sync_data();
            sync().map_err(|error| format!("Failed to checkpoint to '{path}': {error}"))?;
        }
        Ok(tickets)
    }
}

/// What was asked for under a ticket is done, or could not be.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Written {
    pub ticket: Ticket,
    pub failed: Option<String>,
}

fn link(directory: &str, volumes: &[Volume]) -> Result<(), String> {
    for volume in volumes {
        sandbox::link_volume(Path::new(directory), &volume.name, Path::new(&volume.path))
            .map_err(|error| error.to_string())?;
    }
    Ok(())
}

fn remove(path: &Path) -> io::Result<()> {
    let removed = match path.symlink_metadata() {
        Ok(found) if found.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

impl Write {
    fn path(&self) -> &str {
        match self {
            Self::Replace { path, .. } | Self::Append { path, .. } => path,
            Self::Link { link, .. } => link,
            Self::Rename { to, .. } => to,
            Self::Remove { path } | Self::MakeDirectory { path } | Self::Empty { path } => path,
            Self::Volumes { directory, .. } => directory,
            Self::Barrier => "",
        }
    }

    /// Writes this alone, before there is a queue.
    ///
    /// # Errors
    ///
    /// When the system says so.
    pub fn make_now(&self) -> io::Result<()> {
        self.make(&mut BTreeSet::new())
    }

    fn make<'a>(&'a self, appended: &mut BTreeSet<&'a str>) -> io::Result<()> {
        if let Self::Append { path, .. } | Self::Replace { path, .. } | Self::Link { link: path, .. } = self
            && let Some(parent) = Path::new(path).parent()
        {
            fs::create_dir_all(parent)?;
        }
        match self {
            Self::Append { path, bytes } => {
                appended.insert(path);
                OpenOptions::new()
                    .create(true)
                    .append(true)
                    .open(path)?
                    .write_all(bytes)
            }
            Self::Replace { path, bytes } => {
                let temporary = PathBuf::from(format!("{path}.new"));
                let mut file = File::create(&temporary)?;
                file.write_all(bytes)?;
                file.sync_data()?;
                fs::rename(&temporary, path)
            }
            Self::Link { link, target } => {
                fs::create_dir_all(target)?;
                sandbox::point(Path::new(link), Path::new(target))
            }
            Self::Rename { from, to } => fs::rename(from, to),
            Self::Remove { path } => {
                // What is removed needs no syncing.
                appended.retain(|appended| !Path::new(appended).starts_with(path));
                remove(Path::new(path))
            }
            Self::MakeDirectory { path } => fs::create_dir_all(path),
            Self::Empty { path } => match fs::read_dir(path) {
                Ok(entries) => entries.into_iter().try_for_each(|entry| remove(&entry?.path())),
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
                Err(error) => Err(error),
            },
            Self::Volumes { .. } | Self::Barrier => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_written_in_order_and_reports_its_tickets() {
        let root = tempfile::tempdir().unwrap();
        let path = |name: &str| root.path().join(name).display().to_string();
        let mut disk = Disk::default();
        disk.push(
            Write::Append {
                path: path("a/log"),
                bytes: b"one".to_vec(),
            },
            Some(Ticket(1)),
        );
        disk.push(
            Write::Replace {
                path: path("b/file"),
                bytes: b"old".to_vec(),
            },
            None,
        );
        let batch = disk.next().unwrap();
        disk.push(
            Write::Append {
                path: path("a/log"),
                bytes: b"two".to_vec(),
            },
            Some(Ticket(2)),
        );
        disk.push(
            Write::Replace {
                path: path("b/file"),
                bytes: b"new".to_vec(),
            },
            Some(Ticket(3)),
        );
        disk.push(
            Write::Link {
                link: path("latest"),
                target: path("b"),
            },
            None,
        );
        assert!(disk.next().is_none(), "one batch at a time");
        let tickets = |batch: Batch| -> Vec<Ticket> {
            batch
                .write()
                .unwrap()
                .into_iter()
                .map(|written| written.ticket)
                .collect()
        };
        assert_eq!(tickets(batch), [Ticket(1)]);
        disk.done();
        assert_eq!(tickets(disk.next().unwrap()), [Ticket(2), Ticket(3)]);
        assert_eq!(fs::read_to_string(path("a/log")).unwrap(), "onetwo");
        assert_eq!(fs::read_to_string(path("latest/file")).unwrap(), "new");
    }

    #[test]
    fn what_cannot_be_written_is_named() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("file"), "").unwrap();
        let path = root.path().join("file/below").display().to_string();
        let mut disk = Disk::default();
        disk.push(
            Write::Append {
                path: path.clone(),
                bytes: Vec::new(),
            },
            None,
        );
        let error = disk.next().unwrap().write().unwrap_err();
        assert!(
            error.starts_with(&format!("Failed to checkpoint to '{path}': ")),
            "{error}"
        );
    }
}
