use libprocess_core::http::{DecodeError, Event, Limits, ResponseDecoder};
use std::cell::Cell;
use std::io;
use std::task::{Context, Poll};
use tokio::io::ReadBuf;

/// How much is read at once.
const READ_SIZE: usize = 64 * 1024;

/// A longer answer is not remembered.
const MAX_ANSWER: usize = 512;

thread_local! {
    /// Where answers are read to, so that idle connections need no buffers of their own.
    static SCRATCH: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Counts the answers of a peer. Their content does not matter, as in libprocess, so one that equals the last is not
/// even decoded.
pub(super) struct Answers {
    decoder: ResponseDecoder,
    /// The bytes of the last answer that was decoded.
    last: Vec<u8>,
    readable: bool,
}

impl Default for Answers {
    fn default() -> Answers {
        Answers {
            decoder: ResponseDecoder::new(Limits::default()),
            last: Vec::new(),
            readable: true,
        }
    }
}

impl Answers {
    /// Reads once and counts answers; `None` when the peer has closed, and within when what it says is no answer.
    pub(super) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        read: impl FnOnce(&mut Context<'_>, &mut ReadBuf<'_>) -> Poll<io::Result<()>>,
    ) -> Poll<io::Result<Option<Option<u64>>>> {
        let mut scratch = SCRATCH.take();
        scratch.resize(READ_SIZE, 0);
        let mut buffer = ReadBuf::new(&mut scratch);
        let counted = read(cx, &mut buffer).map_ok(|()| match buffer.filled() {
            [] => None,
            bytes => Some(self.count(bytes)),
        });
        SCRATCH.set(scratch);
        counted
    }

    /// The number of answers that are complete with these bytes.
    fn count(&mut self, bytes: &[u8]) -> Option<u64> {
        if !self.readable {
            return None;
        }
        let mut rest = bytes;
        let mut count = 0;
        loop {
            if self.decoder.is_idle() {
                while !self.last.is_empty() && rest.starts_with(&self.last) {
                    rest = &rest[self.last.len()..];
                    count += 1;
                }
            }
            if rest.is_empty() {
                return Some(count);
            }
            let whole = self.decoder.is_idle();
            self.decoder.push(rest);
            match self.decode_one() {
                Ok(true) => {}
                Ok(false) => return Some(count),
                Err(_) => {
                    self.readable = false;
                    return None;
                }
            }
            count += 1;
            let behind = self.decoder.take_rest().len();
            let (answer, behind) = rest.split_at(rest.len().saturating_sub(behind));
            if whole && answer.len() <= MAX_ANSWER {
                self.last = answer.to_vec();
            }
            rest = behind;
        }
    }

    /// Decodes up to the end of an answer; false when more bytes are needed.
    fn decode_one(&mut self) -> Result<bool, DecodeError> {
        loop {
            match self.decoder.next()? {
                Some(Event::End) => return Ok(true),
                Some(_) => {}
                None => return Ok(false),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_counted_however_they_are_cut() {
        let accepted =
            "HTTP/1.1 202 Accepted\r\nDate: Sat, 21 Nov 2026 09:32:50 GMT\r\nContent-Length: 0\r\n\r\n";
        let other = "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno";
        let wire = [
            accepted, accepted, other, accepted, accepted, accepted, other, other,
        ]
        .concat();
        for piece in 1..wire.len() {
            let mut answers = Answers::default();
            let counts = wire.as_bytes().chunks(piece).map(|piece| answers.count(piece));
            assert_eq!(counts.sum::<Option<u64>>(), Some(8), "{piece} at a time");
        }
    }

    #[test]
    fn what_is_no_answer_counts_as_nothing_ever_after() {
        let mut answers = Answers::default();
        assert_eq!(answers.count(b"nonsense\r\n\r\n"), None);
        assert_eq!(
            answers.count(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"),
            None
        );
    }
}
