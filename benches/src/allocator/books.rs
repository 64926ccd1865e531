//! Conversions, memory.

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
