//! The allocator's view of one agent.

use mesos::Resources;

/// What one agent has, and what of it is with somebody.
#[derive(Debug, Clone, Default)]
pub(crate) struct Agent {
    /// Everything the agent brings, without allocation.
    pub total: Resources,
    /// What is offered to or used by frameworks, without allocation.
    pub taken: Resources,
    /// False while the agent is disconnected or deactivated: nothing of it is offered.
    pub active: bool,
    /// True when the agent has GPUs, which are hidden from frameworks that did not ask for them.
    pub has_gpus: bool,
}

impl Agent {
    /// What could be offered now.
    pub fn available(&self) -> Resources {
        let mut available = self.total.clone();
        available -= &self.taken;
        available
    }
}
