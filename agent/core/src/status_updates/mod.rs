//! Keeps status updates until the scheduler has seen them.
//!
//! Every task has a stream. A stream forwards one update at a time: the next goes out when the one before is
//! acknowledged by its uuid. For frameworks that checkpoint, an update is on disk before it is forwarded and
//! before its executor hears that it was taken. What stays unacknowledged is sent again after 10 seconds, then
//! after twice that, up to 10 minutes. While the agent has no master nothing is sent; when it registers, every
//! stream's first update goes out at once.
//!
//! Mesos: src/slave/task_status_update_manager.cpp.

mod acknowledge;
mod forward;
mod receive;
mod stream;

use std::collections::BTreeMap;

use mesos::ids::{FrameworkId, TaskId};

pub(crate) use receive::Origin;
pub(crate) use stream::uuid_of;
pub use stream::{Stream, Uuid};

/// Names a stream.
pub type Key = (FrameworkId, TaskId);

/// All streams of the agent.
#[derive(Debug, Default)]
pub struct Manager {
    pub(crate) streams: BTreeMap<Key, Stream>,
}

impl Manager {
    /// The stream of a task.
    #[must_use]
    pub fn stream(&self, key: &Key) -> Option<&Stream> {
        self.streams.get(key)
    }

    /// The streams of one framework, so that they can be dropped with it.
    pub(crate) fn keys_of(&self, framework_id: &FrameworkId) -> Vec<Key> {
        self.streams
            .range((framework_id.clone(), TaskId::new(""))..)
            .take_while(|(key, _)| key.0 == *framework_id)
            .map(|(key, _)| key.clone())
            .collect()
    }

    /// Streams with something to acknowledge.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.streams.values().filter(|stream| !stream.is_empty()).count()
    }
}
