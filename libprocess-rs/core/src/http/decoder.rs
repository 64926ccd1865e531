use super::head::{RequestHead, ResponseHead};
use bytes::{Buf, Bytes, BytesMut};
use std::collections::VecDeque;

/// Bounds on what a peer may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one head, 80 KiB as in the parser of Mesos.
    pub max_head: usize,
    /// Bytes of one body.
    pub max_body: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            max_head: 80 * 1024,
            max_body: u64::MAX,
        }
    }
}

/// Why a byte stream is not HTTP, or not one we accept; no further bytes can be decoded after it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The head is malformed.
    #[error("malformed head: {0}")]
    Head(&'static str),
    /// The head is longer than [`Limits::max_head`].
    #[error("head exceeds the limit of {0} bytes")]
    HeadTooLarge(usize),
    /// The body is longer than [`Limits::max_body`].
    #[error("body exceeds the limit of {0} bytes")]
    BodyTooLarge(u64),
    /// `Content-Length` is not a decimal number.
    #[error("malformed Content-Length")]
    BadContentLength,
    /// Two statements about the length of the body contradict each other.
    #[error("ambiguous length of the body")]
    AmbiguousLength,
    /// A transfer coding other than `chunked`.
    #[error("unsupported Transfer-Encoding")]
    UnsupportedTransferEncoding,
    /// A chunk header, its end or the trailer is malformed.
    #[error("malformed chunk")]
    BadChunk,
    /// The connection ended within a head or body.
    #[error("connection closed within a message")]
    UnexpectedEnd,
    /// The peer had gone over to frames, and one of them is malformed.
    #[error("malformed frame")]
    Frame(#[source] crate::frame::FrameError),
    /// An earlier call failed.
    #[error("decoder has failed before")]
    Failed,
}

impl From<crate::frame::FrameError> for DecodeError {
    fn from(error: crate::frame::FrameError) -> DecodeError {
        DecodeError::Frame(error)
    }
}

/// What a decoder found next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event<H> {
    /// A head is complete. Data and an end follow, also when the body is empty.
    Head(H),
    /// A piece of the body, never empty.
    Data(Bytes),
    /// The body is complete.
    End,
}

/// How the end of a body is known; see [`Head::framing`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// This many bytes.
    Length(u64),
    /// Chunks up to one of length zero.
    Chunked,
    /// Up to the end of the connection.
    UntilClose,
}

/// A head that a [`Decoder`] can read; implemented by [`RequestHead`] and [`ResponseHead`].
pub trait Head: Sized {
    /// Parses `bytes`, which hold at most one head, with room for as many fields as there are `slots`.
    ///
    /// # Errors
    ///
    /// When the text cannot be the beginning of a head.
    fn parse<'b>(
        bytes: &'b Bytes,
        slots: &mut [httparse::Header<'b>],
    ) -> Result<Option<Self>, httparse::Error>;

    /// How the body ends; `to_head` tells that a response answers a `HEAD` request.
    ///
    /// # Errors
    ///
    /// When the headers contradict each other.
    fn framing(&self, to_head: bool) -> Result<Framing, DecodeError>;
}

/// Decodes the requests of one connection.
///
/// ```
/// use libprocess_core::http::{Event, Limits, RequestDecoder};
/// let mut decoder = RequestDecoder::new(Limits::default());
/// decoder.push(b"POST /a HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi");
/// let Some(Event::Head(head)) = decoder.next()? else { panic!() };
/// assert_eq!(head.target, "/a");
/// assert_eq!(decoder.next()?, Some(Event::Data("hi".into())));
/// assert_eq!(decoder.next()?, Some(Event::End));
/// assert_eq!(decoder.next()?, None);
/// # Ok::<(), libprocess_core::http::DecodeError>(())
/// ```
pub type RequestDecoder = Decoder<RequestHead>;

/// Decodes the responses of one connection.
pub type ResponseDecoder = Decoder<ResponseHead>;

