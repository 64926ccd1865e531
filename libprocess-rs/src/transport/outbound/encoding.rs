//! How the messages of a connection are written: as requests, and as frames once the peer has offered to read them.

use crate::transport::answers::Said;
use crate::transport::queue::Queue;
use crate::{Bytes, Upid};
use libprocess_core::frame::{self, Found, PREFACE};
use libprocess_core::message::{self, BODY_END};

/// A body from this size on is written from where it is.
const LARGE_BODY: usize = 16 * 1024;

/// The state of the framing, and what the peer has not answered.
#[derive(Default)]
pub(super) struct Encoding {
    requests: message::Writer,
    /// Requests without an answer.
    unanswered: u64,
    frames: Frames,
}

#[derive(Default)]
enum Frames {
    /// The peer has not offered to read them.
    #[default]
    Unknown,
    /// It has; they begin when what was queued before has been handed to a writer.
    Offered,
    Begun(Box<Framed>),
}

#[derive(Default)]
struct Framed {
    writer: frame::Writer,
    /// Messages that were written.
    written: u64,
    /// How many of them were written before the last mark.
    marked: u64,
    /// How many of them were written before the last mark that was returned.
    returned: u64,
}

impl Encoding {
    /// Appends a message to the queue.
    pub(super) fn write(&mut self, from: &Upid, to: &Upid, name: &str, body: &Bytes, queue: &mut Queue) {
        if matches!(self.frames, Frames::Offered) && queue.is_empty() {
            self.frames = Frames::Begun(Box::default());
            queue.append(|out| out.extend_from_slice(PREFACE));
        }
        if let Frames::Begun(framed) = &mut self.frames {
            if !framed.write(from, to, name, body, queue) {
                tracing::warn!(%to, name, "dropping a message that is too large");
            }
            return;
        }
        self.unanswered += 1;
        let requests = &mut self.requests;
        if body.len() < LARGE_BODY {
            queue.append(|out| requests.write(from, to, name, body, out));
        } else {
            queue.append(|out| requests.write_begin(from, to, name, body.len(), out));
            queue.append_body(body.clone());
            queue.append(|out| out.extend_from_slice(BODY_END));
        }
    }

    /// Takes note of what the peer has said.
    pub(super) fn answered(&mut self, said: Said) {
        self.unanswered = self.unanswered.saturating_sub(said.answers);
        if said.offers_frames && matches!(self.frames, Frames::Unknown) {
            self.frames = Frames::Offered;
        }
        if let (Frames::Begun(framed), Some(mark)) = (&mut self.frames, said.mark) {
            framed.returned = mark.min(framed.marked);
        }
        if said.is_nonsense {
            // So nobody can tell.
            self.unanswered = 0;
            if let Frames::Begun(framed) = &mut self.frames {
                framed.returned = framed.written;
            }
        }
    }

    /// Messages that the peer may not have handled.
    pub(super) fn unanswered(&self) -> u64 {
        match &self.frames {
            Frames::Begun(framed) => self.unanswered + (framed.written - framed.returned),
            Frames::Unknown | Frames::Offered => self.unanswered,
        }
    }

    /// Asks the peer to say when it has handled all frames, unless it was asked already; true when something was queued.
    pub(super) fn ask(&mut self, queue: &mut Queue) -> bool {
        let Frames::Begun(framed) = &mut self.frames else {
            return false;
        };
        if framed.written == framed.marked {
            return false;
        }
        framed.marked = framed.written;
        queue.append(|out| frame::write_mark(framed.written, out));
        true
    }

