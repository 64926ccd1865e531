//! Offers are held back after a failover until it is known who is owed what.

use std::collections::BTreeMap;

use libprocess_core::time::Time;
use tracing::info;

use crate::Quota;

use super::Hierarchical;

/// Waiting for agents to return.
#[derive(Debug, Clone)]
pub(super) struct Recovery {
    /// How many agents are enough.
    expected: usize,
    /// After which time nobody is waited for.
    pub deadline: Time,
}

impl Hierarchical {
    /// Mesos: `HierarchicalAllocatorProcess::recover`. Without quota there is nothing to hold back for.
    pub(super) fn start_recovery(
        &mut self,
        now: Time,
        expected_agents: usize,
        quotas: BTreeMap<String, Quota>,
    ) {
        self.trigger.regular = Some(now + self.options.allocation_interval);
        if quotas.is_empty() {
            return;
        }
        for (role, quota) in quotas {
            self.set_quota(&role, quota);
        }
        #[allow(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of at most millions of agents"
        )]
        let expected = (expected_agents as f64 * self.options.agent_recovery_factor).max(0.0) as usize;
        if expected > 0 {
            info!(expected, "allocator waits for agents to return");
            self.trigger.paused = true;
            self.recovery = Some(Recovery {
                expected,
                deadline: now + self.options.recovery_timeout,
            });
        }
    }

    /// An agent was added, which may be enough.
    pub(super) fn recovery_agent_added(&mut self) {
        let known = self.agent_numbers.len();
        if self
            .recovery
            .as_ref()
            .is_some_and(|recovery| known >= recovery.expected)
        {
            info!(known, "enough agents returned");
            self.end_recovery();
        }
    }

    /// Time passed, which may be enough.
    pub(super) fn recovery_timeout(&mut self, now: Time) {
        if self
            .recovery
            .as_ref()
            .is_some_and(|recovery| recovery.deadline <= now)
        {
            info!("agents are not waited for any longer");
            self.end_recovery();
        }
    }

    fn end_recovery(&mut self) {
        self.recovery = None;
        self.trigger.paused = false;
    }
}
