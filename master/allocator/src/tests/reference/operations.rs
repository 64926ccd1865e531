//! What operations, agents and resource providers make of resources.

use mesos::Resources;
use mesos::ids::{AgentId, FrameworkId};
use mesos::operation::Conversion;

use super::Reference;

impl Reference {
    /// Conversions of what a framework holds, and the agent's total after them.
    pub fn convert_held(
        &mut self,
        framework: &FrameworkId,
        agent: &AgentId,
        conversions: &[Conversion],
        total: &Resources,
    ) {
        let agent = self.agents.get_mut(agent).unwrap();
        agent.total = total.clone();
        let held = agent.held.get_mut(framework).unwrap();
        for conversion in conversions {
            *held -= conversion.consumed();
            *held += conversion.converted();
        }
        agent.held.retain(|_, held| !held.is_empty());
    }

    /// Conversions of what is free; the agent's total after them, or why it cannot be.
    pub fn convert_free(&mut self, id: &AgentId, conversions: &[Conversion]) -> Result<Resources, String> {
        self.available(id)
            .apply_conversions(conversions)
            .map_err(|error| error.to_string())?;
        let agent = self.agents.get_mut(id).unwrap();
        for conversion in conversions {
            agent.total -= conversion.consumed();
            agent.total += conversion.converted();
        }
        Ok(agent.total.clone())
    }

    /// A resource provider comes with what is used of it.
    pub fn add_provider(
        &mut self,
        agent: &AgentId,
        total: &Resources,
        used: Option<(&FrameworkId, &Resources)>,
    ) {
        self.agents.get_mut(agent).unwrap().total += total;
        if let Some((framework, used)) = used {
            self.hold(agent, framework, used);
        }
    }
}
