//! Who wants no offers gets none.

use super::cluster::always;

const AGENT: &str = "cpus:2;mem:1024";
const DAY: f64 = 86_400.0;

/// Mesos: src/tests/hierarchical_allocator_tests.cpp, DeactivateAndReactivateFramework
#[test]
fn a_framework_that_suppressed_and_left_is_offered_again_when_it_is_back_and_revives() {
    always(|c| {
        c.agent("A", AGENT);
        c.framework("F", "role1");
        c.offers([("F", "role1", "A", AGENT)]);
        c.back("F", "role1", "A", AGENT);
        c.suppress("F", &[]);
        c.deactivate("F");
        c.round();
        c.no_offers();
        c.activate("F");
        c.no_offers();
        c.revive("F", &[]);
        c.offers([("F", "role1", "A", AGENT)]);
    });
}

/// Mesos: src/tests/hierarchical_allocator_tests.cpp, SuppressAndReviveOffers
#[test]
fn to_revive_what_was_not_suppressed_does_nothing() {
    always(|c| {
        c.agent("A", AGENT);
        c.framework("F", "role1");
        c.offers([("F", "role1", "A", AGENT)]);
        c.revive("F", &[]);
        c.no_offers();
        c.back("F", "role1", "A", AGENT);
        c.suppress("F", &[]);
        c.round();
        c.no_offers();
        c.revive("F", &[]);
        c.offers([("F", "role1", "A", AGENT)]);
    });
}

/// Mesos: src/tests/hierarchical_allocator_tests.cpp, SuppressAndReviveOffersWithMultiRole
#[test]
fn each_role_of_a_framework_is_suppressed_revived_and_filtered_by_itself() {
    always(|c| {
        c.framework("F", "role1 role2");
        c.suppress("F", &["role1"]);
        c.agent("A", AGENT);
        c.offers([("F", "role2", "A", AGENT)]);
        c.refuse("F", "role2", "A", AGENT, DAY);
        c.round();
        c.no_offers();
        c.revive("F", &["role1"]);
        c.offers([("F", "role1", "A", AGENT)]);
        c.refuse("F", "role1", "A", AGENT, DAY);
        c.round();
        c.no_offers();
    });
}
