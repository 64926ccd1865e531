//! A scheduler uses what it was offered.

mod launch;
mod launch_group;
mod prepare;
mod resources;

use libprocess_core::time::Time;
use mesos::Resources;
use mesos::ids::{AgentId, FrameworkId, OfferId};
use mesos::operation::Conversion;
use mesos_proto::v0::{self, TaskState, offer::operation::Type, scheduler, task_status};
use tracing::{info, warn};

use crate::effect::{Effects, status_event};
use crate::state::Master;
use crate::validate;

/// What is left of the accepted offers while their operations are carried out, one after another.
pub(crate) struct Accepted {
    pub framework_id: FrameworkId,
    pub agent_id: AgentId,
    pub role: String,
    /// What was offered.
    pub offered: Resources,
    /// What of it later operations may use.
    pub remaining: Resources,
    /// The shared resources later tasks may use: each as often as they like.
    pub remaining_shared: Resources,
    /// What tasks and executors took.
    pub launched: Resources,
    /// Volumes that became larger or smaller; not for later operations.
    pub resized: Resources,
    /// What operations did to the offered resources.
    pub conversions: Vec<Conversion>,
}

impl Master {
    /// ACCEPT: the operations are applied in order to the sum of the offers; what is left counts as declined.
    ///
    /// Trip 3/14: the scheduler answers an offer with tasks. Mesos: `Master::accept`, `Master::_accept`.
    pub(crate) fn accept(
        &mut self,
        now: Time,
        framework_id: &FrameworkId,
        accept: scheduler::call::Accept,
        effects: &mut Effects,
    ) {
        self.metrics.bump("messages_accept_offers");
        let offer_ids: Vec<OfferId> = accept.offer_ids.iter().map(OfferId::from).collect();
        let checked = validate::offer::offers(&self.offers, &offer_ids, framework_id);
        if let Err(reason) = checked {
            warn!(%framework_id, reason, "accept used invalid offers");
            for id in &offer_ids {
                self.discard_offer(now, id, None);
            }
            self.drop_operations(now, framework_id, &accept.operations, &reason, effects);
            return;
        }
        let Some(mut accepted) = self.take_accepted(framework_id, &offer_ids) else {
            return;
        };
        info!(
            trip = 3, %framework_id, agent_id = %accepted.agent_id, offers = offer_ids.len(), "offers accepted"
        );
        let operations = self.prepare(now, &accepted, accept.operations, effects);
        for operation in operations {
            self.carry_out(now, &mut accepted, operation, effects);
        }
        self.settle(
            now,
            accepted,
            accept.filters.as_deref().cloned().unwrap_or_default(),
        );
    }

    /// Tells the allocator what became of the offers: what was converted or launched, and what was not used.
    ///
    /// What operations made of the offers was not declined: it may be offered at once. Differs from Mesos, whose
    /// allocator holds for used what SHRINK_VOLUME gave back beside more of the same.
    fn settle(&mut self, now: Time, accepted: Accepted, filters: v0::Filters) {
        let (framework_id, agent_id) = (&accepted.framework_id, &accepted.agent_id);
        if !accepted.conversions.is_empty() {
            self.allocator.update_allocation(
                now,
                framework_id,
                agent_id,
                &accepted.offered,
                &accepted.conversions,
            );
        }
        let left = accepted.remaining + &accepted.resized;
        let converted = left.clone() - &accepted.offered;
        let declined = left - &converted;
        // Who launched something and refuses the rest for no time is not done yet, and may be asked again at once.
        let refuses = filters.refuse_seconds != Some(0.0) || accepted.launched.is_empty();
        let filters = refuses.then_some(&filters);
        for (resources, filters) in [(&converted, None), (&declined, filters)] {
            if !resources.is_empty() {
                self.allocator
                    .recover_resources(now, framework_id, agent_id, resources, filters, false);
            }
        }
        if !accepted.launched.is_empty() {
            self.allocator
                .transition_offered_to_allocated(now, agent_id, &accepted.launched);
        }
    }

    /// Sums up valid offers and forgets them; their resources are now the caller's to account for.
    fn take_accepted(&mut self, framework_id: &FrameworkId, offer_ids: &[OfferId]) -> Option<Accepted> {
        let mut accepted: Option<Accepted> = None;
        for id in offer_ids {
            let offer = self.take_offer(id)?;
            if let Some(framework) = self.frameworks.get_mut(framework_id) {
                framework.metrics.offers_accepted += 1;
            }
            match &mut accepted {
                Some(sum) => sum.remaining += &offer.resources,
                None => {
                    accepted = Some(Accepted {
                        framework_id: framework_id.clone(),
                        agent_id: offer.agent_id,
                        role: offer.role,
                        offered: Resources::default(),
                        remaining: offer.resources,
                        remaining_shared: Resources::default(),
                        launched: Resources::default(),
                        resized: Resources::default(),
                        conversions: Vec::new(),
                    });
                }
            }
        }
        if let Some(accepted) = &mut accepted {
            accepted.offered = accepted.remaining.clone();
            accepted.remaining_shared = accepted.remaining.shared();
        }
        accepted
    }

