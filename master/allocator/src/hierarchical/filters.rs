//! What was refused, where, and until when.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use libprocess_core::time::Time;
use mesos::Resources;
use mesos_proto::v0;
use tracing::warn;

use super::Hierarchical;
use super::agent::Filter;

/// What a refusal lasts when the scheduler does not say. Mesos: `Filters.refuse_seconds`.
pub(super) const REFUSE_DEFAULT: Duration = Duration::from_secs(5);

/// The longest a refusal lasts. Mesos: `recoverResources`, 365 days.
const REFUSE_MAX: Duration = Duration::from_secs(365 * 24 * 3600);

/// How long a refusal lasts: what the scheduler says; 5 s when it says nothing or nonsense, a year when it says more.
///
/// Mesos: `HierarchicalAllocatorProcess::recoverResources`.
pub(super) fn refused_for(filters: &v0::Filters) -> Duration {
    match filters.refuse_seconds {
        None => REFUSE_DEFAULT,
        Some(seconds) if seconds.is_nan() || seconds < 0.0 => {
            warn!(
                seconds,
                "refuse_seconds is negative or no number; the default is taken"
            );
            REFUSE_DEFAULT
        }
        Some(seconds) => Duration::try_from_secs_f64(seconds).map_or(REFUSE_MAX, |time| time.min(REFUSE_MAX)),
    }
}

impl Hierarchical {
    /// A pair does not want these resources of an agent for so long; `None` is all that is available.
    ///
    /// A refusal lasts for an allocation interval at least, so that the next regular run honours it. Mesos: MESOS-4302.
    pub(super) fn add_filter(
        &mut self,
        now: Time,
        agent: u32,
        pair: u32,
        refused: Option<Resources>,
        time: Duration,
    ) {
        let until = now + time.max(self.options.allocation_interval);
        let generation = self.pair(pair).generation;
        let entry = self.agent_mut(agent);
        let place = entry.filters.partition_point(|filter| filter.pair <= pair);
        // All who refuse an agent mostly refuse the same.
        let near = place.checked_sub(1).or((!entry.filters.is_empty()).then_some(0));
        let near = near.map(|near| &entry.filters[near].refused);
        let refused = match near {
            Some(same) if **same == *refused.as_ref().unwrap_or(&entry.available) => same.clone(),
            _ => Arc::new(refused.unwrap_or_else(|| entry.available.clone())),
        };
        entry.filters.insert(
            place,
            Filter {
                pair,
                generation,
                until,
                refused,
            },
        );
        let before = entry.next_expiry;
        if before.is_none_or(|before| until < before) {
            entry.next_expiry = Some(until);
            if let Some(before) = before {
                self.expiries.remove(&(before, agent));
            }
            self.expiries.insert((until, agent));
        }
        self.pair_mut(pair).filters += 1;
    }

    /// Drops filters that have run out.
    pub(super) fn expire_filters(&mut self, now: Time) {
        while let Some((until, agent)) = self.expiries.first().copied()
            && until <= now
        {
            self.expiries.pop_first();
            let entry = self.agents[agent as usize]
                .as_mut()
                .expect("only agents have filters");
            let mut next = None;
            let pairs = &mut self.pairs;
            let mut woken = false;
            let blocked = &mut entry.blocked;
            entry.filters.retain(|filter| {
                let pair = &mut pairs[filter.pair as usize];
                let current = pair.generation == filter.generation;
                if current && filter.until > now {
                    next = Some(next.map_or(filter.until, |next: Time| next.min(filter.until)));
                    return true;
                }
                if current {
                    pair.filters -= 1;
                    blocked.unset(filter.pair);
                    woken = true;
                }
                false
            });
            entry.next_expiry = next;
            if let Some(next) = next {
                self.expiries.insert((next, agent));
            }
            if woken {
                self.wake_agent(agent);
            }
        }
    }

    /// Forgets what pairs refused, on all agents.
    pub(super) fn forget_filters(&mut self, pairs: &[u32]) {
        for number in pairs {
            let pair = self.pair_mut(*number);
            if pair.filters > 0 {
                pair.filters = 0;
                pair.generation = pair.generation.wrapping_add(1);
            }
        }
        self.clear_marks(pairs);
    }

    /// Pairs are to be thought of anew on all agents.
    ///
    /// Costs a bit for each agent; there is no other way to know which agents have marked a pair.
    pub(super) fn clear_marks(&mut self, pairs: &[u32]) {
        let marked: Vec<u32> = pairs
            .iter()
            .copied()
            .filter(|number| std::mem::take(&mut self.pair_mut(*number).marked))
            .collect();
        if marked.is_empty() {
            return;
        }
        for agent in self.agents.iter_mut().flatten() {
            for number in &marked {
                agent.blocked.unset(*number);
                agent.resting.unset(*number);
            }
        }
    }

    /// Forgets all filters of an agent, and those against being asked to leave it. Mesos: `removeFilters`.
    pub(super) fn forget_filters_of_agent(&mut self, number: u32) {
        let agent = self.agents[number as usize]
            .as_mut()
            .expect("numbers of agents are those of agents");
        for filter in std::mem::take(&mut agent.filters) {
            let pair = &mut self.pairs[filter.pair as usize];
            if pair.generation == filter.generation {
                pair.filters -= 1;
            }
        }
        agent.blocked.clear();
        if let Some(next) = agent.next_expiry.take() {
            self.expiries.remove(&(next, number));
        }
        for framework in &mut self.frameworks {
            framework.inverse_filters.remove(&number);
        }
    }

    /// Pairs are gone: nothing may remember their numbers.
    pub(super) fn drop_filters_of_pairs(&mut self, numbers: &[u32]) {
        let gone: BTreeSet<u32> = numbers.iter().copied().collect();
        for agent in self.agents.iter_mut().flatten() {
            if agent.filters.is_empty() {
                continue;
            }
            if let [number] = *numbers {
                let from = agent.filters.partition_point(|filter| filter.pair < number);
                let to = agent.filters.partition_point(|filter| filter.pair <= number);
                agent.filters.drain(from..to);
            } else {
                agent.filters.retain(|filter| !gone.contains(&filter.pair));
            }
        }
    }
}
