//! One accepted connection: requests and messages in, responses out, in order.

mod frames;
mod large;
mod messages;
mod place;

pub(crate) use place::Guests;

use super::body::{Collector, Gunzip};
use super::encode::{self, Framing};
use super::request::accepts_encoding;
use super::server::{Destination, resolve};
use super::slot::{HIGH_WATER, Manner, Produced, Slots};
use super::{Method, Query, Request, Responder, Response, Writer, pipe};
use crate::cell::{HttpEvent, Message};
use crate::system::Inner;
use crate::tls::{self, Stream};
use crate::{Bytes, Upid};
use large::Large;
use libprocess_core::http::{DecodeError, Event, RequestDecoder, RequestHead};
use libprocess_core::message::{self, DestinationError};
use messages::Messages;
use std::cell::Cell;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead as _, AsyncWrite as _, AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;

/// Requests of one connection that may wait for their responses before no more are read.
const MAX_PIPELINED: usize = 256;

/// Bytes of a streamed request that may wait for its handler.
const UPLOAD_AHEAD: usize = 1024 * 1024;

/// How long responses may still be written after the client has closed its half.
const HALF_CLOSED_GRACE: Duration = Duration::from_secs(5);

/// How long a refused client may go on sending before the connection is reset and the refusal perhaps lost.
const REFUSED_LINGER: Duration = Duration::from_secs(1);

const READ_SIZE: usize = 64 * 1024;

thread_local! {
    /// Where bytes are read to, so that idle connections need no buffers of their own.
    static SCRATCH: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Lends the scratch buffer of this thread.
fn with_scratch<T>(f: impl FnOnce(&mut [u8]) -> T) -> T {
    let mut scratch = SCRATCH.take();
    scratch.resize(READ_SIZE, 0);
    let output = f(&mut scratch);
    SCRATCH.set(scratch);
    output
}

/// Serves a connection until either side closes it.
pub(super) async fn run(system: Arc<Inner>, stream: std::net::TcpStream, peer: SocketAddr) {
    let Ok(stream) = TcpStream::from_std(stream) else {
        return;
    };
    let _ = stream.set_nodelay(true);
    let handshake = tokio::time::timeout(
        system.settings.header_timeout,
        tls::accept(system.tls.as_ref(), stream),
    );
    let stream = match handshake.await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return tracing::debug!(from = %peer, %error, "refusing a connection"),
        Err(_) => return,
    };
    serve(Connection::new(system, stream, peer)).await;
}

async fn serve(mut connection: Connection) {
    while let Over::Moves = std::future::poll_fn(|cx| connection.poll(cx)).await {
        match connection.move_on() {
            Some(back) => connection = back,
            None => return,
        }
    }
    if connection.refused {
        let _ = connection.stream.shutdown().await;
        let rest = std::future::poll_fn(|cx| connection.drain(cx));
        let _ = tokio::time::timeout(REFUSED_LINGER, rest).await;
    } else if connection.stream.is_tls() {
        // Says that this is the end, not a cut.
        let _ = tokio::time::timeout(REFUSED_LINGER, connection.stream.shutdown()).await;
    }
}

/// Why a connection is no longer polled.
enum Over {
    /// It has ended.
    Ended,
    /// It goes on at the worker where the receiver of its messages lives.
    Moves,
}

struct Connection {
    system: Arc<Inner>,
    stream: Stream,
    peer: SocketAddr,
    decoder: RequestDecoder,
    incoming: Incoming,
    messages: Messages,
    slots: Slots,
    out: Vec<u8>,
    written: usize,
    /// Nothing is read any more; the connection ends when the output is written.
    closing: bool,
    /// The client was told why it is cut off.
    refused: bool,
    client_closed: bool,
    deadline: Option<Pin<Box<Sleep>>>,
}

/// The message or request whose body arrives.
enum Incoming {
    Nothing,
    Message {
        from: Upid,
        to: String,
        name: String,
        keep_alive: bool,
        body: Collector,
    },
    Request {
        head: Box<(RequestHead, Option<Destination>)>,
        body: Collector,
    },
    Upload(Upload),
    /// A message of a known kind, read straight into its body.
    Large(Large),
}

/// A body that its handler reads as it arrives.
struct Upload {
    writer: Writer,
    gunzip: Option<Gunzip>,
}

/// A handler still at work learns that there will be no more; nothing if the body is complete.
impl Drop for Upload {
    fn drop(&mut self) {
        self.writer.fail("the connection has ended");
    }
}

