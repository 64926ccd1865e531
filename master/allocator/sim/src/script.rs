//! What a line means.

use std::collections::BTreeMap;

use mesos::Resources;

/// A line, taken apart.
#[derive(Debug)]
pub(crate) struct Line<'a> {
    pub command: &'a str,
    /// Words without `=`, in order.
    pub words: Vec<&'a str>,
    /// Words of the form `name=value`.
    pub options: BTreeMap<&'a str, &'a str>,
}

impl<'a> Line<'a> {
    /// Takes a line apart; `None` for an empty one or a comment.
    pub fn parse(text: &'a str) -> Option<Self> {
        let text = text.split('#').next().unwrap_or_default();
        let mut words = text.split_whitespace();
        let command = words.next()?;
        let mut line = Self {
            command,
            words: Vec::new(),
            options: BTreeMap::new(),
        };
        for word in words {
            match word.split_once('=') {
                Some((name, value)) => {
                    line.options.insert(name, value);
                }
                None => line.words.push(word),
            }
        }
        Some(line)
    }

    /// The n-th word.
    pub fn word(&self, n: usize, what: &str) -> Result<&'a str, String> {
        let word = self.words.get(n).copied();
        word.ok_or_else(|| format!("{} needs {what}", self.command))
    }

    /// The n-th word or an option as a number.
    pub fn number<T: std::str::FromStr>(text: &str) -> Result<T, String> {
        text.parse().map_err(|_| format!("'{text}' is no number"))
    }

    /// An option as a number.
    pub fn option<T: std::str::FromStr>(&self, name: &str) -> Result<Option<T>, String> {
        self.options.get(name).map(|text| Self::number(text)).transpose()
    }
}

/// Resources in the role `*`, unless they say another.
pub(crate) fn resources(text: &str) -> Result<Resources, String> {
    Resources::parse(text, "*").map_err(|error| error.to_string())
}
