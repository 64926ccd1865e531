//! What is reserved for a role is part of its quota.

use mesos::Resources;
use mesos_proto::v0::framework_info::capability::Type;

use super::bundles::{Bundle, reserved, reserved_statically, shared_volume};
use super::cluster::{Cluster, always};

const DAY: f64 = 86_400.0;
const ONE: &str = "cpus:1;mem:1024";
const TWO: &str = "cpus:2;mem:2048";

/// Tells a story with static and with dynamic reservations.
fn with_reservations(story: impl Fn(&mut Cluster, fn(&str, &str) -> Resources)) {
    always(|c| story(c, |bundle, role| reserved_statically(bundle, role)));
    always(|c| story(c, |bundle, role| reserved(bundle, role)));
}

/// Mesos: src/tests/hierarchical_allocator_tests.cpp, ReservationUnallocated
#[test]
fn reservations_that_nobody_uses_count_for_quota() {
    with_reservations(|c, reserve| {
        let own = reserve(ONE, "quota-role");
        c.agent("A1", &own);
        c.quota("quota-role", ONE);
        c.framework("F", "quota-role");
        c.offers([("F", "quota-role", "A1", &own)]);
        c.refuse("F", "quota-role", "A1", &own, DAY);
        c.agent("A2", ONE);
        c.round();
        c.no_offers();
    });
}

/// Mesos: src/tests/hierarchical_allocator_tests.cpp, ReservationAllocated
#[test]
fn reservations_that_are_used_count_for_quota_once() {
    with_reservations(|c, reserve| {
        let own = reserve(ONE, "quota-role");
        c.agent("A1", &own);
        c.quota("quota-role", TWO);
        c.framework("F", "quota-role");
        c.offers([("F", "quota-role", "A1", own)]);
        c.agent("A2", ONE);
        c.offers([("F", "quota-role", "A2", ONE)]);
        c.agent("A3", ONE);
        c.round();
        c.no_offers();
    });
}

/// Mesos: src/tests/hierarchical_allocator_tests.cpp, NonQuotaRoleReservationWithQuotaRole
#[test]
fn a_role_without_quota_has_its_reservations_while_others_are_owed() {
    with_reservations(|c, reserve| {
        let others = reserve(TWO, "no-quota-role");
        c.agent("A", TWO.bundle() + &others);
        c.quota("quota-role", TWO);
        c.framework("F1", "quota-role");
        c.offers([("F1", "quota-role", "A", TWO)]);
        c.refuse("F1", "quota-role", "A", TWO, DAY);
        c.framework("F2", "no-quota-role");
        c.offers([("F2", "no-quota-role", "A", others)]);
    });
}

/// Mesos: src/tests/hierarchical_allocator_tests.cpp, SharedAllocatedResourceQuotaAccounting
#[test]
fn a_shared_volume_counts_for_quota_once_however_often_it_is_offered() {
    with_reservations(|c, reserve| {
        let role = "quota-role";
        c.quota(role, "cpus:3;mem:2048;disk:100");
        let all = reserve("cpus:2;mem:1024;disk:50", role);
        c.agent("A1", &all);
        c.framework_that("F", role, &[Type::SharedResources]);
        c.offers([("F", role, "A1", &all)]);
        let disk = reserve("disk:50", role);
        let volume = shared_volume(&disk);
        c.convert("F", role, "A1", all, (disk, &volume));
        let part = reserve("cpus:1;mem:512", role);
        c.back("F", role, "A1", &part);
        c.round();
        c.offers([("F", role, "A1", part + &volume)]);
        let rest = "cpus:1;mem:1024;disk:50";
        c.agent("A2", rest);
        c.offers([("F", role, "A2", rest)]);
        c.agent("A3", "cpus:0.5;mem:512;disk:50");
        c.round();
        c.no_offers();
    });
}

