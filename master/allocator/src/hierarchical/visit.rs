//! One framework in one role is asked about one agent.

use mesos::{Limits, Quantities, Resource, Resources, Scalar};

use super::Hierarchical;
use super::amounts::Amounts;
use super::chance::{draw, lot};
use super::parts::Parts;
use super::run::Run;

/// What comes after a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The next framework of the role.
    Next,
    /// There is nothing for the role any more.
    RoleDone,
}

/// What an agent has for a framework, quota aside.
enum Look {
    /// Nothing for the role.
    RoleDone,
    /// Nothing for the framework.
    Nothing,
    /// All that is available, which is plain.
    All,
    /// This.
    Some(Resources),
}

/// Why a bundle is cut down; names the draws for it.
#[derive(Clone, Copy)]
enum Cut {
    Guarantee = 1,
    Limit = 2,
    Headroom = 3,
}

impl Hierarchical {
    /// Offers a framework what its role is owed, and what goes with it.
    pub(super) fn visit_guaranteed(&mut self, run: &mut Run, agent: u32, role: u32, pair: u32) -> Outcome {
        let available = match self.look(run, agent, role, pair) {
            Look::RoleDone => return Outcome::RoleDone,
            Look::Nothing => return Outcome::Next,
            Look::All => self.agent(agent).available.clone(),
            Look::Some(available) => available,
        };
        let consumed = run.consumed.get(&role).cloned().unwrap_or_default();
        let owed = self.tree.node(role).guarantees.less(&consumed);
        let quota_resources = available.filter(counts_for_quota);
        let guaranteed = self.cut_to(run, agent, pair, &quota_resources, &owed, Cut::Guarantee);
        if guaranteed.is_empty() {
            return Outcome::Next;
        }
        let path = self.tree.node(role).path.clone();
        let granted = Amounts::of(&guaranteed, &mut self.names);
        let mut extra = quota_resources - &guaranteed;
        let mut counted = consumed;
        counted.add(&granted);
        extra = self.within_limits(run, agent, role, pair, extra, &counted);
        extra = self.within_headroom(run, agent, pair, extra);
        let more = Amounts::of(&extra, &mut self.names);
        let offer = guaranteed
            + &available.filter(|resource| {
                resource.is_reserved(Some(&path)) || resource.scalar().is_none() || resource.is_revocable()
            })
            + &extra;
        if !self.is_allocatable(&offer, pair) || self.is_filtered(run, agent, pair, &offer) {
            note_luck(run, agent, &available.filter(counts_for_quota));
            return Outcome::Next;
        }
        let mut increase = granted.clone();
        increase.add(&more);
        self.consume(run, role, &increase);
        run.required.sub_floor(&granted);
        run.headroom.sub_floor(&increase);
        self.grant(run, agent, role, pair, offer);
        Outcome::Next
    }

    /// Offers a framework all that quota does not keep it from.
    pub(super) fn visit_fair(&mut self, run: &mut Run, agent: u32, role: u32, pair: u32) -> Outcome {
        let unbound = self.tree.node(role).limits.is_empty() && run.required.is_zero();
        let available = match self.look(run, agent, role, pair) {
            Look::RoleDone => return Outcome::RoleDone,
            Look::Nothing => return Outcome::Next,
            Look::All if unbound => {
                let parts = self.agent(agent).parts.clone();
                self.count_fair(run, role, parts.free());
                self.grant_all(run, agent, role, pair, &parts);
                return Outcome::Next;
            }
            Look::All => self.agent(agent).available.clone(),
            Look::Some(available) => available,
        };
        let whole = available.filter(counts_for_quota);
        let fixed = available.filter(|resource| !counts_for_quota(resource));
        let consumed = run.consumed.get(&role).cloned().unwrap_or_default();
        let limited = self.within_limits(run, agent, role, pair, whole.clone(), &consumed);
        let extra = self.within_headroom(run, agent, pair, limited.clone());
        run.held_back += usize::from(extra != limited);
        let cut = extra != whole;
        let given = Amounts::of(&extra, &mut self.names);
        let offer = fixed + &extra;
        if cut {
            self.note_quota_held(agent);
            if !self.is_allocatable(&offer, pair) || self.is_filtered(run, agent, pair, &offer) {
                note_luck(run, agent, &whole);
                return Outcome::Next;
            }
        }
        self.count_fair(run, role, &given);
        self.grant(run, agent, role, pair, offer);
        Outcome::Next
    }

