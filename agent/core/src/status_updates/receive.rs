//! An update enters its stream.

use libprocess_core::time::Time;
use mesos::ids::{ExecutorId, FrameworkId, TaskId};
use mesos_proto::v0::internal::{StatusUpdate, StatusUpdateRecord, status_update_record};
use tracing::debug;

use super::{Key, Stream, stream::uuid_of};
use crate::{
    checkpoint,
    core::{AgentCore, Effects, Pending},
    effect::Effect,
};

/// Who made an update, and so who wants to hear that it was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The agent itself: nobody waits.
    Agent,
    /// This executor waits for its acknowledgement.
    Executor(ExecutorId),
}

impl AgentCore {
    /// An update was judged good: it is written down if the framework checkpoints, then forwarded in its turn.
    pub(crate) fn receive_update(
        &mut self,
        now: Time,
        update: StatusUpdate,
        origin: Origin,
        file: Option<String>,
        out: &mut Effects,
    ) {
        let key: Key = (
            FrameworkId::from(&update.framework_id),
            TaskId::from(&update.status.task_id),
        );
        let uuid = uuid_of(&update).to_vec();
        let stream = self
            .updates
            .streams
            .entry(key.clone())
            .or_insert_with(|| Stream::new(file));
        if stream.knows(&uuid) {
            debug!(framework_id = %key.0, task_id = %key.1, "ignoring a duplicate status update");
            if !stream.is_storing(&uuid) {
                self.acknowledge_to_executor(&key, &uuid, &origin, out);
            }
            return;
        }
        let Some(path) = stream.file().map(str::to_owned) else {
            stream.push(update, true);
            self.update_stored(now, &key, &uuid, &origin, out);
            return;
        };
        let record = StatusUpdateRecord {
            r#type: status_update_record::Type::Update,
            update: Some(Box::new(update.clone())),
            ..StatusUpdateRecord::default()
        };
        stream.push(update, false);
        let ticket = self.ticket(Pending::StoreUpdate { key, uuid, origin });
        out.push(Effect::Append {
            ticket: Some(ticket),
            path,
            bytes: checkpoint::record(&record),
        });
    }

    /// The update is where it has to be: its executor may forget it, the master may hear of it.
    pub(crate) fn update_stored(
        &mut self,
        now: Time,
        key: &Key,
        uuid: &[u8],
        origin: &Origin,
        out: &mut Effects,
    ) {
        if let Some(stream) = self.updates.streams.get_mut(key) {
            stream.store(uuid);
        }
        self.acknowledge_to_executor(key, uuid, origin, out);
        self.forward_update(now, key, out);
    }
}