/// Mesos: src/tests/hierarchical_allocator_tests.cpp, QuotaAccountingReserveAllocatedResources
#[test]
fn to_reserve_what_one_holds_leaves_what_is_owed_as_it_is() {
    let half = "cpus:5;mem:512";
    always(|c| {
        c.quota("quota-role", "cpus:10;mem:1024");
        c.framework("F", "quota-role");
        c.agent("A1", half);
        c.offers([("F", "quota-role", "A1", half)]);
        c.convert(
            "F",
            "quota-role",
            "A1",
            half,
            (half, reserved(half, "quota-role")),
        );
        c.agent("A2", "cpus:10;mem:1024");
        c.offers([("F", "quota-role", "A2", half)]);
    });
}

/// Mesos: src/tests/hierarchical_allocator_tests.cpp, QuotaAccountingUnreserveAllocatedResources
#[test]
fn to_unreserve_what_one_holds_leaves_what_is_owed_as_it_is() {
    always(|c| {
        c.quota("quota-role", ONE);
        c.framework("F", "quota-role");
        let own = "cpus(quota-role):1;mem(quota-role):1024";
        c.agent("A1", own);
        c.offers([("F", "quota-role", "A1", own)]);
        c.agent("A2", ONE);
        c.no_offers();
        c.convert("F", "quota-role", "A1", own, (own, ONE));
        c.round();
        c.no_offers();
    });
}

/// Mesos: src/tests/hierarchical_allocator_tests.cpp, Reservations
#[test]
fn reservations_are_for_their_role_alone() {
    always(|c| {
        c.agent("A1", "cpus(role1):2;mem(role1):1024");
        c.agent("A2", "cpus(role2):2;mem(role2):1024;cpus:1;mem:1024");
        c.agent("A3", "cpus(role3):1;mem(role3):1024");
        c.framework("F1", "role1");
        c.offers([
            ("F1", "role1", "A1", "cpus(role1):2;mem(role1):1024"),
            ("F1", "role1", "A2", ONE),
        ]);
        c.framework("F2", "role2");
        c.offers([("F2", "role2", "A2", "cpus(role2):2;mem(role2):1024")]);
    });
}

/// Mesos: src/tests/hierarchical_allocator_tests.cpp, QuotaHeadroomWhenReservationsExceedQuota
#[test]
fn more_reserved_than_owed_does_not_help_those_who_are_owed() {
    with_reservations(|c, reserve| {
        c.quota("rich", ONE);
        c.quota("poor", ONE);
        c.agent("A1", reserve(TWO, "rich"));
        c.agent("A2", ONE);
        c.framework("F", "no-quota-role");
        c.no_offers();
        c.agent("A3", ONE);
        c.offers([("F", "no-quota-role", "A3", ONE)]);
        c.round();
        c.no_offers();
    });
}

/// Mesos: src/tests/hierarchical_allocator_tests.cpp, ReservationWithinQuota
#[test]
fn reservations_in_use_count_for_shares_and_for_quota() {
    always(|c| {
        c.quota("quota-role", "cpus:2;mem:256");
        c.framework("F1", "quota-role");
        c.framework("F2", "no-quota-role");
        let used = [("F1", "quota-role", "cpus:2;mem(quota-role):256")];
        c.agent_used("A1", "cpus:8;mem(quota-role):256", &used);
        c.offers([("F2", "no-quota-role", "A1", "cpus:6")]);
        c.agent("A2", "cpus:4");
        c.offers([("F2", "no-quota-role", "A2", "cpus:4")]);
    });
}

/// Mesos: src/tests/hierarchical_allocator_tests.cpp, QuotaSetAsideReservedResources
#[test]
fn what_is_kept_for_guarantees_is_not_what_others_have_reserved() {
    let agent = "cpus:4;mem:512";
    always(|c| {
        c.agent("A1", agent);
        c.agent("A2", agent);
        let others = reserved(agent, "no-quota-role");
        assert!(c.operate("A2", agent, &others));
        c.framework("F1", "quota-role");
        // The quota comes with what is offered already.
        c.quota("quota-role", agent);
        c.offers([("F1", "quota-role", "A1", agent)]);
        c.refuse("F1", "quota-role", "A1", agent, 10.0);
        c.round();
        c.no_offers();
        c.framework("F2", "no-quota-role");
        c.offers([("F2", "no-quota-role", "A2", &others)]);
        c.refuse("F2", "no-quota-role", "A2", others, 10.0);
        c.round();
        c.no_offers();
    });
}
