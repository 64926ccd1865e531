//! Who comes first: the stories of Mesos' sorters, told by who would be offered something new.
//!
//! A client of Mesos' sorter of roles is here a role with one framework of the same name; one of its sorters of frameworks is a
//! framework of the role `one`.

use std::collections::BTreeMap;

use mesos::Resources;

use super::bundles::{Bundle, revocable, shared_volume, volume};
use super::cluster::Cluster;
use crate::{Allocator, Options};

/// What clients hold of one agent, which is not offered.
struct Ranking {
    cluster: Cluster,
    /// All clients are frameworks of this role; roles of their own when `None`.
    role: Option<&'static str>,
    /// What each client uses of the agent.
    used: BTreeMap<String, Resources>,
}

const AGENT: &str = "agent";

impl Ranking {
    fn of_roles(total: impl Bundle) -> Self {
        Self::new(None, total)
    }

    fn of_frameworks(total: impl Bundle) -> Self {
        Self::new(Some("one"), total)
    }

    fn new(role: Option<&'static str>, total: impl Bundle) -> Self {
        let options = Options {
            event_driven: false,
            min_allocatable: Vec::new(),
            ..Options::default()
        };
        let mut ranking = Self {
            cluster: Cluster::new(options, 1),
            role,
            used: BTreeMap::new(),
        };
        ranking.agent(AGENT, total);
        ranking
    }

    fn agent(&mut self, name: &str, total: impl Bundle) {
        self.cluster.agent(name, total);
        let (now, id) = (self.cluster.now, mesos::ids::AgentId::new(name));
        self.cluster.allocator.deactivate_agent(now, &id);
    }

    fn role<'a>(&self, client: &'a str) -> &'a str {
        self.role.unwrap_or(client)
    }

    /// A client comes, holding something.
    fn add(&mut self, client: &str, held: impl Bundle) {
        let role = self.role(client);
        self.cluster.framework(client, role);
        self.hold(client, held);
    }

    /// A client is given something more.
    fn hold(&mut self, client: &str, more: impl Bundle) {
        let more = more.bundle();
        *self.used.entry(client.to_owned()).or_default() += &more;
        self.hold_of(AGENT, client, more);
    }

    fn hold_of(&mut self, agent: &str, client: &str, more: impl Bundle) {
        let more = more.bundle();
        if more.is_empty() {
            return;
        }
        let (role, now) = (self.role(client), self.cluster.now);
        let framework = mesos::ids::FrameworkId::new(client);
        let used = [(framework, more.allocated(role))].into();
        let agent = mesos::ids::AgentId::new(agent);
        let allocator = &mut self.cluster.allocator;
        allocator.add_resource_provider(now, &agent, &Resources::new(), &used);
    }

    /// A client gives something back.
    fn free(&mut self, client: &str, less: impl Bundle) {
        let (role, less) = (self.role(client), less.bundle());
        *self.used.get_mut(client).unwrap() -= &less;
        self.cluster.finished(client, role, AGENT, less);
    }

    /// A client goes; what it uses comes back before.
    fn remove(&mut self, client: &str) {
        let used = self.used.remove(client).unwrap();
        let role = self.role(client);
        self.cluster.finished(client, role, AGENT, used);
        self.cluster.remove_framework(client);
    }

    fn total(&mut self, total: impl Bundle) {
        self.cluster.total(AGENT, total);
    }

    #[track_caller]
    fn is(&self, order: &str) {
        assert_eq!(self.clients().join(" "), order);
    }

    fn clients(&self) -> Vec<String> {
        let order = self.cluster.order();
        order.into_iter().map(|(framework, _)| framework).collect()
    }
}

const HUNDRED: &str = "cpus:100;mem:100";

