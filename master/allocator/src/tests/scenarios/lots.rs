//! The random sorter: by lot, weights counting.

use super::cluster::Cluster;
use crate::{Options, SorterKind};

/// A cluster in which lots decide, with a framework in each role.
fn cluster(roles: &[&str]) -> Cluster {
    let options = Options {
        event_driven: false,
        role_sorter: SorterKind::Random,
        framework_sorter: SorterKind::Random,
        min_allocatable: Vec::new(),
        ..Options::default()
    };
    let mut cluster = Cluster::new(options, 1);
    for role in roles {
        cluster.framework(role, role);
    }
    cluster
}

/// How often each role, in the order given, comes at each place, as a part of all rounds.
fn places(roles: &[&str], weights: &[(&str, f64)]) -> Vec<Vec<f64>> {
    let rounds = 3000;
    let mut cluster = cluster(roles);
    for (role, weight) in weights {
        cluster.weight(role, *weight);
    }
    let mut counts = vec![vec![0.0; roles.len()]; roles.len()];
    for _ in 0..rounds {
        cluster.round();
        for (place, role) in cluster.roles_in_order().iter().enumerate() {
            let role = roles.iter().position(|other| other == role).unwrap();
            counts[role][place] += 1.0 / f64::from(rounds);
        }
    }
    counts
}

fn are_near(places: &[Vec<f64>], expected: &[&[f64]]) {
    for (places, expected) in places.iter().zip(expected) {
        for (part, expected) in places.iter().zip(*expected) {
            assert!((part - expected).abs() < 0.05, "{places:?} is not {expected:?}");
        }
    }
}

/// Mesos: src/tests/sorter_tests.cpp, WeightedShuffleTest and RandomSorterTest, ProbabilityDistribution
#[test]
fn the_chance_of_a_place_follows_the_weights() {
    let weights = [("0", 1.0), ("1", 2.0), ("2", 3.0), ("3", 4.0), ("4", 5.0)];
    are_near(
        &places(&["0", "1", "2", "3", "4"], &weights),
        &[
            &[0.07, 0.08, 0.12, 0.20, 0.54],
            &[0.13, 0.16, 0.20, 0.28, 0.23],
            &[0.20, 0.22, 0.24, 0.22, 0.12],
            &[0.27, 0.26, 0.23, 0.17, 0.07],
            &[0.33, 0.28, 0.21, 0.13, 0.04],
        ],
    );
}

/// A role beside those below it weighs 1.
///
/// Mesos: src/tests/sorter_tests.cpp, RandomSorterTest, HierarchicalProbabilityDistribution
#[test]
fn the_chance_of_a_nested_role_is_the_product_of_those_on_its_way() {
    let weights = [("a", 1.0), ("a/b", 2.0), ("c", 2.0), ("c/d", 1.0), ("c/e", 2.0)];
    are_near(
        &places(&["a", "a/b", "c/d", "c/e"], &weights),
        &[
            &[0.11, 0.15, 0.23, 0.51],
            &[0.22, 0.27, 0.30, 0.21],
            &[0.22, 0.27, 0.30, 0.21],
            &[0.44, 0.31, 0.18, 0.07],
        ],
    );
}

/// Mesos: src/tests/sorter_tests.cpp, RemoveLeafCollapseParent, RemoveLeafCollapseParentInactive
#[test]
fn lots_are_drawn_by_those_who_are_there() {
    let mut cluster = cluster(&["a", "b", "a/c"]);
    let is = |cluster: &Cluster, expected: &[&str]| {
        let mut roles = cluster.roles_in_order();
        roles.sort();
        assert_eq!(roles, expected);
    };
    is(&cluster, &["a", "a/c", "b"]);
    cluster.deactivate("a");
    is(&cluster, &["a/c", "b"]);
    cluster.remove_framework("a/c");
    is(&cluster, &["b"]);
    cluster.activate("a");
    is(&cluster, &["a", "b"]);
}
