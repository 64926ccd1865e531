//! What operators ask of the master.

mod maintenance;
mod quota;
mod resources;
mod weights;

pub(crate) use quota::quota_of;

use libprocess_core::time::Time;
use mesos::ids::AgentId;
use mesos_proto::v0::{self, maintenance::Schedule, quota::QuotaConfig, quota::QuotaRequest};

use crate::effect::{Answer, Effect, Effects, Ticket};
use crate::registry::Operation;
use crate::state::{Master, Pending};

/// A call of an operator that changes something, in whichever of the two APIs it came.
#[derive(Debug, Clone, PartialEq)]
pub enum OperatorCall {
    /// Do this to what is free of an agent: `/reserve`, CREATE_VOLUMES and their like.
    Operate(AgentId, Box<v0::offer::Operation>),
    /// `POST /quota`, SET_QUOTA: a guarantee that is the limit too.
    SetQuota(QuotaRequest),
    /// UPDATE_QUOTA; the flag says that capacity and use are not to be looked at.
    UpdateQuota(Vec<QuotaConfig>, bool),
    /// `DELETE /quota/<role>`, REMOVE_QUOTA. The path is named in refusals.
    RemoveQuota {
        /// Whose quota.
        role: String,
        /// The path of the request, when there was one.
        path: Option<String>,
    },
    /// `PUT /weights`, UPDATE_WEIGHTS.
    UpdateWeights(Vec<v0::WeightInfo>),
    /// `POST /maintenance/schedule`, UPDATE_MAINTENANCE_SCHEDULE.
    UpdateSchedule(Schedule),
    /// `/machine/down`, START_MAINTENANCE.
    StartMaintenance(Vec<v0::MachineID>),
    /// `/machine/up`, STOP_MAINTENANCE.
    StopMaintenance(Vec<v0::MachineID>),
}

/// What is done when the registry holds an operator's change; then the operator is answered.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Changed {
    Quota(Vec<QuotaConfig>),
    /// The old form, which takes back offers in its own way.
    OldQuota(QuotaConfig),
    Weights(Vec<v0::WeightInfo>),
    Schedule(Schedule),
    Down(Vec<v0::MachineID>),
    Up(Vec<v0::MachineID>),
}

impl Master {
    /// An operator calls; the ticket is answered at once with a refusal, or when the change is durable.
    pub(crate) fn operate(&mut self, now: Time, ticket: Ticket, call: OperatorCall, effects: &mut Effects) {
        let stored = match call {
            OperatorCall::Operate(agent_id, operation) => {
                let answer = self.operate_on_agent(now, &agent_id, *operation, effects);
                effects.push(Effect::Respond(ticket, answer.unwrap_or_else(|refusal| refusal)));
                return;
            }
            OperatorCall::SetQuota(request) => self.set_quota(&request),
            OperatorCall::UpdateQuota(configs, force) => self.update_quota(configs, force),
            OperatorCall::RemoveQuota { role, path } => self.remove_quota(&role, path.as_deref()),
            OperatorCall::UpdateWeights(weights) => self.update_weights(weights),
            OperatorCall::UpdateSchedule(schedule) => self.update_schedule(schedule),
            OperatorCall::StartMaintenance(machines) => self.start_maintenance(machines),
            OperatorCall::StopMaintenance(machines) => self.stop_maintenance(machines),
        };
        match stored {
            Ok((operation, changed)) => {
                let store = Ticket(self.ids.ticket());
                self.pending
                    .insert(store, Pending::Operator(ticket, Box::new(changed)));
                effects.push(Effect::Store(store, operation));
            }
            Err(refusal) => effects.push(Effect::Respond(ticket, refusal)),
        }
    }

    /// The registry holds an operator's change: it takes effect.
    pub(crate) fn operator_change_stored(
        &mut self,
        now: Time,
        ticket: Ticket,
        changed: Changed,
        effects: &mut Effects,
    ) {
        match changed {
            Changed::Quota(configs) => self.quota_stored(now, &configs, effects),
            Changed::OldQuota(config) => self.old_quota_stored(now, &config, effects),
            Changed::Weights(weights) => self.weights_stored(now, &weights, effects),
            Changed::Schedule(schedule) => self.schedule_stored(now, schedule, effects),
            Changed::Down(machines) => self.machines_down(now, &machines, effects),
            Changed::Up(machines) => self.machines_up(now, &machines, effects),
        }
        effects.push(Effect::Respond(ticket, Answer::Ok));
    }

    /// True when frameworks may be in this role, and operators may speak of it: `--roles`.
    pub(crate) fn is_known_role(&self, role: &str) -> bool {
        self.options
            .roles
            .as_ref()
            .is_none_or(|roles| roles.contains(role))
            || role == "*"
    }
}

/// What is to be written, and what follows; or why not.
type Stored = Result<(Operation, Changed), Answer>;

fn refuse<T>(reason: impl Into<String>) -> Result<T, Answer> {
    Err(Answer::BadRequest(reason.into()))
}
