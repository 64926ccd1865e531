//! Which agents offer constraints let through.

use std::collections::BTreeMap;

use mesos_proto::v0;
use mesos_proto::v0::scheduler::attribute_constraint::selector::PseudoattributeType;
use mesos_proto::v0::scheduler::attribute_constraint::{Predicate, Selector, predicate};
use mesos_proto::v0::scheduler::offer_constraints::{RoleConstraints, role_constraints::Group};
use mesos_proto::v0::scheduler::{AttributeConstraint, OfferConstraints as Message};

use crate::{OfferConstraints, RegexLimits};

fn agent() -> v0::SlaveInfo {
    v0::SlaveInfo {
        hostname: "host1".to_owned(),
        attributes: mesos::attributes::parse("rack:r1;level:2").unwrap(),
        ..Default::default()
    }
}

fn attribute(name: &str) -> Selector {
    Selector {
        attribute_name: Some(name.to_owned()),
        ..Default::default()
    }
}

fn hostname() -> Selector {
    Selector {
        pseudoattribute_type: Some(PseudoattributeType::Hostname),
        ..Default::default()
    }
}

fn compile(groups: Vec<Vec<(Selector, Predicate)>>) -> Result<OfferConstraints, String> {
    let group = |constraints: Vec<(Selector, Predicate)>| Group {
        attribute_constraints: constraints
            .into_iter()
            .map(|(selector, predicate)| AttributeConstraint {
                selector,
                predicate,
                ..Default::default()
            })
            .collect(),
        ..Default::default()
    };
    let constraints = RoleConstraints {
        groups: groups.into_iter().map(group).collect(),
        ..Default::default()
    };
    let message = Message {
        role_constraints: BTreeMap::from([("a".to_owned(), constraints)]),
        ..Default::default()
    };
    OfferConstraints::compile(&message, RegexLimits::default())
}

fn equals(value: &str) -> Predicate {
    Predicate {
        text_equals: Some(Box::new(predicate::TextEquals {
            value: value.to_owned(),
            ..Default::default()
        })),
        ..Default::default()
    }
}

fn matches(regex: &str) -> Predicate {
    Predicate {
        text_matches: Some(Box::new(predicate::TextMatches {
            regex: regex.to_owned(),
            ..Default::default()
        })),
        ..Default::default()
    }
}

fn matches_not(regex: &str) -> Predicate {
    Predicate {
        text_not_matches: Some(Box::new(predicate::TextNotMatches {
            regex: regex.to_owned(),
            ..Default::default()
        })),
        ..Default::default()
    }
}

fn exists(exists: bool) -> Predicate {
    Predicate {
        exists: exists.then(Default::default),
        not_exists: (!exists).then(Default::default),
        ..Default::default()
    }
}

#[test]
fn predicates_hold_of_what_they_name() {
    for (selector, predicate, holds) in [
        (attribute("rack"), exists(true), true),
        (attribute("rack"), exists(false), false),
        (attribute("shelf"), exists(false), true),
        (attribute("rack"), equals("r1"), true),
        (attribute("rack"), equals("r"), false),
        (attribute("shelf"), equals("r1"), false),
        // Not a text: texts say nothing of it.
        (attribute("level"), equals("9"), true),
        (attribute("rack"), matches("r[0-9]"), true),
        // The whole of it.
        (attribute("rack"), matches("r"), false),
        (attribute("rack"), matches("x|r1"), true),
        (attribute("shelf"), matches_not("r.*"), true),
        (attribute("rack"), matches_not("r.*"), false),
        (hostname(), equals("host1"), true),
        (hostname(), matches("host2"), false),
    ] {
        let constraints = compile(vec![vec![(selector.clone(), predicate.clone())]]).unwrap();
        assert_eq!(
            constraints.excludes("a", &agent()),
            !holds,
            "{selector:?} {predicate:?}"
        );
        assert!(!constraints.excludes("b", &agent()));
    }
}

#[test]
fn one_group_is_enough_and_all_of_it_must_hold() {
    let (yes, no) = ((attribute("rack"), equals("r1")), (hostname(), equals("x")));
    let both = compile(vec![vec![yes.clone(), no.clone()]]).unwrap();
    assert!(both.excludes("a", &agent()));
    let either = compile(vec![vec![no], vec![yes]]).unwrap();
    assert!(!either.excludes("a", &agent()));
}

#[test]
fn mistakes_are_said_in_the_words_of_mesos() {
    let wrong = |groups| compile(groups).unwrap_err();
    assert_eq!(
        wrong(vec![]),
        "'OfferConstraints::role_constraints' has an empty 'RoleConstraints::groups' for role a"
    );
    assert!(wrong(vec![vec![]]).ends_with("contains an empty RoleConstraints::Group"));
    assert_eq!(
        wrong(vec![vec![(attribute("rack"), Predicate::default())]]),
        "A role a has an invalid 'AttributeConstraint': Unknown predicate type"
    );
    assert!(
        wrong(vec![vec![(attribute("rack"), matches("("))]])
            .contains("Failed to construct regex from pattern '('")
    );
    let large = "(a{1,100}){1,100}";
    assert!(wrong(vec![vec![(attribute("rack"), matches(large))]]).contains("is too complex"));
    assert!(wrong(vec![vec![(attribute("rack"), matches("a)|(b"))]]).contains("Failed to construct regex"));
}
