//! Who wants no offers gets none.

use super::cluster::{always, info};
use crate::FrameworkOptions;

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

/// Roles that are suppressed no more forget what was refused; the others keep it. Nobody is offered anything at once.
///
/// Mesos: src/master/allocator/mesos/hierarchical.cpp, updateFramework
#[test]
fn an_update_revives_the_roles_that_it_suppresses_no_more() {
    always(|c| {
        let options = FrameworkOptions {
            suppressed: ["role1".to_owned()].into(),
            ..FrameworkOptions::default()
        };
        c.join("F", &info("role1 role2", &[]), true, options);
        c.agent("A", AGENT);
        c.offers([("F", "role2", "A", AGENT)]);
        c.refuse("F", "role2", "A", AGENT, DAY);
        c.update_framework("F", &info("role1 role2", &[]));
        c.no_offers();
        c.round();
        c.offers([("F", "role1", "A", AGENT)]);
        c.refuse("F", "role1", "A", AGENT, DAY);
        // A role that is left takes its refusals with it.
        c.update_framework("F", &info("role2", &[]));
        c.update_framework("F", &info("role1 role2", &[]));
        c.round();
        c.offers([("F", "role1", "A", AGENT)]);
    });
}

/// What a framework holds in a role that it has left counts for the role until it comes back.
///
/// Mesos: src/master/allocator/mesos/hierarchical.cpp, trackFrameworkUnderRole and untrackAllocatedResources
#[test]
fn what_is_held_in_a_role_that_was_left_counts_on() {
    always(|c| {
        c.framework("F", "role1");
        c.agent("A1", AGENT);
        c.launch("F", "role1", "A1", AGENT);
        c.offers([("F", "role1", "A1", AGENT)]);
        c.update_framework("F", &info("role2", &[]));
        assert_eq!(c.metric("roles/role1/shares/dominant"), Some(1.0));
        c.agent("A2", AGENT);
        c.offers([("F", "role2", "A2", AGENT)]);
        assert_eq!(c.metric("roles/role1/shares/dominant"), Some(0.5));
        c.finished("F", "role1", "A1", AGENT);
        assert_eq!(c.metric("roles/role1/shares/dominant"), None);
        c.round();
        c.offers([("F", "role2", "A1", AGENT)]);
    });
}
