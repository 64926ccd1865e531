//! Operations change what there is.

use mesos::Resources;

use super::bundles::{Bundle, reserved, volume};
use super::cluster::always;

const ALL: &str = "cpus:100;mem:100;disk:100";

/// Mesos: src/tests/hierarchical_allocator_tests.cpp, UpdateAllocation
#[test]
fn what_a_framework_made_of_an_offer_is_what_it_is_offered_next() {
    always(|c| {
        c.agent("A", ALL);
        c.framework("F", "role1");
        c.offers([("F", "role1", "A", ALL)]);
        c.convert("F", "role1", "A", ALL, ("disk:5", volume("disk:5")));
        let after = "cpus:100;mem:100;disk:95".bundle() + &volume("disk:5");
        c.back("F", "role1", "A", &after);
        c.round();
        c.offers([("F", "role1", "A", after)]);
    });
}

/// Mesos: src/tests/hierarchical_allocator_tests.cpp, UpdateAllocationRemoveResources
#[test]
fn what_an_operation_removes_is_gone_from_the_agent() {
    always(|c| {
        c.agent("A", ALL);
        c.framework("F", "role1");
        c.taken_offers();
        c.convert("F", "role1", "A", ALL, ("disk:100", Resources::new()));
        assert_eq!(c.metric("roles/role1/shares/dominant"), Some(1.0));
        c.back("F", "role1", "A", "cpus:100;mem:100");
        c.round();
        c.offers([("F", "role1", "A", "cpus:100;mem:100")]);
        assert_eq!(c.metric("resources/disk/total"), Some(0.0));
    });
}

/// Mesos: src/tests/hierarchical_allocator_tests.cpp, UpdateAvailableSuccess
#[test]
fn an_operator_may_reserve_what_is_free() {
    always(|c| {
        c.agent("A", ALL);
        assert!(c.operate("A", "cpus:25;mem:50", reserved("cpus:25;mem:50", "role1")));
        c.framework("F", "role1");
        let after = "cpus:75;mem:50;disk:100".bundle() + &reserved("cpus:25;mem:50", "role1");
        c.offers([("F", "role1", "A", after)]);
    });
}

/// Mesos: src/tests/hierarchical_allocator_tests.cpp, UpdateAvailableFail
#[test]
fn an_operator_may_not_reserve_what_is_offered() {
    always(|c| {
        c.agent("A", ALL);
        c.framework("F", "role1");
        assert!(!c.operate("A", "cpus:25;mem:50", reserved("cpus:25;mem:50", "role1")));
        c.back("F", "role1", "A", ALL);
        assert!(c.operate("A", "cpus:25;mem:50", reserved("cpus:25;mem:50", "role1")));
    });
}
