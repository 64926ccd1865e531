//! Agents that will be away, and who is asked to leave them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use libprocess_core::time::Time;
use mesos::ids::{AgentId, FrameworkId};
use mesos_proto::v0::allocator::inverse_offer_status::Status;

use super::Reference;

/// What is known of the absence of agents.
#[derive(Default)]
pub(super) struct Absence {
    away: BTreeMap<AgentId, Away>,
    /// Who does not want to be asked to leave which agent, and until when.
    refusals: Vec<(FrameworkId, AgentId, Time)>,
}

#[derive(Default)]
struct Away {
    asked: BTreeSet<FrameworkId>,
    answers: BTreeMap<FrameworkId, Status>,
}

impl Absence {
    pub(super) fn forget_framework(&mut self, id: &FrameworkId) {
        self.refusals.retain(|(framework, ..)| framework != id);
    }

    pub(super) fn remove_framework(&mut self, id: &FrameworkId) {
        self.forget_framework(id);
        for away in self.away.values_mut() {
            away.asked.remove(id);
        }
    }

    pub(super) fn forget_agent(&mut self, id: &AgentId) {
        self.refusals.retain(|(_, agent, _)| agent != id);
    }

    pub(super) fn remove_agent(&mut self, id: &AgentId) {
        self.forget_agent(id);
        self.away.remove(id);
    }
}

impl Reference {
    pub fn set_away(&mut self, id: &AgentId, away: bool) {
        self.absence.remove_agent(id);
        if away {
            self.absence.away.insert(id.clone(), Away::default());
        }
    }

    /// Who has been asked to leave which agent, and has not answered.
    pub fn asked(&self) -> Vec<(AgentId, FrameworkId)> {
        let away = self.absence.away.iter();
        away.flat_map(|(agent, away)| away.asked.iter().map(|id| (agent.clone(), id.clone())))
            .collect()
    }

    /// An answer, and for how long the framework does not want to be asked again; nothing when it was taken back.
    pub fn answer(
        &mut self,
        now: Time,
        agent: &AgentId,
        framework: &FrameworkId,
        answer: Option<(Status, Duration)>,
    ) {
        let Some(away) = self.absence.away.get_mut(agent) else {
            return;
        };
        let was_asked = away.asked.remove(framework);
        let Some((status, time)) = answer else { return };
        if was_asked {
            away.answers.insert(framework.clone(), status);
        }
        if !time.is_zero() {
            let refusal = (framework.clone(), agent.clone(), now + time);
            self.absence.refusals.push(refusal);
        }
    }

    pub fn answers(&self) -> BTreeMap<AgentId, BTreeMap<FrameworkId, Status>> {
        let away = self.absence.away.iter();
        away.map(|(agent, away)| (agent.clone(), away.answers.clone()))
            .collect()
    }

    /// Who is asked to leave in a run: all active ones with something on an agent that will be away.
    pub(super) fn ask(
        &mut self,
        now: Time,
        candidates: Option<&BTreeSet<AgentId>>,
    ) -> BTreeSet<(FrameworkId, AgentId)> {
        let mut asked = BTreeSet::new();
        for (id, away) in &mut self.absence.away {
            if candidates.is_some_and(|candidates| !candidates.contains(id)) {
                continue;
            }
            for framework in self.agents[id].held.keys() {
                let active = self.frameworks.get(framework).is_some_and(|known| known.active);
                let refused = self
                    .absence
                    .refusals
                    .iter()
                    .any(|(by, agent, until)| by == framework && agent == id && *until > now);
                if active && !refused && away.asked.insert(framework.clone()) {
                    asked.insert((framework.clone(), id.clone()));
                }
            }
        }
        asked
    }
}
