//! Conversions, allocations made and taken back, order, memory.

use std::collections::BTreeMap;

use mesos::Resources;
use mesos::operation::Conversion;
use mesos_allocator::{Allocator, Options};

use super::cluster::{Cluster, resources};
use super::{Size, median, rounds, row, timed};
use crate::counting;
use crate::runtime::row::{Goal, Row};

/// UpdateAllocation: on one agent with 800 reserved resources, 20 times what a role has is unreserved and reserved.
pub fn update_allocation(size: Size) -> Vec<Row> {
    let roles = size.of(200);
    let samples: Vec<f64> = (0..size.runs)
        .map(|_| {
            let mut cluster = Cluster::new(Options::default());
            let name = |n: u32| format!("role-{n:036}");
            let id = Cluster::framework_id(0);
            cluster.add_framework(&id, &name(0));
            let total: Vec<String> = (0..roles)
                .map(|n| {
                    let role = name(n);
                    format!("cpus({role}):1;mem({role}):128;disk({role}):128;ports({role}):[{n}-{n}]")
                })
                .collect();
            let agent = Cluster::agent_id(0);
            cluster.add_agent(agent.clone(), resources(&total.join(";")), BTreeMap::new());
            cluster.run();
            let offer = cluster.offers.remove(0).resources;
            let bare = offer.to_unreserved();
            let there = Conversion::new(offer.clone(), bare.clone());
            let back = Conversion::new(bare.clone(), offer.clone());
            let (seconds, ()) = timed(|| {
                for _ in 0..20 {
                    let now = cluster.now;
                    let allocator = &mut cluster.allocator;
                    allocator.update_allocation(now, &id, &agent, &offer, std::slice::from_ref(&there));
                    allocator.update_allocation(now, &id, &agent, &bare, std::slice::from_ref(&back));
                }
            });
            assert_eq!(cluster.allocator.check(), Ok(()));
            1e3 * seconds
        })
        .collect();
    vec![row(
        &format!("UpdateAllocation, {} resources, 20+20 operations", roles * 4),
        Some(1160.0),
        10.0,
        median(samples),
    )]
}

/// The sorter's benchmark with 50,000 agents and 1,000 clients. Ours is measured with all the books around it.
pub fn sorter(size: Size) -> Vec<Row> {
    let (agents, clients) = (size.of(50_000), size.of(1_000));
    let mut samples: [Vec<f64>; 3] = Default::default();
    for _ in 0..size.runs {
        let mut cluster = Cluster::new(Options::default());
        for n in 0..clients {
            cluster.add_framework(&Cluster::framework_id(n), "*");
        }
        for n in 0..agents {
            let total = resources("cpus:24;mem:4096;disk:4096;ports:[31000-32000]");
            cluster.add_agent(Cluster::agent_id(n), total, BTreeMap::new());
        }
        let (add, ()) = timed(|| cluster.run());
        let offers = std::mem::take(&mut cluster.offers);
        let given: Vec<_> = offers.into_iter().collect();
        let (remove, ()) = timed(|| {
            for offer in &given {
                cluster.allocator.recover_resources(
                    cluster.now,
                    &offer.framework_id,
                    &offer.agent_id,
                    &offer.resources,
                    None,
                    false,
                );
            }
        });
        // A change of the total makes every share stale; one agent is the least that a run can look at.
        let repeats = 20;
        let mut sorts = 0.0;
        for n in 0..repeats {
            cluster.decline_all(Some(0.0));
            cluster.tick();
            let id = Cluster::agent_id(agents + n);
            cluster.add_agent(id, resources("cpus:1;mem:512"), BTreeMap::new());
            sorts += timed(|| cluster.run()).0;
        }
        for (samples, seconds) in samples.iter_mut().zip([add, remove, sorts / f64::from(repeats)]) {
            samples.push(1e3 * seconds);
        }
    }
    let [add, remove, sort] = samples.map(median);
    let label = format!("sorter, {agents} agents x {clients} clients");
    vec![
        row(
            &format!("{label}: add allocations, with the decisions"),
            Some(146.0),
            146.0,
            add,
        ),
        row(
            &format!("{label}: remove allocations, with all books"),
            Some(2600.0),
            260.0,
            remove,
        ),
        row(
            &format!("{label}: full sort, with a run over one agent"),
            Some(0.163),
            0.163,
            sort,
        ),
    ]
}

/// What a large cluster takes, with everything offered once and declined for a year.
pub fn memory(size: Size) -> Vec<Row> {
    let (agents, frameworks) = (size.of(50_000), size.of(6_000));
    let before = counting::held();
    let (mut cluster, ..) = rounds::fill(agents, frameworks, Options::default());
    cluster.decline_all(Some(1e9));
    cluster.tick();
    cluster.decline_all(Some(1e9));
    let held: Vec<Resources> = Vec::new();
    let bytes = counting::held() - before;
    drop(held);
    drop(cluster);
    #[allow(clippy::cast_precision_loss, reason = "a figure for people")]
    let megabytes = bytes as f64 / 1e6;
    vec![Row {
        ours: megabytes,
        goals: vec![Goal::AtMost(1000.0)],
        ..Row::time(
            &format!("memory at {agents} agents x {frameworks} frameworks, every agent declined twice"),
            "MB",
        )
    }]
}
