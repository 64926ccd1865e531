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

/// A role and those above it are shown as long as anything speaks for it: a weight, quota, reservations, frameworks.
///
/// Mesos: src/tests/sorter_tests.cpp, RoleTreeTest, RolesTracking
#[test]
fn refusals_are_shown_of_every_role_that_matters() {
    let are = |c: &Cluster, shown: bool| {
        let value = shown.then_some(0.0);
        c.metrics_are([
            ("offer_filters/roles/a/active", value),
            ("offer_filters/roles/a/b/active", value),
            ("offer_filters/roles/a/b/c/active", value),
        ]);
    };
    let role = "a/b/c";
    always(|c| {
        c.weight(role, 2.0);
        are(c, true);
        c.weight(role, 1.0);
        are(c, false);
        c.quota(role, "cpus:1");
        are(c, true);
        c.no_quota(role);
        are(c, false);
        c.agent("A", "cpus(a/b/c):1");
        are(c, true);
        c.remove_agent("A");
        are(c, false);
        c.framework("F", role);
        are(c, true);
        c.remove_framework("F");
        are(c, false);
    });
}

/// What tasks use and what is reserved is consumed, offers are not. The role without a name is all of them.
///
/// Mesos: src/master/allocator/mesos/hierarchical.cpp, RoleTree::trackAllocated and trackReservations
#[test]
fn what_roles_consume_is_shown_with_and_without_quota() {
    let are = |c: &Cluster, all: Option<f64>, a: Option<f64>, ab: Option<f64>| {
        c.metrics_are([
            ("quota/roles//resources/cpus/consumed", all),
            ("quota/roles/a/resources/cpus/consumed", a),
            ("quota/roles/a/b/resources/cpus/consumed", ab),
        ]);
    };
    always(|c| {
        c.framework("F", "a/b");
        c.agent("A", "cpus:4;mem:1024;cpus(a):1");
        are(c, Some(1.0), Some(1.0), None);
        c.launch("F", "a/b", "A", "cpus:2;mem:512;cpus(a):1");
        are(c, Some(3.0), Some(3.0), Some(2.0));
        assert_eq!(c.metric("quota/roles/a/b/resources/mem/consumed"), Some(512.0));
        c.finished("F", "a/b", "A", "cpus:2;mem:512");
        are(c, Some(1.0), Some(1.0), None);
        c.remove_agent("A");
        are(c, None, None, None);
    });
}

/// Of a role with roles below it, what it holds itself is shown, and its weight is for it with those below.
///
/// Mesos: src/master/allocator/mesos/sorter/drf/metrics.cpp, Metrics::add; hierarchical.cpp, _quota_offered_or_allocated
#[test]
fn roles_below_do_not_show_in_those_above() {
    let agent = "cpus:1;mem:1024";
    always(|c| {
        c.weight("a", 2.0);
        c.guarantee_and_limit("a", "", "cpus:8;mem:8192");
        c.agent("A1", agent);
        c.framework("F1", "a/b");
        c.offers([("F1", "a/b", "A1", agent)]);
        let offered = "quota/roles/a/resources/cpus/offered_or_allocated";
        c.metrics_are([
            ("roles/a/shares/dominant", None),
            ("roles/a/b/shares/dominant", Some(1.0)),
            (offered, Some(0.0)),
        ]);
        c.framework("F2", "a");
        c.agent("A2", agent);
        c.offers([("F2", "a", "A2", agent)]);
        c.metrics_are([
            ("roles/a/shares/dominant", Some(0.5)),
            ("roles/a/b/shares/dominant", Some(0.5)),
            (offered, Some(1.0)),
        ]);
    });
}
