//! Objects and arrays written straight into a body.

use mesos_proto::Message;
use mesos_proto::json::{write_f64, write_string};

use super::append;
use crate::Resources;

/// An object that is being written. Every method adds one member.
#[derive(Debug)]
pub struct Object<'a> {
    out: &'a mut Vec<u8>,
    empty: bool,
}

/// An array that is being written. Every method adds one element.
#[derive(Debug)]
pub struct Array<'a> {
    out: &'a mut Vec<u8>,
    empty: bool,
}

impl Object<'_> {
    /// Appends an object to `out`; `fill` adds its members.
    ///
    /// ```
    /// let mut out = Vec::new();
    /// mesos::model::Object::write(&mut out, |object| object.bool("active", true));
    /// assert_eq!(out, br#"{"active":true}"#);
    /// ```
    pub fn write(out: &mut Vec<u8>, fill: impl FnOnce(&mut Object<'_>)) {
        out.push(b'{');
        fill(&mut Object { out, empty: true });
        out.push(b'}');
    }

    fn key(&mut self, key: &str) {
        if !self.empty {
            self.out.push(b',');
        }
        self.empty = false;
        write_string(self.out, key);
        self.out.push(b':');
    }

    /// Adds text.
    pub fn string(&mut self, key: &str, value: &str) {
        self.key(key);
        write_string(self.out, value);
    }

    /// Adds a number that always shows a fraction.
    pub fn number(&mut self, key: &str, value: f64) {
        self.key(key);
        write_f64(self.out, value);
    }

    /// Adds a whole number.
    pub fn integer(&mut self, key: &str, value: i64) {
        self.key(key);
        self.out.extend_from_slice(value.to_string().as_bytes());
    }

    /// Adds a truth value.
    pub fn bool(&mut self, key: &str, value: bool) {
        self.key(key);
        self.out.extend_from_slice(if value { b"true" } else { b"false" });
    }

    /// Adds resources summed up by name.
    pub fn resources(&mut self, key: &str, resources: &Resources) {
        self.key(key);
        resources.write_summary_json(self.out);
    }

    /// Adds a message in its own JSON.
    pub fn message<M: Message>(&mut self, key: &str, message: &M) {
        self.key(key);
        append(self.out, message);
    }

    /// Adds an object.
    pub fn object(&mut self, key: &str, fill: impl FnOnce(&mut Object<'_>)) {
        self.key(key);
        Object::write(self.out, fill);
    }

    /// Adds an array.
    pub fn array(&mut self, key: &str, fill: impl FnOnce(&mut Array<'_>)) {
        self.key(key);
        Array::write(self.out, fill);
    }

    /// Adds a member whose JSON the caller appends.
    pub fn raw(&mut self, key: &str, fill: impl FnOnce(&mut Vec<u8>)) {
        self.key(key);
        fill(self.out);
    }
}

impl Array<'_> {
    /// Appends an array to `out`; `fill` adds its elements.
    pub fn write(out: &mut Vec<u8>, fill: impl FnOnce(&mut Array<'_>)) {
        out.push(b'[');
        fill(&mut Array { out, empty: true });
        out.push(b']');
    }

    fn next(&mut self) {
        if !self.empty {
            self.out.push(b',');
        }
        self.empty = false;
    }

    /// Adds text.
    pub fn string(&mut self, value: &str) {
        self.next();
        write_string(self.out, value);
    }

    /// Adds an object.
    pub fn object(&mut self, fill: impl FnOnce(&mut Object<'_>)) {
        self.next();
        Object::write(self.out, fill);
    }

    /// Adds a message in its own JSON.
    pub fn message<M: Message>(&mut self, message: &M) {
        self.next();
        append(self.out, message);
    }

    /// Adds an element whose JSON the caller appends.
    pub fn raw(&mut self, fill: impl FnOnce(&mut Vec<u8>)) {
        self.next();
        fill(self.out);
    }
}
