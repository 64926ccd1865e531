use crate::{Future, FutureError, Promise};
use bytes::{Bytes, BytesMut};
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

/// Makes the two ends of a stream of byte pieces.
///
/// ```
/// let (writer, reader) = libprocess::http::pipe();
/// assert!(writer.write("one"));
/// writer.close();
/// assert_eq!(reader.read().wait(), Ok(Some("one".into())));
/// assert_eq!(reader.read().wait(), Ok(None));
/// ```
pub fn pipe() -> (Writer, Reader) {
    let shared = Arc::new(Shared(Mutex::default()));
    (Writer(Arc::new(WriterEnd(shared.clone()))), Reader(shared))
}

/// The writing end; clones write to the same stream, which closes when the last is dropped.
#[derive(Clone)]
pub struct Writer(Arc<WriterEnd>);

/// The reading end; dropping it tells the writer.
pub struct Reader(Arc<Shared>);

struct WriterEnd(Arc<Shared>);

struct Shared(Mutex<State>);

#[derive(Default)]
struct State {
    queue: VecDeque<Bytes>,
    queued_bytes: usize,
    end: Option<Result<(), String>>,
    reader_closed: bool,
    /// Reads that wait for pieces.
    reads: VecDeque<Promise<Option<Bytes>>>,
    read_waker: Option<Waker>,
    /// Who waits for room.
    drain_waker: Option<Waker>,
    closed: Vec<Promise<()>>,
}

impl Writer {
    /// Appends a piece, which on a connection becomes exactly one chunk; false when the stream or its reader is closed.
    pub fn write(&self, piece: impl Into<Bytes>) -> bool {
        let piece = piece.into();
        let mut state = self.0.0.0.lock();
        if state.reader_closed || state.end.is_some() {
            return false;
        }
        if piece.is_empty() {
            // On the wire an empty chunk would end the stream.
            return true;
        }
        if let Some(read) = state.reads.pop_front() {
            drop(state);
            read.set(Some(piece));
            return true;
        }
        state.queued_bytes += piece.len();
        state.queue.push_back(piece);
        let waker = state.read_waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
        true
    }

    /// Ends the stream.
    pub fn close(&self) {
        self.0.0.end(Ok(()));
    }

    /// Breaks the stream off; the reader learns why, a client sees its connection closed within the body.
    pub fn fail(&self, message: impl Into<String>) {
        self.0.0.end(Err(message.into()));
    }

    /// Ready once the reader is gone, e.g. because the client has hung up.
    pub fn closed(&self) -> Future<()> {
        let (promise, future) = Promise::new();
        let mut state = self.0.0.0.lock();
        if state.reader_closed {
            drop(state);
            promise.set(());
        } else {
            state.closed.push(promise);
        }
        future
    }

    /// Whether the reader is gone.
    pub fn is_closed(&self) -> bool {
        self.0.0.0.lock().reader_closed
    }

    /// Bytes written but not read: how far the reader lags behind.
    pub fn queued_bytes(&self) -> usize {
        self.0.0.0.lock().queued_bytes
    }

    /// Ready when at most `limit` bytes are queued or the reader is gone.
    pub(crate) fn poll_room(&self, limit: usize, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.0.0.0.lock();
        if state.queued_bytes <= limit || state.reader_closed {
            return Poll::Ready(());
        }
        state.drain_waker = Some(cx.waker().clone());
        Poll::Pending
    }
}

impl Drop for WriterEnd {
    fn drop(&mut self) {
        self.0.end(Ok(()));
    }
}

