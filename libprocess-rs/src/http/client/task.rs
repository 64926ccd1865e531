use super::{Command, Peer, Shared};
use crate::http::body::{Collector, Gunzip};
use crate::http::encode::{LAST_CHUNK, chunk, field};
use crate::http::{Body, Headers, Method, Reader, Request, Response, Writer, pipe};
use crate::system::Inner;
use crate::tls::Stream;
use crate::{Future, Promise};
use libprocess_core::http::{DecodeError, Event, Limits, ResponseDecoder, ResponseHead};
use std::collections::VecDeque;
use std::future::Future as _;
use std::io::Write;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Bytes of a streamed response that may wait for its reader before no more are read.
const READ_AHEAD: usize = 1024 * 1024;

/// Bytes of requests that may wait for a slow server before no more are encoded.
const HIGH_WATER: usize = 256 * 1024;

/// What a body is that cannot be unfolded.
const MALFORMED: DecodeError = DecodeError::Head("malformed gzip");

/// What is read at a time.
const READ_SIZE: usize = 16 * 1024;

/// Serves a connection until it ends.
pub(super) async fn run(system: &Arc<Inner>, shared: Arc<Shared>, stream: Stream) {
    let limits = system.settings.limits;
    let mut task = Task {
        shared,
        stream,
        limits,
        decoder: ResponseDecoder::new(Limits {
            max_body: u64::MAX,
            ..limits
        }),
        waiting: VecDeque::new(),
        arriving: Arriving::Nothing,
        upload: None,
        out: Vec::new(),
        written: 0,
    };
    let reason = std::future::poll_fn(|cx| task.poll(cx)).await;
    task.end(&reason);
}

struct Task {
    shared: Arc<Shared>,
    stream: Stream,
    limits: Limits,
    decoder: ResponseDecoder,
    /// Requests whose responses have not begun.
    waiting: VecDeque<(Promise<Response>, bool)>,
    arriving: Arriving,
    /// The body of the last request, while it is sent in chunks.
    upload: Option<Reader>,
    out: Vec<u8>,
    written: usize,
}

/// The response whose body arrives.
enum Arriving {
    Nothing,
    /// 1xx: not a response yet.
    Interim,
    Whole {
        response: Promise<Response>,
        head: ResponseHead,
        body: Collector,
    },
    Stream {
        writer: Writer,
        gunzip: Option<Gunzip>,
        closed: Future<()>,
        keep_alive: bool,
    },
}

