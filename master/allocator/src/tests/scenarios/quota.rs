//! Guarantees are kept, limits are held.

use mesos::Quantities;

use mesos_proto::v0::framework_info::capability::Type;

use super::bundles::{Bundle, mount, revocable};
use super::cluster::{always, in_rounds};

const ONE: &str = "cpus:1;mem:512";
const TWO: &str = "cpus:2;mem:1024";

/// Mesos: src/tests/hierarchical_allocator_tests.cpp, QuotaProvidesGuarantee
#[test]
fn what_a_role_is_owed_is_kept_for_it_even_while_it_refuses() {
    always(|c| {
        c.framework("F1", "quota-role");
        c.quota("quota-role", TWO);
        c.framework("F2", "no-quota-role");
        for agent in ["A1", "A2"] {
            c.agent(agent, ONE);
            c.offers([("F1", "quota-role", agent, ONE)]);
        }
        c.refuse("F1", "quota-role", "A2", ONE, 2.0);
        c.round();
        c.no_offers();
        c.round();
        c.offers([("F1", "quota-role", "A2", ONE)]);
    });
}

/// Mesos: src/tests/hierarchical_allocator_tests.cpp, QuotaProvidesLimit
#[test]
fn a_role_is_offered_up_to_its_limits_and_the_rest_goes_on() {
    let all = "cpus:2;mem:1024;disk:1024";
    let half = "cpus:1;mem:512;disk:512";
    always(|c| {
        c.framework("F1", "*");
        c.guarantee_and_limit("*", "", "cpus:0;mem:0;disk:0");
        c.agent("A1", all);
        c.no_offers();
        c.framework("F2", "no-quota-role");
        c.offers([("F2", "no-quota-role", "A1", all)]);
        c.guarantee_and_limit("*", "", half);
        c.agent("A2", all);
        c.offers([("F1", "*", "A2", half), ("F2", "no-quota-role", "A2", half)]);
    });
}

/// Mesos: src/tests/hierarchical_allocator_tests.cpp, RemoveQuota
#[test]
fn without_quota_shares_decide_again() {
    always(|c| {
        c.quota("quota-role", TWO);
        c.framework("F1", "quota-role");
        c.framework("F2", "no-quota-role");
        for agent in ["A1", "A2"] {
            c.agent_used(agent, ONE, &[("F1", "quota-role", ONE)]);
        }
        c.no_quota("quota-role");
        c.finished("F1", "quota-role", "A1", ONE);
        c.round();
        c.offers([("F2", "no-quota-role", "A1", ONE)]);
        for name in ["cpus", "mem"] {
            let metric = format!("quota/roles/quota-role/resources/{name}/offered_or_allocated");
            assert_eq!(c.metric(&metric), None);
        }
    });
}

/// Mesos: src/tests/hierarchical_allocator_tests.cpp, MultipleFrameworksInRoleWithQuota
#[test]
fn frameworks_share_the_quota_of_their_role() {
    always(|c| {
        c.framework("F1a", "quota-role");
        c.quota("quota-role", "cpus:4;mem:2048");
        c.framework("F2", "no-quota-role");
        c.agent("A1", ONE);
        c.offers([("F1a", "quota-role", "A1", ONE)]);
        c.framework("F1b", "quota-role");
        c.agent("A2", TWO);
        c.offers([("F1b", "quota-role", "A2", TWO)]);
        c.agent("A3", ONE);
        c.offers([("F1a", "quota-role", "A3", ONE)]);
        // What one refuses is the other's.
        c.refuse("F1a", "quota-role", "A3", ONE, 5.0);
        c.round();
        c.offers([("F1b", "quota-role", "A3", ONE)]);
    });
}

/// Mesos: src/tests/hierarchical_allocator_tests.cpp, QuotaAllocationGranularity
#[test]
fn an_agent_is_cut_where_the_quota_ends() {
    always(|c| {
        c.framework("F1", "quota-role");
        c.quota("quota-role", "cpus:0.5;mem:200");
        c.agent("A", ONE);
        c.offers([("F1", "quota-role", "A", "cpus:0.5;mem:200")]);
        c.framework("F2", "no-quota-role");
        c.offers([("F2", "no-quota-role", "A", "cpus:0.5;mem:312")]);
    });
}