impl Shared {
    fn end(&self, end: Result<(), String>) {
        let mut state = self.0.lock();
        if state.end.is_some() {
            return;
        }
        let reads = std::mem::take(&mut state.reads);
        let waker = state.read_waker.take();
        state.end = Some(end.clone());
        drop(state);
        for read in reads {
            match &end {
                Ok(()) => read.set(None),
                Err(message) => read.fail(message.clone()),
            };
        }
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn close_reader(&self) {
        let mut state = self.0.lock();
        state.reader_closed = true;
        state.queue.clear();
        state.queued_bytes = 0;
        let closed = std::mem::take(&mut state.closed);
        let reads = std::mem::take(&mut state.reads);
        let waker = state.drain_waker.take();
        drop(state);
        for promise in closed {
            promise.set(());
        }
        reads.into_iter().for_each(|read| {
            read.fail("reader closed");
        });
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl State {
    /// The next piece or the end, if there is either.
    fn take(&mut self) -> Option<Result<Option<Bytes>, String>> {
        if let Some(piece) = self.queue.pop_front() {
            self.queued_bytes -= piece.len();
            return Some(Ok(Some(piece)));
        }
        self.end.clone().map(|end| end.map(|()| None))
    }
}

impl Reader {
    /// The next piece, or `None` at the end; fails when the writer has failed.
    pub fn read(&self) -> Future<Option<Bytes>> {
        let mut state = self.0.0.lock();
        let taken = state.take();
        let drained = state.drain_waker.take();
        let future = match taken {
            Some(Ok(piece)) => Future::ready(piece),
            Some(Err(message)) => Future::failed(message),
            None if state.reader_closed => Future::failed("reader closed"),
            None => {
                let (promise, future) = Promise::new();
                state.reads.push_back(promise);
                future
            }
        };
        drop(state);
        if let Some(waker) = drained {
            waker.wake();
        }
        future
    }

    /// As [`Reader::read`], for use with `.await`.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: no piece is lost when the returned future is dropped.
    ///
    /// # Errors
    ///
    /// When the writer has failed.
    pub async fn next(&mut self) -> Result<Option<Bytes>, FutureError> {
        std::future::poll_fn(|cx| self.poll_read(cx))
            .await
            .map_err(FutureError::Failed)
    }

    /// Reads to the end; fails when there are more than `limit` bytes.
    pub fn read_all(self, limit: usize) -> Future<Bytes> {
        let (promise, future) = Promise::new();
        collect(self, BytesMut::new(), limit, promise);
        future
    }

    /// Stops reading and tells the writer.
    pub fn close(&self) {
        self.0.close_reader();
    }

    pub(crate) fn poll_read(&self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, String>> {
        let mut state = self.0.0.lock();
        let drained = state.drain_waker.take();
        let taken = state.take();
        if taken.is_none() {
            state.read_waker = Some(cx.waker().clone());
        }
        drop(state);
        if let Some(waker) = drained {
            waker.wake();
        }
        taken.map_or(Poll::Pending, Poll::Ready)
    }
}

/// Takes what is there without recursion, then waits for the next piece.
fn collect(reader: Reader, mut bytes: BytesMut, limit: usize, mut promise: Promise<Bytes>) {
    loop {
        let next = reader.read();
        if next.is_pending() {
            return next.finish(move |outcome| {
                if let Some(promise) = absorb(outcome, &mut bytes, limit, promise) {
                    collect(reader, bytes, limit, promise);
                }
            });
        }
        match absorb(next.outcome_now(), &mut bytes, limit, promise) {
            Some(again) => promise = again,
            None => return,
        }
    }
}

/// Appends one piece, or completes the promise at the end; gives it back when there is more to read.
fn absorb(
    piece: Result<Option<Bytes>, FutureError>,
    bytes: &mut BytesMut,
    limit: usize,
    promise: Promise<Bytes>,
) -> Option<Promise<Bytes>> {
    match piece {
        Ok(Some(piece)) if bytes.len() + piece.len() <= limit => {
            bytes.extend_from_slice(&piece);
            return Some(promise);
        }
        Ok(Some(_)) => promise.fail("body exceeds the limit"),
        Ok(None) => promise.set(std::mem::take(bytes).freeze()),
        Err(error) => promise.complete(Err(error)),
    };
    None
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.0.close_reader();
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Writer")
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reader")
    }
}
