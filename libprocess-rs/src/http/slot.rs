//! Responses of one connection, in the order of their requests.

use super::body::{self, Gzip};
use super::encode::{self, Framing};
use super::{Body, Reader, Response};
use crate::Future;
use crate::system::Inner;
use std::collections::VecDeque;
use std::future::Future as _;
use std::sync::Arc;
use std::task::{Context, Poll};

/// Bytes that may wait for a slow client before no more are produced.
pub(super) const HIGH_WATER: usize = 256 * 1024;

/// What the request says about how to answer it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Manner {
    pub(super) keep_alive: bool,
    /// HTTP/1.0 knows neither chunks nor persistence by default.
    pub(super) minor_version: u8,
    pub(super) to_head: bool,
    pub(super) gzip: bool,
}

/// One response in the making.
enum Slot {
    Encoded(Vec<u8>),
    Waiting(Future<Response>, Manner),
    Streaming {
        reader: Reader,
        framing: Framing,
        manner: Manner,
    },
}

/// What the connection should do next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Produced {
    /// Wait for whoever answers.
    Nothing,
    /// There may be bytes to write.
    Progress,
    /// Write what there is, then close.
    Last,
    /// Close now, within a body.
    Broken,
}

/// The queue of responses.
#[derive(Default)]
pub(super) struct Slots(VecDeque<Slot>);

/// Handlers still at work learn that nobody waits for their responses.
impl Drop for Slots {
    fn drop(&mut self) {
        self.discard();
    }
}

impl Slots {
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a response is being streamed, which ends when the client stops listening.
    pub(super) fn is_streaming(&self) -> bool {
        matches!(self.0.front(), Some(Slot::Streaming { .. }))
    }

    pub(super) fn push_waiting(&mut self, response: Future<Response>, manner: Manner) {
        self.0.push_back(Slot::Waiting(response, manner));
    }

    /// Appends a complete response, straight to the output when nothing is before it.
    pub(super) fn push_encoded(&mut self, out: &mut Vec<u8>, encode: impl FnOnce(&mut Vec<u8>)) {
        if self.0.is_empty() {
            return encode(out);
        }
        match self.0.back_mut() {
            Some(Slot::Encoded(bytes)) => encode(bytes),
            _ => {
                let mut bytes = Vec::new();
                encode(&mut bytes);
                self.0.push_back(Slot::Encoded(bytes));
            }
        }
    }

    /// Tells whoever still works on a response that nobody may want it; if it comes all the same, it is sent.
    pub(super) fn request_discard(&self) {
        for slot in &self.0 {
            if let Slot::Waiting(response, _) = slot {
                response.discard();
            }
        }
    }

    /// Forgets all responses and tells whoever still works on a response that nobody waits for it.
    pub(super) fn discard(&mut self) {
        for slot in self.0.drain(..) {
            if let Slot::Waiting(response, _) = slot {
                response.discard();
            }
        }
    }

    /// Moves the first response on by one step.
    pub(super) fn produce(
        &mut self,
        system: &Arc<Inner>,
        out: &mut Vec<u8>,
        cx: &mut Context<'_>,
    ) -> Produced {
        if out.len() >= HIGH_WATER {
            return Produced::Nothing;
        }
        match self.0.front_mut() {
            None => Produced::Nothing,
            Some(Slot::Encoded(bytes)) => {
                out.append(bytes);
                self.0.pop_front();
                Produced::Progress
            }
            Some(Slot::Waiting(response, manner)) => {
                let manner = *manner;
                let Poll::Ready(outcome) = std::pin::Pin::new(response).poll(cx) else {
                    return Produced::Nothing;
                };
                let response = outcome.unwrap_or_else(|_| Response::new(500));
                self.begin(system, out, response, manner)
            }
            Some(Slot::Streaming {
                reader,
                framing,
                manner,
            }) => {
                let (framing, manner) = (*framing, *manner);
                match reader.poll_read(cx) {
                    Poll::Pending => Produced::Nothing,
                    Poll::Ready(Ok(Some(piece))) => {
                        match framing {
                            Framing::Chunked => encode::chunk(out, &piece),
                            Framing::Length(_) | Framing::UntilClose => out.extend_from_slice(&piece),
                        }
                        Produced::Progress
                    }
                    Poll::Ready(Ok(None)) => {
                        if framing == Framing::Chunked {
                            out.extend_from_slice(encode::LAST_CHUNK);
                        }
                        self.finished(manner, framing)
                    }
                    Poll::Ready(Err(_)) => Produced::Broken,
                }
            }
        }
    }

    /// Writes the head of the first response, and its body if that is known.
    fn begin(
        &mut self,
        system: &Arc<Inner>,
        out: &mut Vec<u8>,
        response: Response,
        manner: Manner,
    ) -> Produced {
        let response = match response.body {
            Body::File(path) => {
                let response = Response {
                    body: Body::Empty,
                    ..response
                };
                let opened = body::open_file(system, response, path);
                return self.replace(Slot::Waiting(
                    opened,
                    Manner {
                        gzip: false,
                        ..manner
                    },
                ));
            }
            _ if manner.gzip => match body::gzip(system, response) {
                Gzip::Done(response) => response,
                Gzip::Later(response) => {
                    return self.replace(Slot::Waiting(
                        response,
                        Manner {
                            gzip: false,
                            ..manner
                        },
                    ));
                }
            },
            _ => response,
        };
        let framing = match &response.body {
            Body::Bytes(bytes) => Framing::Length(u64::try_from(bytes.len()).unwrap_or(u64::MAX)),
            Body::Empty | Body::File(_) => Framing::Length(0),
            Body::Stream(_) => match response
                .headers
                .get("Content-Length")
                .and_then(|text| text.parse().ok())
            {
                Some(length) => Framing::Length(length),
                None if manner.minor_version == 0 => Framing::UntilClose,
                None => Framing::Chunked,
            },
        };
        let connection = (manner.minor_version == 0 && manner.keep_alive).then_some("Keep-Alive");
        encode::head(
            out,
            system.clock.now(),
            response.status,
            &response.headers,
            framing,
            connection,
        );
        match response.body {
            Body::Stream(reader) if !manner.to_head => self.replace(Slot::Streaming {
                reader,
                framing,
                manner,
            }),
            Body::Bytes(bytes) if !manner.to_head => {
                out.extend_from_slice(&bytes);
                self.finished(manner, framing)
            }
            _ => self.finished(manner, framing),
        }
    }

    fn replace(&mut self, slot: Slot) -> Produced {
        if let Some(front) = self.0.front_mut() {
            *front = slot;
        }
        Produced::Progress
    }

    fn finished(&mut self, manner: Manner, framing: Framing) -> Produced {
        self.0.pop_front();
        if manner.keep_alive && framing != Framing::UntilClose {
            Produced::Progress
        } else {
            Produced::Last
        }
    }
}