    fn carry_out(
        &mut self,
        now: Time,
        accepted: &mut Accepted,
        operation: v0::offer::Operation,
        effects: &mut Effects,
    ) {
        let kind = operation.r#type.unwrap_or(Type::Unknown);
        match (kind, operation.launch, operation.launch_group) {
            (Type::Launch, Some(launch), _) => {
                for task in launch.task_infos {
                    self.launch(now, accepted, task, effects);
                }
            }
            (Type::LaunchGroup, _, Some(group)) => self.launch_group(now, accepted, *group, effects),
            (Type::Launch | Type::LaunchGroup, ..) => {
                warn!(framework_id = %accepted.framework_id, "launch of nothing ignored")
            }
            (Type::Unknown, ..) => {
                warn!(framework_id = %accepted.framework_id, "unknown operation ignored")
            }
            (_, launch, launch_group) => {
                let operation = v0::offer::Operation {
                    launch,
                    launch_group,
                    ..operation
                };
                self.accept_operation(now, accepted, operation, effects);
            }
        }
    }

    /// No offer stands behind these operations: their tasks are lost, the others fail.
    fn drop_operations(
        &mut self,
        now: Time,
        framework_id: &FrameworkId,
        operations: &[v0::offer::Operation],
        reason: &str,
        effects: &mut Effects,
    ) {
        let aware = self
            .frameworks
            .get(framework_id)
            .is_some_and(|framework| framework.is_partition_aware());
        let state = if aware {
            TaskState::TaskDropped
        } else {
            TaskState::TaskLost
        };
        let message = format!("Task launched with invalid offers: {reason}");
        for operation in operations {
            if !matches!(operation.r#type, Some(Type::Launch | Type::LaunchGroup)) {
                let reason = format!("Operation attempted with invalid offers: {reason}");
                self.drop_operation(framework_id, operation, &reason, effects);
                continue;
            }
            for task in launched_by(operation) {
                let why = task_status::Reason::ReasonInvalidOffers;
                self.reject_task(now, framework_id, task, state, &message, why, effects);
            }
        }
    }

    /// Tells the scheduler that a task it wanted will never run.
    #[allow(clippy::too_many_arguments, reason = "all of it goes into the status")]
    pub(crate) fn reject_task(
        &mut self,
        now: Time,
        framework_id: &FrameworkId,
        task: &v0::TaskInfo,
        state: TaskState,
        message: &str,
        reason: task_status::Reason,
        effects: &mut Effects,
    ) {
        self.metrics
            .task_state(state, task_status::Source::SourceMaster, Some(reason));
        let status = master_status(
            now,
            task.task_id.clone(),
            Some(task.slave_id.clone()),
            state,
            message,
            reason,
        );
        info!(%framework_id, task_id = task.task_id.value, state = state.as_str_name(), message, "task rejected");
        let event = status_event(status);
        self.send_event(framework_id, *event, effects);
    }
}

/// The tasks an operation is to launch.
fn launched_by(operation: &v0::offer::Operation) -> &[v0::TaskInfo] {
    match operation.r#type {
        Some(Type::Launch) => operation
            .launch
            .as_deref()
            .map_or(&[], |launch| &launch.task_infos),
        Some(Type::LaunchGroup) => operation
            .launch_group
            .as_deref()
            .map_or(&[], |group| &group.task_group.tasks),
        _ => &[],
    }
}

/// A status whose source is the master; it has no uuid, so nobody acknowledges it.
///
/// Mesos: `src/common/protobuf_utils.cpp`, `createStatusUpdate`.
pub(crate) fn master_status(
    now: Time,
    task_id: v0::TaskID,
    agent_id: Option<v0::SlaveID>,
    state: TaskState,
    message: &str,
    reason: task_status::Reason,
) -> v0::TaskStatus {
    v0::TaskStatus {
        task_id,
        state,
        message: Some(message.to_owned()),
        source: Some(task_status::Source::SourceMaster),
        reason: Some(reason),
        slave_id: agent_id.map(Box::new),
        timestamp: Some(now.secs_f64()),
        ..Default::default()
    }
}
