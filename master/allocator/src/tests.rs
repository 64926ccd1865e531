//! Who gets what in small clusters.

use std::time::Duration;

use libprocess_core::time::Time;
use mesos::Resources;
use mesos::ids::{AgentId, FrameworkId};

use crate::{Allocator, Framework, Options};

fn resources(text: &str) -> Resources {
    Resources::parse(text, "*").unwrap()
}

fn cluster(agents: &[(&str, &str)], frameworks: &[(&str, &str)]) -> Allocator {
    let mut allocator = Allocator::new(Options::default(), 7);
    for (id, text) in agents {
        allocator.add_agent(AgentId::new(*id), resources(text), &[]);
    }
    for (id, role) in frameworks {
        allocator.add_framework(FrameworkId::new(*id), Framework::new([(*role).to_owned()]));
    }
    allocator
}

#[test]
fn one_framework_is_offered_everything_once() {
    let mut allocator = cluster(&[("A", "cpus:4;mem:1024")], &[("F", "*")]);
    assert_eq!(allocator.allocate(Time::EPOCH).len(), 1);
    assert!(allocator.allocate(Time::EPOCH).is_empty());
    allocator.check().unwrap();
}

#[test]
fn the_poorer_role_is_served_first() {
    let mut allocator = cluster(&[("A", "cpus:4;mem:1024")], &[("F", "rich"), ("G", "poor")]);
    let rich = FrameworkId::new("F");
    let agent = AgentId::new("B");
    allocator.add_agent(
        agent,
        resources("cpus:1;mem:64"),
        &[(rich, resources("cpus:1;mem:64").allocated("rich"))],
    );
    let offers = allocator.allocate(Time::EPOCH);
    assert_eq!(offers.len(), 1);
    assert_eq!(offers[0].role, "poor");
}

#[test]
fn a_refusal_holds_until_its_time_and_another_framework_is_asked_meanwhile() {
    let mut allocator = cluster(&[("A", "cpus:4;mem:1024")], &[("F", "*"), ("G", "*")]);
    let first = allocator.allocate(Time::EPOCH).remove(0);
    let refuse = Some(Duration::from_secs(5));
    allocator.recover(
        &first.framework_id,
        &first.agent_id,
        &first.resources,
        refuse,
        Time::EPOCH,
    );
    let second = allocator.allocate(Time::EPOCH).remove(0);
    assert_ne!(second.framework_id, first.framework_id);
    allocator.recover(
        &second.framework_id,
        &second.agent_id,
        &second.resources,
        refuse,
        Time::EPOCH,
    );
    assert!(
        allocator
            .allocate(Time::EPOCH + Duration::from_secs(4))
            .is_empty()
    );
    assert_eq!(allocator.allocate(Time::EPOCH + Duration::from_secs(5)).len(), 1);
}

#[test]
fn revive_forgets_refusals_and_suppress_stops_offers() {
    let mut allocator = cluster(&[("A", "cpus:4;mem:1024")], &[("F", "*")]);
    let offer = allocator.allocate(Time::EPOCH).remove(0);
    let year = Some(Duration::from_secs(1 << 30));
    allocator.recover(
        &offer.framework_id,
        &offer.agent_id,
        &offer.resources,
        year,
        Time::EPOCH,
    );
    assert!(
        allocator
            .allocate(Time::EPOCH + Duration::from_secs(9))
            .is_empty()
    );
    allocator.revive(&offer.framework_id, &[]);
    let again = allocator.allocate(Time::EPOCH).remove(0);
    allocator.suppress(&again.framework_id, &[]);
    allocator.recover(
        &again.framework_id,
        &again.agent_id,
        &again.resources,
        None,
        Time::EPOCH,
    );
    assert!(allocator.allocate(Time::EPOCH).is_empty());
}

#[test]
fn too_little_is_not_offered() {
    let mut allocator = cluster(&[("A", "cpus:0.005;mem:16;disk:1000")], &[("F", "*")]);
    assert!(allocator.allocate(Time::EPOCH).is_empty());
}

#[test]
fn agents_with_gpus_are_shown_only_to_frameworks_that_asked() {
    let mut allocator = cluster(&[("A", "cpus:4;mem:1024;gpus:2")], &[("F", "*")]);
    assert!(allocator.allocate(Time::EPOCH).is_empty());
    let aware = Framework {
        gpu_aware: true,
        ..Framework::new(["*".to_owned()])
    };
    allocator.add_framework(FrameworkId::new("G"), aware);
    assert_eq!(
        allocator.allocate(Time::EPOCH)[0].framework_id,
        FrameworkId::new("G")
    );
}