    /// The queue of this connection for another, which begins with requests as every connection does.
    pub(super) fn into_requests(self, queue: Queue) -> Queue {
        let Frames::Begun(framed) = self.frames else {
            return queue;
        };
        let bytes = queue.concat();
        let mut rest = bytes.strip_prefix(PREFACE).unwrap_or(&bytes);
        let mut finder = framed.writer.reader();
        let (mut again, mut requests) = (Encoding::default(), Queue::default());
        // A queue begins with a whole frame and ends with one; what is not found would have been lost anyway.
        while let Ok(found) = finder.find(rest) {
            let end = match found {
                Found::Message { kind, body, end } => {
                    let message = finder.envelope(kind);
                    // Only the id of the receiver stands in a request.
                    let to = Upid::new(message.to.as_str(), message.from.address());
                    let body = Bytes::copy_from_slice(&rest[body]);
                    again.write(&message.from, &to, &message.name, &body, &mut requests);
                    end
                }
                Found::Mark { end, .. } | Found::Nothing { end } => end,
                Found::Large { .. } | Found::Partial => break,
            };
            rest = &rest[end..];
        }
        requests
    }
}

impl Framed {
    fn write(&mut self, from: &Upid, to: &Upid, name: &str, body: &Bytes, queue: &mut Queue) -> bool {
        let writer = &mut self.writer;
        let mut written = false;
        if body.len() < LARGE_BODY {
            queue.append(|out| written = writer.write(from, to, name, body, out));
        } else {
            queue.append(|out| written = writer.write_begin(from, to, name, body.len(), out));
            if written {
                queue.append_body(body.clone());
            }
        }
        self.written += u64::from(written);
        written
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_of_frames_becomes_one_of_requests() {
        let (from, to): (Upid, Upid) = ("a@1.2.3.4:5".parse().unwrap(), "b@1.2.3.4:6".parse().unwrap());
        let send = |encoding: &mut Encoding, queue: &mut Queue| {
            for body in [&b"one"[..], b"", &[7; LARGE_BODY]] {
                encoding.write(&from, &to, "Name", &Bytes::copy_from_slice(body), queue);
            }
        };
        let (mut plain, mut expected) = (Encoding::default(), Queue::default());
        send(&mut plain, &mut expected);
        assert_eq!(plain.unanswered(), 3);

        let (mut encoding, mut queue) = (Encoding::default(), Queue::default());
        encoding.answered(Said {
            offers_frames: true,
            ..Said::default()
        });
        send(&mut encoding, &mut queue);
        assert!(encoding.ask(&mut queue) && !encoding.ask(&mut queue));
        assert!(queue.concat().starts_with(PREFACE));
        assert_eq!(encoding.into_requests(queue).concat(), expected.concat());

        // Also when the definition has been written before.
        let (mut encoding, mut queue) = (Encoding::default(), Queue::default());
        encoding.answered(Said {
            offers_frames: true,
            ..Said::default()
        });
        send(&mut encoding, &mut queue);
        let mut queue = Queue::default();
        send(&mut encoding, &mut queue);
        assert_eq!(encoding.into_requests(queue).concat(), expected.concat());
    }

    #[test]
    fn frames_are_answered_when_somebody_asks() {
        let upid: Upid = "a@1.2.3.4:5".parse().unwrap();
        let (mut encoding, mut queue) = (Encoding::default(), Queue::default());
        let said = |mark, offers_frames| Said {
            answers: 1,
            mark,
            offers_frames,
            ..Said::default()
        };
        encoding.write(&upid, &upid, "X", &Bytes::new(), &mut queue);
        encoding.answered(said(None, true));
        assert_eq!(encoding.unanswered(), 0);
        encoding.write(&upid, &upid, "X", &Bytes::new(), &mut queue);
        assert_eq!(encoding.unanswered(), 1, "still a request, for one was queued");
        encoding.answered(said(None, false));
        let mut queue = Queue::default();
        encoding.write(&upid, &upid, "X", &Bytes::new(), &mut queue);
        encoding.write(&upid, &upid, "X", &Bytes::new(), &mut queue);
        assert!(encoding.ask(&mut queue));
        encoding.write(&upid, &upid, "X", &Bytes::new(), &mut queue);
        assert_eq!(encoding.unanswered(), 3);
        encoding.answered(said(Some(2), false));
        assert_eq!(encoding.unanswered(), 1);
    }
}
