//! Agents and what they have change.

use mesos_proto::v0::framework_info::capability::Type;

use super::bundles::{Bundle, reserved, revocable};
use super::cluster::always;

const ALL: &str = "cpus:100;mem:100;disk:100";

/// Mesos: src/tests/hierarchical_allocator_tests.cpp, UpdateSlaveOversubscribedResources
#[test]
fn only_what_is_new_of_the_revocable_is_offered() {
    always(|c| {
        c.agent("A", ALL);
        c.framework_that("F", "role1", &[Type::RevocableResources]);
        c.offers([("F", "role1", "A", ALL)]);
        c.total("A", ALL.bundle() + &revocable("cpus:10"));
        c.offers([("F", "role1", "A", revocable("cpus:10"))]);
        c.total("A", ALL.bundle() + &revocable("cpus:12"));
        c.offers([("F", "role1", "A", revocable("cpus:2"))]);
        c.total("A", ALL.bundle() + &revocable("cpus:5"));
        c.no_offers();
    });
}

/// Mesos: src/tests/hierarchical_allocator_tests.cpp, OversubscribedNotAllocated
#[test]
fn who_did_not_ask_for_the_revocable_is_not_offered_it() {
    always(|c| {
        c.agent("A", ALL);
        c.framework("F", "role1");
        c.offers([("F", "role1", "A", ALL)]);
        c.total("A", ALL.bundle() + &revocable("cpus:10"));
        c.round();
        c.no_offers();
    });
}

/// Mesos: src/tests/hierarchical_allocator_tests.cpp, RecoverOversubscribedResources
#[test]
fn what_comes_back_is_offered_revocable_or_not_as_it_was() {
    always(|c| {
        c.agent("A", ALL);
        c.framework_that("F", "role1", &[Type::RevocableResources]);
        c.total("A", ALL.bundle() + &revocable("cpus:10"));
        c.taken_offers();
        let part = revocable("cpus:6") + &"cpus:2".bundle();
        c.back("F", "role1", "A", &part);
        c.no_offers();
        c.round();
        c.offers([("F", "role1", "A", part)]);
    });
}

/// Mesos: src/tests/hierarchical_allocator_tests.cpp, UpdateSlaveTotalResources
#[test]
fn an_agent_may_grow_and_shrink_below_what_is_held_of_it() {
    always(|c| {
        c.agent("A", ALL);
        c.framework("F", "role1");
        c.offers([("F", "role1", "A", ALL)]);
        c.total("A", "cpus:112;mem:100;disk:100");
        c.offers([("F", "role1", "A", "cpus:12")]);
        let half = "cpus:50;mem:50;disk:50";
        c.total("A", half);
        c.no_offers();
        c.back("F", "role1", "A", "cpus:112;mem:100;disk:100");
        c.round();
        c.offers([("F", "role1", "A", half)]);
        c.total("A", ALL);
        c.offers([("F", "role1", "A", half)]);
    });
}

/// Mesos: src/tests/hierarchical_allocator_tests.cpp, UpdateSlaveCapabilities
/// Mesos: src/tests/hierarchical_allocator_tests.cpp, DontOfferOldAgentToMultiRoleFramework
#[test]
fn agents_that_know_one_role_only_are_not_offered_to_frameworks_of_several() {
    always(|c| {
        c.agent_with("A", "cpus:2;mem:1024", |agent| agent.capabilities.clear());
        c.framework("F", "role1");
        c.round();
        c.no_offers();
        let capabilities = mesos::capabilities::agent_capabilities();
        c.update_agent("A", |update| update.capabilities = Some(capabilities));
        c.offers([("F", "role1", "A", "cpus:2;mem:1024")]);
    });
}

/// Mesos: src/tests/hierarchical_allocator_tests.cpp, FrameworkLoopMESOS_9554
#[test]
fn who_cannot_take_an_agent_does_not_keep_it_from_others() {
    always(|c| {
        let role = "parent/child";
        c.framework_that("F1", role, &[Type::ReservationRefinement]);
        c.agent("A1", "cpus:1;mem:1;disk:1");
        c.offers([("F1", role, "A1", "cpus:1;mem:1;disk:1")]);
        // It comes first by its share, but cannot handle reservations of reservations.
        c.framework("F2", role);
        c.no_offers();
        let refined = reserved(reserved("cpus:1;mem:1;disk:1", "parent"), role);
        c.agent("A2", &refined);
        c.offers([("F1", role, "A2", refined)]);
    });
}

/// Mesos: src/tests/hierarchical_allocator_tests.cpp, NonScalarReservationTrackingMESOS_9555
#[test]
fn agents_with_nothing_reserved_but_ports_come_and_go() {
    always(|c| {
        for agent in ["A1", "A2"] {
            c.agent(agent, "cpus:1;mem:1;disk:1;ports(role):[1-2]");
        }
        c.remove_agent("A1");
        c.remove_agent("A2");
        c.framework("F", "role");
        c.round();
        c.no_offers();
    });
}

/// Mesos: src/tests/hierarchical_allocator_tests.cpp, Whitelist
#[test]
fn only_agents_on_listed_hosts_are_offered() {
    always(|c| {
        c.whitelist(&["other"]);
        c.agent("A", "cpus:2;mem:1024");
        c.framework("F", "*");
        c.round();
        c.no_offers();
        c.whitelist(&["other", "A"]);
        c.round();
        c.offers([("F", "*", "A", "cpus:2;mem:1024")]);
    });
}

/// Mesos: src/tests/hierarchical_allocator_tests.cpp, AddResourceProvider
#[test]
fn what_providers_bring_in_use_counts_for_shares() {
    let own = "cpus:1;mem:100;disk:10";
    always(|c| {
        c.idle_framework("F1", "role1");
        c.idle_framework("F2", "role2");
        c.agent("A1", own);
        let more = "cpus:2;mem:200;disk:20";
        c.provider("A1", more, &[("F1", "role1", more)]);
        c.no_offers();
        c.activate("F2");
        c.offers([("F2", "role2", "A1", own)]);
        c.activate("F1");
        // Two of four are role1's, one is role2's.
        c.agent("A2", own);
        c.offers([("F2", "role2", "A2", own)]);
    });
}

/// Mesos: src/tests/hierarchical_allocator_tests.cpp, AddResourceProviderOverallocated
#[test]
fn a_provider_may_bring_nothing_but_word_of_use() {
    always(|c| {
        c.agent("A", "cpus:2;mem:200;disk:20");
        c.idle_framework("F", "role");
        let half = "cpus:1;mem:100;disk:10";
        c.provider("A", "", &[("F", "role", half)]);
        c.activate("F");
        c.round();
        c.offers([("F", "role", "A", half)]);
    });
}
