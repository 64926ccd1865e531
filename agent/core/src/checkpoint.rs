//! How messages are written to disk: a length of four bytes, little-endian, then the protobuf.
//!
//! Mesos: 3rdparty/stout/include/stout/protobuf.hpp, `protobuf::write`; src/slave/state.hpp, `checkpoint`.

use mesos_proto::Message;
use thiserror::Error;

/// Why a checkpoint could not be read.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The bytes do not hold the message.
    #[error("failed to decode a checkpointed {name}: {reason}")]
    Decode {
        /// The message.
        name: &'static str,
        /// What is wrong with the bytes.
        reason: String,
    },
    /// There is no whole record in the file.
    #[error("the checkpoint of {name} is empty")]
    Empty {
        /// The message.
        name: &'static str,
    },
}

/// The bytes of one record.
///
/// # Panics
///
/// When the message is larger than 4 GiB, which no accepted message is.
#[must_use]
pub fn record<M: Message>(message: &M) -> Vec<u8> {
    let body = message.encode_to_vec();
    let length = u32::try_from(body.len()).expect("accepted messages are far smaller than 4 GiB");
    let mut bytes = Vec::with_capacity(body.len() + 4);
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(&body);
    bytes
}

/// What a file of records holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Records<M> {
    /// The records up to the end, or up to the first that cannot be used.
    pub messages: Vec<M>,
    /// How many bytes they take.
    pub length: usize,
    /// Why reading ended early. A last record that was cut short (the host died while it was written) is no error.
    pub error: Option<CheckpointError>,
}

/// Reads records until one is cut short or does not decode.
#[must_use]
pub fn records<M: Message>(bytes: &[u8]) -> Records<M> {
    let mut found = Records {
        messages: Vec::new(),
        length: 0,
        error: None,
    };
    let mut at = 0;
    while let Some(head) = bytes.get(at..at + 4) {
        let length = u32::from_le_bytes(head.try_into().expect("the slice has four bytes"));
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let Some(body) = (at + 4)
            .checked_add(length)
            .and_then(|end| bytes.get(at + 4..end))
        else {
            break;
        };
        match M::decode(body) {
            Ok(message) => found.messages.push(message),
            Err(error) => {
                let (name, reason) = (M::NAME, error.to_string());
                found.error = Some(CheckpointError::Decode { name, reason });
                break;
            }
        }
        at += 4 + length;
        found.length = at;
    }
    found
}

/// Reads a file that holds one record.
///
/// # Errors
///
/// When there is none, or it does not decode.
pub fn single<M: Message>(bytes: &[u8]) -> Result<M, CheckpointError> {
    let Records { messages, error, .. } = records(bytes);
    match (messages.into_iter().next(), error) {
        (Some(message), _) => Ok(message),
        (None, Some(error)) => Err(error),
        (None, None) => Err(CheckpointError::Empty { name: M::NAME }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mesos_proto::v0::TaskID;

    fn id(value: &str) -> TaskID {
        TaskID {
            value: value.to_owned(),
            ..TaskID::default()
        }
    }

    #[test]
    fn records_are_length_prefixed_and_a_torn_tail_is_dropped() {
        let mut bytes = record(&id("a"));
        assert_eq!(bytes, [3, 0, 0, 0, 10, 1, b'a']);
        let whole = bytes.len();
        bytes.extend(record(&id("bb")));
        let all = records::<TaskID>(&bytes);
        assert_eq!((all.length, all.error), (bytes.len(), None));
        assert_eq!(all.messages, [id("a"), id("bb")]);
        for cut in whole..bytes.len() {
            let found = records::<TaskID>(&bytes[..cut]);
            assert_eq!((found.length, found.error), (whole, None), "cut at {cut}");
            assert_eq!(found.messages, [id("a")], "cut at {cut}");
        }
        bytes[whole + 4] = 0xff;
        let found = records::<TaskID>(&bytes);
        assert_eq!(
            (found.messages, found.length),
            (vec![id("a")], whole),
            "what came before a bad record counts"
        );
        assert!(matches!(found.error, Some(CheckpointError::Decode { .. })));
        assert_eq!(
            single::<TaskID>(&[]),
            Err(CheckpointError::Empty { name: "mesos.TaskID" })
        );
    }
}