    /// What an agent has for a framework. What can never be, as long as the agent has no more, is marked.
    fn look(&mut self, run: &Run, agent_number: u32, role: u32, pair_number: u32) -> Look {
        let agent = self.agent(agent_number);
        let pair = self.pair(pair_number);
        let framework = self.framework(pair.framework);
        let path = &self.tree.node(role).path;
        let sharing = run.shared.get(&agent_number);
        let refused = |this: &mut Self| {
            if sharing.is_none() {
                this.agent_mut(agent_number).block(pair_number);
                this.pair_mut(pair_number).marked = true;
            }
            Look::Nothing
        };
        if framework.constraints.excludes(path, &agent.info) {
            return refused(self);
        }
        let hidden = (self.options.filter_gpus && agent.has_gpus && !framework.can.gpus)
            || (agent.remote && !framework.can.regions)
            || (framework.can.multi_role && !agent.multi_role)
            || (!agent.hierarchical_role && path.contains('/'));
        if agent.parts.is_plain() {
            if agent.available.is_empty() {
                return Look::RoleDone;
            }
            if hidden
                || !self.is_enough(&agent.parts.scalars, &agent.available, pair_number)
                || self.is_filtered(run, agent_number, pair_number, &agent.available)
            {
                return refused(self);
            }
            return Look::All;
        }
        let mut available = agent.available.allocatable_to(path);
        if let Some(sharing) = sharing {
            available -= sharing;
        }
        if available.is_empty() {
            return Look::RoleDone;
        }
        let can = framework.can;
        available = available.filter(|resource| {
            (can.shared || !resource.is_shared())
                && (can.revocable || !resource.is_revocable())
                && (can.refined || !resource.has_refined_reservations())
        });
        if hidden
            || !self.is_allocatable(&available, pair_number)
            || self.is_filtered(run, agent_number, pair_number, &available)
        {
            return refused(self);
        }
        Look::Some(available)
    }

    /// True when a bundle is worth an offer. Mesos: `allocatable`.
    pub(super) fn is_allocatable(&self, resources: &Resources, pair: u32) -> bool {
        if resources.is_empty() {
            return false;
        }
        self.is_enough(&Amounts::of_known(resources, &self.names), resources, pair)
    }

    /// The same, when the scalars are counted already.
    fn is_enough(&self, amounts: &Amounts, resources: &Resources, pair: u32) -> bool {
        if let Some(minima) = &self.pair(pair).minima {
            return minima.is_empty() || minima.iter().any(|least| resources.contains_quantities(least));
        }
        self.minima.is_empty()
            || self.minima.iter().any(|least| !least.exceeds(amounts))
            || (resources.iter().any(|resource| resource.scalar().is_none())
                && self
                    .options
                    .min_allocatable
                    .iter()
                    .any(|least| resources.contains_quantities(least)))
    }

    /// True when nobody who has no minima of its own could be offered what an agent has.
    pub(super) fn is_too_little(&self, number: u32) -> bool {
        let agent = self.agent(number);
        if self.own_minima > 0 || self.minima.is_empty() {
            return false;
        }
        if agent.parts.is_plain()
            && self
                .minima
                .iter()
                .any(|least| !least.exceeds(&agent.parts.scalars))
        {
            return false;
        }
        let amounts = Amounts::of_known(&agent.available, &self.names);
        agent.available.iter().all(|resource| resource.scalar().is_some())
            && self.minima.iter().all(|least| least.exceeds(&amounts))
    }

    /// True when limits or guarantees leave a role nothing of an agent that is worth an offer.
    pub(super) fn is_held_from(&self, run: &Run, number: u32, role: u32) -> bool {
        let node = self.tree.node(role);
        let agent = self.agent(number);
        let bound = !node.limits.is_empty() || !run.required.is_zero();
        if !bound || !agent.parts.is_plain() || node.own_minima > 0 || self.minima.is_empty() {
            return false;
        }
        if agent.available.iter().any(|resource| resource.scalar().is_none()) {
            return false;
        }
        let consumed = run.consumed.get(&role);
        let most = |id: usize| {
            let mut most = agent.parts.scalars.get(id);
            if let Some((_, limit)) = node.limits.iter().find(|(name, _)| *name == id) {
                let consumed = consumed.map_or(0, |consumed| consumed.get(id));
                most = most.min((limit - consumed).max(0));
            }
            if !run.required.is_zero() {
                most = most.min((run.headroom.get(id) - run.required.get(id)).max(0));
            }
            most
        };
        self.minima
            .iter()
            .all(|least| least.iter().any(|(id, least)| least > 0 && least > most(id)))
    }

    /// True when a filter of the pair covers a bundle. Mesos: `isFiltered`.
    pub(super) fn is_filtered(&self, run: &Run, agent: u32, pair: u32, resources: &Resources) -> bool {
        let generation = self.pair(pair).generation;
        self.agent(agent)
            .filters_of(pair, generation, run.now)
            .any(|filter| filter.refused.contains(resources))
    }