/// Cuts a byte stream into heads, pieces of bodies and ends.
///
/// Bytes go in through [`Decoder::push`], events come out of [`Decoder::next`] until it returns `None`. Limits are
/// checked against what a peer announces, before memory is taken for it.
#[derive(Debug)]
pub struct Decoder<H> {
    limits: Limits,
    buffer: BytesMut,
    state: State,
    /// How far the buffer was searched for the end of the head.
    searched: usize,
    /// When the buffer reaches this size an unfinished head is checked for errors.
    next_check: usize,
    body_seen: u64,
    /// For responses: whether each outstanding request was a `HEAD`.
    to_head: VecDeque<bool>,
    _head: std::marker::PhantomData<fn() -> H>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Head,
    Length(u64),
    ChunkSize,
    ChunkData(u64),
    ChunkEnd,
    Trailer,
    UntilClose,
    Failed,
}

/// A chunk size line with an extension longer than this is an attack.
const MAX_CHUNK_LINE: usize = 4 * 1024;

impl<H: Head> Decoder<H> {
    /// Makes a decoder at the start of a connection.
    pub fn new(limits: Limits) -> Decoder<H> {
        Decoder {
            limits,
            buffer: BytesMut::new(),
            state: State::Head,
            searched: 0,
            next_check: 1,
            body_seen: 0,
            to_head: VecDeque::new(),
            _head: std::marker::PhantomData,
        }
    }

    /// Replaces the bound on bodies, effective for the body whose head was just returned.
    pub fn set_max_body(&mut self, max_body: u64) {
        self.limits.max_body = max_body;
    }

    /// Notes that a request was sent whose response will be decoded here; only `HEAD` makes a difference.
    pub fn expect_response(&mut self, to_head: bool) {
        self.to_head.push_back(to_head);
    }

    /// Appends the next bytes of the stream.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Whether the stream stands between two messages with nothing buffered.
    pub fn is_idle(&self) -> bool {
        self.state == State::Head && self.buffer.is_empty()
    }

    /// Whether a head has begun to arrive but is not complete.
    pub fn is_within_head(&self) -> bool {
        self.state == State::Head && !self.buffer.is_empty()
    }

    /// Takes the bytes that follow the last event, e.g. after an upgrade.
    pub fn take_rest(&mut self) -> Bytes {
        (self.searched, self.next_check) = (0, 1);
        std::mem::take(&mut self.buffer).freeze()
    }

    /// The bytes that follow the last event.
    pub fn rest(&self) -> &[u8] {
        &self.buffer
    }

    /// Gives back what is left of [`Decoder::take_rest`]; not copied when nobody else holds it.
    pub fn put_back(&mut self, rest: Bytes) {
        let behind = std::mem::take(&mut self.buffer);
        self.buffer = rest
            .try_into_mut()
            .unwrap_or_else(|shared| BytesMut::from(&shared[..]));
        self.buffer.unsplit(behind);
    }

    /// Goes on behind the first chunk, of `length` bytes, of a body that was read without this decoder.
    pub fn resume_after_chunk(&mut self, length: u64) {
        (self.state, self.body_seen) = (State::ChunkEnd, length);
    }

