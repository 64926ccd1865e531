//! The two stages of a run, for one agent: first what roles are owed, then all the rest by fair share.

use super::Hierarchical;
use super::run::Run;
use super::visit::Outcome;

impl Hierarchical {
    /// First stage: roles that are owed something get it, and what goes with it.
    pub(super) fn guarantee(&mut self, run: &mut Run, agent: u32) {
        if run.unsatisfied.is_empty() {
            return;
        }
        let mut roles = self.guaranteed_roles(run, agent);
        while let Some(role) = self.next_role(&mut roles) {
            run.steps += 1;
            if !run.unsatisfied.contains(&role) {
                continue;
            }
            if self.agent(agent).available.is_empty() {
                return;
            }
            let mut pairs = self.pairs(run, agent, role, None);
            while let Some(pair) = self.next_pair(role, &mut pairs) {
                run.steps += 1;
                if self.agent(agent).blocked.has(pair) {
                    continue;
                }
                if self.visit_guaranteed(run, agent, role, pair) == Outcome::RoleDone
                    || !run.unsatisfied.contains(&role)
                {
                    break;
                }
            }
        }
    }

    /// Second stage: whoever comes first gets what is left, but for what limits and guarantees keep it from.
    pub(super) fn share(&mut self, run: &mut Run, agent: u32) {
        if self.is_too_little(agent) {
            return;
        }
        let mut order = self.order(run, agent);
        while let Some(role) = self.next_role_of(&mut order) {
            run.steps += 1;
            if self.agent(agent).available.is_empty() {
                return;
            }
            if self.tree.node(role).order.is_empty() {
                continue;
            }
            if self.is_held_from(run, agent, role) {
                self.note_quota_held(agent);
                continue;
            }
            let mut pairs = self.pairs(run, agent, role, Some(&mut order));
            while let Some(pair) = self.next_pair(role, &mut pairs) {
                run.steps += 1;
                if self.agent(agent).blocked.has(pair) {
                    continue;
                }
                if self.visit_fair(run, agent, role, pair) == Outcome::RoleDone {
                    break;
                }
            }
        }
    }

    /// Something was held back at an agent for quota.
    pub(super) fn note_quota_held(&mut self, number: u32) {
        let agent = self.agent_mut(number);
        if !agent.quota_held {
            agent.quota_held = true;
            self.quota_held.push(number);
        }
    }
}
