//! Agents that will be away, and what frameworks say to it.

use std::time::Duration;

use mesos::ids::{AgentId, FrameworkId};
use mesos_proto::v0::allocator::inverse_offer_status::Status;
use mesos_proto::v0::{self};

use super::Play;
use crate::{Allocator, InverseOfferAnswer};

impl Play {
    pub(super) fn change_unavailability(&mut self, agent: &AgentId) {
        let away = !self.dice.once(3);
        if let Some(plain) = &mut self.plain {
            plain.set_away(agent, away);
        }
        let window = away.then(v0::Unavailability::default);
        self.real.update_unavailability(self.now, agent, window);
    }

    /// A framework answers, or its inverse offer is taken back; now and then one that was not asked answers.
    pub(super) fn answer_inverse_offer(&mut self, agent: &AgentId, framework: &FrameworkId) {
        let asked = self
            .plain
            .as_ref()
            .map(super::Reference::asked)
            .unwrap_or_default();
        let (agent, framework) = self
            .dice
            .pick(&asked)
            .unwrap_or(&(agent.clone(), framework.clone()))
            .clone();
        let (said, time) =
            [(None, 5.0), (Some(0.0), 0.0), (Some(2.5), 2.5), (Some(-2.0), 5.0)][self.dice.roll(4) as usize];
        let status = if self.dice.once(2) {
            Status::Accept
        } else {
            Status::Decline
        };
        let answers = !self.dice.once(4);
        if let Some(plain) = &mut self.plain {
            let answer = answers.then(|| (status, Duration::from_secs_f64(time)));
            plain.answer(self.now, &agent, &framework, answer);
        }
        let answer = answers.then(|| InverseOfferAnswer {
            status,
            filters: v0::Filters {
                refuse_seconds: said,
                ..Default::default()
            },
        });
        self.real
            .update_inverse_offer(self.now, &agent, &framework, answer);
    }

    /// What frameworks answered is known.
    pub(super) fn compare_answers(&self) {
        let Some(plain) = &self.plain else { return };
        let found: std::collections::BTreeMap<_, std::collections::BTreeMap<_, _>> = self
            .real
            .inverse_offer_statuses()
            .into_iter()
            .map(|(agent, answers)| {
                let answers = answers.into_iter();
                (agent, answers.map(|(id, answer)| (id, answer.status)).collect())
            })
            .collect();
        assert_eq!(found, plain.answers(), "answers to inverse offers");
    }
}