/// Mesos: src/tests/hierarchical_allocator_tests.cpp, QuotaAllocationGranularityUnchoppableResource
#[test]
fn a_mount_is_not_cut() {
    let disk = mount("disk:100");
    let agent = "cpus:0.5;mem:512".bundle() + &disk;
    always(|c| {
        c.quota("quota-role", "cpus:2;mem:2048;disk:150");
        c.agent("A1", &agent);
        c.framework("F", "quota-role");
        c.offers([("F", "quota-role", "A1", &agent)]);
        // 50 of disk are owed, and the mount has 100.
        c.agent("A2", &agent);
        c.offers([("F", "quota-role", "A2", "cpus:0.5;mem:512")]);
        c.agent("A3", "cpus:2;mem:2048;disk:150");
        c.offers([("F", "quota-role", "A3", "cpus:1;mem:1024;disk:50")]);
    });
}

/// Mesos: src/tests/hierarchical_allocator_tests.cpp, QuotaAllocationMultipleDisk
#[test]
fn disks_of_several_kinds_meet_one_quota_together() {
    let agent = "cpus:1;mem:512;disk:50".bundle() + &mount("disk:50");
    always(|c| {
        c.quota("quota-role", "cpus:1;mem:512;disk:100");
        c.agent("A", &agent);
        c.framework("F", "quota-role");
        c.offers([("F", "quota-role", "A", &agent)]);
    });
}

/// Mesos: src/tests/hierarchical_allocator_tests.cpp, QuotaRoleAllocateNonQuotaResource
#[test]
fn what_a_quota_does_not_name_comes_along_unless_others_are_owed_it() {
    let agent = "cpus:1;mem:1024;ports:[31000-32000]";
    always(|c| {
        c.quota("role1", "cpus:2");
        c.agent("A1", agent);
        c.framework("F", "role1");
        c.offers([("F", "role1", "A1", agent)]);
        c.quota("role2", "mem:1024");
        c.agent("A2", agent);
        c.offers([("F", "role1", "A2", "cpus:1;ports:[31000-32000]")]);
        // The memory of A2 is there for role2, so that of A3 is free; no more CPUs for role1.
        c.agent("A3", agent);
        c.offers([("F", "role1", "A3", "mem:1024;ports:[31000-32000]")]);
    });
}

/// Mesos: src/tests/hierarchical_allocator_tests.cpp, DRFWithQuota
#[test]
fn what_no_quota_needs_is_shared_fairly() {
    let quota = "cpus:0.25;mem:128";
    always(|c| {
        c.quota("quota-role", quota);
        c.framework("F1", "quota-role");
        c.framework("F2", "no-quota-role");
        let prefix = "quota/roles/quota-role/resources";
        for (name, amount) in [("cpus", 0.25), ("mem", 128.0)] {
            for what in ["guarantee", "limit"] {
                assert_eq!(c.metric(&format!("{prefix}/{name}/{what}")), Some(amount));
            }
        }
        c.agent_used("A1", ONE, &[("F1", "quota-role", quota)]);
        c.offers([("F2", "no-quota-role", "A1", "cpus:0.75;mem:384")]);
        for (name, amount) in [("cpus", Some(0.25)), ("mem", Some(128.0)), ("disk", None)] {
            let metric = format!("{prefix}/{name}/offered_or_allocated");
            assert_eq!(c.metric(&metric), amount, "{name}");
        }
        // F1 has less, but all that its role may have.
        c.agent("A2", ONE);
        c.offers([("F2", "no-quota-role", "A2", ONE)]);
    });
}

/// Mesos: src/tests/hierarchical_allocator_tests.cpp, QuotaAgainstStarvation
#[test]
fn quota_helps_a_role_that_others_keep_from_offers_by_declining() {
    in_rounds(|c| {
        c.framework("F1", "quota-role");
        c.framework("F2", "no-quota-role");
        c.agent_used("A1", ONE, &[("F1", "quota-role", ONE)]);
        c.agent("A2", ONE);
        c.offers([("F2", "no-quota-role", "A2", ONE)]);
        c.refuse("F2", "no-quota-role", "A2", ONE, 0.0);
        c.round();
        c.offers([("F2", "no-quota-role", "A2", ONE)]);
        c.refuse("F2", "no-quota-role", "A2", ONE, 0.0);
        c.quota("quota-role", TWO);
        c.round();
        c.offers([("F1", "quota-role", "A2", ONE)]);
    });
}

