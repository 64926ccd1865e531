//! Fetches what the tasks counted and sums it up.

use std::collections::BTreeMap;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Result, bail};

use crate::scheduler::{News, Place};

/// How many results are fetched at the same time: an agent that is busy starting tasks answers late.
const FETCHERS: usize = 8;

/// Threads that fetch results and report them as [`News::Fetched`]. They end when this is dropped.
pub struct Fetchers {
    places: Sender<Place>,
}

impl Fetchers {
    /// Fetchers that report to `news`.
    pub fn start(news: &Sender<News>) -> Self {
        let (places, wanted) = mpsc::channel();
        let wanted = Arc::new(Mutex::new(wanted));
        for _ in 0..FETCHERS {
            let (wanted, news) = (Arc::clone(&wanted), news.clone());
            std::thread::spawn(move || {
                while let Some(place) = next(&wanted) {
                    // Nobody listens any more when the program is ending.
                    let _ = news.send(News::Fetched(fetch(&place)));
                }
            });
        }
        Self { places }
    }

    /// Fetches this result soon.
    pub fn fetch(&self, place: Place) {
        // The threads are there as long as this is.
        let _ = self.places.send(place);
    }
}

fn next(wanted: &Mutex<Receiver<Place>>) -> Option<Place> {
    wanted.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}

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
fn fetch(place: &Place) -> Result<String> {
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
