//! The master is told what became of an operation.

use std::time::Duration;

use libprocess_core::{time::Time, timers::TimerId};
use mesos_proto::v0::internal::{
    UpdateOperationStatusMessage, UpdateOperationStatusRecord, update_operation_status_record,
};
use tracing::{info, warn};

use crate::{
    checkpoint,
    constants::{STATUS_UPDATE_RETRY_INTERVAL_MAX, STATUS_UPDATE_RETRY_INTERVAL_MIN},
    core::{AgentCore, AgentState, Effects, Pending},
    effect::{Effect, Outgoing},
    paths,
    random::uuid_text,
    timers::Timer,
};

/// The one update of an operation, on its way.
#[derive(Debug)]
pub struct Feedback {
    pub(super) update: UpdateOperationStatusMessage,
    /// On disk: before that nobody may hear of it.
    pub(super) stored: bool,
    /// Waits for the acknowledgement.
    pub(super) retry: Option<TimerId>,
    pub(super) wait: Duration,
}

impl Feedback {
    pub(super) const fn new(update: UpdateOperationStatusMessage, stored: bool) -> Self {
        Self {
            update,
            stored,
            retry: None,
            wait: Duration::ZERO,
        }
    }

    /// The wait before it goes out again: 10 s, then doubled each time, at most 10 min.
    fn next_wait(&mut self) -> Duration {
        self.wait = if self.wait.is_zero() {
            STATUS_UPDATE_RETRY_INTERVAL_MIN
        } else {
            (self.wait * 2).min(STATUS_UPDATE_RETRY_INTERVAL_MAX)
        };
        self.wait
    }
}

impl AgentCore {
    /// The end of an operation is known: it is written down, then the master is told.
    ///
    /// Mesos: src/status_update_manager/status_update_manager_process.hpp, `update`.
    pub(super) fn store_feedback(
        &mut self,
        uuid: &[u8],
        update: UpdateOperationStatusMessage,
        out: &mut Effects,
    ) {
        let record = UpdateOperationStatusRecord {
            r#type: update_operation_status_record::Type::Update,
            update: Some(Box::new(update.clone())),
            ..UpdateOperationStatusRecord::default()
        };
        self.operations
            .feedback
            .insert(uuid.to_vec(), Feedback::new(update, false));
        let path = paths::operation_updates(&self.config.work_dir, self.id(), &uuid_text(uuid));
        let ticket = self.ticket(Pending::StoreOperation(uuid.to_vec()));
        out.push(Effect::Append {
            ticket: Some(ticket),
            path,
            bytes: checkpoint::record(&record),
        });
    }

    /// What the master is to be told is on disk.
    pub(crate) fn operation_stored(&mut self, now: Time, uuid: &[u8], out: &mut Effects) {
        if let Some(feedback) = self.operations.feedback.get_mut(uuid) {
            feedback.stored = true;
            self.forward_operation(now, uuid, out);
        }
    }

    /// Tells the master, and waits for the acknowledgement. Does nothing while there is no master.
    ///
    /// Mesos: src/slave/slave.cpp, `Slave::sendOperationStatusUpdate`.
    pub(super) fn forward_operation(&mut self, now: Time, uuid: &[u8], out: &mut Effects) {
        let (AgentState::Running, Some(master)) = (self.state, self.master.clone()) else {
            return;
        };
        let Some(feedback) = self.operations.feedback.get_mut(uuid) else {
            return;
        };
        if !feedback.stored || feedback.retry.is_some() {
            return;
        }
        let wait = feedback.next_wait();
        feedback.retry = Some(
            self.timers
                .insert(now + wait, Timer::OperationRetry(uuid.to_vec())),
        );
        let mut update = feedback.update.clone();
        update.latest_status = Some(Box::new(update.status.clone()));
        info!(
            operation_id = uuid_text(uuid),
            state = update.status.state.as_str_name(),
            "forwarding operation status"
        );
        out.push(Effect::Send {
            to: master,
            message: Outgoing::new(&update),
        });
    }

    /// Nobody acknowledged in time: it is said again.
    pub(crate) fn retry_operation(&mut self, now: Time, uuid: &[u8], out: &mut Effects) {
        if let Some(feedback) = self.operations.feedback.get_mut(uuid) {
            feedback.retry = None;
            warn!(
                operation_id = uuid_text(uuid),
                "resending an operation status that was not acknowledged"
            );
            self.forward_operation(now, uuid, out);
        }
    }

    /// There is no master any more.
    pub(crate) fn pause_operations(&mut self) {
        for feedback in self.operations.feedback.values_mut() {
            if let Some(timer) = feedback.retry.take() {
                self.timers.cancel(timer);
            }
            feedback.wait = Duration::ZERO;
        }
    }

    /// The agent is registered: everything that is not acknowledged is said now.
    pub(crate) fn resume_operations(&mut self, now: Time, out: &mut Effects) {
        self.pause_operations();
        let uuids: Vec<Vec<u8>> = self.operations.feedback.keys().cloned().collect();
        for uuid in uuids {
            self.forward_operation(now, &uuid, out);
        }
    }
}