impl Task {
    /// Does all that can be done now; ready with the reason when the connection is over.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<String> {
        loop {
            let mut progress = match self.take_commands(cx) {
                Ok(progress) => progress,
                Err(reason) => return Poll::Ready(reason),
            };
            progress |= match self.poll_upload(cx) {
                Ok(progress) => progress,
                Err(reason) => return Poll::Ready(reason),
            };
            match self.flush(cx) {
                Ok(wrote) => progress |= wrote,
                Err(error) => return Poll::Ready(format!("Failed to send: {error}")),
            }
            match self.read(cx) {
                Ok(read) => progress |= read,
                Err(reason) => return Poll::Ready(reason),
            }
            if !progress {
                return Poll::Pending;
            }
        }
    }

    /// Encodes queued requests; an error when the connection should end.
    fn take_commands(&mut self, cx: &mut Context<'_>) -> Result<bool, String> {
        let mut progress = false;
        loop {
            let shared = self.shared.clone();
            let mut state = shared.state.lock();
            if state.disconnect {
                return Err("Disconnected".to_owned());
            }
            let room = self.upload.is_none() && self.out.len() < HIGH_WATER;
            let command = if room { state.commands.pop_front() } else { None };
            if command.is_none() {
                let idle = self.waiting.is_empty() && matches!(self.arriving, Arriving::Nothing);
                if state.released && state.commands.is_empty() && idle {
                    return Err("Disconnected".to_owned());
                }
                state.waker = Some(cx.waker().clone());
            }
            drop(state);
            let Some(Command {
                request,
                response,
                streaming,
            }) = command
            else {
                return Ok(progress);
            };
            self.decoder.expect_response(request.method == Method::Head);
            encode_head(&mut self.out, &self.shared.peer, &request);
            self.out.extend_from_slice(&request.body);
            self.upload = request.reader;
            self.waiting.push_back((response, streaming));
            progress = true;
        }
    }

    fn poll_upload(&mut self, cx: &mut Context<'_>) -> Result<bool, String> {
        let mut progress = false;
        while self.out.len() < HIGH_WATER {
            let Some(reader) = &self.upload else { break };
            match reader.poll_read(cx) {
                Poll::Pending => break,
                Poll::Ready(Ok(Some(piece))) => chunk(&mut self.out, &piece),
                Poll::Ready(Ok(None)) => {
                    self.out.extend_from_slice(LAST_CHUNK);
                    self.upload = None;
                }
                Poll::Ready(Err(message)) => {
                    return Err(format!("Failed to read the body to be sent: {message}"));
                }
            }
            progress = true;
        }
        Ok(progress)
    }

    fn flush(&mut self, cx: &mut Context<'_>) -> std::io::Result<bool> {
        let mut wrote = false;
        while self.written < self.out.len() {
            let Poll::Ready(count) = Pin::new(&mut self.stream).poll_write(cx, &self.out[self.written..])?
            else {
                break;
            };
            self.written += count;
            wrote = true;
        }
        if self.written == self.out.len() {
            self.written = 0;
            self.out.clear();
        }
        // TLS may hold back what the socket did not take; its progress wakes us.
        let _ = Pin::new(&mut self.stream).poll_flush(cx)?;
        Ok(wrote)
    }

    fn read(&mut self, cx: &mut Context<'_>) -> Result<bool, String> {
        if let Arriving::Stream { writer, closed, .. } = &mut self.arriving {
            if Pin::new(closed).poll(cx).is_ready() {
                return Err("Reader closed".to_owned());
            }
            if writer.poll_room(READ_AHEAD, cx).is_pending() {
                return Ok(false);
            }
        }
        let mut bytes = [0; READ_SIZE];
        let mut buffer = ReadBuf::new(&mut bytes);
        match Pin::new(&mut self.stream).poll_read(cx, &mut buffer) {
            Poll::Pending => Ok(false),
            Poll::Ready(Err(error)) => Err(format!("Failed to receive: {error}")),
            Poll::Ready(Ok(())) if buffer.filled().is_empty() => {
                match self.decoder.finish() {
                    Ok(Some(event)) => self.handle(event).map_err(|error| error.to_string())?,
                    Ok(None) => false,
                    Err(error) => return Err(error.to_string()),
                };
                Err("Disconnected".to_owned())
            }
            Poll::Ready(Ok(())) => {
                self.decoder.push(buffer.filled());
                loop {
                    match self.decoder.next() {
                        Ok(None) => return Ok(true),
                        Ok(Some(event)) => {
                            if self.handle(event).map_err(|error| error.to_string())? {
                                return Err("Disconnected".to_owned());
                            }
                        }
                        Err(error) => return Err(error.to_string()),
                    }
                }
            }
        }
    }

    /// Takes one event; true when the server closes the connection behind it.
    fn handle(&mut self, event: Event<ResponseHead>) -> Result<bool, DecodeError> {
        match event {
            Event::Head(head) if head.status < 200 => self.arriving = Arriving::Interim,
            Event::Head(head) => {
                let (response, streaming) = self
                    .waiting
                    .pop_front()
                    .ok_or(DecodeError::Head("response without a request"))?;
                self.arriving = match streaming {
                    false => Arriving::Whole {
                        response,
                        body: Collector::new(false, self.limits.max_body),
                        head,
                    },
                    true => {
                        let (writer, reader) = pipe();
                        let gunzip = is_gzip(&head).then(Gunzip::new);
                        let (closed, keep_alive) = (writer.closed(), head.keep_alive());
                        let ResponseHead { status, headers, .. } = head;
                        response.set(Response {
                            status,
                            headers,
                            body: Body::Stream(reader),
                        });
                        Arriving::Stream {
                            writer,
                            gunzip,
                            closed,
                            keep_alive,
                        }
                    }
                };
            }
            Event::Data(data) => match &mut self.arriving {
                Arriving::Nothing | Arriving::Interim => {}
                Arriving::Stream {
                    writer, gunzip: None, ..
                } => drop(writer.write(data)),
                Arriving::Stream {
                    writer,
                    gunzip: Some(gunzip),
                    ..
                } => {
                    let unfolded = gunzip.push(&data, self.limits.max_body);
                    writer.write(unfolded.map_err(|_| MALFORMED)?);
                }
                Arriving::Whole { body, .. } => {
                    if body.len().saturating_add(to_u64(data.len())) > self.limits.max_body {
                        return Err(DecodeError::BodyTooLarge(self.limits.max_body));
                    }
                    body.push(data)?;
                }
            },
            Event::End => match std::mem::replace(&mut self.arriving, Arriving::Nothing) {
                Arriving::Nothing | Arriving::Interim => {}
                Arriving::Stream {
                    writer,
                    gunzip,
                    keep_alive,
                    ..
                } => {
                    match gunzip.map(Gunzip::finish_if_fed).transpose() {
                        Ok(rest) => {
                            writer.write(rest.unwrap_or_default());
                            writer.close();
                        }
                        Err(_) => {
                            writer.fail(MALFORMED.to_string());
                            return Err(MALFORMED);
                        }
                    }
                    return Ok(!keep_alive);
                }
                Arriving::Whole { response, head, body } => {
                    let keep_alive = head.keep_alive();
                    let unfolded = is_gzip(&head);
                    let ResponseHead {
                        status, mut headers, ..
                    } = head;
                    let limit = self.limits.max_body;
                    let body = match body.finish() {
                        Ok(body) if unfolded => Gunzip::all(body, limit),
                        whole => whole,
                    };
                    let body = match body {
                        Ok(body) => body,
                        Err(error) => {
                            response.fail(error.to_string());
                            return Err(error);
                        }
                    };
                    if unfolded {
                        headers.set("Content-Length", body.len().to_string());
                    }
                    let body = if body.is_empty() {
                        Body::Empty
                    } else {
                        Body::Bytes(body)
                    };
                    response.set(Response {
                        status,
                        headers,
                        body,
                    });
                    return Ok(!keep_alive);
                }
            },
        }
        Ok(false)
    }

    fn end(self, reason: &str) {
        match self.arriving {
            Arriving::Nothing | Arriving::Interim => {}
            Arriving::Whole { response, .. } => drop(response.fail(reason)),
            Arriving::Stream { writer, .. } => writer.fail(reason),
        }
        for (response, _) in self.waiting {
            response.fail(reason);
        }
        self.shared.die(reason);
    }
}

