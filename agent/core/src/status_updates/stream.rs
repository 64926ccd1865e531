//! The updates of one task.

use std::{
    collections::{BTreeSet, VecDeque},
    time::Duration,
};

use libprocess_core::timers::TimerId;
use mesos_proto::v0::internal::StatusUpdate;

use crate::constants::{STATUS_UPDATE_RETRY_INTERVAL_MAX, STATUS_UPDATE_RETRY_INTERVAL_MIN};

/// The 16 bytes that name an update.
pub type Uuid = Vec<u8>;

/// One update on its way.
#[derive(Clone, Debug)]
struct Entry {
    update: StatusUpdate,
    /// On disk, or never meant to be there.
    stored: bool,
}

/// The ordered updates of one task, the first of which may be under way.
#[derive(Debug, Default)]
pub struct Stream {
    /// The file, when the framework checkpoints.
    file: Option<String>,
    entries: VecDeque<Entry>,
    /// Every update ever taken, acknowledged ones included.
    received: BTreeSet<Uuid>,
    /// Waits for the acknowledgement of the first entry.
    retry: Option<TimerId>,
    wait: Duration,
    acknowledged: u64,
}

impl Stream {
    /// A stream that keeps its updates in `file`, if the framework checkpoints.
    #[must_use]
    pub fn new(file: Option<String>) -> Self {
        Self {
            file,
            ..Self::default()
        }
    }

    /// The file of a checkpointing stream.
    #[must_use]
    pub fn file(&self) -> Option<&str> {
        self.file.as_deref()
    }

    /// Whether this update was taken before.
    #[must_use]
    pub fn knows(&self, uuid: &[u8]) -> bool {
        self.received.contains(uuid)
    }

    /// Takes an update; it may not be forwarded before it is stored.
    pub(crate) fn push(&mut self, update: StatusUpdate, stored: bool) {
        self.received.insert(uuid_of(&update).to_vec());
        self.entries.push_back(Entry { update, stored });
    }

    /// Marks an update as stored.
    pub(crate) fn store(&mut self, uuid: &[u8]) {
        if let Some(entry) = self
            .entries
            .iter_mut()
            .find(|entry| uuid_of(&entry.update) == uuid)
        {
            entry.stored = true;
        }
    }

    /// Whether this update still waits for the disk.
    #[must_use]
    pub fn is_storing(&self, uuid: &[u8]) -> bool {
        self.entries
            .iter()
            .any(|entry| !entry.stored && uuid_of(&entry.update) == uuid)
    }

    /// The update to forward now: the first one, when it is stored and not under way.
    #[must_use]
    pub fn ready(&self) -> Option<&StatusUpdate> {
        self.entries
            .front()
            .filter(|entry| entry.stored && self.retry.is_none())
            .map(|entry| &entry.update)
    }

    /// The first update, under way or not.
    #[must_use]
    pub fn first(&self) -> Option<&StatusUpdate> {
        self.entries.front().map(|entry| &entry.update)
    }

    /// The newest update that is not acknowledged.
    #[must_use]
    pub fn last(&self) -> Option<&StatusUpdate> {
        self.entries.back().map(|entry| &entry.update)
    }

    /// The wait before the first update goes out again: 10 s, then doubled each time, at most 10 min.
    pub(crate) fn next_wait(&mut self) -> Duration {
        self.wait = if self.wait.is_zero() {
            STATUS_UPDATE_RETRY_INTERVAL_MIN
        } else {
            (self.wait * 2).min(STATUS_UPDATE_RETRY_INTERVAL_MAX)
        };
        self.wait
    }

    /// Notes that the first update is under way.
    pub(crate) fn sent(&mut self, retry: TimerId) {
        self.retry = Some(retry);
    }

    /// The wait for an acknowledgement is over (acknowledged, fired, or the master is gone).
    pub(crate) fn stop_waiting(&mut self) -> Option<TimerId> {
        self.retry.take()
    }

    /// The next update starts with the shortest wait again.
    pub(crate) fn reset_wait(&mut self) {
        self.wait = Duration::ZERO;
    }

    /// Takes the first update out if it has this uuid.
    pub(crate) fn acknowledge(&mut self, uuid: &[u8]) -> Option<StatusUpdate> {
        if self.first().is_none_or(|update| uuid_of(update) != uuid) {
            return None;
        }
        self.acknowledged += 1;
        self.reset_wait();
        self.entries.pop_front().map(|entry| entry.update)
    }

    /// Whether every update was acknowledged.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether the first update waits for its acknowledgement.
    #[must_use]
    pub const fn is_waiting(&self) -> bool {
        self.retry.is_some()
    }

    /// Acknowledged and waiting updates are all that were received.
    #[must_use]
    pub fn counts_agree(&self) -> bool {
        u64::try_from(self.entries.len()).is_ok_and(|waiting| {
            u64::try_from(self.received.len()).is_ok_and(|received| waiting + self.acknowledged == received)
        })
    }
}

/// The uuid of an update; empty when it has none, which no accepted update is.
pub(crate) fn uuid_of(update: &StatusUpdate) -> &[u8] {
    update.uuid.as_deref().unwrap_or_default()
}