    /// Cuts a bundle down to what is left under a role's limits.
    fn within_limits(
        &mut self,
        run: &Run,
        agent: u32,
        role: u32,
        pair: u32,
        resources: Resources,
        consumed: &Amounts,
    ) -> Resources {
        let node = self.tree.node(role);
        if node.limits.is_empty() || resources.is_empty() {
            return resources;
        }
        let left: Vec<(usize, i64)> = node
            .limits
            .iter()
            .map(|(id, limit)| (*id, (limit - consumed.get(*id)).max(0)))
            .collect();
        let wanted = Amounts::of(&resources, &mut self.names);
        if left.iter().all(|(id, left)| wanted.get(*id) <= *left) {
            return resources;
        }
        let names: Vec<&str> = self.names.iter().collect();
        let limits: Limits = left
            .iter()
            .map(|(id, left)| (names[*id], Scalar::from_thousandths(*left)))
            .collect();
        self.drawn(run, agent, pair, resources, Cut::Limit)
            .shrink_within(&limits)
    }

    /// Cuts a bundle down to what guarantees do not need.
    fn within_headroom(&mut self, run: &Run, agent: u32, pair: u32, resources: Resources) -> Resources {
        if run.required.is_zero() || resources.is_empty() {
            return resources;
        }
        self.cut_to(run, agent, pair, &resources, &run.surplus(), Cut::Headroom)
    }

    /// At most so much of each name, and nothing of others.
    fn cut_to(
        &mut self,
        run: &Run,
        agent: u32,
        pair: u32,
        resources: &Resources,
        target: &Amounts,
        why: Cut,
    ) -> Resources {
        let wanted = Amounts::of(resources, &mut self.names);
        if !wanted.exceeds(target) {
            return resources.clone();
        }
        let target: Quantities = self.names.quantities(target);
        self.drawn(run, agent, pair, resources.clone(), why)
            .shrink_to(&target)
    }

    /// A bundle in random order, so that chance decides what survives a cut.
    fn drawn(&self, run: &Run, agent: u32, pair: u32, resources: Resources, why: Cut) -> Resources {
        if resources.names().len() < resources.len() {
            let id = self.framework(self.pair(pair).framework).id.as_ref();
            let framework = id.map_or(0, |id| super::chance::of_text(id.as_str()));
            let role = super::chance::of_text(&self.tree.node(self.pair(pair).role).path);
            let of_agent = self.agent(agent).lot;
            let what = [
                lot::RESOURCE,
                why as u64,
                run.stage,
                run.number,
                of_agent,
                framework,
                role,
            ];
            return super::chance::by_lot(&resources, draw(self.seed, &what));
        }
        resources
    }

    /// A role consumes more of its quota, and so do those above it.
    fn consume(&mut self, run: &mut Run, role: u32, increase: &Amounts) {
        for index in self.tree.chain(role) {
            if let Some(consumed) = run.consumed.get_mut(&index) {
                consumed.add(increase);
                let owed = self.tree.node(index).guarantees.less(consumed);
                if owed.is_zero() {
                    run.unsatisfied.remove(&index);
                }
            }
        }
    }

    /// The second stage gave so much that counts for quota.
    fn count_fair(&mut self, run: &mut Run, role: u32, given: &Amounts) {
        if run.consumed.contains_key(&role) {
            self.consume(run, role, given);
        }
        run.headroom.sub_floor(given);
    }

    /// Offers part of what an agent has.
    fn grant(&mut self, run: &mut Run, agent: u32, role: u32, pair: u32, mut offer: Resources) {
        let shared = offer.shared();
        if !shared.is_empty() {
            *run.shared.entry(agent).or_default() += &shared;
        }
        offer.allocate_as(&self.tree.node(role).allocation);
        let parts = Parts::of(&offer, &mut self.names);
        let framework = self.pair(pair).framework;
        self.with_agent(agent, |agent, names| agent.hold(framework, &offer, names));
        self.granted(run, agent, role, pair, &parts, offer);
    }

    /// Offers all that an agent has.
    fn grant_all(&mut self, run: &mut Run, agent: u32, role: u32, pair: u32, parts: &Parts) {
        let allocation = self.tree.node(role).allocation.clone();
        let framework = self.pair(pair).framework;
        let offer = self.with_agent(agent, |agent, names| {
            agent.hold_all(framework, &allocation, names)
        });
        self.granted(run, agent, role, pair, parts, offer);
    }

    fn granted(&mut self, run: &mut Run, agent: u32, role: u32, pair: u32, parts: &Parts, offer: Resources) {
        self.book(agent, pair, parts);
        let framework = self.pair(pair).framework;
        self.framework_mut(framework).agents.set(agent);
        run.out.push((framework, role, agent, offer));
    }
}

/// Chance decided what was left of an agent after a cut: another run may find something worth an offer.
fn note_luck(run: &mut Run, agent: u32, resources: &Resources) {
    if resources.names().len() < resources.len() {
        run.unlucky.insert(agent);
    }
}

/// Resources that count for quota: scalars that are neither reserved nor revocable.
fn counts_for_quota(resource: &Resource) -> bool {
    resource.scalar().is_some() && resource.is_unreserved() && !resource.is_revocable()
}