/// Mesos: src/tests/hierarchical_allocator_tests.cpp, QuotaAbsentFrameworkWholeAgent
#[test]
fn what_a_role_without_frameworks_is_owed_is_kept_too() {
    always(|c| {
        c.quota("quota-role", TWO);
        c.framework("F", "no-quota-role");
        c.agent("A1", TWO);
        c.no_offers();
        c.agent("A2", TWO);
        c.sums_are([("F", TWO)]);
        c.round();
        c.no_offers();
    });
}

/// Mesos: src/tests/hierarchical_allocator_tests.cpp, MultiQuotaAbsentFrameworks
#[test]
fn a_role_without_frameworks_does_not_keep_others_from_what_they_are_owed() {
    let agent = "cpus:2;mem:2048";
    always(|c| {
        c.agent("A", agent);
        c.quota("role1", "cpus:1;mem:1024");
        c.quota("role2", agent);
        c.framework("F", "role2");
        c.offers([("F", "role2", "A", agent)]);
    });
}

/// Mesos: src/tests/hierarchical_allocator_tests.cpp, MultiQuotaWithFrameworks
#[test]
fn a_role_that_has_what_it_is_owed_leaves_the_rest_to_one_that_has_not() {
    let one = "cpus:1;mem:1024";
    always(|c| {
        c.quota("role1", "cpus:1;mem:200");
        c.quota("role2", "cpus:2;mem:2000");
        c.framework("F1", "role1");
        c.framework("F2", "role2");
        c.agent_used("A1", one, &[("F1", "role1", one)]);
        c.agent_used("A2", one, &[("F2", "role2", one)]);
        c.agent("A3", "cpus:2;mem:2048");
        c.offers([("F2", "role2", "A3", "cpus:1;mem:976")]);
    });
}

/// Mesos: src/tests/hierarchical_allocator_tests.cpp, DisproportionateQuotaVsAllocation
#[test]
fn a_role_gets_what_it_still_lacks_and_nothing_of_what_it_has() {
    always(|c| {
        c.quota("quota-role", "cpus:4;mem:1024");
        c.framework("F", "quota-role");
        c.agent("A1", TWO);
        c.offers([("F", "quota-role", "A1", TWO)]);
        c.agent("A2", TWO);
        c.offers([("F", "quota-role", "A2", "cpus:2")]);
    });
}

/// What a limit leaves is one number for all agents of a round.
///
/// Mesos: src/master/allocator/mesos/hierarchical.cpp, __generateOffers
#[test]
fn a_limit_holds_over_many_agents_in_one_round() {
    always(|c| {
        for agent in ["A1", "A2", "A3", "A4"] {
            c.agent(agent, TWO);
        }
        c.guarantee_and_limit("role", "", "cpus:3");
        c.framework("F", "role");
        let offered = c.sums().remove("F").unwrap();
        let wanted = Quantities::parse("cpus:3;mem:4096").unwrap();
        assert_eq!(Quantities::from_scalars(&offered), wanted);
    });
}

/// Guarantees are met first, and what is met is kept no more, in one round.
///
/// Mesos: src/master/allocator/mesos/hierarchical.cpp, __generateOffers
#[test]
fn what_is_given_for_a_guarantee_is_not_kept_again() {
    always(|c| {
        c.whitelist(&[]);
        c.quota("quota-role", TWO);
        c.framework("F1", "quota-role");
        c.framework("F2", "no-quota-role");
        c.agent("A1", TWO);
        c.agent("A2", TWO);
        c.no_offers();
        c.whitelist(&["A1", "A2"]);
        c.round();
        c.sums_are([("F1", TWO), ("F2", TWO)]);
    });
}

/// What can be taken back at any time is nothing to keep for a guarantee, and is not kept.
///
/// Mesos: src/master/allocator/mesos/hierarchical.cpp, __generateOffers
#[test]
fn the_revocable_meets_no_guarantee() {
    always(|c| {
        c.quota("quota-role", "cpus:1");
        c.agent("A", ONE.bundle() + &revocable("cpus:4"));
        c.framework_that("F", "no-quota-role", &[Type::RevocableResources]);
        c.offers([(
            "F",
            "no-quota-role",
            "A",
            "mem:512".bundle() + &revocable("cpus:4"),
        )]);
    });
}
