//! When to decide, and about which agents.

use std::time::Duration;

use libprocess_core::time::Time;

use super::Hierarchical;

/// How soon after something became free a run is made: long enough to gather a burst of finished tasks into one run,
/// short enough not to be felt.
pub(super) const SOON: Duration = Duration::from_millis(2);

/// Runs of fewer steps than this are not worth a rest.
const STEPS_FREE: u64 = 10_000;

/// What a step is reckoned at, twice over: after a long run, the next one that is not regular waits for as long as the
/// run may have taken.
const REST_PER_STEP: Duration = Duration::from_nanos(100);

/// What is to be decided, and when.
#[derive(Debug, Clone, Default)]
pub(super) struct Trigger {
    /// All agents are to be looked at.
    pub all: bool,
    /// These agents are to be looked at; some may be named twice.
    pub some: Vec<u32>,
    /// When something that happened wants a run.
    pub wanted: Option<Time>,
    /// When the next regular run is due.
    pub regular: Option<Time>,
    /// No run that is not regular before this.
    rest_until: Option<Time>,
    /// Not now.
    pub paused: bool,
}

/// Which agents a run looks at.
#[derive(Debug, Clone, Copy)]
pub(super) enum Candidates {
    All,
    One(u32),
}

impl Hierarchical {
    /// Something happened that may lead to offers. Mesos: `generateOffers`: nothing is remembered while paused.
    pub(super) fn want(&mut self, at: Time, candidates: Candidates) {
        if self.trigger.paused {
            return;
        }
        match candidates {
            Candidates::All => self.trigger.all = true,
            Candidates::One(agent) => {
                self.trigger.some.push(agent);
            }
        }
        let at = self.trigger.rest_until.map_or(at, |rest| at.max(rest));
        self.trigger.wanted = Some(self.trigger.wanted.map_or(at, |wanted| wanted.min(at)));
    }

    /// Something of an agent became free, which Mesos leaves to the next regular run.
    pub(super) fn want_soon(&mut self, now: Time, agent: u32) {
        if self.options.event_driven {
            self.want(now + SOON, Candidates::One(agent));
        }
    }

    /// When the next run is due.
    pub(super) fn due(&self) -> Option<Time> {
        let recovered = self.recovery.as_ref().map(|recovery| recovery.deadline);
        [self.trigger.wanted, self.trigger.regular, recovered]
            .into_iter()
            .flatten()
            .min()
    }

    /// A run took so many steps: it needs not be followed by another one at once.
    ///
    /// A burst of a thousand REVIVEs in a large cluster so makes few runs, not a thousand.
    pub(super) fn rest(&mut self, now: Time, steps: u64) {
        let steps = u32::try_from(steps).unwrap_or(u32::MAX);
        let rest = (REST_PER_STEP * steps).min(self.options.allocation_interval);
        self.trigger.rest_until = (u64::from(steps) > STEPS_FREE).then(|| now + rest);
    }

    /// An agent is to be looked at in the next run that comes to it.
    pub(super) fn wake_agent(&mut self, agent: u32) {
        let entry = self.agent_mut(agent);
        if !entry.pending {
            entry.pending = true;
            self.pending.push(agent);
        }
    }

    /// All agents are to be looked at.
    pub(super) fn wake_all(&mut self) {
        for (number, agent) in self.agents.iter_mut().enumerate() {
            if let Some(agent) = agent
                && !agent.pending
                && !agent.available.is_empty()
            {
                agent.pending = true;
                self.pending
                    .push(u32::try_from(number).expect("numbers of agents are 32 bits long"));
            }
        }
    }
}

#[cfg(test)]
impl Hierarchical {
    /// The agents that a run at this time looks at; all when `None`.
    pub(crate) fn candidates(&self, now: Time) -> Option<std::collections::BTreeSet<mesos::ids::AgentId>> {
        let regular = self.trigger.regular.is_some_and(|due| due <= now);
        (!self.trigger.all && !regular).then(|| {
            let some = self.trigger.some.iter();
            some.map(|number| self.agent(*number).id.clone()).collect()
        })
    }
}