    /// The next event, or `None` when more bytes are needed.
    ///
    /// # Errors
    ///
    /// When the stream is malformed or exceeds a limit; every later call fails too.
    #[expect(
        clippy::should_implement_trait,
        reason = "an iterator could not be resumed after `None`"
    )]
    pub fn next(&mut self) -> Result<Option<Event<H>>, DecodeError> {
        let event = self.step();
        if event.is_err() {
            self.state = State::Failed;
            self.buffer = BytesMut::new();
        }
        event
    }

    /// Tells that the peer has closed; ends a body that lasts until then.
    ///
    /// # Errors
    ///
    /// [`DecodeError::UnexpectedEnd`] when a message was cut short.
    pub fn finish(&mut self) -> Result<Option<Event<H>>, DecodeError> {
        match self.state {
            State::UntilClose => {
                self.state = State::Head;
                Ok(Some(Event::End))
            }
            State::Head if self.buffer.is_empty() => Ok(None),
            State::Failed => Err(DecodeError::Failed),
            _ => {
                self.state = State::Failed;
                Err(DecodeError::UnexpectedEnd)
            }
        }
    }

    fn step(&mut self) -> Result<Option<Event<H>>, DecodeError> {
        loop {
            match self.state {
                State::Failed => return Err(DecodeError::Failed),
                State::Head => return self.head(),
                State::Length(0) => {
                    self.end_message();
                    return Ok(Some(Event::End));
                }
                State::Length(left) => {
                    self.check_body(left)?;
                    let Some(data) = self.take_data(left) else {
                        return Ok(None);
                    };
                    self.state = State::Length(left - to_u64(data.len()));
                    return Ok(Some(Event::Data(data)));
                }
                State::ChunkData(0) => self.state = State::ChunkEnd,
                State::ChunkData(left) => {
                    let Some(data) = self.take_data(left) else {
                        return Ok(None);
                    };
                    self.state = State::ChunkData(left - to_u64(data.len()));
                    return Ok(Some(Event::Data(data)));
                }
                State::ChunkEnd => match self.take_line(MAX_CHUNK_LINE)? {
                    Some(line) if line.is_empty() => self.state = State::ChunkSize,
                    Some(_) => return Err(DecodeError::BadChunk),
                    None => return Ok(None),
                },
                State::ChunkSize => {
                    let Some(line) = self.take_line(MAX_CHUNK_LINE)? else {
                        return Ok(None);
                    };
                    let size = chunk_size(&line)?;
                    self.check_body(size)?;
                    self.state = if size == 0 {
                        State::Trailer
                    } else {
                        State::ChunkData(size)
                    };
                }
                State::Trailer => match self.take_line(self.limits.max_head)? {
                    Some(line) if line.is_empty() => {
                        self.end_message();
                        return Ok(Some(Event::End));
                    }
                    // Trailer fields carry nothing that libprocess reads; they count against the body.
                    Some(line) => {
                        self.body_seen += to_u64(line.len());
                        self.check_body(0)?;
                    }
                    None => return Ok(None),
                },
                State::UntilClose => {
                    let Some(data) = self.take_data(u64::MAX) else {
                        return Ok(None);
                    };
                    self.check_body(0)?;
                    return Ok(Some(Event::Data(data)));
                }
            }
        }
    }

    /// Parses a head once its end has arrived. Unfinished heads are checked each time they have doubled, so that
    /// garbage is noticed at once and a trickle of bytes costs no more than twice its length.
    fn head(&mut self) -> Result<Option<Event<H>>, DecodeError> {
        if self.searched == 0 {
            let blank = self
                .buffer
                .iter()
                .take_while(|b| matches!(b, b'\r' | b'\n'))
                .count();
            self.buffer.advance(blank);
        }
        if self.buffer.is_empty() {
            // Idle connections are many; they should hold no memory.
            self.buffer = BytesMut::new();
            return Ok(None);
        }
        let Some(end) = self.head_end() else {
            if self.buffer.len() > self.limits.max_head {
                return Err(DecodeError::HeadTooLarge(self.limits.max_head));
            }
            if self.buffer.len() >= self.next_check {
                self.next_check = self.buffer.len() * 2;
                parse_head::<H>(&Bytes::copy_from_slice(&self.buffer))?;
            }
            return Ok(None);
        };
        if end > self.limits.max_head {
            return Err(DecodeError::HeadTooLarge(self.limits.max_head));
        }
        let bytes = self.buffer.split_to(end).freeze();
        let Some(head) = parse_head::<H>(&bytes)? else {
            return Err(DecodeError::Head("incomplete"));
        };
        let to_head = self.to_head.pop_front().unwrap_or(false);
        self.state = match head.framing(to_head)? {
            Framing::Length(length) => State::Length(length),
            Framing::Chunked => State::ChunkSize,
            Framing::UntilClose => State::UntilClose,
        };
        (self.searched, self.next_check, self.body_seen) = (0, 1, 0);
        Ok(Some(Event::Head(head)))
    }

    /// Where the blank line that ends the head is behind, if it has arrived.
    fn head_end(&mut self) -> Option<usize> {
        let start = self.searched.saturating_sub(3);
        let mut from = start;
        while let Some(offset) = self.buffer[from..].iter().position(|b| *b == b'\n') {
            let next = from + offset + 1;
            match self.buffer[next..] {
                [b'\n', ..] => return Some(next + 1),
                [b'\r', b'\n', ..] => return Some(next + 2),
                _ => from = next,
            }
        }
        self.searched = self.buffer.len();
        None
    }

    fn end_message(&mut self) {
        self.state = State::Head;
    }

    fn check_body(&self, more: u64) -> Result<(), DecodeError> {
        match self.body_seen.saturating_add(more) > self.limits.max_body {
            true => Err(DecodeError::BodyTooLarge(self.limits.max_body)),
            false => Ok(()),
        }
    }

    fn take_data(&mut self, at_most: u64) -> Option<Bytes> {
        if self.buffer.is_empty() {
            return None;
        }
        let take = usize::try_from(at_most).map_or(self.buffer.len(), |n| n.min(self.buffer.len()));
        self.body_seen += to_u64(take);
        Some(self.buffer.split_to(take).freeze())
    }

    /// Takes a line without its end.
    fn take_line(&mut self, max: usize) -> Result<Option<Bytes>, DecodeError> {
        let Some(end) = self.buffer.iter().take(max + 2).position(|b| *b == b'\n') else {
            // Not sooner than a longer buffer would be refused: pieces make no difference.
            return if self.buffer.len() > max + 1 {
                Err(DecodeError::BadChunk)
            } else {
                Ok(None)
            };
        };
        let mut line = self.buffer.split_to(end + 1).freeze();
        line.truncate(end);
        if line.last() == Some(&b'\r') {
            line.truncate(end - 1);
        }
        Ok(Some(line))
    }
}

