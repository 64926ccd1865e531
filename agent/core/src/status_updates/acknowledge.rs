//! A scheduler has seen an update.

use bytes::Bytes;
use libprocess_core::time::Time;
use mesos::ids::{FrameworkId, TaskId};
use mesos_proto::v0::{
    executor::{Event, event},
    internal::{StatusUpdateAcknowledgementMessage, StatusUpdateRecord, status_update_record},
};
use tracing::{debug, warn};

use super::{Key, Origin};
use crate::{
    checkpoint,
    core::{AgentCore, Effects},
    effect::Effect,
    random::uuid_text,
    resources::is_terminal,
};

impl AgentCore {
    /// The master passes on the scheduler's acknowledgement: the next update of the task goes out, and a task
    /// whose terminal update was seen is complete.
    ///
    /// Mesos: src/slave/slave.cpp, `Slave::statusUpdateAcknowledgement`.
    pub(crate) fn status_update_acknowledged(
        &mut self,
        now: Time,
        message: &StatusUpdateAcknowledgementMessage,
        out: &mut Effects,
    ) {
        let key: Key = (
            FrameworkId::from(&message.framework_id),
            TaskId::from(&message.task_id),
        );
        let uuid = message.uuid.as_ref();
        let Some(stream) = self.updates.streams.get_mut(&key) else {
            warn!(framework_id = %key.0, task_id = %key.1, "ignoring an acknowledgement for a task without updates");
            return;
        };
        let Some(update) = stream.acknowledge(uuid) else {
            warn!(framework_id = %key.0, task_id = %key.1, uuid = uuid_text(uuid), "ignoring an unexpected acknowledgement");
            return;
        };
        if let Some(timer) = stream.stop_waiting() {
            self.timers.cancel(timer);
        }
        if let Some(path) = stream.file() {
            let record = StatusUpdateRecord {
                r#type: status_update_record::Type::Ack,
                uuid: Some(message.uuid.clone()),
                ..StatusUpdateRecord::default()
            };
            // Nobody waits: should the host die first, the update is sent again and acknowledged again.
            out.push(Effect::Append {
                ticket: None,
                path: path.to_owned(),
                bytes: checkpoint::record(&record),
            });
        }
        if !is_terminal(update.status.state) {
            self.forward_update(now, &key, out);
            return;
        }
        let left = stream.last().is_some();
        if left {
            warn!(framework_id = %key.0, task_id = %key.1, "a terminal update was acknowledged while others were pending");
        }
        self.updates.streams.remove(&key);
        self.task_completed(&key, out);
    }

    /// Tells an executor that its update is in safe hands.
    pub(crate) fn acknowledge_to_executor(
        &mut self,
        key: &Key,
        uuid: &[u8],
        origin: &Origin,
        out: &mut Effects,
    ) {
        let Origin::Executor(executor_id) = origin else {
            return;
        };
        let executor = self
            .frameworks
            .get(&key.0)
            .and_then(|framework| framework.executors.get(executor_id));
        let Some(connection) = executor.and_then(|executor| executor.connection) else {
            debug!(framework_id = %key.0, task_id = %key.1, "no connected executor to acknowledge a status update to");
            return;
        };
        out.push(Effect::Event {
            connection,
            event: Box::new(Event {
                r#type: Some(event::Type::Acknowledged),
                acknowledged: Some(Box::new(event::Acknowledged {
                    task_id: key.1.to_proto(),
                    uuid: Bytes::copy_from_slice(uuid),
                    ..event::Acknowledged::default()
                })),
                ..Event::default()
            }),
        });
    }
}
