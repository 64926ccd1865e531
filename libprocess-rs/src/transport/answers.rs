use libprocess_core::frame::{self, MARK_LEN, OFFER};
use libprocess_core::http::{DecodeError, Event, Limits, ResponseDecoder};
use std::cell::Cell;
use std::io;
use std::task::{Context, Poll};
use tokio::io::ReadBuf;

/// How much is read at once.
const READ_SIZE: usize = 64 * 1024;

/// A longer answer is not remembered.
const MAX_ANSWER: usize = 512;

/// The first byte of a mark that is returned; no answer begins with it.
const MARK_BEGINS: u8 = 8;

thread_local! {
    /// Where answers are read to, so that idle connections need no buffers of their own.
    static SCRATCH: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Counts the answers of a peer. Their content does not matter, as in libprocess, so one that equals the last is not
/// even decoded; but one may offer to read frames.
pub(super) struct Answers {
    decoder: ResponseDecoder,
    /// The bytes of the last answer that was decoded.
    last: Vec<u8>,
    /// The beginning of a mark.
    mark: Vec<u8>,
    /// Whether an offer is of interest.
    wants_offer: bool,
    readable: bool,
}

/// What the peer has said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    /// So many messages that went as requests were answered.
    pub(super) answers: u64,
    /// The last mark that was returned.
    pub(super) mark: Option<u64>,
    /// It reads frames.
    pub(super) offers_frames: bool,
    /// What it says is no answer, and what it may say from here on is not understood.
    pub(super) is_nonsense: bool,
}

impl Answers {
    pub(super) fn new(wants_offer: bool) -> Answers {
        Answers {
            decoder: ResponseDecoder::new(Limits::default()),
            last: Vec::new(),
            mark: Vec::new(),
            wants_offer,
            readable: true,
        }
    }

    /// Reads once; `None` when the peer has closed.
    pub(super) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        read: impl FnOnce(&mut Context<'_>, &mut ReadBuf<'_>) -> Poll<io::Result<()>>,
    ) -> Poll<io::Result<Option<Said>>> {
        let mut scratch = SCRATCH.take();
        scratch.resize(READ_SIZE, 0);
        let mut buffer = ReadBuf::new(&mut scratch);
        let said = read(cx, &mut buffer).map_ok(|()| match buffer.filled() {
            [] => None,
            bytes => Some(self.understand(bytes)),
        });
        SCRATCH.set(scratch);
        said
    }

    /// What is complete with these bytes.
    fn understand(&mut self, bytes: &[u8]) -> Said {
        let mut said = Said::default();
        if self.readable && self.read(bytes, &mut said).is_err() {
            self.readable = false;
        }
        said.is_nonsense = !self.readable;
        said
    }

    fn read(&mut self, bytes: &[u8], said: &mut Said) -> Result<(), DecodeError> {
        let mut rest = bytes;
        loop {
            if self.decoder.is_idle() {
                while !self.last.is_empty() && rest.starts_with(&self.last) {
                    rest = &rest[self.last.len()..];
                    said.answers += 1;
                }
            }
            match rest.first() {
                None => return Ok(()),
                Some(first) if self.decoder.is_idle() && (*first == MARK_BEGINS || !self.mark.is_empty()) => {
                    rest = self.read_mark(rest, said)?;
                }
                Some(_) => match self.read_answer(rest, said)? {
                    Some(behind) => rest = behind,
                    None => return Ok(()),
                },
            }
        }
    }

    fn read_mark<'b>(&mut self, bytes: &'b [u8], said: &mut Said) -> Result<&'b [u8], DecodeError> {
        let (more, behind) = bytes.split_at(bytes.len().min(MARK_LEN - self.mark.len()));
        self.mark.extend_from_slice(more);
        if self.mark.len() == MARK_LEN {
            let mark = frame::read_mark(&self.mark).ok_or(DecodeError::Head("malformed mark"))?;
            said.mark = Some(mark);
            self.mark.clear();
        }
        Ok(behind)
    }

    fn read_answer<'b>(&mut self, bytes: &'b [u8], said: &mut Said) -> Result<Option<&'b [u8]>, DecodeError> {
        let whole = self.decoder.is_idle();
        self.decoder.push(bytes);
        loop {
            match self.decoder.next()? {
                Some(Event::Head(head)) => {
                    let (name, value) = OFFER;
                    said.offers_frames |= self.wants_offer && head.headers.get(name) == Some(value);
                }
                Some(Event::Data(_)) => {}
                Some(Event::End) => break,
                None => return Ok(None),
            }
        }
        said.answers += 1;
        let behind = self.decoder.take_rest().len();
        let (answer, behind) = bytes.split_at(bytes.len().saturating_sub(behind));
        if whole && answer.len() <= MAX_ANSWER {
            self.last = answer.to_vec();
        }
        Ok(Some(behind))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACCEPTED: &str =
        "HTTP/1.1 202 Accepted\r\nDate: Sat, 21 Nov 2026 09:32:50 GMT\r\nContent-Length: 0\r\n\r\n";
    const OTHER: &str = "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno";
    const OFFERED: &str = "HTTP/1.1 202 Accepted\r\nLibprocess-Framing: 1\r\nContent-Length: 0\r\n\r\n";

    /// All that is said, however it is cut.
    fn hear(wire: &[u8], wants_offer: bool) -> Said {
        let mut whole = None;
        for piece in 1..=wire.len() {
            let mut answers = Answers::new(wants_offer);
            let mut all = Said::default();
            for bytes in wire.chunks(piece) {
                let said = answers.understand(bytes);
                all.answers += said.answers;
                all.mark = said.mark.or(all.mark);
                all.offers_frames |= said.offers_frames;
                all.is_nonsense |= said.is_nonsense;
            }
            assert_eq!(*whole.get_or_insert(all), all, "{piece} at a time");
        }
        whole.unwrap()
    }

    #[test]
    fn answers_are_counted_however_they_are_cut() {
        let wire = [
            ACCEPTED, ACCEPTED, OTHER, ACCEPTED, ACCEPTED, ACCEPTED, OTHER, OTHER,
        ]
        .concat();
        let expected = Said {
            answers: 8,
            ..Said::default()
        };
        assert_eq!(hear(wire.as_bytes(), true), expected);
    }

    #[test]
    fn an_offer_is_heard_and_marks_follow() {
        let mut wire = [OFFERED, ACCEPTED].concat().into_bytes();
        frame::write_mark(3, &mut wire);
        frame::write_mark(0x0808_4848_ffff, &mut wire);
        let expected = Said {
            answers: 2,
            mark: Some(0x0808_4848_ffff),
            offers_frames: true,
            is_nonsense: false,
        };
        assert_eq!(hear(&wire, true), expected);
        assert!(!hear(&wire, false).offers_frames);
    }

    #[test]
    fn what_is_no_answer_is_not_understood_ever_after() {
        let mut answers = Answers::new(true);
        assert!(answers.understand(b"nonsense\r\n\r\n").is_nonsense);
        let said = answers.understand(ACCEPTED.as_bytes());
        assert_eq!((said.answers, said.is_nonsense), (0, true));
        assert!(hear(b"\x08\0\0\0\xff\xff\xff\xfe12345678", true).is_nonsense);
    }
}
