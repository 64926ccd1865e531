//! Who is poorest is served first.

use mesos_proto::v0::framework_info::capability::Type;

use super::cluster::{always, always_with, in_rounds};
use crate::Options;

/// Mesos: src/tests/hierarchical_allocator_tests.cpp, UnreservedDRF
#[test]
fn each_new_agent_goes_to_the_poorest_role_and_there_to_the_poorest_framework() {
    always(|c| {
        c.agent("A1", "cpus:2;mem:1024");
        c.framework("F1", "role1");
        c.offers([("F1", "role1", "A1", "cpus:2;mem:1024")]);
        c.framework("F2", "role2");
        c.agent("A2", "cpus:1;mem:512");
        c.offers([("F2", "role2", "A2", "cpus:1;mem:512")]);
        // role1 holds 2 of 6 CPUs, role2 one.
        c.agent("A3", "cpus:3;mem:2048");
        c.offers([("F2", "role2", "A3", "cpus:3;mem:2048")]);
        c.framework("F3", "role1");
        c.agent("A4", "cpus:4;mem:4096");
        c.offers([("F3", "role1", "A4", "cpus:4;mem:4096")]);
        // F4 has nothing, but its role has most.
        c.framework("F4", "role1");
        c.agent("A5", "cpus:1;mem:512");
        c.offers([("F2", "role2", "A5", "cpus:1;mem:512")]);
    });
}

/// Mesos: src/tests/hierarchical_allocator_tests.cpp, ReservedDRF
#[test]
fn what_is_reserved_for_a_role_counts_for_its_share() {
    always(|c| {
        let total = "cpus:1;mem:512;cpus(role1):100;mem(role1):1024";
        c.agent("A1", total);
        c.framework("F1", "role1");
        c.offers([("F1", "role1", "A1", total)]);
        c.framework("F2", "role2");
        for agent in ["A2", "A3"] {
            c.agent(agent, "cpus:2;mem:512");
            c.offers([("F2", "role2", agent, "cpus:2;mem:512")]);
        }
        c.framework("F3", "role1");
        let reserved = "cpus(role1):2;mem(role1):1024";
        c.agent("A4", reserved);
        c.offers([("F3", "role1", "A4", reserved)]);
    });
}

/// Mesos: src/tests/hierarchical_allocator_tests.cpp, DRFWithFairnessExclusion
#[test]
fn excluded_resources_do_not_count_for_shares() {
    let options = Options {
        excluded_from_fairness: ["gpus".to_owned()].into(),
        ..Options::default()
    };
    always_with(&options, |c| {
        c.agent("A1", "cpus:2;mem:1024;gpus:1");
        c.framework_that("F1", "role1", &[Type::GpuResources]);
        c.offers([("F1", "role1", "A1", "cpus:2;mem:1024;gpus:1")]);
        c.framework("F2", "role2");
        c.agent("A2", "cpus:1;mem:512");
        c.offers([("F2", "role2", "A2", "cpus:1;mem:512")]);
        c.agent("A3", "cpus:3;mem:2048");
        c.offers([("F2", "role2", "A3", "cpus:3;mem:2048")]);
        // All GPUs are role1's, yet role2 is richer now.
        c.framework("F3", "role1");
        c.agent("A4", "cpus:4;mem:4096");
        c.offers([("F3", "role1", "A4", "cpus:4;mem:4096")]);
        c.framework("F4", "role1");
        c.agent("A5", "cpus:1;mem:512");
        c.offers([("F2", "role2", "A5", "cpus:1;mem:512")]);
    });
}

/// Mesos: src/tests/hierarchical_allocator_tests.cpp, NestedRoleDRF
#[test]
fn a_role_stands_for_all_roles_below_it() {
    always(|c| {
        c.agent("A1", "cpus:2;mem:1024");
        c.framework("F1", "a/b");
        c.offers([("F1", "a/b", "A1", "cpus:2;mem:1024")]);
        c.framework("F2", "a/c");
        c.framework("F3", "d/e");
        c.agent("A2", "cpus:1;mem:512");
        c.offers([("F3", "d/e", "A2", "cpus:1;mem:512")]);
        // a/c has nothing, but a has more than d.
        c.framework("F4", "d/f");
        c.agent("A3", "cpus:2;mem:1024");
        c.offers([("F4", "d/f", "A3", "cpus:2;mem:1024")]);
    });
}