impl Connection {
    fn new(system: Arc<Inner>, stream: Stream, peer: SocketAddr) -> Connection {
        Connection {
            decoder: RequestDecoder::new(system.settings.limits),
            messages: Messages::new(system.settings.limits.max_body, system.settings.framing),
            system,
            stream,
            peer,
            incoming: Incoming::Nothing,
            slots: Slots::default(),
            out: Vec::new(),
            written: 0,
            closing: false,
            refused: false,
            client_closed: false,
            deadline: None,
        }
    }

    /// Does all that can be done now; ready when the connection is over.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Over> {
        if self.messages.lets_receivers_run() {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        loop {
            let mut progress = false;
            match self.slots.produce(&self.system, &mut self.out, cx) {
                Produced::Nothing => {}
                Produced::Progress => {
                    // More may be ready; write it all at once.
                    if self.out.len() < HIGH_WATER {
                        continue;
                    }
                    progress = true;
                }
                Produced::Last => {
                    self.closing = true;
                    self.slots.discard();
                }
                Produced::Broken => return Poll::Ready(Over::Ended),
            }
            match self.flush(cx) {
                Ok(wrote) => progress |= wrote,
                Err(_) => return Poll::Ready(Over::Ended),
            }
            if self.closing && self.out.is_empty() && self.slots.is_empty() {
                return Poll::Ready(Over::Ended);
            }
            if self.should_move() {
                return Poll::Ready(Over::Moves);
            }
            if self.may_read(cx) {
                match self.read(cx) {
                    Ok(read) => progress |= read,
                    Err(_) => return Poll::Ready(Over::Ended),
                }
                if self.messages.lets_receivers_run() {
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
            }
            let unfinished = !self.slots.is_empty() || !self.out.is_empty();
            if self.client_closed && (self.slots.is_streaming() || !unfinished) {
                return Poll::Ready(Over::Ended);
            }
            if !progress {
                return self.poll_deadline(cx).map(|()| Over::Ended);
            }
        }
    }

    fn may_read(&self, cx: &mut Context<'_>) -> bool {
        let room = match &self.incoming {
            Incoming::Upload(upload) => upload.writer.poll_room(UPLOAD_AHEAD, cx).is_ready(),
            _ => true,
        };
        room && !self.closing
            && !self.client_closed
            && self.slots.len() < MAX_PIPELINED
            && self.out.len() < HIGH_WATER
    }

    /// Writes what there is; true when something was written.
    fn flush(&mut self, cx: &mut Context<'_>) -> io::Result<bool> {
        let mut wrote = false;
        while self.written < self.out.len() {
            match Pin::new(&mut self.stream).poll_write(cx, &self.out[self.written..])? {
                Poll::Ready(0) => return Err(io::Error::from(io::ErrorKind::WriteZero)),
                Poll::Ready(count) => {
                    self.written += count;
                    wrote = true;
                }
                Poll::Pending => break,
            }
        }
        if self.written == self.out.len() {
            self.written = 0;
            if self.out.capacity() > 16 * 1024 {
                self.out = Vec::new();
            }
            self.out.clear();
        } else if self.written >= HIGH_WATER {
            self.out.drain(..self.written);
            self.written = 0;
        }
        // TLS may hold back what the socket did not take; its progress wakes us.
        let _ = Pin::new(&mut self.stream).poll_flush(cx)?;
        Ok(wrote)
    }

    /// Reads once and handles what arrived; true when something has.
    fn read(&mut self, cx: &mut Context<'_>) -> io::Result<bool> {
        let count = match &mut self.incoming {
            Incoming::Large(large) => {
                let read = large.poll_read(&mut self.stream, cx)?;
                if large.has_ended() {
                    read.map(|read| self.take_large().and(read))
                } else {
                    read
                }
            }
            _ => with_scratch(|scratch| self.read_to(scratch, cx))?,
        };
        let Poll::Ready(read) = count else {
            return Ok(false);
        };
        match read {
            Ok(0) => self.handle_client_closed(),
            Ok(_) => self.set_deadline(),
            Err(error) => {
                self.refuse(&error);
                self.set_deadline();
            }
        }
        Ok(true)
    }

    fn decode(&mut self) -> Result<(), DecodeError> {
        while let Some(event) = self.decoder.next()? {
            match event {
                Event::Head(head) => {
                    self.answer_owed();
                    self.handle_head(head)?;
                }
                Event::Data(data) => self.handle_data(data)?,
                Event::End => {
                    let more = matches!(self.incoming, Incoming::Message { .. });
                    self.handle_end()?;
                    if more && !self.closing {
                        self.resume_messages()?;
                    }
                }
            }
            if self.closing || self.messages.is_waiting() {
                break;
            }
        }
        Ok(())
    }

    fn handle_head(&mut self, head: RequestHead) -> Result<(), DecodeError> {
        let gzip = head.headers.has_token("Content-Encoding", "gzip");
        let limit = self.system.settings.limits.max_body;
        if let Some(from) = message::classify(&head) {
            match message::destination(&head.target) {
                Ok((to, name)) => {
                    let (name, keep_alive) = (name.to_owned(), head.keep_alive());
                    let body = Collector::new(gzip, limit);
                    self.incoming = Incoming::Message {
                        from,
                        to,
                        name,
                        keep_alive,
                        body,
                    };
                }
                Err(error) => {
                    let status = if error == DestinationError::BadEscape {
                        500
                    } else {
                        400
                    };
                    self.refuse_with(Response::text(status, error.to_string()));
                }
            }
            return Ok(());
        }
        if head.expects_continue() {
            let announced = head
                .headers
                .get("Content-Length")
                .and_then(|text| text.parse::<u64>().ok());
            if announced.is_some_and(|length| length > limit) {
                return Err(DecodeError::BodyTooLarge(limit));
            }
            self.slots.push_encoded(&mut self.out, |out| {
                out.extend_from_slice(b"HTTP/1.1 100 Continue\r\n\r\n")
            });
        }
        let path = head.target.split('?').next().unwrap_or_default();
        let destination = resolve(&self.system, path);
        self.decoder.set_max_body(limit);
        match destination {
            Some(to) if to.process.wants_stream(&to.route) => {
                let (writer, reader) = pipe();
                self.decoder.set_max_body(u64::MAX);
                self.incoming = Incoming::Upload(Upload {
                    writer,
                    gunzip: gzip.then(Gunzip::new),
                });
                self.dispatch(head, Some(to), Bytes::new(), Some(reader));
            }
            destination => {
                let body = Collector::new(gzip, limit);
                self.incoming = Incoming::Request {
                    head: Box::new((head, destination)),
                    body,
                };
            }
        }
        Ok(())
    }

    fn handle_data(&mut self, data: Bytes) -> Result<(), DecodeError> {
        match &mut self.incoming {
            Incoming::Nothing | Incoming::Large(_) => Ok(()),
            Incoming::Message { body, .. } | Incoming::Request { body, .. } => body.push(data),
            Incoming::Upload(Upload { writer, gunzip: None }) => {
                writer.write(data);
                Ok(())
            }
            Incoming::Upload(Upload {
                writer,
                gunzip: Some(gunzip),
            }) => {
                let unfolded = gunzip.push(&data, self.system.settings.limits.max_body);
                let unfolded = unfolded.inspect_err(|error| writer.fail(error.to_string()));
                writer.write(unfolded.map_err(|_| DecodeError::Head("malformed gzip"))?);
                Ok(())
            }
        }
    }

    fn handle_end(&mut self) -> Result<(), DecodeError> {
        match std::mem::replace(&mut self.incoming, Incoming::Nothing) {
            Incoming::Nothing | Incoming::Large(_) => {}
            Incoming::Message {
                from,
                to,
                name,
                keep_alive,
                body,
            } => {
                if self.system.settings.check_peer_ip && self.peer.ip() != *from.address().ip() {
                    let text = format!(
                        "UPID IP address validation failed: Message from {from} was sent from IP {}",
                        self.peer
                    );
                    self.push_response(&Response::bad_request(text), None);
                    return Ok(());
                }
                let message = Message {
                    from: &from,
                    name: &name,
                    body: body.finish()?,
                };
                let delivered = self.system.deliver(&to, message);
                let response = if delivered {
                    Response::accepted()
                } else {
                    Response::not_found()
                };
                self.push_response(&response, None);
                self.closing |= !keep_alive && self.slots.is_empty();
            }
            Incoming::Request { head, body } => {
                let (head, destination) = *head;
                self.dispatch(head, destination, body.finish()?, None);
            }
            Incoming::Upload(mut upload) => {
                match upload.gunzip.take().map(Gunzip::finish).transpose() {
                    Ok(rest) => {
                        upload.writer.write(rest.unwrap_or_default());
                        upload.writer.close();
                    }
                    Err(error) => upload.writer.fail(error.to_string()),
                };
            }
        }
        Ok(())
    }

    /// Hands a request to its process, and waits for the response in its place.
    fn dispatch(
        &mut self,
        head: RequestHead,
        destination: Option<Destination>,
        body: Bytes,
        reader: Option<super::Reader>,
    ) {
        let manner = Manner {
            keep_alive: head.keep_alive(),
            minor_version: head.minor_version,
            to_head: head.method == Method::Head,
            gzip: accepts_encoding(&head.headers, "gzip"),
        };
        let (responder, response) = Responder::new();
        self.slots.push_waiting(response, manner);
        let Some(Destination { process, path, route }) = destination else {
            return responder.respond(Response::not_found());
        };
        if let Some(refusal) = self.system.guards.refusal(&path) {
            return responder.respond(refusal);
        }
        let query = head.target.split_once('?').map_or("", |(_, query)| query);
        let request = Request {
            method: if manner.to_head { Method::Get } else { head.method },
            path,
            query: Query::parse(query),
            headers: head.headers,
            body,
            reader,
            principal: None,
            client: Some(self.peer),
        };
        if let Err(event) = process.http(Box::new(HttpEvent {
            route,
            request,
            responder,
        })) {
            event.responder.respond(Response::not_found());
        }
    }

    fn push_response(&mut self, response: &Response, connection: Option<&str>) {
        self.answer_owed();
        let now = self.system.clock.now();
        let body = response.body_bytes();
        let framing = Framing::Length(u64::try_from(body.len()).unwrap_or(u64::MAX));
        self.slots.push_encoded(&mut self.out, |out| {
            encode::head(out, now, response.status, &response.headers, framing, connection);
            out.extend_from_slice(body);
        });
    }

    /// Answers bytes that cannot be decoded, and reads no more.
    fn refuse(&mut self, error: &DecodeError) {
        tracing::debug!(from = %self.peer, %error, "refusing a request");
        let status = match error {
            DecodeError::Frame(reason) => {
                // Nobody would read an answer.
                tracing::debug!(from = %self.peer, error = %reason, "refusing a frame");
                (self.closing, self.refused) = (true, true);
                return;
            }
            DecodeError::BodyTooLarge(_) => 413,
            DecodeError::UnsupportedTransferEncoding => 501,
            _ => 400,
        };
        self.refuse_with(Response::text(status, error.to_string()));
    }

    fn refuse_with(&mut self, response: Response) {
        if let Incoming::Upload(upload) = std::mem::replace(&mut self.incoming, Incoming::Nothing) {
            upload.writer.fail("the request is malformed");
        }
        self.push_response(&response, Some("close"));
        self.closing = true;
        self.refused = true;
    }

    fn handle_client_closed(&mut self) {
        self.answer_owed();
        self.client_closed = true;
        // Most often it has gone altogether, which looks the same until something is written.
        self.slots.request_discard();
        if let Incoming::Upload(upload) = std::mem::replace(&mut self.incoming, Incoming::Nothing) {
            upload.writer.fail("the client has closed the connection");
        }
        self.deadline = Some(Box::pin(tokio::time::sleep(HALF_CLOSED_GRACE)));
    }

    /// A head must be complete in time; a body must go on arriving. Handlers and idle connections have all the time.
    fn set_deadline(&mut self) {
        let timeout = self.system.settings.header_timeout;
        match &self.incoming {
            Incoming::Nothing if !self.decoder.is_within_head() => self.deadline = None,
            Incoming::Upload(_) => self.deadline = None,
            Incoming::Nothing if self.deadline.is_some() && !self.messages.is_within_body() => {}
            _ => self.deadline = Some(Box::pin(tokio::time::sleep(timeout))),
        }
    }

    fn poll_deadline(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.poll_owed(cx).is_ready() {
            cx.waker().wake_by_ref();
        }
        let Some(deadline) = &mut self.deadline else {
            return Poll::Pending;
        };
        if deadline.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        self.deadline = None;
        if self.client_closed || self.closing {
            return Poll::Ready(());
        }
        self.refuse_with(Response::text(408, "the request took too long to arrive"));
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn drain(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            let count = with_scratch(|scratch| {
                let mut buffer = ReadBuf::new(scratch);
                let read = Pin::new(&mut self.stream).poll_read(cx, &mut buffer);
                read.map(|read| read.map_or(0, |()| buffer.filled().len()))
            });
            match count {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(0) => return Poll::Ready(()),
                Poll::Ready(_) => {}
            }
        }
    }
}
