//! Reading and writing descriptors (pipes, sockets, files) without blocking.
//!
//! ```
//! use libprocess::{System, io};
//!
//! let system = System::builder().client_only().start()?;
//! let (from, to) = std::io::pipe()?;
//! let all = io::read_to_end(&system, &from, 1024);
//! io::write(&system, &to, "hello").wait().expect("there is a reader");
//! drop(to);
//! assert_eq!(all.wait(), Ok("hello".into()));
//! system.shutdown();
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! Every operation works on a copy of the descriptor, so the caller may close its own at any time, and puts what is behind it into
//! non-blocking mode, for all who share it. Discarding a future ends its operation. One at a time in each direction: two reads of one
//! pipe share what comes between them as it happens.
//!
//! Mesos: 3rdparty/libprocess/include/process/io.hpp.

use crate::{Future, System};
use bytes::{Bytes, BytesMut};
use rustix::fs::OFlags;
use rustix::io::Errno;
use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, OwnedFd};
use tokio::io::unix::AsyncFd;
pub use tokio::io::{Interest, Ready};

/// What is read at a time.
const CHUNK: usize = 16 * 1024;

/// Ready when the descriptor is, for one of these; says for which. Files always are.
pub fn poll(system: &System, descriptor: impl AsFd, interest: Interest) -> Future<Ready> {
    start(system, descriptor, move |source| async move {
        match source {
            Source::File(_) => Ok(Ready::READABLE | Ready::WRITABLE),
            Source::Stream(stream) => Ok(stream.ready(interest).await?.ready()),
        }
    })
}

/// Reads what there is, at most `size` bytes; nothing at the end.
pub fn read(system: &System, descriptor: impl AsFd, size: usize) -> Future<Bytes> {
    start(system, descriptor, move |mut source| async move {
        source.read(size).await
    })
}

/// Reads to the end; fails when there are more than `limit` bytes.
pub fn read_to_end(system: &System, descriptor: impl AsFd, limit: usize) -> Future<Bytes> {
    start(system, descriptor, move |mut source| async move {
        let mut all = BytesMut::new();
        loop {
            let piece = source.read(CHUNK).await?;
            if piece.is_empty() {
                return Ok(all.freeze());
            }
            if all.len() + piece.len() > limit {
                return Err(io::Error::other(format!("more than {limit} bytes")));
            }
            all.extend_from_slice(&piece);
        }
    })
}

/// Shows what can be read from a socket, at most `size` bytes, and leaves it there; nothing at the end.
pub fn peek(system: &System, descriptor: impl AsFd, size: usize) -> Future<Bytes> {
    start(system, descriptor, move |source| async move {
        source.peek(size).await
    })
}

/// Writes all of it.
pub fn write(system: &System, descriptor: impl AsFd, bytes: impl Into<Bytes>) -> Future<()> {
    let bytes = bytes.into();
    start(system, descriptor, move |mut source| async move {
        source.write(bytes).await
    })
}

/// Moves everything from one descriptor to another, or nowhere, up to the end; `hook` sees every piece before it is written.
pub fn redirect(
    system: &System,
    from: impl AsFd,
    to: Option<&dyn AsFd>,
    mut hook: impl FnMut(&[u8]) + Send + 'static,
) -> Future<()> {
    let to = match to.map(|to| to.as_fd().try_clone_to_owned()).transpose() {
        Ok(to) => to,
        Err(error) => return Future::failed(error.to_string()),
    };
    start(system, from, move |mut source| async move {
        let mut sink = to.map(Source::open).transpose()?;
        loop {
            let piece = source.read(CHUNK).await?;
            if piece.is_empty() {
                return Ok(());
            }
            hook(&piece);
            if let Some(sink) = &mut sink {
                sink.write(piece).await?;
            }
        }
    })
}