/// Whether a body is to be unfolded, as Mesos does: the field stays, and the length is that of the result.
///
/// Mesos: 3rdparty/libprocess/src/decoder.hpp, `ResponseDecoder::on_message_complete`.
fn is_gzip(head: &ResponseHead) -> bool {
    head.headers.has_token("Content-Encoding", "gzip")
}

fn to_u64(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// Appends the head of a request: `Host` first, then the fields of the request, then how its body ends.
fn encode_head(out: &mut Vec<u8>, peer: &Peer, request: &Request) {
    write!(out, "{} {} HTTP/1.1\r\n", request.method, request.target())
        .expect("writing to memory does not fail");
    if !request.headers.contains("Host") {
        field(out, "Host", &peer.host());
    }
    fields(out, &request.headers);
    if request.reader.is_some() {
        field(out, "Transfer-Encoding", "chunked");
    } else if !request.body.is_empty() || request.method == Method::Post {
        field(out, "Content-Length", &request.body.len().to_string());
    }
    out.extend_from_slice(b"\r\n");
}

fn fields(out: &mut Vec<u8>, headers: &Headers) {
    for (name, value) in headers.iter() {
        let framing = ["Content-Length", "Transfer-Encoding"];
        if !framing.iter().any(|reserved| name.eq_ignore_ascii_case(reserved)) {
            field(out, name, value);
        }
    }
}
