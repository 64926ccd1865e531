//! `/files`: the directories and logs a daemon lets people look at, under names it gives them.
//!
//! The process `files` serves `/files/browse`, `/files/read`, `/files/download` and `/files/debug`; the operator
//! APIs ask it through [`Files`]. A name stands for one file or directory; a path below a name stays below its
//! directory, whatever `..` and symbolic links say.
//!
//! Mesos: src/files/files.cpp.

mod disk;
mod http;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use libprocess::{Context, Future, Pid, Process, System, http::Response};
use mesos_proto::v0::FileInfo;
use parking_lot::RwLock;
use thiserror::Error;

use bytes::Bytes;

/// Why a path cannot be shown.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum FilesError {
    /// The request makes no sense; the text ends with a full stop and a new line, as Mesos writes it.
    #[error("{0}")]
    Invalid(String),
    /// Nothing is attached there.
    #[error("not found")]
    NotFound,
    /// The system refused.
    #[error("{0}")]
    Unknown(String),
}

impl FilesError {
    /// The answer of the endpoints and of the operator API: 400, 404 (with an empty body) or 500.
    #[must_use]
    pub fn response(&self) -> Response {
        match self {
            Self::Invalid(text) => Response::bad_request(text.clone()),
            Self::NotFound => Response::text(404, ""),
            Self::Unknown(text) => Response::internal_error(text.clone()),
        }
    }
}

/// A part of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilePart {
    /// Bytes the whole file has.
    pub size: u64,
    /// What was read of it.
    pub data: Bytes,
}

/// What is shown, by name.
type Names = Arc<RwLock<BTreeMap<String, PathBuf>>>;

/// The daemon's hand on the process. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Files {
    names: Names,
    pid: Pid<FilesProcess>,
}

impl Files {
    /// Starts the process `files`.
    ///
    /// # Panics
    ///
    /// When the system already has one.
    #[must_use]
    pub fn spawn(system: &System) -> Self {
        let names = Names::default();
        let process = FilesProcess {
            names: Arc::clone(&names),
        };
        let pid = system
            .spawn("files", process)
            .expect("a system has one process called files");
        Self { names, pid }
    }

    /// Shows a file or directory under a name. What is not there (any more) is not found when somebody asks.
    pub fn attach(&self, name: &str, path: &Path) {
        self.names
            .write()
            .insert(trimmed(name).to_owned(), path.to_owned());
    }

    /// Stops showing a name.
    pub fn detach(&self, name: &str) {
        self.names.write().remove(trimmed(name));
    }

    /// Stops showing a name if it still stands for this path.
    pub fn detach_if(&self, name: &str, path: &Path) {
        let mut names = self.names.write();
        if names.get(trimmed(name)).is_some_and(|shown| shown == path) {
            names.remove(trimmed(name));
        }
    }

    /// The entries of a directory, by path; empty for a file (LIST_FILES).
    pub fn list_files(&self, path: &str) -> Future<Result<Vec<FileInfo>, FilesError>> {
        let path = path.to_owned();
        self.pid.dispatch_future(move |files, ctx| {
            let names = Arc::clone(&files.names);
            blocking(ctx, move || disk::list(&names, &path))
        })
    }

    /// A part of a file, at most 16 pages long (READ_FILE). Without a length it reaches to the end of the file.
    pub fn read_file(
        &self,
        path: &str,
        offset: u64,
        length: Option<u64>,
    ) -> Future<Result<FilePart, FilesError>> {
        let path = path.to_owned();
        self.pid.dispatch_future(move |files, ctx| {
            let names = Arc::clone(&files.names);
            blocking(ctx, move || disk::read(&names, &path, offset, length))
        })
    }
}

/// The process behind the endpoints.
#[derive(Debug)]
pub struct FilesProcess {
    names: Names,
}

impl Process for FilesProcess {
    fn initialize(&mut self, ctx: &mut Context<Self>) {
        http::route(ctx);
    }
}

/// Looks at the disk on a thread that may block.
fn blocking<T: Send + 'static>(
    ctx: &mut Context<FilesProcess>,
    work: impl FnOnce() -> T + Send + 'static,
) -> Future<T> {
    let (promise, future) = libprocess::Promise::new();
    ctx.blocking(work, move |_, _, found| {
        promise.set(found);
    });
    future
}

fn trimmed(name: &str) -> &str {
    name.strip_suffix('/').unwrap_or(name)
}