/// Runs an operation on a copy of the descriptor.
fn start<T, F>(
    system: &System,
    descriptor: impl AsFd,
    operation: impl FnOnce(Source) -> F + Send + 'static,
) -> Future<T>
where
    T: Send + 'static,
    F: std::future::Future<Output = io::Result<T>> + Send,
{
    let copy = match descriptor.as_fd().try_clone_to_owned() {
        Ok(copy) => copy,
        Err(error) => return Future::failed(error.to_string()),
    };
    let done = system.run(async move { operation(Source::open(copy)?).await });
    done.then(|outcome| match outcome {
        Ok(value) => Future::ready(value),
        Err(error) => Future::failed(error.to_string()),
    })
}

/// A descriptor as the kernel can wait for it.
enum Source {
    Stream(AsyncFd<OwnedFd>),
    /// Always ready, so that reading it may block: that is done elsewhere.
    File(Option<OwnedFd>),
}

impl Source {
    #[expect(deprecated, reason = "sound for an `OwnedFd`; what takes its place is unsafe")]
    fn open(descriptor: OwnedFd) -> io::Result<Source> {
        let flags = rustix::fs::fcntl_getfl(&descriptor)?;
        rustix::fs::fcntl_setfl(&descriptor, flags | OFlags::NONBLOCK)?;
        match AsyncFd::try_new(descriptor) {
            Ok(stream) => Ok(Source::Stream(stream)),
            Err(refused) => match refused.into_parts() {
                (file, error) if error.kind() == ErrorKind::PermissionDenied => Ok(Source::File(Some(file))),
                (_, error) => Err(error),
            },
        }
    }

    async fn read(&mut self, size: usize) -> io::Result<Bytes> {
        match self {
            Source::Stream(stream) => {
                let mut buffer = vec![0; size];
                loop {
                    let mut guard = stream.readable().await?;
                    if let Ok(count) =
                        guard.try_io(|inner| Ok(rustix::io::read(inner.get_ref(), &mut buffer)?))
                    {
                        buffer.truncate(count?);
                        return Ok(buffer.into());
                    }
                }
            }
            Source::File(file) => {
                blocking(file, move |file| {
                    let mut buffer = vec![0; size];
                    let count = retry(|| rustix::io::read(file, &mut buffer))?;
                    buffer.truncate(count);
                    Ok(buffer.into())
                })
                .await
            }
        }
    }

    async fn peek(&self, size: usize) -> io::Result<Bytes> {
        let Source::Stream(stream) = self else {
            return Err(Errno::NOTSOCK.into());
        };
        let mut buffer = vec![0; size];
        let flags = rustix::net::RecvFlags::PEEK;
        loop {
            let mut guard = stream.readable().await?;
            let look =
                |inner: &AsyncFd<OwnedFd>| Ok(rustix::net::recv(inner.get_ref(), &mut buffer[..], flags)?.0);
            if let Ok(count) = guard.try_io(look) {
                buffer.truncate(count?);
                return Ok(buffer.into());
            }
        }
    }

    async fn write(&mut self, mut bytes: Bytes) -> io::Result<()> {
        match self {
            Source::Stream(stream) => {
                while !bytes.is_empty() {
                    let mut guard = stream.writable().await?;
                    if let Ok(count) = guard.try_io(|inner| Ok(rustix::io::write(inner.get_ref(), &bytes)?)) {
                        let _ = bytes.split_to(count?);
                    }
                }
                Ok(())
            }
            Source::File(file) => {
                blocking(file, move |file| {
                    while !bytes.is_empty() {
                        let count = retry(|| rustix::io::write(file, &bytes))?;
                        let _ = bytes.split_to(count);
                    }
                    Ok(())
                })
                .await
            }
        }
    }
}

/// Does something with a file where one may block, and takes the file back.
async fn blocking<T: Send + 'static>(
    file: &mut Option<OwnedFd>,
    work: impl FnOnce(&OwnedFd) -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let taken = file
        .take()
        .ok_or_else(|| io::Error::other("an operation before this was cut off"))?;
    let work = move || {
        let outcome = work(&taken);
        (taken, outcome)
    };
    let (taken, outcome) = tokio::task::spawn_blocking(work).await?;
    *file = Some(taken);
    outcome
}

fn retry(mut call: impl FnMut() -> Result<usize, Errno>) -> io::Result<usize> {
    loop {
        match call() {
            Err(Errno::INTR) => {}
            outcome => return Ok(outcome?),
        }
    }
}
