//! A message with a long body, which is read to where it will stay.

use crate::tls::Stream;
use bytes::{BufMut, Bytes, BytesMut};
use libprocess_core::http::DecodeError;
use libprocess_core::message::BODY_END;
use std::future::Future;
use std::io;
use std::pin::pin;
use std::task::{Context, Poll};
use tokio::io::AsyncReadExt as _;

/// Memory for a body is taken up to this at once, and then as bytes arrive, so that an announcement alone costs little.
const AT_ONCE: usize = 1024 * 1024;

/// The body of a message in the making.
pub(super) struct Large {
    /// The number of its envelope.
    pub(super) kind: usize,
    pub(super) length: usize,
    /// What has to stand behind the body.
    end: &'static [u8],
    /// The body and what stands behind it.
    bytes: BytesMut,
}

/// How a body ended.
pub(super) enum Ended {
    /// As it should.
    Whole(Bytes),
    /// With something else behind its first chunk.
    Chunk(Bytes, BytesMut),
}

impl Large {
    /// Begins with what there is of the body.
    pub(super) fn new(kind: usize, length: usize, chunked: bool, begun: &[u8]) -> Large {
        let end = if chunked { BODY_END } else { b"" };
        let mut bytes = BytesMut::with_capacity((length + end.len()).min(AT_ONCE.max(begun.len())));
        bytes.extend_from_slice(begun);
        Large {
            kind,
            length,
            end,
            bytes,
        }
    }

    /// Reads once, no further than to the end of the message.
    pub(super) fn poll_read(
        &mut self,
        stream: &mut Stream,
        cx: &mut Context<'_>,
    ) -> io::Result<Poll<Result<usize, DecodeError>>> {
        let wanted = (self.length + self.end.len()).saturating_sub(self.bytes.len());
        if self.bytes.len() == self.bytes.capacity() {
            self.bytes.reserve(wanted.min(self.bytes.len().max(AT_ONCE)));
        }
        let mut room = (&mut self.bytes).limit(wanted);
        match pin!(stream.read_buf(&mut room)).poll(cx) {
            Poll::Pending => Ok(Poll::Pending),
            Poll::Ready(count) => Ok(Poll::Ready(Ok(count?))),
        }
    }

    /// Whether the message is complete, or will never be one in one chunk.
    pub(super) fn has_ended(&self) -> bool {
        let behind = self.bytes.get(self.length..).unwrap_or_default();
        self.bytes.len() >= self.length && (behind == self.end || !self.end.starts_with(behind))
    }

    pub(super) fn finish(mut self) -> Ended {
        let behind = self.bytes.split_off(self.length);
        let body = self.bytes.freeze();
        if behind == self.end {
            Ended::Whole(body)
        } else {
            Ended::Chunk(body, behind)
        }
    }
}