/// The same story with clients that are roles, roles in trees of their own, and frameworks of one role.
///
/// Mesos: src/tests/sorter_tests.cpp, DRF, ShallowHierarchy, DeepHierarchy
#[test]
fn the_smallest_dominant_share_comes_first_as_holdings_and_totals_change() {
    let flat = ["a", "b", "c", "d", "e", "f"];
    let shallow = ["a/a", "b/b", "c/c", "d/d", "e/e", "f/f"];
    let deep = ["a/a/a/a/a", "b/b/b/b", "c/c/c", "d/d", "e/e/e/e/e/e", "f/f"];
    for (mut ranking, [a, b, c, d, e, f]) in [
        (Ranking::of_roles(HUNDRED), flat),
        (Ranking::of_frameworks(HUNDRED), flat),
        (Ranking::of_roles(HUNDRED), shallow),
        (Ranking::of_roles(HUNDRED), deep),
    ] {
        let is = |ranking: &Ranking, order: &[&str]| ranking.is(&order.join(" "));
        is(&ranking, &[]);
        ranking.add(a, "cpus:5;mem:5");
        ranking.add(b, "cpus:6;mem:6");
        is(&ranking, &[a, b]);
        ranking.add(c, "cpus:1;mem:1");
        ranking.add(d, "cpus:3;mem:1");
        is(&ranking, &[c, d, a, b]);
        ranking.remove(a);
        ranking.free(b, "cpus:4;mem:4");
        is(&ranking, &[c, b, d]);
        ranking.add(e, "cpus:1;mem:5");
        ranking.total("cpus:50;mem:100");
        is(&ranking, &[c, b, e, d]);
        ranking.total("cpus:50;mem:200");
        ranking.add(f, "cpus:5;mem:1");
        ranking.hold(c, "mem:15");
        is(&ranking, &[e, b, d, c, f]);
        ranking.cluster.deactivate(d);
        is(&ranking, &[e, b, c, f]);
        ranking.cluster.activate(d);
        is(&ranking, &[e, b, d, c, f]);
    }
}

/// Mesos: src/tests/sorter_tests.cpp, WDRF, UpdateWeight
#[test]
fn shares_are_divided_by_weights() {
    let mut ranking = Ranking::of_roles(HUNDRED);
    ranking.add("a", "cpus:5;mem:5");
    ranking.add("b", "cpus:6;mem:6");
    ranking.is("a b");
    ranking.cluster.weight("b", 2.0);
    ranking.is("b a");
    ranking.add("c", "cpus:4;mem:4");
    ranking.is("b c a");
    ranking.add("d", "cpus:10;mem:20");
    ranking.cluster.weight("d", 10.0);
    ranking.is("d b c a");
    ranking.remove("b");
    ranking.is("d c a");
    ranking.hold("d", "cpus:10;mem:25");
    ranking.is("c d a");
    ranking.add("e", "cpus:1;mem:1");
    ranking.cluster.weight("e", 0.1);
    ranking.is("c d a e");
    ranking.remove("a");
    ranking.is("c d e");
}

/// Mesos: src/tests/sorter_tests.cpp, AllocationCountTieBreak
#[test]
fn at_equal_shares_who_was_given_less_often_comes_first_then_names_decide() {
    let mut ranking = Ranking::of_frameworks(HUNDRED);
    ranking.add("a", "cpus:3;mem:3");
    ranking.add("b", "cpus:3;mem:3");
    ranking.add("c", "cpus:1;mem:1");
    ranking.hold("c", "cpus:1;mem:1");
    ranking.hold("c", "cpus:1;mem:1");
    ranking.add("d", "cpus:2;mem:2");
    ranking.hold("d", "cpus:1;mem:1");
    ranking.add("e", "cpus:3;mem:3");
    ranking.is("a b e d c");
    // What comes back does not make it be given less often, nor does leaving.
    for _ in 0..2 {
        ranking.free("c", "cpus:3;mem:3");
        ranking.is("c a b e d");
        ranking.hold("c", "cpus:3;mem:3");
        ranking.is("a b e d c");
        ranking.cluster.deactivate("c");
        ranking.cluster.activate("c");
        ranking.is("a b e d c");
    }
    ranking.cluster.deactivate("a");
    ranking.free("a", "cpus:1;mem:3");
    ranking.hold("a", "cpus:1;mem:3");
    ranking.is("b e d c");
    ranking.cluster.activate("a");
    ranking.is("b e a d c");
}

