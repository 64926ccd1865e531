//! Fields a message does not know, kept for the next reader.

use std::fmt;

/// The raw bytes of unknown fields in the order they were read.
///
/// They are written back after the known fields, so a message survives a pass through a master that is
/// older than its author. Costs eight bytes while empty.
// The box keeps the empty case at eight bytes in every message.
#[allow(clippy::box_collection)]
#[derive(Clone, Default, PartialEq, Eq)]
pub struct UnknownFields(Option<Box<Vec<u8>>>);

impl UnknownFields {
    /// The raw fields, tags included.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_deref().map_or(&[], Vec::as_slice)
    }

    /// Tells whether every field was known.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Forgets the unknown fields.
    pub fn clear(&mut self) {
        self.0 = None;
    }

    /// Appends one raw field, tag included.
    pub(crate) fn push(&mut self, raw: &[u8]) {
        self.0.get_or_insert_default().extend_from_slice(raw);
    }
}

impl fmt::Debug for UnknownFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} B", self.as_bytes().len())
    }
}
