//! Who gets what, and when, in small clusters.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use libprocess_core::time::Time;
use mesos::ids::{AgentId, FrameworkId};
use mesos::operation::Conversion;
use mesos::{Limits, Quantities, Resources};
use mesos_proto::v0::allocator::inverse_offer_status::Status;
use mesos_proto::v0::{self, framework_info::capability::Type};

use crate::{
    Allocator, Allotment, FrameworkOptions, Hierarchical, InverseOfferAnswer, NewAgent, Options, Quota,
    UpdateAvailableError,
};

fn resources(text: &str) -> Resources {
    Resources::parse(text, "*").unwrap()
}

fn seconds(seconds: u64) -> Time {
    Time::EPOCH + Duration::from_secs(seconds)
}

struct Cluster {
    allocator: Hierarchical,
    now: Time,
}

impl Cluster {
    fn new(options: Options) -> Self {
        let mut allocator = Hierarchical::new(options, 7);
        allocator.recover(Time::EPOCH, 0, BTreeMap::new());
        Self {
            allocator,
            now: Time::EPOCH,
        }
    }

    fn agent(&mut self, id: &str, total: &str) -> &mut Self {
        self.agent_used(id, total, BTreeMap::new())
    }

    fn agent_used(&mut self, id: &str, total: &str, used: BTreeMap<FrameworkId, Resources>) -> &mut Self {
        let info = v0::SlaveInfo {
            hostname: id.to_owned(),
            ..Default::default()
        };
        self.allocator.add_agent(
            self.now,
            NewAgent {
                id: AgentId::new(id),
                info,
                capabilities: mesos::capabilities::agent_capabilities(),
                unavailability: None,
                total: resources(total),
                used,
            },
        );
        self
    }

    fn framework(&mut self, id: &str, role: &str, capabilities: &[Type]) -> &mut Self {
        let capability = |kind: &Type| v0::framework_info::Capability {
            r#type: Some(*kind),
            ..Default::default()
        };
        let info = v0::FrameworkInfo {
            roles: vec![role.to_owned()],
            capabilities: capabilities
                .iter()
                .chain(&[Type::MultiRole])
                .map(capability)
                .collect(),
            ..Default::default()
        };
        let (id, options) = (FrameworkId::new(id), FrameworkOptions::default());
        self.allocator
            .add_framework(self.now, &id, &info, &BTreeMap::new(), true, options);
        self
    }

    /// The offers of a run when it is due, as `framework role agent`.
    fn run(&mut self) -> Vec<Allotment> {
        let offers = self.allocator.run(self.now).offers;
        assert_eq!(self.allocator.check(), Ok(()));
        offers
    }

    fn decline(&mut self, offer: &Allotment, refuse_seconds: Option<f64>) {
        let filters = v0::Filters {
            refuse_seconds,
            ..Default::default()
        };
        let (id, agent) = (&offer.framework_id, &offer.agent_id);
        self.allocator
            .recover_resources(self.now, id, agent, &offer.resources, Some(&filters), false);
    }
}

fn told(offers: &[Allotment]) -> Vec<String> {
    let line = |offer: &Allotment| {
        let bare = offer.resources.clone().unallocated();
        format!("{} {} {}: {bare}", offer.framework_id, offer.role, offer.agent_id)
    };
    offers.iter().map(line).collect()
}

#[test]
fn the_poorer_role_is_served_first_and_everything_once() {
    let mut cluster = Cluster::new(Options::default());
    cluster.framework("F", "rich", &[]).framework("G", "poor", &[]);
    let used = BTreeMap::from([(
        FrameworkId::new("F"),
        resources("cpus:1;mem:64").allocated("rich"),
    )]);
    cluster
        .agent_used("B", "cpus:1;mem:64", used)
        .agent("A", "cpus:4;mem:1024");
    assert_eq!(told(&cluster.run()), ["G poor A: cpus:4; mem:1024"]);
    assert!(cluster.run().is_empty());
}

#[test]
fn a_refusal_lasts_as_long_as_it_says_and_five_seconds_when_it_says_nothing() {
    for (said, lasts) in [
        (None, 5),
        (Some(-1.0), 5),
        (Some(0.5), 1),
        (Some(3.0), 3),
        (Some(f64::NAN), 5),
    ] {
        let mut cluster = Cluster::new(Options::default());
        cluster.framework("F", "*", &[]).agent("A", "cpus:4;mem:1024");
        let offer = cluster.run().remove(0);
        cluster.decline(&offer, said);
        for second in 1..lasts {
            cluster.now = seconds(second);
            assert!(cluster.run().is_empty(), "{said:?} after {second} s");
        }
        cluster.now = seconds(lasts);
        assert_eq!(cluster.run().len(), 1, "{said:?}");
    }
}