/// Mesos: src/tests/sorter_tests.cpp, HierarchicalAllocation
#[test]
fn a_tree_of_roles_competes_as_one() {
    let mut ranking = Ranking::of_roles(HUNDRED);
    ranking.add("a", "");
    ranking.add("b/c", "");
    ranking.add("b/d", "");
    ranking.is("a b/c b/d");
    ranking.hold("a", "cpus:6;mem:6");
    ranking.is("b/c b/d a");
    ranking.hold("b/c", "cpus:4;mem:4");
    ranking.hold("b/d", "cpus:3;mem:3");
    ranking.is("a b/d b/c");
    ranking.hold("a", "cpus:2;mem:2");
    ranking.is("b/d b/c a");
    ranking.add("b/e/f", "");
    ranking.is("b/e/f b/d b/c a");
    ranking.hold("b/e/f", "cpus:3.5;mem:3.5");
    ranking.is("a b/d b/e/f b/c");
    ranking.remove("b/e/f");
    ranking.is("b/d b/c a");
    ranking.free("b/c", "cpus:3;mem:3");
    ranking.is("b/c b/d a");
    ranking.add("b/e/f", "cpus:3.5;mem:3.5");
    ranking.is("b/c b/d b/e/f a");
}

/// Mesos: src/tests/sorter_tests.cpp, HierarchicalIterationOrder
#[test]
fn a_role_beside_those_below_it_is_one_of_them() {
    let mut ranking = Ranking::of_roles(HUNDRED);
    for role in ["a/b", "c", "d", "d/e"] {
        ranking.add(role, "");
    }
    ranking.is("a/b c d d/e");
    ranking.hold("c", "cpus:8;mem:8");
    ranking.is("a/b d d/e c");
    ranking.hold("d", "cpus:3;mem:3");
    ranking.hold("d/e", "cpus:2;mem:2");
    ranking.is("a/b d/e d c");
    ranking.hold("a/b", "cpus:6;mem:6");
    ranking.is("d/e d a/b c");
}

/// Mesos: src/tests/sorter_tests.cpp, AddChildToLeaf
#[test]
fn a_role_gets_one_below_it() {
    let mut ranking = Ranking::of_roles(HUNDRED);
    ranking.add("a", "cpus:10;mem:10");
    ranking.add("b", "cpus:6;mem:6");
    ranking.is("b a");
    ranking.add("a/c", "cpus:5;mem:5");
    ranking.is("b a/c a");
    ranking.remove("a");
    ranking.is("a/c b");
    ranking.add("a", "cpus:10;mem:10");
    ranking.is("b a/c a");
    // Beside those below it a role weighs 1; its weight is for it among its like.
    ranking.cluster.weight("a/c", 0.2);
    ranking.is("b a a/c");
    ranking.cluster.weight("a", 3.0);
    ranking.is("a a/c b");
    ranking.cluster.weight("a/c", 1.0);
    ranking.is("a/c a b");
}

/// Mesos: src/tests/sorter_tests.cpp, AddChildToInternal
#[test]
fn a_role_comes_above_others() {
    let mut ranking = Ranking::of_roles(HUNDRED);
    ranking.add("x/a", "cpus:10;mem:10");
    ranking.add("x/b", "cpus:6;mem:6");
    ranking.is("x/b x/a");
    ranking.add("x", "cpus:7;mem:7");
    ranking.is("x/b x x/a");
    ranking.add("z", "cpus:20;mem:20");
    ranking.is("z x/b x x/a");
    ranking.remove("x");
    ranking.is("x/b x/a z");
}

/// Mesos: src/tests/sorter_tests.cpp, AddChildToInactiveLeaf, RemoveLeafCollapseParent, RemoveLeafCollapseParentInactive
#[test]
fn who_is_away_stays_away_when_roles_below_come_and_go() {
    let mut ranking = Ranking::of_roles(HUNDRED);
    ranking.add("a", "cpus:10;mem:10");
    ranking.add("b", "cpus:6;mem:6");
    ranking.cluster.deactivate("a");
    ranking.is("b");
    ranking.add("a/c", "cpus:5;mem:5");
    ranking.is("b a/c");
    ranking.remove("a/c");
    ranking.is("b");
    ranking.cluster.activate("a");
    ranking.add("a/c", "cpus:5;mem:5");
    ranking.is("b a/c a");
    ranking.remove("a/c");
    ranking.is("b a");
}

