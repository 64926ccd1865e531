//! Small and large quotas.

use mesos::{Limits, Quantities};
use mesos_allocator::{Allocator, Options, Quota};

use super::cluster::{Cluster, resources};
use super::{Size, median, row, timed};
use crate::runtime::row::Row;

/// LargeAndSmallQuota: every role has a quota that fits half an agent, or two.
pub fn small_and_large(size: Size) -> Vec<Row> {
    let (small, large) = (size.of(2_500), size.of(500));
    let agents = small / 5 + large * 5;
    let mut samples: [Vec<f64>; 3] = Default::default();
    let mut offers = 0;
    for _ in 0..size.runs {
        let mut cluster = Cluster::new(Options::default());
        for n in 0..agents {
            let total = resources("cpus:2;mem:2048;disk:2048");
            cluster.add_agent(Cluster::agent_id(n), total, Default::default());
        }
        cluster.run();
        let (add, ()) = timed(|| {
            for n in 0..small {
                cluster.add_framework(&Cluster::framework_id(n), &format!("smallQuotaRole{n}"));
            }
            for n in 0..large {
                cluster.add_framework(&Cluster::framework_id(small + n), &format!("largeQuotaRole{n}"));
            }
        });
        let quota = |text: &str| Quota {
            guarantees: Quantities::parse(text).expect("the benchmark's quota is valid"),
            limits: Limits::parse(text).expect("the benchmark's quota is valid"),
        };
        for n in 0..small {
            let quota = quota("cpus:1;mem:1024;disk:1024");
            cluster
                .allocator
                .update_quota(cluster.now, &format!("smallQuotaRole{n}"), quota);
        }
        for n in 0..large {
            let quota = quota("cpus:4;mem:4096;disk:4096");
            cluster
                .allocator
                .update_quota(cluster.now, &format!("largeQuotaRole{n}"), quota);
        }
        let (first, ()) = timed(|| cluster.tick());
        offers = cluster.offers.len();
        let (second, ()) = timed(|| cluster.tick());
        assert_eq!(
            cluster.offers.len(),
            offers,
            "the second cycle has nothing to give"
        );
        for (samples, seconds) in samples.iter_mut().zip([add, first, second]) {
            samples.push(1e3 * seconds);
        }
    }
    let [add, first, second] = samples.map(median);
    let label = format!("quota, {agents} agents, {} roles and frameworks", small + large);
    vec![
        row(&format!("{label}: add frameworks"), Some(38_500.0), 100.0, add),
        row(
            &format!("{label}: {offers} allocations"),
            Some(35_500.0),
            100.0,
            first,
        ),
        row(&format!("{label}: an idle cycle"), Some(28_500.0), 1.0, second),
    ]
}
