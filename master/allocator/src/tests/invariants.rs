//! What holds after every input, whatever happens.

use std::collections::BTreeMap;
use std::time::Duration;

use libprocess_core::time::Time;
use mesos::ids::{AgentId, FrameworkId};
use mesos::{Quantities, Resource, Resources};
use mesos_proto::v0;

use super::dice::{Dice, rounds};
use super::play::Play;
use crate::{Allocator, FrameworkOptions, Hierarchical, NewAgent, Options, Quota};

fn counts_for_quota(resource: &Resource) -> bool {
    resource.scalar().is_some() && resource.is_unreserved() && !resource.is_revocable()
}

fn is_in(role: &str, tree: &str) -> bool {
    role == tree || role.strip_prefix(tree).is_some_and(|rest| rest.starts_with('/'))
}

/// What counts against the quota of a top-level role, counted from what is held.
fn consumed(play: &Play, tree: &str) -> Quantities {
    let mut consumed = Quantities::new();
    let known = |held: &&super::play::Held| play.frameworks.contains_key(&held.framework);
    for held in play.held.iter().filter(known) {
        consumed += &Quantities::from_resources(&held.resources.filter(|resource| {
            counts_for_quota(resource) && resource.allocation_role().is_some_and(|role| is_in(role, tree))
        }));
    }
    for total in play.agents.values() {
        consumed += &Quantities::from_scalars(
            &total.filter(|resource| resource.reservation_role().is_some_and(|role| is_in(role, tree))),
        );
    }
    consumed
}

/// Nothing is given twice, sums equal their parts, and no role is offered more than its limits leave.
#[test]
fn the_books_balance_and_limits_hold() {
    let inputs = rounds("MESOS_DRF_INPUTS", 20_000);
    let histories = inputs / 200;
    for seed in 0..histories.max(1) {
        let mut play = Play::new(seed + 1_000_000, false, seed % 2 == 0);
        for step in 0..200 {
            let before: BTreeMap<String, (Quota, Quantities)> = play
                .quotas
                .iter()
                .map(|(role, quota)| (role.clone(), (quota.clone(), consumed(&play, role))))
                .collect();
            let decisions = play.step();
            if let Err(wrong) = play.real.check() {
                panic!("seed {seed}, step {step}: {wrong}");
            }
            for (role, (quota, consumed)) in before {
                let mut offered = Quantities::new();
                for offer in decisions.iter().flat_map(|decisions| &decisions.offers) {
                    if offer.role == role {
                        offered += &Quantities::from_resources(&offer.resources.filter(counts_for_quota));
                    }
                }
                // What is guaranteed is given even if it is more than the limit; the master refuses such quota.
                let mut left = quota.limits.clone() - &consumed;
                for (name, guarantee) in quota.guarantees.iter() {
                    if let Some(limit) = left.get(name) {
                        let owed = guarantee - consumed.get(name);
                        left.set(name, limit.max(owed));
                    }
                }
                assert!(
                    left.allow(&offered),
                    "seed {seed}, step {step}: role {role} is over its limit"
                );
            }
        }
    }
}

fn resources(text: &str) -> Resources {
    Resources::parse(text, "*").unwrap()
}

struct Small {
    allocator: Hierarchical,
    now: Time,
}

impl Small {
    fn new(options: Options, seed: u64) -> Self {
        let mut allocator = Hierarchical::new(options, seed);
        let now = Time::EPOCH;
        allocator.recover(now, 0, BTreeMap::new());
        Self { allocator, now }
    }

    fn agent(&mut self, n: u64, total: &str) {
        let agent = NewAgent {
            id: AgentId::new(format!("agent{n}")),
            info: v0::SlaveInfo::default(),
            capabilities: mesos::capabilities::agent_capabilities(),
            unavailability: None,
            total: resources(total),
            used: BTreeMap::new(),
        };
        self.allocator.add_agent(self.now, agent);
    }

    fn framework(&mut self, id: &str, role: &str) {
        let info = v0::FrameworkInfo {
            role: Some(role.to_owned()),
            ..Default::default()
        };
        let (id, options) = (FrameworkId::new(id), FrameworkOptions::default());
        self.allocator
            .add_framework(self.now, &id, &info, &BTreeMap::new(), true, options);
    }
}

