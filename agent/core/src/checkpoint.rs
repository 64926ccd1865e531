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
    /// There is nothing in the file.
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

/// Reads all whole records. A last one that was cut short (the host died while it was written) is left out;
/// the second value is the number of bytes the whole ones take.
///
/// # Errors
///
/// When a whole record does not decode.
pub fn records<M: Message>(bytes: &[u8]) -> Result<(Vec<M>, usize), CheckpointError> {
    let mut found = Vec::new();
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
        let message = M::decode(body).map_err(|error| CheckpointError::Decode {
            name: M::NAME,
            reason: error.to_string(),
        })?;
        found.push(message);
        at += 4 + length;
    }
    Ok((found, at))
}

/// Reads a file that holds one record.
///
/// # Errors
///
/// When there is none, or it does not decode.
pub fn single<M: Message>(bytes: &[u8]) -> Result<M, CheckpointError> {
    records(bytes)?
        .0
        .into_iter()
        .next()
        .ok_or(CheckpointError::Empty { name: M::NAME })
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
        assert_eq!(
            records::<TaskID>(&bytes).unwrap(),
            (vec![id("a"), id("bb")], bytes.len())
        );
        for cut in whole..bytes.len() {
            assert_eq!(
                records::<TaskID>(&bytes[..cut]).unwrap(),
                (vec![id("a")], whole),
                "cut at {cut}"
            );
        }
        assert_eq!(
            single::<TaskID>(&[]),
            Err(CheckpointError::Empty { name: "mesos.TaskID" })
        );
    }
}
