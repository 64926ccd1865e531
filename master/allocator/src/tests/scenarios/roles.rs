//! Roles below roles.

use super::cluster::always;

/// Mesos: src/tests/hierarchical_allocator_tests.cpp, OfferAncestorReservationsToDescendantChild
#[test]
fn what_is_reserved_for_a_role_is_for_those_below_it_too() {
    always(|c| {
        c.framework("F", "a/b/c");
        let of_a = "cpus(a):1;mem(a):512";
        c.agent("A1", of_a);
        c.offers([("F", "a/b/c", "A1", of_a)]);
        let mixed = "cpus:2;mem:1024;cpus(a/b):4;mem(a/b):2048";
        c.agent("A2", mixed);
        c.offers([("F", "a/b/c", "A2", mixed)]);
    });
}

/// Mesos: src/tests/hierarchical_allocator_tests.cpp, QuotaWithAncestorReservations
#[test]
fn a_role_that_holds_its_parents_reservations_leaves_the_headroom_as_it_is() {
    let one = "cpus:1;mem:1024";
    always(|c| {
        c.quota("quota-role", one);
        c.agent("A1", "cpus(a):1;mem(a):1024");
        c.framework("F1", "a/b");
        c.offers([("F1", "a/b", "A1", "cpus(a):1;mem(a):1024")]);
        c.framework("F2", "no-quota-role");
        c.no_offers();
        // One of the two is kept for quota-role.
        c.agent("A2", one);
        c.no_offers();
        c.agent("A3", one);
        c.sums_are([("F2", one)]);
        c.round();
        c.no_offers();
    });
}

/// Mesos: src/tests/hierarchical_allocator_tests.cpp, QuotaWithNestedRoleReservation
#[test]
fn a_reservation_below_a_role_counts_for_its_quota() {
    always(|c| {
        c.quota("a", "cpus:2;mem:200");
        c.agent("A1", "cpus(a/b):1;mem(a/b):100");
        c.agent("A2", "cpus:10;mem:1000");
        c.framework("F", "a");
        c.offers([("F", "a", "A2", "cpus:1;mem:100")]);
    });
}

/// Mesos: src/tests/hierarchical_allocator_tests.cpp, QuotaWithNestedRoleAllocation
#[test]
fn what_roles_below_hold_counts_for_quota_but_only_the_role_itself_is_bound_by_it() {
    let one = "cpus:1;mem:1024";
    always(|c| {
        c.framework("F1", "a/b");
        c.agent("A1", one);
        c.offers([("F1", "a/b", "A1", one)]);
        c.quota("a", one);
        c.framework("F2", "a");
        c.agent("A2", one);
        c.offers([("F1", "a/b", "A2", one)]);
    });
}

/// Mesos: src/tests/hierarchical_allocator_tests.cpp, QuotaHeadroomWithNestedRoleAllocation
#[test]
fn what_a_role_and_those_below_it_hold_counts_once_for_the_headroom() {
    let one = "cpus:1;mem:100";
    always(|c| {
        c.framework("F1", "a/b");
        c.agent("A1", one);
        c.offers([("F1", "a/b", "A1", one)]);
        c.framework("F2", "a");
        c.agent("A2", one);
        c.offers([("F2", "a", "A2", one)]);
        c.quota("quota-role", one);
        c.agent("A3", one);
        c.no_offers();
        c.agent("A4", one);
        assert_eq!(c.taken_offers().len(), 1);
        c.round();
        c.no_offers();
    });
}
