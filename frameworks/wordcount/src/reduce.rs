//! Fetches what the tasks counted and sums it up.

use std::collections::BTreeMap;

use anyhow::{Result, bail};

use crate::scheduler::Place;

/// How often each word was seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    words: BTreeMap<String, u64>,
}

impl Counts {
    /// Adds the lines of `uniq -c`: a count and a word each.
    pub fn add(&mut self, lines: &str) {
        for line in lines.lines() {
            let mut parts = line.split_whitespace();
            if let (Some(Ok(n)), Some(word)) = (parts.next().map(str::parse::<u64>), parts.next()) {
                *self.words.entry(word.to_owned()).or_default() += n;
            }
        }
    }

    /// How many words there are.
    pub fn total(&self) -> u64 {
        self.words.values().sum()
    }

    /// How many different words there are.
    pub fn distinct(&self) -> usize {
        self.words.len()
    }

    /// The words seen most often, most often first.
    pub fn top(&self, n: usize) -> Vec<(&str, u64)> {
        let mut words: Vec<(&str, u64)> = self.words.iter().map(|(word, n)| (word.as_str(), *n)).collect();
        words.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        words.truncate(n);
        words
    }
}

/// Reads a file out of a sandbox, page by page, over `/files/read`.
///
/// # Errors
///
/// When the agent does not have it.
pub fn fetch(place: &Place) -> Result<String> {
    let mut text = String::new();
    loop {
        let path = format!(
            "/files/read?path={}&offset={}",
            place.path.replace('/', "%2F"),
            text.len()
        );
        let page = mesos_local::get_json(&place.agent, &path)?;
        let Some(data) = page["data"].as_str() else {
            bail!("{} answered {page}", place.agent)
        };
        if data.is_empty() {
            return Ok(text);
        }
        text.push_str(data);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_add_up_and_the_most_frequent_come_first() {
        let mut counts = Counts::default();
        counts.add("   3 the\n   1 a\n");
        counts.add("   2 the\n  10 mesos\n\n 7\n");
        assert_eq!(counts.top(2), [("mesos", 10), ("the", 5)]);
        assert_eq!((counts.total(), counts.distinct()), (16, 3));
    }
}
