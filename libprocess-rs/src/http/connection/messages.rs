//! Messages on their own short way, which most of them take: found in the bytes that were read, handed to their
//! receivers, answered all at once.

use super::frames::Frames;
use super::large::{Ended, Large};
use super::place::Place;
use super::{Collector, Connection, Incoming, encode};
use crate::cell::{AnyProcess, Message};
use crate::http::Response;
use crate::system::Inner;
use crate::worker;
use crate::{Bytes, Upid};
use libprocess_core::frame::{OFFER, PREFACE};
use libprocess_core::http::DecodeError;
use libprocess_core::message::{Envelope, Finder, Found};
use std::future::Future as _;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead as _, ReadBuf};
use tokio::time::Sleep;

/// How much is read when the next message is expected to be long, so that its body is not copied.
const SHORT_READ: usize = 4 * 1024;

/// Times a connection waits for its turn before it answers: one for the receivers, one for what they have sent.
const PATIENCE: u8 = 2;

/// Answers to libprocess, which waits for none, are held back for a moment, so that many leave at once; but not more than
/// these.
const OWED: usize = 64;

/// That moment: what TCP grants to its own acknowledgements. A timer of a millisecond, armed whenever a worker sleeps,
/// would cost a round trip as much as the answer does.
const OWED_FOR: Duration = Duration::from_millis(40);

/// What a connection remembers for its messages.
pub(super) struct Messages {
    finder: Finder<Option<Arc<dyn AnyProcess>>>,
    /// What takes the place of the above once the peer has gone over to frames.
    pub(super) frames: Option<Frames>,
    offer: Offer,
    /// The rest of what was read is the beginning of a message, and perhaps of its body.
    pub(super) partial: Option<bool>,
    /// The last message had a long body.
    pub(super) after_large: bool,
    pub(super) patience: u8,
    /// Messages that will be answered when the timer says so.
    owed: usize,
    pub(super) owed_until: Option<Pin<Box<Sleep>>>,
    pub(super) place: Place,
}

/// Whether the peer knows that we read frames.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Offer {
    /// It will not be told.
    Never,
    /// It will be told with the first answer.
    First,
    Made,
}

impl Messages {
    pub(super) fn new(max_body: u64, frames: bool) -> Messages {
        Messages {
            finder: Finder::new(max_body),
            frames: None,
            offer: if frames { Offer::First } else { Offer::Never },
            partial: None,
            after_large: false,
            patience: 0,
            owed: 0,
            owed_until: None,
            place: Place::Unknown,
        }
    }

    /// Whether the next bytes belong to the beginning of a message that is known.
    pub(super) fn is_waiting(&self) -> bool {
        self.partial.is_some()
    }

    pub(super) fn is_within_body(&self) -> bool {
        self.partial == Some(true)
    }

    /// The envelope of a message that was found last, and where its receiver was found before.
    fn attached(&mut self, kind: usize) -> (&Envelope, &mut Option<Arc<dyn AnyProcess>>) {
        match &mut self.frames {
            Some(frames) => frames.attached(kind),
            None => self.finder.attached(kind),
        }
    }

    /// Whether receivers should have their turn first: what they send is more urgent than the answers, which nobody
    /// waits for.
    pub(super) fn lets_receivers_run(&mut self) -> bool {
        let waits = self.patience > 0;
        self.patience = self.patience.saturating_sub(1);
        waits
    }
}

/// Hands a message to the process that took the last one of its kind, if it is still there.
pub(super) fn deliver(
    system: &Inner,
    envelope: &Envelope,
    receiver: &mut Option<Arc<dyn AnyProcess>>,
    body: Bytes,
) -> bool {
    let mut message = Message {
        from: &envelope.from,
        name: &envelope.name,
        body,
    };
    if let Some(process) = receiver {
        match process.message(message) {
            Ok(()) => return true,
            Err(refused) => message = refused,
        }
    }
    *receiver = system.find_id(&envelope.to);
    let found = receiver.as_ref();
    found.is_some_and(|process| process.message(message).is_ok())
}

/// Whether a sender may say that it is `from`.
pub(super) fn is_credible(system: &Inner, from: &Upid, peer: SocketAddr) -> bool {
    !system.settings.check_peer_ip || peer.ip() == *from.address().ip()
}

