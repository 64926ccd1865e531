//! Bodies on their way in and out: compression, and files.

use super::{Body, Response, Writer, pipe};
use crate::Future;
use crate::system::Inner;
use bytes::{Bytes, BytesMut};
use flate2::Compression;
use flate2::write::{GzDecoder, GzEncoder};
use libprocess_core::http::DecodeError;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Responses below this are not worth compressing.
///
/// Mesos: 3rdparty/libprocess/src/encoder.hpp, `GZIP_MINIMUM_BODY_LENGTH`.
const GZIP_MIN: usize = 1024;

/// Compressing more than this takes over half a millisecond, too long for a worker.
const GZIP_INLINE_MAX: usize = 64 * 1024;

/// How much of a file is read at a time.
const FILE_PIECE: usize = 256 * 1024;

/// Pieces of a file that may wait for a slow client.
const FILE_AHEAD: usize = 1024 * 1024;

/// What compressing came to.
pub(super) enum Gzip {
    /// Nothing to do, or done.
    Done(Response),
    /// Done elsewhere, later.
    Later(Future<Response>),
}

/// Compresses a response for a client that accepts it, if it is large enough and not encoded yet.
pub(super) fn gzip(system: &Inner, mut response: Response) -> Gzip {
    let size = response.body_bytes().len();
    if size < GZIP_MIN || response.headers.contains("Content-Encoding") {
        return Gzip::Done(response);
    }
    response.headers.set("Content-Encoding", "gzip");
    let work = move || {
        response.body = Body::Bytes(compress(response.body_bytes()));
        response
    };
    if size > GZIP_INLINE_MAX {
        Gzip::Later(system.blocking(work))
    } else {
        Gzip::Done(work())
    }
}

fn compress(bytes: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 4), Compression::fast());
    encoder.write_all(bytes).expect("writing to memory does not fail");
    encoder.finish().expect("writing to memory does not fail").into()
}

/// Decompresses the body of a request piece by piece.
pub(super) struct Gunzip {
    decoder: GzDecoder<Vec<u8>>,
    /// Something has been pushed.
    fed: bool,
}

impl Gunzip {
    pub(super) fn new() -> Gunzip {
        Gunzip {
            decoder: GzDecoder::new(Vec::new()),
            fed: false,
        }
    }

    /// What `piece` decompresses to, at most `limit` bytes.
    ///
    /// The decoder is fed in small steps, so that a bomb is noticed long before it has unfolded.
    pub(super) fn push(&mut self, piece: &[u8], limit: u64) -> io::Result<Bytes> {
        self.fed |= !piece.is_empty();
        for step in piece.chunks(1024) {
            self.decoder.write_all(step)?;
            if u64::try_from(self.decoder.get_ref().len()).unwrap_or(u64::MAX) > limit {
                return Err(io::Error::from(io::ErrorKind::FileTooLarge));
            }
        }
        Ok(std::mem::take(self.decoder.get_mut()).into())
    }

    /// The rest, once the stream is complete.
    pub(super) fn finish(mut self) -> io::Result<Bytes> {
        self.decoder.try_finish()?;
        Ok(std::mem::take(self.decoder.get_mut()).into())
    }

    /// As [`Gunzip::finish`], and nothing unfolds to nothing: an answer to `HEAD` has the fields of a body it has not.
    pub(super) fn finish_if_fed(self) -> io::Result<Bytes> {
        if self.fed { self.finish() } else { Ok(Bytes::new()) }
    }

    /// Unfolds a whole body.
    pub(super) fn all(body: Bytes, limit: u64) -> Result<Bytes, DecodeError> {
        let mut unfolded = Collector::new(!body.is_empty(), limit);
        unfolded.push(body)?;
        unfolded.finish()
    }
}

/// A body in the making. One that arrives in one piece is not copied.
pub(super) struct Collector {
    first: Bytes,
    rest: BytesMut,
    gunzip: Option<Gunzip>,
    limit: u64,
}

impl Collector {
    pub(super) fn new(gzip: bool, limit: u64) -> Collector {
        Collector {
            first: Bytes::new(),
            rest: BytesMut::new(),
            gunzip: gzip.then(Gunzip::new),
            limit,
        }
    }

    /// How much there is.
    pub(super) fn len(&self) -> u64 {
        let length = if self.rest.is_empty() {
            self.first.len()
        } else {
            self.rest.len()
        };
        u64::try_from(length).unwrap_or(u64::MAX)
    }

    pub(super) fn push(&mut self, data: Bytes) -> Result<(), DecodeError> {
        let seen = self.len();
        let data = match &mut self.gunzip {
            None => data,
            Some(gunzip) => gunzip
                .push(&data, self.limit.saturating_sub(seen))
                .map_err(|e| self.malformed(&e))?,
        };
        if self.first.is_empty() {
            self.first = data;
            return Ok(());
        }
        if self.rest.is_empty() {
            self.rest.extend_from_slice(&self.first);
        }
        self.rest.extend_from_slice(&data);
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<Bytes, DecodeError> {
        if let Some(gunzip) = self.gunzip.take() {
            let last = gunzip.finish().map_err(|e| self.malformed(&e))?;
            if !last.is_empty() {
                self.push(last)?;
            }
        }
        Ok(if self.rest.is_empty() {
            self.first
        } else {
            self.rest.freeze()
        })
    }

    fn malformed(&self, error: &io::Error) -> DecodeError {
        match error.kind() {
            io::ErrorKind::FileTooLarge => DecodeError::BodyTooLarge(self.limit),
            _ => DecodeError::Head("malformed gzip"),
        }
    }
}

/// Opens a file and turns the response into a stream of known length; 404 when there is no such file.
pub(super) fn open_file(system: &Arc<Inner>, mut response: Response, path: PathBuf) -> Future<Response> {
    let streaming = system.clone();
    system.blocking(move || open_regular(&path)).map(move |opened| {
        let Ok((file, length)) = opened else {
            return Response::not_found();
        };
        let (writer, reader) = pipe();
        let system = streaming.clone();
        streaming.spawn_io(async move { send_file(&system, file, length, writer).await });
        response.headers.set("Content-Length", length.to_string());
        response.body = Body::Stream(reader);
        response
    })
}

fn open_regular(path: &Path) -> io::Result<(File, u64)> {
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    match metadata.is_file() {
        true => Ok((file, metadata.len())),
        false => Err(io::Error::from(io::ErrorKind::IsADirectory)),
    }
}

/// Writes exactly the bytes announced: what is appended meanwhile stays out, and a file cut short breaks the stream.
async fn send_file(system: &Inner, file: File, length: u64, writer: Writer) {
    let mut left = length;
    let mut file = Some(file);
    while left > 0 {
        std::future::poll_fn(|cx| writer.poll_room(FILE_AHEAD, cx)).await;
        if writer.is_closed() {
            return;
        }
        let Some(mut source) = file.take() else { return };
        let read = system.blocking(move || {
            let mut piece = vec![0; usize::try_from(left).map_or(FILE_PIECE, |left| left.min(FILE_PIECE))];
            source.read(&mut piece).map(|count| {
                piece.truncate(count);
                (source, piece)
            })
        });
        match read.await {
            Ok(Ok((source, piece))) if !piece.is_empty() => {
                left = left.saturating_sub(u64::try_from(piece.len()).unwrap_or(u64::MAX));
                file = Some(source);
                writer.write(piece);
            }
            _ => return writer.fail("file ended early"),
        }
    }
    writer.close();
}
