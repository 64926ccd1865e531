//! What was refused is not offered, for as long as was said.

use std::time::Duration;

use super::cluster::{always, always_with, in_rounds_with};
use crate::Options;

const AGENT: &str = "cpus:1;mem:512";

/// Mesos: src/tests/hierarchical_allocator_tests.cpp, OfferFilter
#[test]
fn a_refusal_outlasts_the_rounds_in_its_time() {
    always(|c| {
        c.framework("F", "role");
        c.agent("A", AGENT);
        c.offers([("F", "role", "A", AGENT)]);
        c.refuse("F", "role", "A", AGENT, 2.0);
        assert_eq!(c.metric("offer_filters/roles/role/active"), Some(1.0));
        c.round();
        c.no_offers();
        c.round();
        c.offers([("F", "role", "A", AGENT)]);
        assert_eq!(c.metric("offer_filters/roles/role/active"), Some(0.0));
    });
}

/// Mesos: src/tests/hierarchical_allocator_tests.cpp, SmallOfferFilterTimeout
#[test]
fn a_short_refusal_lasts_until_the_next_round_is_over() {
    let options = Options {
        allocation_interval: Duration::from_secs(60),
        ..Options::default()
    };
    in_rounds_with(&options, |c| {
        c.framework("F1", "role");
        c.framework("F2", "role");
        c.agent_used("A1", AGENT, &[("F1", "role", AGENT)]);
        c.agent("A2", AGENT);
        c.offers([("F2", "role", "A2", AGENT)]);
        c.moment();
        c.refuse("F2", "role", "A2", AGENT, 1.0);
        c.pass(Duration::from_secs(1));
        c.no_offers();
        // The refusal is over by its own time, but this is the first round since.
        c.round();
        c.offers([("F1", "role", "A2", AGENT)]);
        c.back("F1", "role", "A2", AGENT);
        c.round();
        c.offers([("F2", "role", "A2", AGENT)]);
    });
}

/// Mesos: src/tests/hierarchical_allocator_tests.cpp, RemoveFilters
#[test]
fn an_agent_with_other_attributes_is_another_offer() {
    always(|c| {
        c.framework("F", "role");
        c.agent("A", AGENT);
        c.offers([("F", "role", "A", AGENT)]);
        c.refuse("F", "role", "A", AGENT, 2.0);
        c.round();
        c.no_offers();
        c.update_agent("A", |update| {
            update.info.attributes = mesos::attributes::parse("foo:bar;baz:quux").unwrap();
        });
        c.offers([("F", "role", "A", AGENT)]);
    });
}

/// Mesos: src/tests/hierarchical_allocator_tests.cpp, ReviveOffers
#[test]
fn who_revives_is_offered_what_it_refused() {
    always(|c| {
        c.agent("A", AGENT);
        c.framework("F", "role1");
        c.offers([("F", "role1", "A", AGENT)]);
        c.refuse("F", "role1", "A", AGENT, 1000.0);
        c.round();
        c.no_offers();
        c.revive("F", &[]);
        c.offers([("F", "role1", "A", AGENT)]);
    });
}

/// Mesos: src/tests/hierarchical_allocator_tests.cpp, RecoverResources
#[test]
fn what_comes_back_is_offered_again_and_no_more() {
    let (reserved, free) = ("cpus(role1):1;mem(role1):200", "cpus:1;mem:200");
    always_with(&Options::default(), |c| {
        c.agent("A", "cpus(role1):1;mem(role1):200;cpus:1;mem:200");
        c.framework("F", "role1");
        c.taken_offers();
        for part in [reserved, free] {
            c.back("F", "role1", "A", part);
            c.no_offers();
            c.round();
            c.offers([("F", "role1", "A", part)]);
        }
    });
}

/// A refusal is of what was refused and all that is in it. More than that is another offer.
///
/// Mesos: src/master/allocator/mesos/hierarchical.cpp, RefusedOfferFilter
#[test]
fn more_than_was_refused_is_offered() {
    always(|c| {
        c.framework("F", "role");
        c.agent("A", "cpus:4;mem:512");
        c.offers([("F", "role", "A", "cpus:4;mem:512")]);
        c.refuse("F", "role", "A", "cpus:2;mem:256", 100.0);
        c.launch("F", "role", "A", "cpus:2;mem:256");
        c.round();
        c.no_offers();
        c.finished("F", "role", "A", "mem:256");
        c.round();
        c.offers([("F", "role", "A", "cpus:2;mem:512")]);
    });
}
