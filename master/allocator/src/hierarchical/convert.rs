//! Operations turn resources into others: reservations, volumes.

use libprocess_core::time::Time;
use mesos::Resources;
use mesos::ids::{AgentId, FrameworkId};
use mesos::operation::Conversion;
use tracing::info;

use crate::UpdateAvailableError;

use super::Hierarchical;
use super::parts::Parts;

impl Hierarchical {
    /// Mesos: `updateAllocation`.
    pub(super) fn convert_held(
        &mut self,
        framework_id: &FrameworkId,
        agent_id: &AgentId,
        offered: &Resources,
        conversions: &[Conversion],
    ) {
        let (Some(agent), Some(framework)) =
            (self.agent_number(agent_id), self.framework_number(framework_id))
        else {
            return;
        };
        let Ok(after) = offered.apply_conversions(conversions) else {
            return;
        };
        let mut total = self.agent(agent).total.clone();
        let (mut gone, mut come) = (Resources::new(), Resources::new());
        for conversion in conversions {
            // More copies of what is shared are no more resources.
            if conversion.consumed().is_empty() {
                continue;
            }
            let consumed = conversion.consumed().clone().unallocated();
            let converted = conversion.converted().clone().unallocated();
            total -= &consumed;
            total += &converted;
            gone += &consumed;
            come += &converted;
        }
        let (old, new) = (
            Parts::of(offered, &mut self.names),
            Parts::of(&after, &mut self.names),
        );
        let role = offered.iter().next().and_then(|one| one.allocation_role());
        let pair = role.and_then(|role| self.pair_of(framework, role));
        self.with_agent(agent, |agent, names| {
            agent.convert(framework, offered, &after, total, names);
        });
        if !self.agent(agent).held.has(framework) {
            self.framework_mut(framework).agents.unset(agent);
        }
        self.change_total(&gone, &come);
        if let Some(pair) = pair {
            self.rebook(agent, pair, &old, &new);
        }
        info!(%framework_id, %agent_id, %offered, converted = %after, "allocation updated");
    }

    /// Mesos: `updateAvailable`.
    pub(super) fn convert_available(
        &mut self,
        now: Time,
        agent_id: &AgentId,
        conversions: &[Conversion],
    ) -> Result<(), UpdateAvailableError> {
        let Some(number) = self.agent_number(agent_id) else {
            return Err(UpdateAvailableError::UnknownAgent(agent_id.clone()));
        };
        let agent = self.agent(number);
        let bare: Vec<Conversion> = conversions.iter().map(without_allocation).collect();
        let failed = |error: mesos::Error| UpdateAvailableError::NotAvailable(error);
        agent.available.apply_conversions(&bare).map_err(failed)?;
        let total = agent.total.apply_conversions(&bare).map_err(failed)?;
        self.set_agent_total(number, total);
        self.want_soon(now, number);
        Ok(())
    }
}

/// Operators' operations may carry an allocation, which what is free has not.
fn without_allocation(conversion: &Conversion) -> Conversion {
    let allocated = |resources: &Resources| resources.iter().any(|one| one.allocation_role().is_some());
    if !allocated(conversion.consumed()) && !allocated(conversion.converted()) {
        return conversion.clone();
    }
    let bare = |resources: &Resources| resources.clone().unallocated();
    Conversion::new(bare(conversion.consumed()), bare(conversion.converted()))
}