#[test]
fn what_is_refused_for_no_time_goes_to_others_at_once_and_comes_back_with_the_interval() {
    let mut cluster = Cluster::new(Options::default());
    cluster.framework("F", "f", &[]).agent("A", "cpus:4;mem:1024");
    let offer = cluster.run().remove(0);
    cluster.decline(&offer, Some(0.0));
    cluster.now += Duration::from_millis(2);
    assert_eq!(cluster.allocator.next_run(), Some(cluster.now));
    assert!(cluster.run().is_empty());
    cluster.framework("G", "g", &[]);
    let offer = cluster.run().remove(0);
    assert_eq!(offer.framework_id, FrameworkId::new("G"));
    cluster.decline(&offer, Some(0.0));
    cluster.now = seconds(1);
    assert_eq!(cluster.run().len(), 1);
}

#[test]
fn without_events_only_the_interval_counts() {
    let mut cluster = Cluster::new(Options {
        event_driven: false,
        ..Options::default()
    });
    cluster.framework("F", "*", &[]).agent("A", "cpus:4;mem:1024");
    let offer = cluster.run().remove(0);
    cluster.decline(&offer, Some(0.0));
    assert_eq!(cluster.allocator.next_run(), Some(seconds(1)));
}

#[test]
fn revive_forgets_refusals_and_suppress_stops_offers() {
    let mut cluster = Cluster::new(Options::default());
    cluster.framework("F", "*", &[]).agent("A", "cpus:4;mem:1024");
    let offer = cluster.run().remove(0);
    cluster.decline(&offer, Some(1e12));
    cluster.now = seconds(100);
    assert!(cluster.run().is_empty());
    let none = BTreeSet::new();
    cluster
        .allocator
        .revive_offers(cluster.now, &offer.framework_id, &none);
    assert_eq!(cluster.allocator.next_run(), Some(seconds(100)));
    let again = cluster.run().remove(0);
    cluster
        .allocator
        .suppress_offers(cluster.now, &offer.framework_id, &none);
    cluster.decline(&again, Some(0.0));
    cluster.now = seconds(200);
    assert!(cluster.run().is_empty());
}

#[test]
fn too_little_is_not_offered_and_gpus_only_to_those_who_asked() {
    let mut cluster = Cluster::new(Options::default());
    cluster
        .framework("F", "*", &[])
        .agent("A", "cpus:0.005;mem:16;disk:1000")
        .agent("G", "cpus:4;mem:1024;gpus:2");
    assert!(cluster.run().is_empty());
    cluster.framework("aware", "*", &[Type::GpuResources]);
    assert_eq!(told(&cluster.run()), ["aware * G: cpus:4; mem:1024; gpus:2"]);
}

#[test]
fn guarantees_are_kept_free_and_limits_are_not_passed() {
    let mut cluster = Cluster::new(Options::default());
    let quota = |guarantees: &str, limits: &str| Quota {
        guarantees: Quantities::parse(guarantees).unwrap(),
        limits: Limits::parse(limits).unwrap(),
    };
    cluster
        .allocator
        .update_quota(Time::EPOCH, "owed", quota("cpus:3", ""));
    cluster
        .allocator
        .update_quota(Time::EPOCH, "capped", quota("", "cpus:2;mem:100"));
    cluster
        .framework("F", "capped", &[])
        .agent("A", "cpus:8;mem:1024");
    assert_eq!(told(&cluster.run()), ["F capped A: cpus:2; mem:100"]);
    cluster.framework("G", "rest", &[]);
    assert_eq!(told(&cluster.run()), ["G rest A: cpus:3; mem:924"]);
    cluster.framework("H", "owed", &[]).agent("B", "mem:64");
    assert_eq!(told(&cluster.run())[0], "H owed A: cpus:3");
}