/// Heads of Mesos' clients have fewer than 16 fields; the second try serves browsers behind chatty proxies.
fn parse_head<H: Head>(bytes: &Bytes) -> Result<Option<H>, DecodeError> {
    let parsed = match H::parse(bytes, &mut [httparse::EMPTY_HEADER; 24]) {
        Err(httparse::Error::TooManyHeaders) => H::parse(bytes, &mut vec![httparse::EMPTY_HEADER; 512]),
        parsed => parsed,
    };
    parsed.map_err(|error| DecodeError::Head(describe(error)))
}

fn describe(error: httparse::Error) -> &'static str {
    match error {
        httparse::Error::HeaderName => "invalid header name",
        httparse::Error::HeaderValue => "invalid header value",
        httparse::Error::NewLine => "invalid new line",
        httparse::Error::Status => "invalid status line",
        httparse::Error::Token => "invalid token",
        httparse::Error::TooManyHeaders => "too many headers",
        httparse::Error::Version => "invalid HTTP version",
    }
}

fn chunk_size(line: &[u8]) -> Result<u64, DecodeError> {
    let digits = line.split(|b| *b == b';').next().unwrap_or_default().trim_ascii();
    let valid = (1..=16).contains(&digits.len()) && digits.iter().all(u8::is_ascii_hexdigit);
    let text = std::str::from_utf8(digits)
        .ok()
        .filter(|_| valid)
        .ok_or(DecodeError::BadChunk)?;
    u64::from_str_radix(text, 16).map_err(|_| DecodeError::BadChunk)
}

fn to_u64(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
