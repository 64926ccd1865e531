use super::{Recent, encode_body, encode_body_begin, encode_head};
use crate::Upid;

/// Kinds of messages whose heads are kept for one connection.
const KINDS: usize = 16;

/// Writes the requests that carry messages, as [`encode`](super::encode) does, each head once.
///
/// ```
/// use libprocess_core::{Upid, message};
/// let from: Upid = "a@1.2.3.4:5".parse()?;
/// let to: Upid = "b@1.2.3.4:6".parse()?;
/// let (mut written, mut encoded) = (Vec::new(), Vec::new());
/// let mut writer = message::Writer::default();
/// for body in ["", "one", "two"] {
///     writer.write(&from, &to, "Name", body.as_bytes(), &mut written);
///     message::encode(&from, &to, "Name", body.as_bytes(), &mut encoded);
/// }
/// assert_eq!(written, encoded);
/// # Ok::<(), libprocess_core::upid::ParseUpidError>(())
/// ```
#[derive(Debug)]
pub struct Writer(Recent<Vec<u8>>);

impl Default for Writer {
    fn default() -> Writer {
        Writer(Recent::new(KINDS))
    }
}

impl Writer {
    /// Appends a whole message to `out`.
    pub fn write(&mut self, from: &Upid, to: &Upid, name: &str, body: &[u8], out: &mut Vec<u8>) {
        let head = self.head(from, to, name);
        out.reserve(head.len() + body.len() + 60);
        out.extend_from_slice(head);
        encode_body(body, out);
    }

    /// Appends what stands before a body of `length` bytes, not zero; [`BODY_END`](super::BODY_END) follows it.
    pub fn write_begin(&mut self, from: &Upid, to: &Upid, name: &str, length: usize, out: &mut Vec<u8>) {
        out.extend_from_slice(self.head(from, to, name));
        encode_body_begin(length, out);
    }

    fn head(&mut self, from: &Upid, to: &Upid, name: &str) -> &[u8] {
        let make = |_| {
            let mut head = Vec::new();
            encode_head(from, to, name, &mut head);
            head
        };
        self.0.get(from, to.id(), name, make).1
    }
}