#[test]
fn offers_wait_for_agents_after_a_failover_with_quota() {
    let quotas = || {
        let quota = Quota {
            guarantees: Quantities::parse("cpus:1").unwrap(),
            ..Quota::default()
        };
        BTreeMap::from([("a".to_owned(), quota)])
    };
    let mut allocator = Hierarchical::new(Options::default(), 1);
    allocator.recover(Time::EPOCH, 5, quotas());
    let mut cluster = Cluster {
        allocator,
        now: Time::EPOCH,
    };
    cluster.framework("F", "a", &[]);
    for id in ["A", "B", "C"] {
        cluster.agent(id, "cpus:1;mem:64");
    }
    cluster.now = seconds(1);
    assert!(cluster.run().is_empty());
    // Four of five are enough.
    cluster.agent("D", "cpus:1;mem:64");
    cluster.now = seconds(2);
    assert_eq!(cluster.run().len(), 4);

    let mut allocator = Hierarchical::new(Options::default(), 1);
    allocator.recover(Time::EPOCH, 5, quotas());
    let mut cluster = Cluster {
        allocator,
        now: Time::EPOCH,
    };
    cluster.framework("F", "a", &[]).agent("A", "cpus:1;mem:64");
    cluster.now = seconds(599);
    assert!(cluster.run().is_empty());
    cluster.now = seconds(600);
    assert_eq!(cluster.run().len(), 1);
}

#[test]
fn frameworks_are_asked_once_to_leave_an_agent_that_will_be_away() {
    let mut cluster = Cluster::new(Options::default());
    cluster.framework("F", "*", &[]).agent("A", "cpus:4;mem:1024");
    assert_eq!(cluster.run().len(), 1);
    let (agent, framework) = (AgentId::new("A"), FrameworkId::new("F"));
    let window = v0::Unavailability::default();
    let allocator = &mut cluster.allocator;
    allocator.update_unavailability(Time::EPOCH, &agent, Some(window.clone()));
    let asked = allocator.run(Time::EPOCH).inverse_offers;
    assert_eq!(asked.len(), 1);
    assert_eq!((&asked[0].framework_id, &asked[0].agent_id), (&framework, &agent));
    assert_eq!(asked[0].unavailability, window);
    assert!(asked[0].resources.is_empty());
    assert!(allocator.run(seconds(1)).inverse_offers.is_empty());
    let answer = InverseOfferAnswer {
        status: Status::Decline,
        filters: v0::Filters {
            refuse_seconds: Some(10.0),
            ..Default::default()
        },
    };
    allocator.update_inverse_offer(seconds(1), &agent, &framework, Some(answer));
    let statuses = allocator.inverse_offer_statuses();
    assert_eq!(statuses[&agent][&framework].status, Status::Decline);
    assert!(allocator.run(seconds(10)).inverse_offers.is_empty());
    assert_eq!(allocator.run(seconds(11)).inverse_offers.len(), 1);
    allocator.update_unavailability(seconds(12), &agent, None);
    assert!(allocator.run(seconds(12)).inverse_offers.is_empty());
    assert!(allocator.inverse_offer_statuses().is_empty());
}

#[test]
fn reservations_change_what_is_offered_to_whom() {
    let mut cluster = Cluster::new(Options::default());
    cluster.framework("F", "a", &[]).agent("A", "cpus:4;mem:1024");
    let agent = AgentId::new("A");
    let reserve = Conversion::new(resources("cpus:4;mem:1024"), resources("cpus(b):4;mem(b):1024"));
    let conversions = std::slice::from_ref(&reserve);
    let offer = cluster.run().remove(0);
    let refused = cluster
        .allocator
        .update_available(cluster.now, &agent, conversions);
    assert!(matches!(refused, Err(UpdateAvailableError::NotAvailable(_))));
    cluster.decline(&offer, Some(0.0));
    assert_eq!(
        cluster
            .allocator
            .update_available(cluster.now, &agent, conversions),
        Ok(())
    );
    cluster.now = seconds(1);
    assert!(cluster.run().is_empty());
    cluster.framework("G", "b", &[]);
    let offer = cluster.run().remove(0);
    assert_eq!(offer.role, "b");
    // A framework gives up its reservation within the offer.
    let bare = offer.resources.to_unreserved();
    let unreserve = Conversion::new(offer.resources.clone(), bare.clone());
    let (now, id) = (cluster.now, &offer.framework_id);
    cluster
        .allocator
        .update_allocation(now, id, &agent, &offer.resources, &[unreserve]);
    assert_eq!(cluster.allocator.check(), Ok(()));
    cluster
        .allocator
        .recover_resources(now, id, &agent, &bare, None, false);
    cluster.now = seconds(2);
    assert_eq!(cluster.run().len(), 1);
}

