//! Offer constraints.

use mesos_proto::v0::scheduler;
use mesos_proto::{Dialect, Message, v0};

use crate::{OfferConstraints, RegexLimits};

/// What must hold together, as (attribute, predicate).
type Group<'a> = &'a [(&'a str, &'a str)];

/// Constraints as schedulers send them: for each role its groups.
fn compile(roles: &[(&str, &[Group<'_>])]) -> Result<OfferConstraints, String> {
    let list = |parts: Vec<String>| parts.join(",");
    let constraint = |(name, predicate): &(&str, &str)| {
        format!(r#"{{"selector":{{"attribute_name":"{name}"}},"predicate":{{{predicate}}}}}"#)
    };
    let group = |group: &Group<'_>| {
        let constraints = list(group.iter().map(constraint).collect());
        format!(r#"{{"attribute_constraints":[{constraints}]}}"#)
    };
    let role = |(role, groups): &(&str, &[Group<'_>])| {
        let groups = list(groups.iter().map(group).collect());
        format!(r#""{role}":{{"groups":[{groups}]}}"#)
    };
    let roles = list(roles.iter().map(role).collect());
    let json = format!(r#"{{"role_constraints":{{{roles}}}}}"#);
    let message = scheduler::OfferConstraints::from_json(json.as_bytes(), Dialect::V0).unwrap();
    OfferConstraints::compile(&message, RegexLimits::default())
}

fn agent(attributes: &str) -> v0::SlaveInfo {
    v0::SlaveInfo {
        attributes: mesos::attributes::parse(attributes).unwrap(),
        ..Default::default()
    }
}

/// Agents with these attributes are let through to a role; those with those are not.
#[track_caller]
fn lets_through(constraints: &OfferConstraints, role: &str, good: &[&str], bad: &[&str]) {
    for (agents, excluded) in [(good, false), (bad, true)] {
        for attributes in agents {
            assert_eq!(
                constraints.excludes(role, &agent(attributes)),
                excluded,
                "{attributes}"
            );
        }
    }
}

#[track_caller]
fn one_lets_through(predicate: &str, good: &[&str], bad: &[&str]) {
    let constraints = compile(&[("role", &[&[("bar", predicate)]])]).unwrap();
    lets_through(&constraints, "role", good, bad);
    lets_through(&constraints, "other", good, &[]);
    lets_through(&constraints, "other", bad, &[]);
}

/// Mesos: src/tests/master/offer_constraints_filter_tests.cpp, NamedAttributeExists, NamedAttributeNotExists,
/// NamedAttributeTextEquals, NamedAttributeTextNotEquals, NamedAttributeTextMatches, NamedAttributeTextNotMatches
#[test]
fn each_predicate_says_something_of_one_attribute() {
    let with = ["bar:123", "foo:123;bar:456"];
    one_lets_through(r#""exists":{}"#, &with, &["foo:123", ""]);
    one_lets_through(r#""not_exists":{}"#, &["foo:123", ""], &with);
    // Of what is no text nothing is said.
    let no_text = ["bar:123", "bar:[1-17]"];
    let all = |more: &[&'static str]| [&no_text, more].concat();
    one_lets_through(
        r#""text_equals":{"value":"baz"}"#,
        &all(&["bar:baz"]),
        &["bar:zab", "foo:baz"],
    );
    one_lets_through(
        r#""text_not_equals":{"value":"baz"}"#,
        &all(&["bar:zab", "foo:baz"]),
        &["bar:baz"],
    );
    one_lets_through(
        r#""text_matches":{"regex":"[a-d]+"}"#,
        &all(&["bar:abcd"]),
        &["bar:bcde", "foo:abcd"],
    );
    one_lets_through(
        r#""text_not_matches":{"regex":"[a-d]+"}"#,
        &all(&["bar:bcde", "foo:abcd"]),
        &["bar:abcd"],
    );
}

/// Mesos: src/tests/master/offer_constraints_filter_tests.cpp, TwoAttributesWithTheSameName
#[test]
fn of_attributes_with_one_name_the_first_counts() {
    one_lets_through(
        r#""text_equals":{"value":"baz"}"#,
        &["bar:baz;bar:foo", "bar:123;bar:foo"],
        &["bar:foo;bar:baz", "bar:foo;bar:123"],
    );
}

/// Mesos: src/tests/master/offer_constraints_filter_tests.cpp, InvalidTextMatches, InvalidTextNotMatches, RegexTooComplex.
/// Mesos refuses `(a+){50}` too: there the measure is RE2's.
#[test]
fn expressions_that_are_none_or_too_large_are_refused() {
    let regex = |regex: &str| {
        for kind in ["text_matches", "text_not_matches"] {
            let predicate = format!(r#""{kind}":{{"regex":"{regex}"}}"#);
            let constraints = compile(&[("role", &[&[("bar", &predicate)]])]);
            if let Err(error) = constraints {
                return Some(error);
            }
        }
        None
    };
    assert!(regex("[a-d").unwrap().contains("[a-d"));
    assert_eq!(regex("(a+){10}"), None);
    assert!(regex("(a+){500}").unwrap().contains("too complex"));
}

const EXISTS: &str = r#""exists":{}"#;
const NOT_EXISTS: &str = r#""not_exists":{}"#;

/// Mesos: src/tests/master/offer_constraints_filter_tests.cpp, TwoConstraintsInGroup
#[test]
fn all_constraints_of_a_group_must_hold() {
    let constraints = compile(&[("role", &[&[("foo", EXISTS), ("bar", NOT_EXISTS)]])]).unwrap();
    lets_through(
        &constraints,
        "role",
        &["foo:123", "baz:123;foo:456"],
        &["", "bar:456", "bar:123;foo:456"],
    );
}

/// Mesos: src/tests/master/offer_constraints_filter_tests.cpp, TwoGroups
#[test]
fn one_group_must_hold() {
    let constraints = compile(&[("role", &[&[("foo", EXISTS)], &[("bar", NOT_EXISTS)]])]).unwrap();
    let good = ["", "baz:123", "bar:123;foo:456"];
    lets_through(&constraints, "role", &good, &["bar:123"]);
}

/// Mesos: src/tests/master/offer_constraints_filter_tests.cpp, TwoRoles, DefaultOfferConstraints
#[test]
fn each_role_has_its_own_constraints_or_none() {
    let constraints = compile(&[("roleA", &[&[("foo", EXISTS)]]), ("roleB", &[&[("bar", EXISTS)]])]).unwrap();
    lets_through(&constraints, "roleA", &["foo:123"], &["bar:123"]);
    lets_through(&constraints, "roleB", &["bar:123"], &["foo:123"]);
    let none = compile(&[]).unwrap();
    lets_through(&none, "role", &["", "foo:123"], &[]);
}
