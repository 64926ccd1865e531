//! The sorter: allocations made and taken back, order.

use std::collections::BTreeMap;

use mesos::Resources;
use mesos_allocator::{Allocator, Options, Sorter};

use super::cluster::{Cluster, resources};
use super::{Size, median, row, timed};
use crate::runtime::row::{Goal, Row};

/// How often the order by itself is measured: a sort is short.
const TIMES: usize = 7;

/// What was measured of the order by itself, in processor seconds.
struct Measured {
    add: f64,
    sort: f64,
    again: f64,
    remove: f64,
}

/// `BENCHMARK_FullSort` of Mesos: agents are given to clients in turns, which are sorted, and taken back. `amount` is
/// what the n-th agent's allocation is.
fn alone(agents: u32, clients: u32, amount: impl Fn(u32) -> Resources) -> Measured {
    let mut sorter = Sorter::new("*");
    let clients: Vec<u32> = (0..clients).map(|n| sorter.add(&n.to_string().into())).collect();
    let total = resources("cpus:24;mem:4096;disk:4096");
    let agents: Vec<u32> = (0..agents)
        .map(|n| sorter.add_agent(&format!("agent{n}").into(), total.clone()))
        .collect();
    let amounts: Vec<Resources> = (0..clients.len())
        .map(|n| amount(u32::try_from(n).unwrap_or(0)))
        .collect();
    let turns = || agents.iter().zip((0..clients.len()).cycle());
    let (add, ()) = timed(|| {
        for (agent, client) in turns() {
            sorter.allocated(clients[client], *agent, &amounts[client]);
        }
    });
    let (sort, first) = timed(|| sorter.sort()[0]);
    // So short that the clock would be most of it.
    let (again, same) = timed(|| (0..1000).all(|_| std::hint::black_box(&mut sorter).sort()[0] == first));
    assert!(same && sorter.sort().len() == clients.len());
    let held = sorter.allocation(clients[0], agents[0]);
    assert_eq!(held, Some(&amounts[0]));
    let (remove, ()) = timed(|| {
        for (agent, client) in turns() {
            sorter.unallocated(clients[client], *agent, &amounts[client]);
        }
    });
    assert_eq!(sorter.allocation(clients[0], agents[0]), None);
    Measured {
        add,
        sort,
        again: again / 1000.0,
        remove,
    }
}

/// The order by itself with 50,000 agents and 1,000 clients, as Mesos measures its sorter.
pub fn sorter(size: Size) -> Vec<Row> {
    let (agents, clients) = (size.of(50_000), size.of(1_000));
    let ports: Vec<String> = (0..100)
        .map(|n| 31_000 + 10 * n)
        .map(|port| format!("{port}-{}", port + 4))
        .collect();
    let ports = format!("ports:[{}]", ports.join(","));
    let same = resources(&format!("cpus:16;mem:2014;disk:1024;{ports}")).allocated("*");
    // Primes spread what clients hold, so that they come in no order.
    let other = |n: u32| {
        let (cpus, mem) = (n * 7919 % 15_013, n * 104_729 % 4093);
        resources(&format!(
            "cpus:{}.{:03};mem:{mem};{ports}",
            cpus / 1000,
            cpus % 1000
        ))
        .allocated("*")
    };
    let times = TIMES * size.runs.min(3);
    let alike: Vec<Measured> = (0..times)
        .map(|_| alone(agents, clients, |_| same.clone()))
        .collect();
    let different: Vec<Measured> = (0..times).map(|_| alone(agents, clients, other)).collect();
    let of = |all: &[Measured], figure: &dyn Fn(&Measured) -> f64| median(all.iter().map(figure).collect());
    let label = format!("sorter, {agents} agents x {clients} clients");
    let micros = |work: &str, cpp: Option<f64>, goal: f64, seconds: f64| Row {
        cpp,
        ours: 1e6 * seconds,
        goals: vec![Goal::AtMost(goal)],
        ..Row::time(&format!("{label}: {work}"), "CPU µs")
    };
    vec![
        row(
            &format!("{label}: add allocations"),
            Some(146.0),
            14.6,
            1e3 * of(&alike, &|one| one.add),
        ),
        micros(
            "full sort, shares alike",
            Some(163.0),
            16.3,
            of(&alike, &|one| one.sort),
        ),
        micros(
            "full sort, shares in no order",
            None,
            50.0,
            of(&different, &|one| one.sort),
        ),
        micros(
            "sort when nothing has changed",
            Some(9.0),
            0.9,
            of(&alike, &|one| one.again),
        ),
        row(
            &format!("{label}: remove allocations"),
            Some(2600.0),
            260.0,
            1e3 * of(&alike, &|one| one.remove),
        ),
    ]
}

/// As many agents and clients with all the books around the order, as the master uses them.
pub fn decided(size: Size) -> Vec<Row> {
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
            sorts += timed(|| cluster.allocator.run(cluster.now)).0;
        }
        for (samples, seconds) in samples.iter_mut().zip([add, remove, sorts / f64::from(repeats)]) {
            samples.push(1e3 * seconds);
        }
    }
    let [add, remove, sort] = samples.map(median);
    let label = format!("{agents} agents x {clients} frameworks");
    vec![
        row(
            &format!("{label}: all agents offered for the first time"),
            None,
            100.0,
            add,
        ),
        row(&format!("{label}: all offers taken back"), None, 100.0, remove),
        row(&format!("{label}: a run over one new agent"), None, 0.1, sort),
    ]
}
