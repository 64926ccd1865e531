//! A run: what there is to give, to whom, and what came of it.

use std::collections::{BTreeMap, BTreeSet};

use libprocess_core::time::Time;
use mesos::Resources;
use tracing::debug;

use crate::{Allotment, Decisions};

use super::Hierarchical;
use super::amounts::Amounts;
use super::chance::{draw, lot};
use super::tree::ROOT;

/// So many agents are fetched at once: as many as a processor waits for side by side.
const AHEAD: usize = 16;

/// How much there is to give under quota. Less of it than before changes nothing for those who got nothing.
#[derive(Debug, Clone, Default)]
pub(super) struct Room {
    /// What is available beyond what guarantees need.
    surplus: Amounts,
    /// Guarantees need something.
    required: bool,
    /// What is left under the limits of each role, and what it is still owed.
    roles: Vec<(u32, Amounts, Amounts)>,
}

impl Room {
    /// True when somebody may get something who would not have before.
    fn loosens(&self, before: &Room) -> bool {
        self.surplus.exceeds(&before.surplus)
            || (before.required && !self.required)
            || self.roles.len() != before.roles.len()
            || self.roles.iter().zip(&before.roles).any(
                |((role, left, owed), (old_role, old_left, old_owed))| {
                    role != old_role || left.exceeds(old_left) || owed.exceeds(old_owed)
                },
            )
    }
}

/// What one run knows.
#[derive(Debug, Clone, Default)]
pub(super) struct Run {
    pub now: Time,
    pub number: u64,
    /// The first stage or the second.
    pub stage: u64,
    /// What counts against each quota.
    pub consumed: BTreeMap<u32, Amounts>,
    /// Roles that are owed something.
    pub unsatisfied: BTreeSet<u32>,
    /// What must be kept for guarantees.
    pub required: Amounts,
    /// What is free for everybody, kept for guarantees or not.
    pub headroom: Amounts,
    /// Shared resources are offered once in a run.
    pub shared: BTreeMap<u32, Resources>,
    /// Agents at which chance decided against an offer.
    pub unlucky: BTreeSet<u32>,
    /// What is offered, by framework, role and agent.
    pub out: Vec<(u32, u32, u32, Resources)>,
    /// Agents at which something was held back for guarantees.
    pub held_back: usize,
    /// How much work it was.
    pub steps: u64,
}

impl Run {
    /// What may be given to those who are owed nothing.
    pub fn surplus(&self) -> Amounts {
        self.headroom.less(&self.required)
    }
}

impl Hierarchical {
    /// Decides. Mesos: `_generateOffers`.
    pub(super) fn decide(&mut self, now: Time) -> Decisions {
        self.recovery_timeout(now);
        self.trigger.wanted = None;
        let regular = self.trigger.regular.is_some_and(|due| due <= now);
        if regular {
            self.trigger.regular = Some(now + self.options.allocation_interval);
        }
        if self.trigger.paused {
            return Decisions::default();
        }
        if regular {
            self.trigger.all = true;
            self.end_rests();
        }
        let all = std::mem::take(&mut self.trigger.all);
        let some = std::mem::take(&mut self.trigger.some);
        self.runs += 1;
        self.expire_filters(now);
        let mut run = Run {
            now,
            number: self.runs,
            ..Run::default()
        };
        let quota = !self.quota_roles.is_empty();
        let dirty = std::mem::take(&mut self.quota_dirty) && quota;
        if dirty {
            self.reckon_quota(&mut run);
            if self.room(&run).loosens(&self.quota_room) {
                self.wake_quota_held();
            }
        }
        let candidates = self.take_pending(all, &some);
        if quota && !dirty && !candidates.is_empty() {
            self.reckon_quota(&mut run);
        }
        if !candidates.is_empty() {
            let in_scope = |agent: u32| all || some.contains(&agent);
            self.generate_offers(&mut run, candidates, in_scope);
        }
        let inverse_offers = self.ask_to_leave(now, all, &some);
        self.rest(now, run.steps);
        debug!(
            offers = run.out.len(),
            inverse_offers = inverse_offers.len(),
            "allocation run"
        );
        Decisions {
            offers: self.allotments(run.out),
            inverse_offers,
        }
    }

    /// Mesos: `__generateOffers`.
    fn generate_offers(&mut self, run: &mut Run, mut candidates: Vec<u32>, in_scope: impl Fn(u32) -> bool) {
        if !run.unsatisfied.is_empty() {
            let kept = !run.required.is_zero();
            run.stage = lot::AGENT_GUARANTEED;
            self.shuffle(run, &mut candidates);
            for agent in &candidates {
                self.guarantee(run, *agent);
            }
            if kept && run.required.is_zero() {
                // Nothing needs to be kept any more, so what was held back elsewhere is free.
                let held: Vec<u32> = self
                    .quota_held
                    .iter()
                    .copied()
                    .filter(|agent| in_scope(*agent))
                    .collect();
                self.wake_quota_held();
                candidates.extend(self.take_pending(false, &held));
                candidates.sort_unstable();
                candidates.dedup();
            }
        }
        run.stage = lot::AGENT_FAIR;
        self.shuffle(run, &mut candidates);
        for group in candidates.chunks(AHEAD) {
            self.fetch(group);
            for agent in group {
                self.share(run, *agent);
            }
        }
        for agent in std::mem::take(&mut run.shared).into_keys() {
            // What is shared can be offered again next time.
            self.wake_agent(agent);
        }
        for agent in std::mem::take(&mut run.unlucky) {
            self.wake_agent(agent);
        }
        if !self.quota_roles.is_empty() {
            self.quota_room = self.room(run);
            // Reckoned anew, the same comes out, or less, unless something is still kept for guarantees.
            self.quota_dirty = !run.required.is_zero();
            debug!(
                required = %self.names.quantities(&run.required),
                available = %self.names.quantities(&run.headroom),
                agents_held_back = run.held_back,
                "quota headroom after allocation"
            );
        }
    }

