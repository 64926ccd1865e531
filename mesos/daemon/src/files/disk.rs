//! From a name to what lies on the disk. Everything here may block.

use std::{
    fs::{self, File, Metadata},
    io::{self, Read, Seek, SeekFrom},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use mesos_proto::v0::{FileInfo, TimeInfo};
use nix::{
    errno::Errno,
    unistd::{Gid, Group, Uid, User},
};

use super::{FilePart, FilesError, Names, trimmed};

/// Pages one answer holds at most. Mesos: src/files/files.cpp, `FilesProcess::_read`.
const PAGES_MAX: u64 = 16;

/// What is attached at a path: the longest name that it begins with, and the rest below it.
///
/// Mesos: src/files/files.cpp, `FilesProcess::resolve`.
pub(super) fn resolve(names: &Names, path: &str) -> Result<PathBuf, FilesError> {
    let path = trimmed(path);
    let mut name = path;
    let attached = loop {
        if let Some(attached) = names.read().get(name) {
            break attached.clone();
        }
        name = match name.rfind('/') {
            Some(at) if at > 0 => &name[..at],
            _ => return Err(FilesError::NotFound),
        };
    };
    let rest = path[name.len()..].trim_start_matches('/');
    let real = canonical(&attached)?;
    if !real.is_dir() {
        return if rest.is_empty() {
            Ok(real)
        } else {
            Err(FilesError::NotFound)
        };
    }
    let wanted = if rest.is_empty() {
        real.clone()
    } else {
        real.join(rest)
    };
    let found = canonical(&wanted)?;
    if found.starts_with(&real) {
        Ok(found)
    } else {
        Err(FilesError::Invalid(format!(
            "'{}' is inaccessible.\n",
            wanted.display()
        )))
    }
}

fn canonical(path: &Path) -> Result<PathBuf, FilesError> {
    fs::canonicalize(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => FilesError::NotFound,
        _ => FilesError::Invalid(format!(
            "Failed to determine canonical path of '{}': {}.\n",
            path.display(),
            reason(&error)
        )),
    })
}

/// The system's own words, which Mesos gives without the number.
fn reason(error: &io::Error) -> String {
    error.raw_os_error().map_or_else(
        || error.to_string(),
        |number| Errno::from_raw(number).desc().to_owned(),
    )
}

/// The entries of a directory, by path.
pub(super) fn list(names: &Names, path: &str) -> Result<Vec<FileInfo>, FilesError> {
    let directory = resolve(names, path)?;
    // A file has no entries.
    let Ok(entries) = fs::read_dir(&directory) else {
        return Ok(Vec::new());
    };
    let mut found: Vec<FileInfo> = entries
        .filter_map(Result::ok)
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let metadata = fs::metadata(entry.path()).ok()?;
            Some(describe(format!("{}/{name}", trimmed(path)), &metadata))
        })
        .collect();
    found.sort_by(|one, two| one.path.cmp(&two.path));
    Ok(found)
}

fn describe(path: String, metadata: &Metadata) -> FileInfo {
    let user = User::from_uid(Uid::from_raw(metadata.uid())).ok().flatten();
    let group = Group::from_gid(Gid::from_raw(metadata.gid())).ok().flatten();
    FileInfo {
        path,
        nlink: Some(i32::try_from(metadata.nlink()).unwrap_or(i32::MAX)),
        size: Some(metadata.size()),
        mtime: Some(Box::new(TimeInfo {
            nanoseconds: metadata.mtime().saturating_mul(1_000_000_000),
            ..TimeInfo::default()
        })),
        mode: Some(metadata.mode()),
        uid: Some(user.map_or_else(|| metadata.uid().to_string(), |user| user.name)),
        gid: Some(group.map_or_else(|| metadata.gid().to_string(), |group| group.name)),
        ..FileInfo::default()
    }
}

/// Only what has an end is read: opening a pipe a task left in its sandbox would hold a thread until somebody writes.
///
/// Differs from Mesos, which waits.
pub(super) fn readable(path: &Path, verb: &str) -> Result<(), FilesError> {
    let kind = fs::metadata(path).map_err(|_| FilesError::NotFound)?.file_type();
    if kind.is_dir() {
        Err(FilesError::Invalid(format!("Cannot {verb} a directory.\n")))
    } else if kind.is_file() {
        Ok(())
    } else {
        Err(FilesError::Invalid(format!("Cannot {verb} a special file.\n")))
    }
}

/// A part of a file.
pub(super) fn read(
    names: &Names,
    path: &str,
    offset: u64,
    length: Option<u64>,
) -> Result<FilePart, FilesError> {
    let found = resolve(names, path)?;
    readable(&found, "read")?;
    let failed = |error: io::Error| {
        FilesError::Unknown(format!(
            "Failed to open file at '{}': {}.\n",
            found.display(),
            reason(&error)
        ))
    };
    let mut file = File::open(&found).map_err(failed)?;
    let size = file.metadata().map_err(failed)?.len();
    let length = length
        .unwrap_or(u64::MAX)
        .min(size.saturating_sub(offset))
        .min(PAGES_MAX * page_size());
    let mut data = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
    if length > 0 {
        file.seek(SeekFrom::Start(offset)).map_err(failed)?;
        file.take(length).read_to_end(&mut data).map_err(failed)?;
    }
    Ok(FilePart {
        size,
        data: data.into(),
    })
}

fn page_size() -> u64 {
    // 4 KiB is what Mesos' own answers are made of on every machine it runs on.
    4096
}