/// Mesos: src/tests/sorter_tests.cpp, ChangeWeightOnSubtree
#[test]
fn a_role_without_frameworks_has_a_weight_too() {
    let mut ranking = Ranking::of_roles(HUNDRED);
    ranking.cluster.weight("b", 3.0);
    ranking.cluster.weight("a", 2.0);
    ranking.add("a/x", "");
    ranking.add("b/y", "");
    ranking.is("a/x b/y");
    ranking.hold("a/x", "cpus:10;mem:10");
    ranking.hold("b/y", "cpus:10;mem:10");
    ranking.is("b/y a/x");
    ranking.add("b/z", "cpus:5;mem:5");
    ranking.is("b/z b/y a/x");
    ranking.add("b", "cpus:4;mem:4");
    ranking.is("a/x b b/z b/y");
    ranking.add("a/zz", "cpus:2;mem:2");
    ranking.is("a/zz a/x b b/z b/y");
}

/// Differs from Mesos: there the weight of a role without frameworks, once reckoned with, stays what it is until the last role
/// below it is gone, though its sorter means to change it.
///
/// Mesos: src/master/allocator/mesos/sorter/drf/sorter.cpp, DRFSorter::updateWeight
#[test]
fn the_weight_of_a_role_without_frameworks_counts_from_when_it_is_set() {
    let mut ranking = Ranking::of_roles(HUNDRED);
    ranking.add("a/x", "cpus:10;mem:10");
    ranking.add("b/y", "cpus:12;mem:12");
    ranking.is("a/x b/y");
    ranking.cluster.weight("b", 2.0);
    ranking.is("b/y a/x");
    ranking.cluster.weight("b", 1.0);
    ranking.is("a/x b/y");
}

/// Mesos: src/tests/sorter_tests.cpp, SplitResourceShares
#[test]
fn parts_of_one_resource_add_up() {
    let volumes = volume("disk:5") + &volume("disk:5");
    let mut ranking = Ranking::of_roles("cpus:100;mem:100;disk:90".bundle() + &volumes);
    ranking.add("b", "cpus:9;mem:9".bundle() + &volumes);
    ranking.add("a", "cpus:9;mem:9;disk:9");
    ranking.is("a b");
}

/// Mesos: src/tests/sorter_tests.cpp, UpdateTotal
#[test]
fn the_total_decides_which_resource_dominates() {
    let mut ranking = Ranking::of_roles("cpus:10;mem:100");
    ranking.add("a", "cpus:2;mem:1");
    ranking.add("b", "cpus:1;mem:2");
    ranking.is("b a");
    ranking.total("cpus:100;mem:10");
    ranking.is("a b");
}

/// Mesos: src/tests/sorter_tests.cpp, MultipleSlavesUpdateTotal
#[test]
fn the_total_is_that_of_all_agents() {
    let mut ranking = Ranking::of_roles("cpus:5;mem:50");
    ranking.agent("other", "cpus:5;mem:50");
    ranking.add("a", "cpus:2;mem:1");
    ranking.add("b", "");
    ranking.hold_of("other", "b", "cpus:1;mem:3");
    ranking.is("b a");
    ranking.total("cpus:95;mem:50");
    ranking.is("a b");
}

/// Mesos: src/tests/sorter_tests.cpp, RemoveResources
#[test]
fn what_is_gone_is_gone_from_shares_and_total() {
    let mut ranking = Ranking::of_roles("cpus:10");
    ranking.add("a", "cpus:6");
    ranking.add("b", "cpus:4");
    ranking.is("b a");
    ranking.free("a", "cpus:5");
    ranking.total("cpus:5");
    ranking.is("a b");
}

/// Mesos: src/tests/sorter_tests.cpp, RevocableResources
#[test]
fn the_revocable_counts_like_the_rest() {
    let mut ranking = Ranking::of_roles("cpus:10;mem:100".bundle() + &revocable("cpus:10"));
    ranking.add("b", "cpus:1;mem:1".bundle() + &revocable("cpus:9"));
    ranking.add("a", "cpus:2;mem:1");
    ranking.is("a b");
}

