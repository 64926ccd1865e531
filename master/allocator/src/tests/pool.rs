//! One pool of resources, and users who launch tasks of one size each as long as they are offered enough.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use libprocess_core::time::Time;
use mesos::Resources;
use mesos::ids::{AgentId, FrameworkId};
use mesos_proto::v0;

use crate::{Allocator, FrameworkOptions, Hierarchical, NewAgent, Options};

pub(super) const NAMES: [&str; 3] = ["cpus", "mem", "disk"];

/// What the users of a pool want a task of theirs to have. Shorter than [`NAMES`] when there are fewer resources.
pub(super) type Demand = Vec<u64>;

fn bundle(amounts: &[u64]) -> Resources {
    let text: Vec<String> = NAMES
        .iter()
        .zip(amounts)
        .map(|(name, amount)| format!("{name}:{amount}"))
        .collect();
    Resources::parse(&text.join(";"), "*").unwrap()
}

/// How many tasks each user has in the end. Each is a role with one framework; the allocator offers the whole pool to
/// whoever comes first, who launches one task and gives back the rest, until nobody's task fits.
pub(super) fn tasks(capacity: &[u64], demands: &[Demand], weights: &[f64]) -> Vec<u64> {
    let options = Options {
        // The rule alone: one offer a round.
        event_driven: false,
        min_allocatable: Vec::new(),
        ..Options::default()
    };
    let mut allocator = Hierarchical::new(options, 1);
    let mut now = Time::EPOCH;
    allocator.recover(now, 0, BTreeMap::new());
    let role = |user: usize| format!("user{user}");
    for (user, weight) in weights.iter().enumerate() {
        allocator.update_weights(now, &[(role(user), *weight)]);
    }
    for user in 0..demands.len() {
        let info = v0::FrameworkInfo {
            role: Some(role(user)),
            ..Default::default()
        };
        let id = FrameworkId::new(role(user));
        let options = FrameworkOptions::default();
        allocator.add_framework(now, &id, &info, &BTreeMap::new(), true, options);
    }
    allocator.add_agent(
        now,
        NewAgent {
            id: AgentId::new("pool"),
            info: v0::SlaveInfo::default(),
            capabilities: mesos::capabilities::agent_capabilities(),
            unavailability: None,
            total: bundle(capacity),
            used: BTreeMap::new(),
        },
    );
    let wanted: Vec<Resources> = demands.iter().map(|demand| bundle(demand)).collect();
    let mut tasks = vec![0; demands.len()];
    loop {
        let decisions = allocator.run(now);
        let Some(offer) = decisions.offers.into_iter().next() else {
            return tasks;
        };
        let user: usize = offer.role["user".len()..].parse().unwrap();
        let task = wanted[user].clone().allocated(&offer.role);
        let mut rest = offer.resources.clone();
        let launches = rest.contains(&task);
        if launches {
            rest -= &task;
            tasks[user] += 1;
        } else {
            allocator.suppress_offers(now, &offer.framework_id, &BTreeSet::new());
        }
        allocator.recover_resources(now, &offer.framework_id, &offer.agent_id, &rest, None, false);
        if launches {
            allocator.transition_offered_to_allocated(now, &offer.framework_id, &offer.agent_id, &task);
        }
        now += Duration::from_secs(1);
    }
}

/// The dominant share of one task.
pub(super) fn task_share(capacity: &[u64], demand: &[u64]) -> f64 {
    let shares = capacity.iter().zip(demand);
    shares
        .map(|(all, part)| *part as f64 / *all as f64)
        .fold(0.0, f64::max)
}

/// The level, in shares by weight, to which all users rise together until something runs out, were tasks divisible.
pub(super) fn level(capacity: &[u64], demands: &[Demand], weights: &[f64]) -> f64 {
    let users = || demands.iter().zip(weights);
    (0..capacity.len())
        .map(|name| {
            let slope: f64 = users()
                .map(|(demand, weight)| weight * demand[name] as f64 / task_share(capacity, demand))
                .sum();
            capacity[name] as f64 / slope
        })
        .fold(f64::INFINITY, f64::min)
}

/// How many tasks of one user fit into what another has.
pub(super) fn tasks_in(holding: &[f64], demand: &[u64]) -> f64 {
    let fits = holding.iter().zip(demand).filter(|(_, part)| **part > 0);
    fits.map(|(all, part)| all / *part as f64)
        .fold(f64::INFINITY, f64::min)
}
