//! What `/metrics/snapshot` shows of the allocator.

use mesos_proto::v0::framework_info::capability::Type;

use super::cluster::{Cluster, always, always_with};
use crate::Options;

const AGENT: &str = "cpus:2;mem:1024";

/// Mesos: src/tests/hierarchical_allocator_tests.cpp, ResourceMetrics
#[test]
fn totals_and_what_is_offered_of_them() {
    let are = |c: &Cluster, cpus: f64, mem: f64, cpus_taken: f64, mem_taken: f64| {
        c.metrics_are([
            ("resources/cpus/total", Some(cpus)),
            ("resources/mem/total", Some(mem)),
            ("resources/disk/total", Some(0.0)),
            ("resources/cpus/offered_or_allocated", Some(cpus_taken)),
            ("resources/mem/offered_or_allocated", Some(mem_taken)),
            ("resources/disk/offered_or_allocated", Some(0.0)),
        ]);
    };
    always(|c| {
        c.agent("A", AGENT);
        are(c, 2.0, 1024.0, 0.0, 0.0);
        c.framework("F", "role1");
        are(c, 2.0, 1024.0, 2.0, 1024.0);
        c.remove_agent("A");
        are(c, 0.0, 0.0, 0.0, 0.0);
    });
    // Mesos: src/tests/hierarchical_allocator_tests.cpp, ResourceMetricsUninitialized
    are(
        &Cluster::before_recovery(Options::default(), 1),
        0.0,
        0.0,
        0.0,
        0.0,
    );
}

/// Mesos: src/tests/hierarchical_allocator_tests.cpp, QuotaMetrics
#[test]
fn guarantees_and_limits_as_long_as_there_are_some() {
    let are = |c: &Cluster, guarantee: Option<f64>, limit: Option<f64>| {
        c.metrics_are([
            ("quota/roles/role/resources/cpus/guarantee", guarantee),
            ("quota/roles/role/resources/cpus/limit", None),
            ("quota/roles/role/resources/mem/guarantee", None),
            ("quota/roles/role/resources/mem/limit", limit),
        ]);
    };
    always(|c| {
        are(c, None, None);
        c.guarantee_and_limit("role", "cpus:1", "mem:1024");
        are(c, Some(1.0), Some(1024.0));
        c.guarantee_and_limit("role", "cpus:2", "mem:1024");
        are(c, Some(2.0), Some(1024.0));
        c.no_quota("role");
        are(c, None, None);
    });
}

/// Mesos: src/tests/hierarchical_allocator_tests.cpp, AllocationRunsMetric
#[test]
fn runs_are_counted() {
    always(|c| {
        assert_eq!(c.metric("allocation_runs"), Some(0.0));
        c.agent("A", AGENT);
        c.framework("F", "role");
        assert_eq!(c.metric("allocation_runs"), Some(2.0));
    });
}

/// Mesos: src/tests/hierarchical_allocator_tests.cpp, ActiveOfferFiltersMetrics
#[test]
fn refusals_are_counted_by_role() {
    always(|c| {
        c.agent("A", AGENT);
        for (framework, role, of_a, of_b) in [
            ("F1", "roleA", 1.0, None),
            ("F2", "roleB", 1.0, Some(1.0)),
            ("F3", "roleA", 2.0, Some(1.0)),
        ] {
            c.framework(framework, role);
            c.offers([(framework, role, "A", AGENT)]);
            c.refuse(framework, role, "A", AGENT, 100.0);
            c.metrics_are([
                ("offer_filters/roles/roleA/active", Some(of_a)),
                ("offer_filters/roles/roleB/active", of_b),
            ]);
        }
    });
}

/// Mesos: src/tests/hierarchical_allocator_tests.cpp, DominantShareMetrics
#[test]
fn shares_of_roles_as_long_as_they_have_frameworks() {
    let are = |c: &Cluster, a: Option<f64>, b: Option<f64>| {
        c.metrics_are([
            ("roles/roleA/shares/dominant", a),
            ("roles/roleB/shares/dominant", b),
        ]);
    };
    let agent = "cpus:1;mem:1024";
    always(|c| {
        c.agent("A1", agent);
        c.framework("F1", "roleA");
        are(c, Some(1.0), None);
        c.back("F1", "roleA", "A1", agent);
        are(c, Some(0.0), None);
        c.framework("F2", "roleB");
        are(c, Some(0.0), Some(1.0));
        c.agent("A2", agent);
        are(c, Some(0.5), Some(0.5));
        c.remove_framework("F2");
        are(c, Some(0.5), None);
    });
}

/// Mesos: src/tests/hierarchical_allocator_tests.cpp, DominantShareMetricsWithFairnessExclusion
#[test]
fn excluded_resources_do_not_show_in_shares() {
    let options = Options {
        excluded_from_fairness: ["gpus".to_owned()].into(),
        ..Options::default()
    };
    always_with(&options, |c| {
        c.agent("A1", "cpus:1;mem:1024;gpus:1");
        c.framework_that("F1", "roleA", &[Type::GpuResources]);
        assert_eq!(c.metric("roles/roleA/shares/dominant"), Some(1.0));
        c.framework("F2", "roleB");
        c.agent("A2", "cpus:3;mem:3072");
        c.metrics_are([
            ("roles/roleA/shares/dominant", Some(0.25)),
            ("roles/roleB/shares/dominant", Some(0.75)),
        ]);
    });
}
