//! Deadlines in order.

use crate::Time;
use std::collections::BTreeMap;

/// Names one entry of a [`Timers`]; never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimerId {
    deadline: Time,
    sequence: u64,
}

impl TimerId {
    /// When the timer is due.
    pub fn deadline(self) -> Time {
        self.deadline
    }
}

/// Values waiting for their deadlines; equal deadlines fire in the order they were inserted.
///
/// ```
/// use libprocess_core::{Time, timers::Timers};
/// let mut timers = Timers::new();
/// let late = timers.insert(Time::from_nanos(20), "late");
/// timers.insert(Time::from_nanos(10), "early");
/// assert_eq!(timers.next_deadline(), Some(Time::from_nanos(10)));
/// assert_eq!(timers.pop_due(Time::from_nanos(15)), Some((Time::from_nanos(10), "early")));
/// assert_eq!(timers.pop_due(Time::from_nanos(15)), None);
/// assert_eq!(timers.cancel(late), Some("late"));
/// ```
#[derive(Debug)]
pub struct Timers<T> {
    entries: BTreeMap<TimerId, T>,
    next_sequence: u64,
}

impl<T> Timers<T> {
    /// Makes an empty set.
    pub fn new() -> Timers<T> {
        Timers {
            entries: BTreeMap::new(),
            next_sequence: 0,
        }
    }

    /// Adds a value due at `deadline`.
    pub fn insert(&mut self, deadline: Time, value: T) -> TimerId {
        let id = TimerId {
            deadline,
            sequence: self.next_sequence,
        };
        self.next_sequence += 1;
        self.entries.insert(id, value);
        id
    }

    /// Takes a value out before its time; `None` when it has fired or was cancelled.
    pub fn cancel(&mut self, id: TimerId) -> Option<T> {
        self.entries.remove(&id)
    }

    /// When the earliest value is due.
    pub fn next_deadline(&self) -> Option<Time> {
        self.entries.first_key_value().map(|(id, _)| id.deadline)
    }

    /// Takes out the earliest value whose deadline is not after `now`.
    pub fn pop_due(&mut self, now: Time) -> Option<(Time, T)> {
        let first = self.entries.first_entry()?;
        let deadline = first.key().deadline;
        (deadline <= now).then(|| (deadline, first.remove()))
    }

    /// How many values wait.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether no value waits.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl<T> Default for Timers<T> {
    fn default() -> Timers<T> {
        Timers::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_deadlines_fire_in_insertion_order() {
        let mut timers = Timers::new();
        for n in 0..5 {
            timers.insert(Time::from_nanos(7), n);
        }
        let fired: Vec<i32> =
            std::iter::from_fn(|| timers.pop_due(Time::from_nanos(7)).map(|(_, n)| n)).collect();
        assert_eq!(fired, [0, 1, 2, 3, 4]);
        assert!(timers.is_empty());
    }
}
