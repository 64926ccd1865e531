//! Volumes that several tasks may use at a time.

use mesos_proto::v0::framework_info::capability::Type;

use super::bundles::{Bundle, shared_volume};
use super::cluster::always;

const ALL: &str = "cpus:100;mem:100;disk(role1):100";

/// Mesos: src/tests/hierarchical_allocator_tests.cpp, UpdateAllocationSharedPersistentVolume
#[test]
fn a_shared_volume_is_made_and_destroyed() {
    let volume = shared_volume("disk(role1):5");
    always(|c| {
        c.agent("A", ALL);
        c.framework_that("F", "role1", &[Type::SharedResources]);
        c.offers([("F", "role1", "A", ALL)]);
        c.convert("F", "role1", "A", ALL, ("disk(role1):5", &volume));
        let after = "cpus:100;mem:100;disk(role1):95".bundle() + &volume;
        c.back("F", "role1", "A", &after);
        c.round();
        c.offers([("F", "role1", "A", &after)]);
        c.convert("F", "role1", "A", after, (&volume, "disk(role1):5"));
        c.back("F", "role1", "A", ALL);
        c.round();
        c.offers([("F", "role1", "A", ALL)]);
    });
}

/// Mesos: src/tests/hierarchical_allocator_tests.cpp, SharedResourcesCapability
#[test]
fn shared_volumes_are_for_those_who_can_share() {
    let volume = shared_volume("disk(role1):5");
    always(|c| {
        c.agent("A", ALL);
        c.framework("F1", "role1");
        c.taken_offers();
        c.convert("F1", "role1", "A", ALL, ("disk(role1):5", &volume));
        let rest = "cpus:100;mem:100;disk(role1):95";
        c.back("F1", "role1", "A", rest.bundle() + &volume);
        c.round();
        c.offers([("F1", "role1", "A", rest)]);
        c.back("F1", "role1", "A", rest);
        c.framework_that("F2", "role1", &[Type::SharedResources]);
        c.offers([("F2", "role1", "A", rest.bundle() + &volume)]);
    });
}

/// Mesos: src/tests/hierarchical_allocator_tests.cpp, AllocateSharedResources
#[test]
fn a_shared_volume_in_use_is_offered_to_the_next_with_what_else_is_left() {
    let volume = shared_volume("disk(role1):5");
    for quota in [false, true] {
        always(|c| {
            c.framework_that("F1", "role1", &[Type::SharedResources]);
            c.framework_that("F2", "role1", &[Type::SharedResources]);
            if quota {
                c.quota("role1", "cpus:8;mem:2048;disk:4096");
            }
            let all = "cpus:4;mem:1024;disk(role1):2048";
            c.agent("A", all);
            c.offers([("F1", "role1", "A", all)]);
            c.convert("F1", "role1", "A", all, ("disk(role1):5", &volume));
            let rest = "cpus:3;mem:1019;disk(role1):2043";
            c.back("F1", "role1", "A", rest);
            c.launch("F1", "role1", "A", "cpus:1;mem:5".bundle() + &volume);
            // In our order the rest may come 2 ms later.
            c.moment();
            c.round();
            c.offers([("F2", "role1", "A", rest.bundle() + &volume)]);
        });
    }
}