/// Mesos: src/tests/hierarchical_allocator_tests.cpp, CoarseGrained
#[test]
fn an_agent_goes_to_one_framework_as_a_whole() {
    let agent = "cpus:2;mem:1024";
    in_rounds(|c| {
        c.agent("A1", agent);
        c.agent("A2", agent);
        c.framework("F1", "role1");
        c.offers([("F1", "role1", "A1", agent), ("F1", "role1", "A2", agent)]);
        c.back("F1", "role1", "A1", agent);
        c.back("F1", "role1", "A2", agent);
        c.framework("F2", "role2");
        c.sums_are([("F1", agent), ("F2", agent)]);
    });
}

/// Mesos: src/tests/hierarchical_allocator_tests.cpp, SameShareFairness
#[test]
fn who_has_the_same_share_takes_turns() {
    in_rounds(|c| {
        c.framework("F1", "*");
        c.framework("F2", "*");
        c.agent("A", "cpus:2;mem:1024");
        let mut turns = Vec::new();
        for _ in 0..10 {
            let offer = c.taken_offers().remove(0);
            turns.push(offer.framework_id.to_string());
            c.back(offer.framework_id.as_str(), "*", "A", "cpus:2;mem:1024");
            c.round();
        }
        assert_eq!(turns, ["F1", "F2"].repeat(5));
    });
}

/// Mesos: src/tests/hierarchical_allocator_tests.cpp, UpdateWeight
#[test]
fn shares_follow_weights() {
    let single = "cpus:2;mem:1024";
    in_rounds(|c| {
        let return_all = |c: &mut super::cluster::Cluster| {
            for offer in c.clone().taken_offers() {
                let (framework, agent) = (offer.framework_id.as_str(), offer.agent_id.as_str());
                c.back(framework, &offer.role, agent, single);
            }
        };
        for agent in ["A1", "A2", "A3", "A4", "A5", "A6"] {
            c.agent(agent, single);
        }
        c.framework("F1", "role1");
        c.framework("F2", "role2");
        return_all(c);
        c.sums_are([("F1", "cpus:12;mem:6144")]);
        c.round();
        return_all(c);
        c.sums_are([("F1", "cpus:6;mem:3072"), ("F2", "cpus:6;mem:3072")]);
        c.weight("role2", 2.0);
        c.no_offers();
        c.round();
        return_all(c);
        c.sums_are([("F1", "cpus:4;mem:2048"), ("F2", "cpus:8;mem:4096")]);
        c.weight("role3", 3.0);
        c.no_offers();
        c.framework("F3", "role3");
        c.sums_are([
            ("F1", "cpus:2;mem:1024"),
            ("F2", "cpus:4;mem:2048"),
            ("F3", "cpus:6;mem:3072"),
        ]);
    });
}

/// Mesos: src/tests/hierarchical_allocator_tests.cpp, NoDoubleAccounting
#[test]
fn whether_agent_or_framework_comes_first_does_not_matter() {
    always(|c| {
        c.framework_using("F1", "role1", &[("A1", "role1", "cpus:1")]);
        c.agent_used("A1", "cpus:1", &[("F1", "role1", "cpus:1")]);
        c.agent_used("A2", "cpus:1", &[("F2", "role2", "cpus:1")]);
        c.framework_using("F2", "role2", &[("A2", "role2", "cpus:1")]);
        c.no_offers();
        for role in ["role1", "role2"] {
            assert_eq!(c.metric(&format!("roles/{role}/shares/dominant")), Some(0.5));
        }
    });
}

/// Mesos: src/tests/hierarchical_allocator_tests.cpp, RemoveSlaveRecoverResources
#[test]
fn what_was_held_of_an_agent_that_is_gone_counts_no_more() {
    always(|c| {
        c.agent("A1", "cpus:2;mem:200");
        c.framework("F1", "role");
        c.framework("F2", "role");
        c.agent("A2", "cpus:1;mem:100");
        c.offers([
            ("F1", "role", "A1", "cpus:2;mem:200"),
            ("F2", "role", "A2", "cpus:1;mem:100"),
        ]);
        c.remove_agent("A1");
        c.agent("A3", "cpus:1;mem:100");
        c.offers([("F1", "role", "A3", "cpus:1;mem:100")]);
    });
}
