//! Messages of runtimes like this one, as frames.

use super::large::Large;
use super::messages::{deliver, is_credible};
use super::{Connection, Incoming};
use crate::Bytes;
use crate::cell::AnyProcess;
use crate::system::Inner;
use libprocess_core::frame::{self, Finder, Found, FrameError};
use libprocess_core::message::Envelope;
use std::net::SocketAddr;
use std::sync::Arc;

/// What a connection remembers for its frames.
pub(super) struct Frames(Finder<Option<Arc<dyn AnyProcess>>>);

impl Frames {
    pub(super) fn new(max_body: u64) -> Frames {
        Frames(Finder::new(max_body))
    }

    pub(super) fn attached(&mut self, kind: usize) -> (&Envelope, &mut Option<Arc<dyn AnyProcess>>) {
        self.0.attached(kind)
    }

    /// Delivers a message, if its sender is who it says it is.
    pub(super) fn deliver(&mut self, system: &Inner, peer: SocketAddr, kind: usize, body: Bytes) {
        let (envelope, receiver) = self.0.attached(kind);
        if !is_credible(system, &envelope.from, peer) {
            tracing::debug!(from = %envelope.from, name = envelope.name, %peer, "dropping a message with a false sender");
        } else if !deliver(system, envelope, receiver, body) {
            tracing::debug!(
                to = envelope.to,
                name = envelope.name,
                "dropping a message to nobody"
            );
        }
    }
}

impl Connection {
    /// Delivers the messages of the frames at the beginning of `bytes` and says how long they are.
    pub(super) fn take_frames(&mut self, bytes: &[u8]) -> Result<usize, FrameError> {
        let Some(frames) = &mut self.messages.frames else {
            return Ok(0);
        };
        let mut taken = 0;
        self.messages.partial = None;
        self.messages.after_large = false;
        while let Some(rest) = bytes.get(taken..).filter(|rest| !rest.is_empty()) {
            match frames.0.find(rest)? {
                Found::Message { kind, body, end } => {
                    let body = Bytes::copy_from_slice(&rest[body]);
                    frames.deliver(&self.system, self.peer, kind, body);
                    taken += end;
                }
                Found::Large { kind, body, length } => {
                    self.incoming = Incoming::Large(Large::new(kind, length, false, &rest[body..]));
                    taken = bytes.len();
                }
                Found::Mark { number, end } => {
                    self.slots
                        .push_encoded(&mut self.out, |out| frame::write_mark(number, out));
                    taken += end;
                }
                Found::Nothing { end } => taken += end,
                Found::Partial => {
                    self.messages.partial = Some(true);
                    break;
                }
            }
        }
        if taken > 0 {
            // Receivers have their turn before more is read.
            self.messages.patience = 1;
        }
        Ok(taken)
    }
}