#[test]
fn the_longest_way_to_a_role_is_gone() {
    let mut cluster = Cluster::new(Options::default());
    let role = "a/".repeat(mesos::roles::PARTS_MAX - 1) + "a";
    cluster
        .framework("F", &role, &[])
        .agent("A", &format!("cpus({role}):1;mem({role}):64"));
    let offers = cluster.run();
    assert_eq!(offers.len(), 1);
    assert_eq!(offers[0].role, role);
    cluster.allocator.remove_agent(cluster.now, &AgentId::new("A"));
    assert!(cluster.run().is_empty());
}

/// Work that grows with the square of the number of roles would take minutes.
#[test]
fn a_framework_of_very_many_roles_comes_and_goes() {
    let mut cluster = Cluster::new(Options::default());
    cluster
        .framework("other", "r7", &[])
        .agent("A", "cpus:4;mem:1024");
    let info = |roles: std::ops::Range<u32>| v0::FrameworkInfo {
        roles: roles.map(|n| format!("r{n}")).collect(),
        capabilities: vec![v0::framework_info::Capability {
            r#type: Some(Type::MultiRole),
            ..Default::default()
        }],
        ..Default::default()
    };
    let (id, now) = (FrameworkId::new("many"), cluster.now);
    let allocator = &mut cluster.allocator;
    let options = FrameworkOptions::default;
    allocator.add_framework(now, &id, &info(0..50_000), &BTreeMap::new(), true, options());
    allocator.suppress_offers(now, &id, &BTreeSet::new());
    allocator.revive_offers(now, &id, &BTreeSet::new());
    allocator.update_framework(now, &id, &info(25_000..75_000), options());
    assert_eq!(allocator.run(now).offers.len(), 1);
    allocator.remove_framework(now, &id);
    assert_eq!(allocator.check(), Ok(()));
    let counts = allocator.counts();
    assert_eq!(counts.keys().collect::<Vec<_>>(), ["r7"]);
}

#[test]
fn metrics_have_the_names_and_numbers_of_mesos() {
    let mut cluster = Cluster::new(Options::default());
    let quota = Quota {
        guarantees: Quantities::parse("cpus:1").unwrap(),
        limits: Limits::parse("mem:512").unwrap(),
    };
    cluster.allocator.update_quota(Time::EPOCH, "a", quota);
    cluster.framework("F", "a", &[]).agent("A", "cpus:4;mem:1024");
    let offer = cluster.run().remove(0);
    let mut shown = Vec::new();
    cluster.allocator.metrics(&mut shown);
    let shown: BTreeMap<String, f64> = shown.into_iter().collect();
    for (name, value) in [
        ("allocation_runs", 1.0),
        ("resources/cpus/total", 4.0),
        ("resources/mem/offered_or_allocated", 512.0),
        ("roles/a/shares/dominant", 1.0),
        ("quota/roles/a/resources/cpus/guarantee", 1.0),
        ("quota/roles/a/resources/mem/limit", 512.0),
        ("quota/roles/a/resources/cpus/offered_or_allocated", 4.0),
        ("offer_filters/roles/a/active", 0.0),
    ] {
        assert_eq!(
            shown.get(&format!("allocator/mesos/{name}")),
            Some(&value),
            "{name}"
        );
    }
    // What is offered is not consumed yet; what is used is, of the whole cluster, too.
    let (used, rest) = (
        resources("cpus:1").allocated("a"),
        resources("cpus:3;mem:512").allocated("a"),
    );
    assert!(shown.keys().all(|name| !name.ends_with("/consumed")));
    let (id, agent) = (&offer.framework_id, &offer.agent_id);
    cluster
        .allocator
        .transition_offered_to_allocated(cluster.now, id, agent, &used);
    let mut shown = Vec::new();
    cluster.allocator.metrics(&mut shown);
    for role in ["", "a"] {
        let name = format!("allocator/mesos/quota/roles/{role}/resources/cpus/consumed");
        assert!(shown.contains(&(name, 1.0)), "{shown:?}");
    }
    let offer = Allotment {
        resources: rest,
        ..offer
    };
    cluster.decline(&offer, None);
    let mut shown = Vec::new();
    cluster.allocator.metrics(&mut shown);
    assert!(shown.contains(&("allocator/mesos/offer_filters/roles/a/active".to_owned(), 1.0)));
}