    /// Reads a little of some agents that come next. They lie far apart in memory, in random order: read one right after
    /// the other they arrive at the same time, read as each one's turn comes every one is waited for.
    fn fetch(&self, agents: &[u32]) {
        let read = agents.iter().map(|agent| self.agent(*agent).glance());
        std::hint::black_box(read.fold(0, u64::wrapping_add));
    }

    /// What counts against quota, and what must be kept for it.
    fn reckon_quota(&mut self, run: &mut Run) {
        for role in &self.quota_roles {
            let node = self.tree.node(*role);
            let consumed = node.consumed();
            let owed = node.guarantees.less(&consumed);
            if node.parent == ROOT {
                run.required.add(&owed);
            }
            if !owed.is_zero() {
                run.unsatisfied.insert(*role);
            }
            run.consumed.insert(*role, consumed);
        }
        let root = self.tree.node(ROOT);
        let idle_reservations = root.reservations.less(&root.held_reserved.amounts);
        run.headroom = self.pool.total.less(&root.sort.tally.amounts);
        run.headroom.sub_floor(&idle_reservations);
        run.headroom.sub_floor(&self.revocable);
    }

    /// Agents at which something was held back for quota are to be looked at.
    fn wake_quota_held(&mut self) {
        for agent in std::mem::take(&mut self.quota_held) {
            self.agent_mut(agent).quota_held = false;
            self.wake_agent(agent);
        }
    }

    fn room(&self, run: &Run) -> Room {
        let roles = run.consumed.iter().map(|(role, consumed)| {
            let node = self.tree.node(*role);
            let mut left = Amounts::default();
            for (id, limit) in &node.limits {
                left.add_one(*id, (limit - consumed.get(*id)).max(0));
            }
            (*role, left, node.guarantees.less(consumed))
        });
        Room {
            surplus: run.surplus(),
            required: !run.required.is_zero(),
            roles: roles.collect(),
        }
    }

    /// The candidates at which there may be something to do. Others would be walked in vain.
    fn take_pending(&mut self, all: bool, some: &[u32]) -> Vec<u32> {
        let looked_at: Vec<u32> = if all {
            std::mem::take(&mut self.pending)
        } else {
            some.to_vec()
        };
        let mut candidates = Vec::new();
        for number in looked_at {
            let Some(agent) = self.agents[number as usize].as_mut() else {
                continue;
            };
            if !std::mem::take(&mut agent.pending) {
                continue;
            }
            let listed = self
                .whitelist
                .as_ref()
                .is_none_or(|hosts| hosts.contains(&agent.info.hostname));
            if listed && agent.active && !agent.available.is_empty() {
                candidates.push(number);
            }
        }
        candidates
    }

    /// Puts agents in random order. Every agent has a lot of its own, so who else takes part does not matter.
    fn shuffle(&self, run: &Run, agents: &mut [u32]) {
        let lot = |number: &u32| draw(self.seed, &[run.stage, run.number, self.lots[*number as usize]]);
        agents.sort_by_cached_key(lot);
    }

    /// Pairs that were to rest until the next regular run may be offered again.
    fn end_rests(&mut self) {
        for agent in std::mem::take(&mut self.rests) {
            self.agent_mut(agent).resting.clear();
            self.wake_agent(agent);
        }
    }

    /// What a run decided, by framework and role in the order of ids, then by agent; the two stages' offers for the same
    /// are one.
    fn allotments(&self, mut out: Vec<(u32, u32, u32, Resources)>) -> Vec<Allotment> {
        // Few frameworks and roles are compared by id, many offers by number.
        let mut clients: Vec<(u32, u32)> = out.iter().map(|offer| (offer.0, offer.1)).collect();
        clients.sort_unstable();
        clients.dedup();
        let key = |(framework, role): &(u32, u32)| {
            (
                self.framework(*framework).id.as_ref(),
                &self.tree.node(*role).path,
            )
        };
        let mut by_id = clients.clone();
        by_id.sort_by(|one, two| key(one).cmp(&key(two)));
        let mut ranks = vec![0; clients.len()];
        for (rank, client) in by_id.iter().enumerate() {
            if let Ok(place) = clients.binary_search(client) {
                ranks[place] = rank;
            }
        }
        let rank = |offer: &(u32, u32, u32, Resources)| {
            let place = clients.binary_search(&(offer.0, offer.1)).unwrap_or_default();
            (ranks[place], offer.2)
        };
        out.sort_by_cached_key(rank);
        let mut allotments: Vec<Allotment> = Vec::with_capacity(out.len());
        let mut last = None;
        for (framework, role, agent, resources) in out {
            if last == Some((framework, role, agent))
                && let Some(allotment) = allotments.last_mut()
            {
                allotment.resources += &resources;
                continue;
            }
            last = Some((framework, role, agent));
            let Some(framework_id) = self.framework(framework).id.clone() else {
                continue;
            };
            allotments.push(Allotment {
                framework_id,
                role: self.tree.node(role).path.to_string(),
                agent_id: self.agent(agent).id.clone(),
                resources,
            });
        }
        allotments
    }
}