impl Connection {
    /// Reads to `scratch` and handles what arrived.
    pub(super) fn read_to(
        &mut self,
        scratch: &mut [u8],
        cx: &mut Context<'_>,
    ) -> io::Result<Poll<Result<usize, DecodeError>>> {
        // The beginning of a message is put before its rest.
        let kept = match self.messages.partial {
            Some(_) => self.decoder.rest().len(),
            None => 0,
        };
        let end = if self.messages.after_large {
            kept + SHORT_READ
        } else {
            scratch.len()
        };
        let mut buffer = ReadBuf::new(scratch.get_mut(kept..end).unwrap_or_default());
        let Poll::Ready(read) = Pin::new(&mut self.stream).poll_read(cx, &mut buffer) else {
            return Ok(Poll::Pending);
        };
        read?;
        let count = buffer.filled().len();
        if count == 0 {
            return Ok(Poll::Ready(Ok(0)));
        }
        if kept > 0 {
            let beginning = self.decoder.take_rest();
            scratch[..kept].copy_from_slice(&beginning);
        }
        self.messages.partial = None;
        let handled = worker::wake_once(|| self.receive(&scratch[..kept + count]));
        Ok(Poll::Ready(handled.map(|()| count)))
    }

    fn receive(&mut self, bytes: &[u8]) -> Result<(), DecodeError> {
        let mut rest = bytes;
        if self.decoder.is_idle() && matches!(self.incoming, Incoming::Nothing) {
            rest = &bytes[self.take_messages(bytes)?..];
        }
        if rest.is_empty() {
            return Ok(());
        }
        self.decoder.push(rest);
        if self.messages.is_waiting() {
            return Ok(());
        }
        self.decode()
    }

    /// Handles the messages that follow one which had to be decoded the long way.
    pub(super) fn resume_messages(&mut self) -> Result<(), DecodeError> {
        let mut rest = self.decoder.take_rest();
        let taken = self.take_messages(&rest)?;
        let _ = rest.split_to(taken);
        if !rest.is_empty() {
            self.decoder.put_back(rest);
        }
        Ok(())
    }

    /// Delivers the messages at the beginning of `bytes` and says how long they are.
    fn take_messages(&mut self, bytes: &[u8]) -> Result<usize, DecodeError> {
        if self.messages.frames.is_some() {
            return Ok(self.take_frames(bytes)?);
        }
        let mut taken = 0;
        let mut accepted = 0;
        let mut stranger = false;
        self.messages.after_large = false;
        while let Some(rest) = bytes.get(taken..).filter(|rest| !rest.is_empty()) {
            match self.messages.finder.find(rest) {
                Found::Message { kind, body, end } => {
                    let (envelope, receiver) = self.messages.finder.attached(kind);
                    if !is_credible(&self.system, &envelope.from, self.peer) {
                        break;
                    }
                    let body = Bytes::copy_from_slice(&rest[body]);
                    stranger |= !envelope.is_libprocess;
                    if deliver(&self.system, envelope, receiver, body) {
                        accepted += 1;
                    } else {
                        self.accept(std::mem::take(&mut accepted), stranger);
                        self.push_response(&Response::not_found(), None);
                    }
                    self.look_for_place(kind);
                    taken += end;
                }
                Found::Large {
                    kind,
                    body,
                    length,
                    chunked,
                } => {
                    if !is_credible(&self.system, &self.messages.finder.envelope(kind).from, self.peer) {
                        break;
                    }
                    self.incoming = Incoming::Large(Large::new(kind, length, chunked, &rest[body..]));
                    taken = bytes.len();
                }
                Found::Partial { within_body } => {
                    self.messages.partial = Some(within_body);
                    break;
                }
                Found::Other => match rest.strip_prefix(PREFACE) {
                    Some(frames) if self.messages.offer == Offer::Made => {
                        self.accept(accepted, stranger);
                        self.answer_owed();
                        let max_body = self.system.settings.limits.max_body;
                        self.messages.frames = Some(Frames::new(max_body));
                        return Ok(bytes.len() - frames.len() + self.take_frames(frames)?);
                    }
                    None if self.messages.offer == Offer::Made && PREFACE.starts_with(rest) => {
                        self.messages.partial = Some(false);
                        break;
                    }
                    _ => break,
                },
            }
        }
        self.accept(accepted, stranger);
        Ok(taken)
    }

