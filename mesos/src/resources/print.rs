//! Resources as text and as the summary the classic endpoints show.

use std::fmt;

use mesos_proto::json::{write_f64, write_string};

use super::Resources;
use crate::{Ranges, Scalar, Set, Value};

/// `cpus:4; mem:1024`, or `{}`. A shared volume says how often it is held, `<2>`.
impl fmt::Display for Resources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("{}");
        }
        for (index, resource) in self.iter().enumerate() {
            let separator = if index > 0 { "; " } else { "" };
            write!(f, "{separator}{resource}")?;
            if resource.is_shared() {
                write!(f, "<{}>", resource.copies())?;
            }
        }
        Ok(())
    }
}

/// What the summary always shows, in the order C++ shows it.
const ALWAYS: [&str; 4] = ["disk", "mem", "gpus", "cpus"];

impl Resources {
    /// Appends the summary of the classic endpoints:
    /// `{"disk":0.0,"mem":512.0,"gpus":0.0,"cpus":2.0,"ports":"[31000-32000]"}`.
    ///
    /// Revocable resources get a name of their own, `cpus_revocable`. Scalars stand before ranges, ranges
    /// before sets.
    ///
    /// Mesos: src/common/http.cpp, json(ObjectWriter*, const Resources&)
    pub fn write_summary_json(&self, out: &mut Vec<u8>) {
        let mut scalars: Vec<(String, Scalar)> = ALWAYS
            .iter()
            .map(|name| ((*name).to_owned(), Scalar::ZERO))
            .collect();
        let mut ranges: Vec<(String, Ranges)> = Vec::new();
        let mut sets: Vec<(String, Set)> = Vec::new();
        for resource in self {
            let mut name = resource.name().to_owned();
            if resource.is_revocable() {
                name.push_str("_revocable");
            }
            match resource.value() {
                Value::Scalar(scalar) => *slot(&mut scalars, name) += *scalar,
                Value::Ranges(part) => *slot(&mut ranges, name) += part,
                Value::Set(part) => *slot(&mut sets, name) += part,
                Value::Text(_) => {}
            }
        }
        let mut separator = b'{';
        let mut key = |out: &mut Vec<u8>, name: &str| {
            out.push(std::mem::replace(&mut separator, b','));
            write_string(out, name);
            out.push(b':');
        };
        for (name, scalar) in &scalars {
            key(out, name);
            write_f64(out, scalar.to_f64());
        }
        for (name, ranges) in &ranges {
            key(out, name);
            write_string(out, &ranges.to_string());
        }
        for (name, set) in &sets {
            key(out, name);
            write_string(out, &set.to_string());
        }
        out.push(b'}');
    }

    /// The summary of the classic endpoints, see [`Resources::write_summary_json`].
    pub fn to_summary_json(&self) -> String {
        let mut out = Vec::new();
        self.write_summary_json(&mut out);
        String::from_utf8(out).expect("names and values are strings")
    }
}

fn slot<T: Default>(entries: &mut Vec<(String, T)>, name: String) -> &mut T {
    let index = entries
        .iter()
        .position(|entry| entry.0 == name)
        .unwrap_or_else(|| {
            entries.push((name, T::default()));
            entries.len() - 1
        });
    &mut entries[index].1
}
