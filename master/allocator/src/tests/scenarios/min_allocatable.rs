//! What is too little is not offered.

use mesos_proto::{Dialect, Message, v0};

use super::cluster::{always, info};
use crate::FrameworkOptions;

/// A framework of `role` with minima of its own, in the JSON of the API.
fn with_minima(role: &str, minima: &str) -> v0::FrameworkInfo {
    let filters = format!(r#"{{"min_allocatable_resources":{minima}}}"#);
    let filters = v0::OfferFilters::from_json(filters.as_bytes(), Dialect::V0).unwrap();
    let mut info = info(role, &[]);
    info.offer_filters.insert(role.to_owned(), filters);
    info
}

/// Mesos: src/tests/hierarchical_allocator_tests.cpp, Allocatable
#[test]
fn enough_of_one_kind_is_enough_reserved_or_not() {
    always(|c| {
        c.framework("F", "role1");
        c.agent("little", "cpus:0.005;mem:16;disk:128");
        c.no_offers();
        for (agent, total) in [
            ("cpus", "cpus:0.01;mem:16;disk:128"),
            ("mem", "cpus:0.005;mem:32;disk:128"),
            (
                "together",
                "cpus:0.015;mem:16;cpus(role1):0.015;mem(role1):16;disk:128",
            ),
            // Not one of these parts would be enough by itself.
            ("sum", "cpus:0.005;mem:16;cpus(role1):0.005;disk:128"),
        ] {
            c.agent(agent, total);
            c.offers([("F", "role1", agent, total)]);
        }
    });
}

/// Mesos: src/tests/hierarchical_allocator_tests.cpp, FrameworkMinAllocatable
#[test]
fn a_framework_may_want_to_hear_of_less() {
    let little = "cpus:0.005;mem:16;disk:128";
    always(|c| {
        c.framework("F", "role1");
        c.agent("A", little);
        c.round();
        c.no_offers();
        let quantities = r#"{"quantities":[{"quantities":{"cpus":{"value":0.00333}}}]}"#;
        c.update_framework("F", &with_minima("role1", quantities));
        c.round();
        c.offers([("F", "role1", "A", little)]);
    });
}

/// Mesos: src/tests/hierarchical_allocator_tests.cpp, FrameworkEmptyMinAllocatable
#[test]
fn minima_without_anything_in_them_let_everything_through() {
    let little = "cpus:0.005;mem:16;disk:128";
    always(|c| {
        let info = with_minima("role1", "{}");
        c.join("F", &info, true, FrameworkOptions::default());
        c.agent("A", little);
        c.offers([("F", "role1", "A", little)]);
    });
}
