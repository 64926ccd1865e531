//! An operator reserves, unreserves, creates, destroys, grows or shrinks.

use libprocess_core::time::Time;
use mesos::Resources;
use mesos::operation::{conversions, validate_and_upgrade};
use mesos_proto::v0::{self, offer::operation::Type};

use super::refuse;
use crate::effect::{Answer, Effects};
use crate::state::{Agent, Master};
use crate::validate;

impl Master {
    /// Judges the operation, takes back offers until enough is free for it, and applies it.
    ///
    /// Mesos: `src/master/http.cpp`, `_reserve` and its sisters, `_operation`.
    pub(super) fn operate_on_agent(
        &mut self,
        now: Time,
        agent_id: &mesos::ids::AgentId,
        mut operation: v0::offer::Operation,
        effects: &mut Effects,
    ) -> Result<Answer, Answer> {
        let Some(agent) = self.agents.get(agent_id) else {
            return refuse("No agent found with specified ID");
        };
        validate_and_upgrade(&mut operation).or_else(|error| refuse(error.to_string()))?;
        judge(&operation, agent)?;
        let kind = operation.r#type.unwrap_or_default();
        let steps = conversions(&operation)
            .or_else(|error| refuse(format!("Invalid {} operation: {error}", kind.as_str_name())))?;
        let mut required = Resources::default();
        for step in &steps {
            required += step.consumed();
        }
        self.free(now, agent_id, required, &operation, effects);
        match self.allocator.update_available(now, agent_id, &steps) {
            Ok(()) => {
                self.apply_operation(agent_id, None, operation, effects);
                Ok(Answer::Accepted)
            }
            Err(error) => Err(Answer::Conflict(error.to_string())),
        }
    }

    /// Takes back offers of an agent, one by one, until the operation could be applied to what came back.
    ///
    /// What seems to be free may be offered in the same moment, so it is not counted on. Whose offers are taken back
    /// does not get the same again at once.
    fn free(
        &mut self,
        now: Time,
        agent_id: &mesos::ids::AgentId,
        mut required: Resources,
        operation: &v0::offer::Operation,
        effects: &mut Effects,
    ) {
        let offers = self.agents.get(agent_id).map(|agent| agent.offers.clone());
        let mut recovered = Resources::default();
        for offer_id in offers.unwrap_or_default() {
            let Some(offer) = self.offers.get(&offer_id) else {
                continue;
            };
            let offered = offer.resources.clone().unallocated();
            let left = required.clone() - &offered;
            if left == required {
                continue;
            }
            required = left;
            recovered += &offered;
            let filters = v0::Filters::default();
            self.rescind_offer_with(now, &offer_id, Some(&filters), effects);
            if recovered.apply(operation).is_ok() {
                break;
            }
        }
    }
}

/// Whether this may be done to the agent's resources, whatever is free of them.
fn judge(operation: &v0::offer::Operation, agent: &Agent) -> Result<(), Answer> {
    validate::operation::judge(operation, agent, None).or_else(|error| {
        let kind = operation.r#type.unwrap_or_default();
        let place = match kind {
            Type::Unreserve | Type::Destroy => String::new(),
            _ => format!(" on agent {}", agent.described()),
        };
        refuse(format!(
            "Invalid {} operation{place}: {error}",
            kind.as_str_name()
        ))
    })
}