/// Mesos: src/tests/sorter_tests.cpp, SharedResources
#[test]
fn a_shared_volume_counts_for_each_who_holds_it() {
    let shared = shared_volume("disk(one):100");
    let mut ranking = Ranking::of_frameworks("cpus:100;mem:100;disk(one):900".bundle() + &shared);
    ranking.add("a", "cpus:5;mem:5".bundle() + &shared);
    ranking.add("b", "cpus:6;mem:6");
    ranking.is("b a");
    ranking.add("c", "cpus:1;mem:1".bundle() + &shared);
    ranking.is("b a c");
    ranking.remove("a");
    ranking.free("b", "cpus:4;mem:4");
    ranking.is("b c");
    ranking.add("d", "cpus:1;mem:5".bundle() + &shared);
    ranking.is("b c d");
}

/// Mesos: src/tests/sorter_tests.cpp, SameDominantSharedResourcesAcrossClients
#[test]
fn a_large_shared_volume_makes_all_equal_who_hold_it() {
    let shared = shared_volume("disk(one):900");
    let mut ranking = Ranking::of_frameworks("cpus:100;mem:100;disk(one):100".bundle() + &shared);
    ranking.add("b", "cpus:5;mem:20".bundle() + &shared);
    ranking.add("c", "cpus:10;mem:6".bundle() + &shared);
    ranking.is("b c");
    ranking.add("a", "cpus:50;mem:40".bundle() + &shared);
    ranking.is("a b c");
}

/// Mesos: src/tests/sorter_tests.cpp, SameSharedResourcesSameClient, SharedResourcesUnallocated
#[test]
fn copies_of_a_shared_volume_count_once_until_the_last_is_back() {
    let shared = shared_volume("disk(one):50");
    let copies = shared.clone() + &shared + &shared;
    let mut ranking = Ranking::of_frameworks("cpus:100;mem:100;disk(one):950".bundle() + &shared);
    ranking.add("a", "cpus:2;mem:2".bundle() + &shared);
    ranking.add("b", "cpus:6;mem:6");
    ranking.is("a b");
    ranking.hold("a", copies);
    ranking.is("a b");

    let shared = shared_volume("disk(one):100");
    let copies = shared.clone() + &shared + &shared;
    let mut ranking = Ranking::of_frameworks("cpus:100;mem:100;disk(one):900".bundle() + &shared);
    ranking.add("a", "cpus:2;mem:2".bundle() + &copies);
    ranking.add("b", "cpus:6;mem:6");
    ranking.is("b a");
    ranking.free("a", &shared);
    ranking.is("b a");
    ranking.free("a", shared.clone() + &shared);
    ranking.is("a b");
}

/// Mesos: src/tests/sorter_tests.cpp, UpdateAllocation, UpdateAllocationNestedClient, MultipleSlaves,
/// MultipleSlavesUpdateAllocation, AllocationForInactiveClient
#[test]
fn what_is_held_of_each_agent_is_known_and_volumes_change_no_amounts() {
    let total = "cpus:2;mem:512;disk:10;ports:[31000-32000]";
    for role in ["a", "a/x"] {
        let mut cluster = Cluster::new(Options::default(), 1);
        cluster.agent("A1", total);
        cluster.agent("A2", total);
        cluster.framework("F", role);
        cluster.framework("other", "b");
        cluster.deactivate("F");
        let after = "cpus:2;mem:512;disk:5;ports:[31000-32000]".bundle() + &volume("disk:5");
        for agent in ["A1", "A2"] {
            let volume = ("disk:5", volume("disk:5"));
            cluster.convert("F", role, agent, total, volume);
            let id = mesos::ids::AgentId::new(agent);
            let held = cluster.allocator.offered_or_allocated(&id);
            assert_eq!(held, Some(after.clone()));
        }
        cluster.metrics_are([
            (&format!("roles/{role}/shares/dominant"), Some(1.0)),
            ("roles/b/shares/dominant", Some(0.0)),
            ("resources/disk/offered_or_allocated", Some(20.0)),
            ("resources/cpus/offered_or_allocated", Some(4.0)),
        ]);
    }
}
