//! Objects and lists of JSON, written straight into a buffer.

use mesos::Resources;
use mesos_proto::{
    Dialect, Message,
    json::{write_f64, write_string},
    v0::Resource,
};

/// An object being written.
pub(super) struct Object<'a> {
    out: &'a mut Vec<u8>,
    first: bool,
}

impl<'a> Object<'a> {
    /// Opens an object, has it filled and closes it.
    pub fn write(out: &mut Vec<u8>, fill: impl FnOnce(&mut Object<'_>)) {
        out.push(b'{');
        fill(&mut Object { out, first: true });
        out.push(b'}');
    }

    fn key(&mut self, name: &str) -> &mut Vec<u8> {
        if !std::mem::take(&mut self.first) {
            self.out.push(b',');
        }
        write_string(self.out, name);
        self.out.push(b':');
        self.out
    }

    pub fn text(&mut self, name: &str, value: &str) {
        write_string(self.key(name), value);
    }

    pub fn number(&mut self, name: &str, value: f64) {
        write_f64(self.key(name), value);
    }

    pub fn boolean(&mut self, name: &str, value: bool) {
        let text: &[u8] = if value { b"true" } else { b"false" };
        self.key(name).extend_from_slice(text);
    }

    pub fn object(&mut self, name: &str, fill: impl FnOnce(&mut Object<'_>)) {
        Object::write(self.key(name), fill);
    }

    pub fn message<M: Message>(&mut self, name: &str, message: &M) {
        message.write_json(self.key(name), Dialect::V0);
    }

    pub fn list<T>(
        &mut self,
        name: &str,
        items: impl IntoIterator<Item = T>,
        mut write: impl FnMut(&mut Vec<u8>, T),
    ) {
        let out = self.key(name);
        out.push(b'[');
        for (index, item) in items.into_iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            write(out, item);
        }
        out.push(b']');
    }

    /// The summary of resources as classic endpoints show it.
    pub fn resources<'r>(&mut self, name: &str, resources: impl IntoIterator<Item = &'r Resource>) {
        let list: Vec<Resource> = resources.into_iter().cloned().collect();
        Resources::from_valid_protos(&list).write_summary_json(self.key(name));
    }

    pub fn raw(&mut self, name: &str, write: impl FnOnce(&mut Vec<u8>)) {
        write(self.key(name));
    }
}
