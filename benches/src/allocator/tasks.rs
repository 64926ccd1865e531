//! Frameworks of many kinds that launch all their tasks.

use std::collections::BTreeMap;

use mesos::Resources;
use mesos::ids::FrameworkId;
use mesos_allocator::{Allocator, Options};

use super::cluster::{Cluster, resources};
use super::{Size, median, row, timed};
use crate::runtime::row::{Goal, Row};

/// What a framework wants to run.
struct Profile {
    task: Resources,
    left: u32,
    at_once: u32,
}

/// What came of it.
struct Outcome {
    launched: u32,
    offers: u64,
    runs: u64,
    virtual_seconds: f64,
}

/// MultiFrameworkAllocations: 4 that launch 4,000 small tasks each, 500 that launch 5, one an offer, 50 that launch 20.
/// What is left of an offer is given back without a word.
pub fn many_frameworks(size: Size) -> Vec<Row> {
    let mut samples = Vec::new();
    let mut last = None;
    let wanted = {
        let (_, profiles) = setup(size, Options::default());
        profiles.values().map(|profile| profile.left).sum::<u32>()
    };
    for _ in 0..size.runs {
        let (seconds, outcome) = timed(|| launch_all(size, Options::default(), wanted));
        samples.push(1e3 * seconds);
        last = Some(outcome);
    }
    let Some(outcome) = last else { return Vec::new() };
    let classic = launch_all(
        size,
        Options {
            event_driven: false,
            ..Options::default()
        },
        wanted,
    );
    println!(
        "MultiFrameworkAllocations: {} of {wanted} tasks after {:.1} s of the cluster's time, {} runs, {} offers; \
         with --event_driven_offers=false {} of {wanted} after {:.0} s, {} runs",
        outcome.launched,
        outcome.virtual_seconds,
        outcome.runs,
        outcome.offers,
        classic.launched,
        classic.virtual_seconds,
        classic.runs
    );
    vec![
        Row {
            cpp: (size.divisor == 1).then_some(5_132.0),
            ours: f64::from(outcome.launched),
            goals: vec![Goal::AtLeast(f64::from(wanted))],
            ..Row::rate(
                "MultiFrameworkAllocations: tasks launched of 19,500 (C++: in 30 s)",
                "tasks",
            )
        },
        row(
            "MultiFrameworkAllocations: until all are launched",
            None,
            1000.0,
            median(samples),
        ),
    ]
}

fn setup(size: Size, options: Options) -> (Cluster, BTreeMap<FrameworkId, Profile>) {
    let mut cluster = Cluster::new(options);
    for n in 0..size.of(80) {
        cluster.add_agent(
            Cluster::agent_id(n),
            resources("cpus:64;mem:488000"),
            BTreeMap::new(),
        );
    }
    let mut profiles = BTreeMap::new();
    let mut add = |cluster: &mut Cluster, name: String, role: String, task: &str, left, at_once| {
        let id = FrameworkId::new(name);
        cluster.add_framework(&id, &role);
        let task = resources(task);
        profiles.insert(id, Profile { task, left, at_once });
    };
    for n in 1..=4 {
        let tasks = size.of(4000);
        add(
            &mut cluster,
            format!("Marathon-{n}"),
            format!("roleA-{n}"),
            "cpus:0.07;mem:400",
            tasks,
            100,
        );
    }
    for n in 0..size.of(500) {
        add(
            &mut cluster,
            format!("Jenkins-{n}"),
            "roleB".to_owned(),
            "cpus:0.1;mem:4000",
            5,
            1,
        );
    }
    for n in 1..=size.of(50) {
        add(
            &mut cluster,
            format!("SparkDispatcher-{n}"),
            format!("roleC-{n}"),
            "cpus:1;mem:1000",
            20,
            5,
        );
    }
    (cluster, profiles)
}

fn launch_all(size: Size, options: Options, wanted: u32) -> Outcome {
    let (mut cluster, mut profiles) = setup(size, options);
    let start = cluster.now;
    let mut outcome = Outcome {
        launched: 0,
        offers: 0,
        runs: 0,
        virtual_seconds: 0.0,
    };
    // Starved frameworks would wait for ever.
    while outcome.launched < wanted && outcome.runs < 5_000 {
        let Some(due) = cluster.allocator.next_run() else {
            break;
        };
        cluster.now = cluster.now.max(due);
        cluster.run();
        outcome.runs += 1;
        for offer in std::mem::take(&mut cluster.offers) {
            outcome.offers += 1;
            let Some(profile) = profiles.get_mut(&offer.framework_id) else {
                continue;
            };
            let task = profile.task.clone().allocated(&offer.role);
            let mut rest = offer.resources.clone();
            let mut launched = 0;
            while profile.left > 0 && launched < profile.at_once && rest.contains(&task) {
                rest -= &task;
                profile.left -= 1;
                launched += 1;
            }
            outcome.launched += launched;
            let used = offer.resources - &rest;
            cluster.allocator.recover_resources(
                cluster.now,
                &offer.framework_id,
                &offer.agent_id,
                &rest,
                None,
                false,
            );
            cluster.allocator.transition_offered_to_allocated(
                cluster.now,
                &offer.framework_id,
                &offer.agent_id,
                &used,
            );
        }
    }
    outcome.virtual_seconds = cluster.now.duration_since(start).as_secs_f64();
    outcome
}
