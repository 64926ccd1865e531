//! Offers declined and suppressed, round by round.

use std::collections::{BTreeMap, BTreeSet};

use mesos_allocator::{Allocator, Options};

use super::cluster::{Cluster, resources};
use super::{Size, median, row, timed};
use crate::runtime::row::Row;

/// What one round costs in processor milliseconds, round by round, and what it took to fill the cluster.
#[derive(Debug)]
pub struct Rounds {
    /// Adding the frameworks.
    pub frameworks_ms: f64,
    /// Adding the agents, each with something used, and the run that follows.
    pub agents_ms: f64,
    /// Runs.
    pub runs_ms: Vec<f64>,
    /// Declining what the run before offered.
    pub declines_ms: Vec<f64>,
    /// A run when nothing has changed.
    pub idle_ms: f64,
}

/// A cluster as in `HierarchicalAllocator_BENCHMARK_Test`: everybody in role `*`, a third of each agent in use, in
/// sixteen ranges of ports.
pub fn fill(agents: u32, frameworks: u32, options: Options) -> (Cluster, f64, f64) {
    let mut cluster = Cluster::new(options);
    let (frameworks_s, ()) = timed(|| {
        for n in 0..frameworks {
            cluster.add_framework(&Cluster::framework_id(n), "*");
        }
        cluster.run();
    });
    let total = resources("cpus:24;mem:4096;disk:4096;ports:[31000-32000]");
    let ports: Vec<String> = (0..16)
        .map(|n| 31_000 + 60 * n)
        .map(|port| format!("{port}-{port}"))
        .collect();
    let used = resources(&format!("cpus:16;mem:2014;disk:1024;ports:[{}]", ports.join(","))).allocated("*");
    let (agents_s, ()) = timed(|| {
        for n in 0..agents {
            let used = BTreeMap::from([(Cluster::framework_id(n % frameworks), used.clone())]);
            cluster.add_agent(Cluster::agent_id(n), total.clone(), used);
        }
        cluster.run();
    });
    (cluster, frameworks_s * 1e3, agents_s * 1e3)
}

/// Rounds in which everything offered is declined for a year.
pub fn declined(agents: u32, frameworks: u32, rounds: u32) -> Rounds {
    let (mut cluster, frameworks_ms, agents_ms) = fill(agents, frameworks, Options::default());
    let (mut runs_ms, mut declines_ms) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        declines_ms.push(1e3 * timed(|| cluster.decline_all(Some(f64::from(i32::MAX)))).0);
        runs_ms.push(1e3 * timed(|| cluster.tick()).0);
    }
    let idle_ms = 1e3 * timed(|| cluster.tick()).0;
    assert_eq!(cluster.allocator.check(), Ok(()));
    Rounds {
        frameworks_ms,
        agents_ms,
        runs_ms,
        declines_ms,
        idle_ms,
    }
}

/// DeclineOffers: the median of the rounds in which somebody has yet to decline, and a round when all have.
pub fn decline(size: Size, agents: u32, frameworks: u32, cpp_ms: f64, goal_ms: f64) -> Vec<Row> {
    let (agents, frameworks) = (size.of(agents), size.of(frameworks));
    // Twice as many rounds as frameworks take minutes for what forty show: a round costs what it gives out.
    let rounds = frameworks.min(40);
    let results: Vec<Rounds> = (0..size.runs)
        .map(|_| declined(agents, frameworks, rounds))
        .collect();
    let of = |figure: &dyn Fn(&Rounds) -> f64| median(results.iter().map(figure).collect());
    let label = format!("{agents} agents x {frameworks} frameworks");
    let run = of(&|rounds| median(rounds.runs_ms.clone()));
    let declines = of(&|rounds| median(rounds.declines_ms.clone()));
    vec![
        row(
            &format!("DeclineOffers {label}: a cycle"),
            Some(cpp_ms),
            goal_ms,
            run,
        ),
        row(
            &format!("DeclineOffers {label}: declining all of it"),
            None,
            goal_ms,
            declines,
        ),
        row(
            &format!("DeclineOffers {label}: an idle cycle"),
            None,
            1.0,
            of(&|rounds| rounds.idle_ms),
        ),
    ]
}

/// Adding 50,000 agents with something used on each, and 6,000 frameworks.
pub fn add(size: Size) -> Vec<Row> {
    let (agents, frameworks) = (size.of(50_000), size.of(200));
    let samples: Vec<(f64, f64)> = (0..size.runs)
        .map(|_| {
            let (_, frameworks_ms, agents_ms) = fill(agents, frameworks, Options::default());
            (frameworks_ms, agents_ms)
        })
        .collect();
    let agents_ms = median(samples.iter().map(|sample| sample.1).collect());
    vec![row(
        &format!("adding {agents} agents beside {frameworks} frameworks, and the cycle after it"),
        Some(8740.0),
        500.0,
        agents_ms,
    )]
}

/// ExtremeSuppressOffers: 99 of 100 frameworks want nothing.
pub fn suppress(size: Size) -> Vec<Row> {
    let (agents, frameworks) = (size.of(10_000), size.of(1_000));
    let samples: Vec<f64> = (0..size.runs)
        .map(|_| {
            let (mut cluster, ..) = fill(agents, frameworks, Options::default());
            cluster.decline_all(Some(0.0));
            for n in frameworks / 100..frameworks {
                let id = Cluster::framework_id(n);
                cluster
                    .allocator
                    .suppress_offers(cluster.now, &id, &BTreeSet::new());
            }
            let rounds = (0..5).map(|_| {
                let (seconds, ()) = timed(|| cluster.tick());
                cluster.decline_all(None);
                1e3 * seconds
            });
            median(rounds.collect())
        })
        .collect();
    let label = format!("{agents} agents x {frameworks} frameworks, 99 % suppressed");
    vec![row(
        &format!("ExtremeSuppress {label}: a cycle that offers every agent"),
        Some(700.0),
        10.0,
        median(samples),
    )]
}
