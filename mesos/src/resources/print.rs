//! Resources as text and as the summary the classic endpoints show.

use std::collections::BTreeMap;
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
        let mut scalars: Slots<Scalar> = Slots::default();
        for name in ALWAYS {
            scalars.slot(name.to_owned());
        }
        let mut ranges: Slots<Ranges> = Slots::default();
        let mut sets: Slots<Set> = Slots::default();
        for resource in self {
            let mut name = resource.name().to_owned();
            if resource.is_revocable() {
                name.push_str("_revocable");
            }
            match resource.value() {
                Value::Scalar(scalar) => *scalars.slot(name) += *scalar,
                Value::Ranges(part) => *ranges.slot(name) += part,
                Value::Set(part) => *sets.slot(name) += part,
                Value::Text(_) => {}
            }
        }
        let mut separator = b'{';
        let mut key = |out: &mut Vec<u8>, name: &str| {
            out.push(std::mem::replace(&mut separator, b','));
            write_string(out, name);
            out.push(b':');
        };
        for (name, scalar) in &scalars.entries {
            key(out, name);
            write_f64(out, scalar.to_f64());
        }
        for (name, ranges) in &ranges.entries {
            key(out, name);
            write_string(out, &ranges.to_string());
        }
        for (name, set) in &sets.entries {
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

/// Values by name, in the order the names came.
#[derive(Default)]
struct Slots<T> {
    entries: Vec<(String, T)>,
    places: BTreeMap<String, usize>,
}

impl<T: Default> Slots<T> {
    fn slot(&mut self, name: String) -> &mut T {
        let place = *self.places.entry(name).or_insert_with_key(|name| {
            self.entries.push((name.clone(), T::default()));
            self.entries.len() - 1
        });
        &mut self.entries[place].1
    }
}