/// While anything free is there of what a role is owed, the role is owed nothing after a run.
#[test]
fn guarantees_are_met_while_there_is_capacity() {
    for seed in 0..rounds("MESOS_DRF_INPUTS", 20_000) / 50 {
        let mut dice = Dice::new(seed);
        let options = Options {
            min_allocatable: Vec::new(),
            ..Options::default()
        };
        let mut small = Small::new(options, seed);
        let agents = 1 + dice.roll(5);
        let mut free = Quantities::new();
        for n in 0..agents {
            let total = format!("cpus:{};mem:{}", 1 + dice.roll(6), 64 * (1 + dice.roll(6)));
            free += &Quantities::from_resources(&resources(&total));
            small.agent(n, &total);
        }
        let mut owed = BTreeMap::new();
        for n in 0..1 + dice.roll(4) {
            let role = format!("role{n}");
            small.framework(&format!("framework{n}"), &role);
            if dice.once(2) {
                let guarantees = Quantities::parse(&format!("cpus:{}", 1 + dice.roll(6))).unwrap();
                owed.insert(role.clone(), guarantees.clone());
                let quota = Quota {
                    guarantees,
                    ..Quota::default()
                };
                small.allocator.update_quota(small.now, &role, quota);
            }
        }
        let decisions = small.allocator.run(small.now);
        for offer in &decisions.offers {
            let given = Quantities::from_resources(&offer.resources);
            free -= &given;
            if let Some(owed) = owed.get_mut(&offer.role) {
                *owed -= &given;
            }
        }
        for (role, owed) in owed {
            for (name, amount) in owed.iter() {
                assert!(
                    free.get(name).is_zero(),
                    "seed {seed}: {role} is owed {amount} {name}, and {} are free",
                    free.get(name)
                );
            }
        }
    }
}

/// Frameworks that decline everything for no time do not keep others from what they want.
#[test]
fn nobody_waits_behind_those_who_decline() {
    for seed in 0..rounds("MESOS_DRF_INPUTS", 20_000) / 500 {
        let mut dice = Dice::new(seed);
        let mut small = Small::new(Options::default(), seed);
        let agents = 1 + dice.roll(4);
        for n in 0..agents {
            small.agent(n, "cpus:8;mem:1024");
        }
        let decliners = dice.roll(6);
        for n in 0..decliners {
            small.framework(&format!("decliner{n}"), &format!("nothing{n}"));
        }
        let workers = 1 + dice.roll(3);
        let mut left: BTreeMap<FrameworkId, u64> = BTreeMap::new();
        for n in 0..workers {
            let id = format!("worker{n}");
            // All workers share a role, whose share grows ever larger than that of those who decline.
            small.framework(&id, "work");
            left.insert(FrameworkId::new(id), agents * 8 / workers);
        }
        let task = resources("cpus:1;mem:32").allocated("work");
        let refuse = [None, Some(0.0), Some(0.5)][dice.roll(3) as usize];
        let filters = refuse.map(|refuse_seconds| v0::Filters {
            refuse_seconds: Some(refuse_seconds),
            ..Default::default()
        });
        let deadline = Time::EPOCH + Duration::from_secs(3 + agents * 8);
        while left.values().any(|left| *left > 0) {
            small.now = small.now.max(small.allocator.next_run().unwrap());
            assert!(small.now < deadline, "seed {seed}: {left:?} tasks wait for ever");
            for offer in small.allocator.run(small.now).offers {
                let mut rest = offer.resources.clone();
                if let Some(left) = left.get_mut(&offer.framework_id)
                    && *left > 0
                    && rest.contains(&task)
                {
                    *left -= 1;
                    rest -= &task;
                }
                let used = offer.resources.clone() - &rest;
                small.allocator.recover_resources(
                    small.now,
                    &offer.framework_id,
                    &offer.agent_id,
                    &rest,
                    filters.as_ref(),
                    false,
                );
                small.allocator.transition_offered_to_allocated(
                    small.now,
                    &offer.framework_id,
                    &offer.agent_id,
                    &used,
                );
            }
        }
        assert_eq!(small.allocator.check(), Ok(()));
    }
}
