//! RecordIO: a decimal length, a line feed, then that many bytes.
//!
//! ```
//! use libprocess_core::recordio::{self, Decoder};
//! let mut decoder = Decoder::new(1024);
//! let wire = recordio::encode(b"hello");
//! assert_eq!(wire, b"5\nhello");
//! assert!(decoder.push(&wire[..4])?.is_empty());
//! assert_eq!(decoder.push(&wire[4..])?, [b"hello".to_vec()]);
//! # Ok::<(), recordio::RecordIoError>(())
//! ```

/// A length of 20 digits is the longest that fits 64 bits.
const MAX_LENGTH_DIGITS: usize = 20;

/// Why a stream of records cannot be read on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordIoError {
    /// The text before the line feed is not a decimal number.
    #[error("Failed to decode length '{0}'")]
    BadLength(String),
    /// The record announces more bytes than the reader accepts.
    #[error("record of {length} bytes exceeds the limit of {limit} bytes")]
    TooLarge {
        /// Announced size.
        length: u64,
        /// The reader's limit.
        limit: usize,
    },
    /// An earlier call failed, after which nothing can be decoded.
    #[error("Decoder is in a FAILED state")]
    Failed,
}

/// Frames one record.
pub fn encode(record: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(record.len() + 8);
    encode_into(record, &mut out);
    out
}

/// Appends one framed record to `out`.
pub fn encode_into(record: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(record.len().to_string().as_bytes());
    out.push(b'\n');
    out.extend_from_slice(record);
}

/// Cuts a stream back into records, whatever its chunking.
///
/// Mesos: 3rdparty/stout/include/stout/recordio.hpp, `Decoder`.
#[derive(Debug)]
pub struct Decoder {
    max_record: usize,
    state: State,
}

#[derive(Debug)]
enum State {
    Length(Vec<u8>),
    Record { length: usize, bytes: Vec<u8> },
    Failed,
}

impl Decoder {
    /// Makes a decoder that refuses records above `max_record` bytes.
    pub fn new(max_record: usize) -> Decoder {
        Decoder {
            max_record,
            state: State::Length(Vec::new()),
        }
    }

    /// Takes the next bytes of the stream and returns the records they complete.
    ///
    /// # Errors
    ///
    /// When a length is malformed or above the limit; the decoder is then of no further use.
    pub fn push(&mut self, mut bytes: &[u8]) -> Result<Vec<Vec<u8>>, RecordIoError> {
        let mut records = Vec::new();
        while let Some(rest) = self
            .step(bytes, &mut records)
            .inspect_err(|_| self.state = State::Failed)?
        {
            bytes = rest;
        }
        Ok(records)
    }

    /// Whether the stream stands between two records, so that it may end here.
    pub fn is_empty(&self) -> bool {
        matches!(&self.state, State::Length(digits) if digits.is_empty())
    }

    fn step<'a>(
        &mut self,
        bytes: &'a [u8],
        records: &mut Vec<Vec<u8>>,
    ) -> Result<Option<&'a [u8]>, RecordIoError> {
        if bytes.is_empty() {
            return Ok(None);
        }
        match &mut self.state {
            State::Failed => Err(RecordIoError::Failed),
            State::Length(digits) => {
                let Some(end) = bytes.iter().position(|b| *b == b'\n') else {
                    digits.extend_from_slice(&bytes[..bytes.len().min(MAX_LENGTH_DIGITS + 1)]);
                    return match digits.len() > MAX_LENGTH_DIGITS {
                        true => Err(bad_length(digits)),
                        false => Ok(None),
                    };
                };
                digits.extend_from_slice(&bytes[..end.min(MAX_LENGTH_DIGITS + 1)]);
                let length = parse_length(digits)?;
                let fits = usize::try_from(length)
                    .ok()
                    .filter(|length| *length <= self.max_record);
                let Some(length) = fits else {
                    return Err(RecordIoError::TooLarge {
                        length,
                        limit: self.max_record,
                    });
                };
                if length == 0 {
                    records.push(Vec::new());
                    self.state = State::Length(Vec::new());
                } else {
                    // Memory follows the bytes that arrive, never the length a peer announces.
                    let bytes = Vec::with_capacity(length.min(64 * 1024));
                    self.state = State::Record { length, bytes };
                }
                Ok(Some(&bytes[end + 1..]))
            }
            State::Record {
                length,
                bytes: record,
            } => {
                let take = bytes.len().min(*length - record.len());
                record.extend_from_slice(&bytes[..take]);
                if record.len() == *length {
                    records.push(std::mem::take(record));
                    self.state = State::Length(Vec::new());
                }
                Ok(Some(&bytes[take..]))
            }
        }
    }
}

fn parse_length(digits: &[u8]) -> Result<u64, RecordIoError> {
    // A longer text may have been cut, and what is left of it is another number.
    let fits = (1..=MAX_LENGTH_DIGITS).contains(&digits.len());
    if !fits || !digits.iter().all(u8::is_ascii_digit) {
        return Err(bad_length(digits));
    }
    std::str::from_utf8(digits)
        .ok()
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| bad_length(digits))
}

fn bad_length(digits: &[u8]) -> RecordIoError {
    RecordIoError::BadLength(String::from_utf8_lossy(digits).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_chunking_gives_the_same_records(
            records in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..8),
            chunk in 1usize..17,
        ) {
            let mut wire = Vec::new();
            records.iter().for_each(|record| encode_into(record, &mut wire));
            let mut decoder = Decoder::new(64);
            let mut decoded = Vec::new();
            for piece in wire.chunks(chunk) {
                decoded.extend(decoder.push(piece).unwrap());
            }
            prop_assert_eq!(decoded, records);
            prop_assert!(decoder.is_empty());
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut decoder = Decoder::new(64);
            let _ = decoder.push(&bytes);
            let _ = decoder.push(&bytes);
        }
    }

    #[test]
    fn bad_lengths_are_fatal() {
        for wire in [
            "\n",
            "0000000000000000000012\nx",
            "abc\n",
            "-1\n",
            "+1\n",
            " 1\n",
            "99999999999999999999\n",
            "000000000000000000000000",
        ] {
            let mut decoder = Decoder::new(64);
            assert!(
                matches!(decoder.push(wire.as_bytes()), Err(RecordIoError::BadLength(_))),
                "{wire}"
            );
            assert_eq!(decoder.push(b"1\na"), Err(RecordIoError::Failed));
        }
    }

    #[test]
    fn records_above_the_limit_are_refused_before_they_arrive() {
        let refused = Decoder::new(4).push(b"5\n");
        assert_eq!(refused, Err(RecordIoError::TooLarge { length: 5, limit: 4 }));
    }
}
