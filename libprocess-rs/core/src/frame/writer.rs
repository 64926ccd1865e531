use super::{DEFINITION, DEFINITION_HEADER, Finder, MAX_DEFINITION, MAX_DEFINITIONS, MAX_KINDS};
use crate::Upid;
use crate::message::Recent;
use std::collections::BTreeMap;

/// Kinds that are found without a look into the table.
const RECENT: usize = 16;

/// Writes the messages of one connection as frames.
///
/// ```
/// use libprocess_core::{Upid, frame::{Finder, Found, Writer}};
/// let (from, to): (Upid, Upid) = ("a@1.2.3.4:5".parse()?, "b@1.2.3.4:6".parse()?);
/// let (mut writer, mut wire) = (Writer::default(), Vec::new());
/// assert!(writer.write(&from, &to, "Name", b"body", &mut wire));
///
/// let mut finder = Finder::<()>::new(1024);
/// let Ok(Found::Nothing { end }) = finder.find(&wire) else { panic!() };
/// let Ok(Found::Message { kind, body, .. }) = finder.find(&wire[end..]) else { panic!() };
/// assert_eq!((finder.envelope(kind).name.as_str(), &wire[end..][body]), ("Name", &b"body"[..]));
/// # Ok::<(), libprocess_core::upid::ParseUpidError>(())
/// ```
#[derive(Debug)]
pub struct Writer {
    recent: Recent<Option<u32>>,
    table: Table,
}

/// What the receiver knows.
#[derive(Debug, Default)]
struct Table {
    /// The number of each kind, by its definition from the address on.
    kinds: BTreeMap<Box<[u8]>, u32>,
    bytes: usize,
}

impl Default for Writer {
    fn default() -> Writer {
        Writer {
            recent: Recent::new(RECENT),
            table: Table::default(),
        }
    }
}

impl Writer {
    /// Appends a whole message; false, and nothing is appended, when it is too large to be framed.
    #[must_use = "a message too large is not written"]
    pub fn write(&mut self, from: &Upid, to: &Upid, name: &str, body: &[u8], out: &mut Vec<u8>) -> bool {
        let begun = self.write_begin(from, to, name, body.len(), out);
        if begun {
            out.extend_from_slice(body);
        }
        begun
    }

    /// Appends what stands before a body of `length` bytes; false when it is too large.
    #[must_use = "a message too large is not written"]
    pub fn write_begin(
        &mut self,
        from: &Upid,
        to: &Upid,
        name: &str,
        length: usize,
        out: &mut Vec<u8>,
    ) -> bool {
        let Ok(length) = u32::try_from(length) else {
            return false;
        };
        let table = &mut self.table;
        let (_, kind) = self
            .recent
            .get(from, to.id(), name, |_| table.intern(from, to, name, out));
        let Some(kind) = kind.or_else(|| define_last(from, to, name, out)) else {
            return false;
        };
        let mut header = [0; super::HEADER];
        header[..4].copy_from_slice(&length.to_le_bytes());
        header[4..].copy_from_slice(&kind.to_le_bytes());
        out.extend_from_slice(&header);
        true
    }

    /// Reads what this writer has written, from any frame on.
    pub fn reader(&self) -> Finder<()> {
        let mut finder = Finder::new(u64::MAX);
        for (definition, kind) in &self.table.kinds {
            // They are well-formed, for we made them.
            let _ = finder.define(*kind, definition);
        }
        finder
    }
}

impl Table {
    /// The number of a kind, which is defined if it is new; `None` when there is no more room.
    fn intern(&mut self, from: &Upid, to: &Upid, name: &str, out: &mut Vec<u8>) -> Option<u32> {
        let definition = definition(from, to, name)?;
        if let Some(kind) = self.kinds.get(&*definition) {
            return Some(*kind);
        }
        // The last number is that of all kinds without room.
        let kind = u32::try_from(self.kinds.len() + 1)
            .ok()
            .filter(|kind| *kind < MAX_KINDS)?;
        let bytes = self.bytes + definition.len();
        if bytes + MAX_DEFINITION > MAX_DEFINITIONS {
            return None;
        }
        self.bytes = bytes;
        define(kind, &definition, out);
        self.kinds.insert(definition, kind);
        Some(kind)
    }
}

/// Defines the last kind anew, for one message.
fn define_last(from: &Upid, to: &Upid, name: &str, out: &mut Vec<u8>) -> Option<u32> {
    define(MAX_KINDS, &definition(from, to, name)?, out);
    Some(MAX_KINDS)
}

fn define(kind: u32, definition: &[u8], out: &mut Vec<u8>) {
    let length = u32::try_from(definition.len() + 4).unwrap_or(u32::MAX);
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(&DEFINITION.to_le_bytes());
    out.extend_from_slice(&kind.to_le_bytes());
    out.extend_from_slice(definition);
}

/// A definition without the number; `None` when it is too long.
fn definition(from: &Upid, to: &Upid, name: &str) -> Option<Box<[u8]>> {
    let texts = [from.id(), to.id(), name];
    let mut bytes =
        Vec::with_capacity(DEFINITION_HEADER + texts.iter().map(|text| text.len()).sum::<usize>());
    bytes.extend_from_slice(&from.ip().octets());
    bytes.extend_from_slice(&from.port().to_le_bytes());
    for text in texts {
        bytes.extend_from_slice(&u16::try_from(text.len()).ok()?.to_le_bytes());
    }
    for text in texts {
        bytes.extend_from_slice(text.as_bytes());
    }
    (bytes.len() + 4 <= MAX_DEFINITION).then(|| bytes.into())
}