    /// Handles a message with a long body once it is there.
    pub(super) fn take_large(&mut self) -> Result<(), DecodeError> {
        let Incoming::Large(large) = std::mem::replace(&mut self.incoming, Incoming::Nothing) else {
            return Ok(());
        };
        let (kind, length) = (large.kind, large.length);
        if let Some(frames) = &mut self.messages.frames {
            if let Ended::Whole(body) = large.finish() {
                worker::wake_once(|| frames.deliver(&self.system, self.peer, kind, body));
            }
            self.messages.after_large = true;
            self.messages.patience = 1;
            return Ok(());
        }
        let (envelope, receiver) = self.messages.attached(kind);
        let stranger = !envelope.is_libprocess;
        match large.finish() {
            Ended::Whole(body) => {
                let delivered = worker::wake_once(|| deliver(&self.system, envelope, receiver, body));
                if delivered {
                    self.accept(1, stranger);
                } else {
                    self.push_response(&Response::not_found(), None);
                }
                self.look_for_place(kind);
                self.messages.after_large = true;
                Ok(())
            }
            Ended::Chunk(begun, behind) => {
                let mut body = Collector::new(false, self.system.settings.limits.max_body);
                let (from, to, name) = (envelope.from.clone(), envelope.to.clone(), envelope.name.clone());
                body.push(begun)?;
                self.incoming = Incoming::Message {
                    from,
                    to,
                    name,
                    keep_alive: true,
                    body,
                };
                self.decoder
                    .resume_after_chunk(u64::try_from(length).unwrap_or(u64::MAX));
                self.decoder.push(&behind);
                worker::wake_once(|| self.decode())
            }
        }
    }

    /// Answers so many messages, all at once: in a moment, or now if one is from a stranger, who may wait for it.
    pub(super) fn accept(&mut self, count: usize, stranger: bool) {
        let messages = &mut self.messages;
        messages.owed += count;
        if stranger && messages.offer == Offer::First {
            messages.offer = Offer::Never;
        }
        // The sooner a peer knows of frames the better.
        let offers = messages.offer == Offer::First;
        let moves = matches!(messages.place, Place::Better(_));
        // Whoever stops the clock waits for all to settle, answers included, and likes it soon.
        let paused = self.system.clock.is_paused();
        if stranger || offers || moves || paused || messages.owed > OWED || !self.slots.is_empty() {
            self.answer_owed();
        } else if messages.owed > 0 && messages.owed_until.is_none() {
            messages.owed_until = Some(Box::pin(tokio::time::sleep(OWED_FOR)));
        }
    }

    /// Answers what has not been answered; before anything else is.
    pub(super) fn answer_owed(&mut self) {
        let owed = std::mem::take(&mut self.messages.owed);
        if owed > 0 {
            let now = self.system.clock.now();
            let first = self.messages.offer == Offer::First;
            if first {
                self.messages.offer = Offer::Made;
                let (name, value) = OFFER;
                let response = Response::accepted().header(name, value);
                self.push_response(&response, None);
            }
            let rest = owed - usize::from(first);
            self.slots
                .push_encoded(&mut self.out, |out| encode::accepted(out, now, rest));
            self.messages.patience = PATIENCE;
        }
    }

    /// Ready when there is something to answer that has waited for long enough.
    pub(super) fn poll_owed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(timer) = &mut self.messages.owed_until else {
            return Poll::Pending;
        };
        std::task::ready!(timer.as_mut().poll(cx));
        self.messages.owed_until = None;
        if self.messages.owed == 0 {
            return Poll::Pending;
        }
        self.answer_owed();
        self.messages.patience = 0;
        Poll::Ready(())
    }

    fn look_for_place(&mut self, kind: usize) {
        if !matches!(self.messages.place, Place::Unknown) {
            return;
        }
        let (_, receiver) = self.messages.attached(kind);
        if let Some(worker) = receiver.as_ref().map(|process| process.worker()) {
            self.note_place(worker);
        }
    }
}
