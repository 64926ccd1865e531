//! Whether an actor should move to the worker most of its events come from.
//!
//! An event that crosses threads costs both of them a few hundred nanoseconds: a lock, and memory that one has written and the
//! other reads. An actor whose events cost less than that saves even a busy sender time when it moves there. One that
//! works for longer is better off on a thread of its own.
//!
//! Events are counted by windows. When most events of a window came from one other worker, the next ones are measured, and
//! then the actor moves or stays. All of it is twenty bytes an actor.

use std::time::Instant;

use crate::sync::now;
use crate::worker;

/// Events of the first window, as a power of two: twice as many after each move, half as many when most came from here.
const FIRST: u8 = 10;
const LAST: u8 = 12;

/// Events that are measured.
const MEASURED: u32 = 64;

/// What an event costs its sender that crosses threads, in nanoseconds.
const CROSSING: i64 = 250;

/// From where most events of other threads come: the candidate of a vote by majority.
pub(crate) struct Senders {
    mark: u16,
    votes: u32,
}

impl Senders {
    pub(crate) const fn new() -> Senders {
        Senders { mark: 0, votes: 0 }
    }

    /// An event has come from a thread with this mark.
    #[inline(always)]
    pub(crate) fn count(&mut self, mark: u16) {
        if self.mark == mark {
            self.votes = self.votes.saturating_add(1);
        } else if self.votes == 0 {
            (self.mark, self.votes) = (mark, 1);
        } else {
            self.votes -= 1;
        }
    }
}

/// What an actor has found out about its company.
pub(crate) struct Company {
    /// Events of this window, or events that have been measured.
    handled: u32,
    /// Nanoseconds they took, without those for events that were sent to other threads.
    took: i32,
    /// Who sends most, while that is measured.
    most: u16,
    window: u8,
    measuring: bool,
}

/// A run that is measured.
pub(crate) struct Watch {
    began: Instant,
    crossings: u32,
}

impl Watch {
    pub(crate) fn start() -> Watch {
        Watch {
            began: now(),
            crossings: worker::crossings(),
        }
    }
}

impl Company {
    pub(crate) const fn new() -> Company {
        Company {
            handled: 0,
            took: 0,
            most: 0,
            window: FIRST,
            measuring: false,
        }
    }

    /// Whether the next run is to be measured.
    #[inline(always)]
    pub(crate) fn is_measuring(&self) -> bool {
        self.measuring
    }

    /// A run has ended. Whether it was the last of a window, which is to be closed then.
    #[inline(always)]
    pub(crate) fn count(&mut self, handled: usize) -> bool {
        self.handled = self.handled.saturating_add(handled as u32);
        !self.measuring && self.handled >> self.window > 0
    }

    /// Looks at who has sent the events of a window to an actor that may move or may not.
    pub(crate) fn close_window(&mut self, senders: &mut Senders, may_move: bool) {
        let votes = std::mem::take(&mut senders.votes);
        let most = u64::from(votes) * 4 >= u64::from(self.handled) * 3;
        (self.handled, self.took, self.most) = (0, 0, senders.mark);
        self.measuring = may_move && most && self.most != 0;
        if !self.measuring {
            self.window = (self.window - 1).max(FIRST);
        }
    }

    /// A measured run has ended. The mark of the worker where the actor should be, once enough is known.
    pub(crate) fn measure(&mut self, watch: &Watch) -> Option<u16> {
        let took = i64::try_from((now() - watch.began).as_nanos()).unwrap_or(i64::MAX);
        let crossings = worker::crossings().wrapping_sub(watch.crossings);
        let own = took.saturating_sub(CROSSING * i64::from(crossings));
        let own = i32::try_from(own).unwrap_or(i32::MAX);
        self.took = self.took.saturating_add(own);
        if self.handled < MEASURED {
            return None;
        }
        let cheap = i64::from(self.took) < CROSSING * i64::from(self.handled);
        self.measuring = false;
        self.handled = 0;
        // Two that look for each other must not pass each other again and again, so it is left to chance.
        if !cheap || took % 2 != 0 {
            return None;
        }
        self.window = (self.window + 1).min(LAST);
        Some(self.most)
    }
}
