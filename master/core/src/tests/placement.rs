//! Agents by where they are.

use mesos_proto::v0::{self, internal};

use super::world::{World, agent_info, framework_info, offers, sent};
use crate::{Effect, Input, Master, Options, StreamId, ToAgent};

fn domain(region: &str) -> Option<Box<v0::DomainInfo>> {
    let mut place = v0::domain_info::FaultDomain::default();
    place.region.name = region.to_owned();
    Some(Box::new(v0::DomainInfo {
        fault_domain: Some(Box::new(place)),
        ..Default::default()
    }))
}

/// An agent with or without a domain asks to join, for the first time and again.
fn joins(world: &mut World, domain: Option<Box<v0::DomainInfo>>) -> [bool; 2] {
    let slave = v0::SlaveInfo {
        domain,
        ..agent_info(0, "cpus:4;mem:1024")
    };
    let version = Some("1.11.0".to_owned());
    let first = internal::RegisterSlaveMessage {
        slave: slave.clone(),
        version: version.clone(),
        ..Default::default()
    };
    let first = world.input(Input::RegisterAgent(World::pid(0), Box::new(first)));
    let again = internal::ReregisterSlaveMessage {
        slave: v0::SlaveInfo {
            id: Some(Box::new(v0::SlaveID {
                value: "S9".to_owned(),
                ..Default::default()
            })),
            hostname: "host9".to_owned(),
            ..slave
        },
        version,
        ..Default::default()
    };
    let again = world.input(Input::ReregisterAgent(World::pid(9), Box::new(again)));
    [
        matches!(sent(&first)[..], [ToAgent::Registered(_)]),
        matches!(sent(&again)[..], [ToAgent::Reregistered(_)]),
    ]
}

#[test]
fn an_agent_with_a_domain_needs_a_master_with_one_and_may_be_required_to_have_one() {
    let mut world = World::new();
    assert_eq!(joins(&mut world, domain("r")), [false, false]);
    assert_eq!(joins(&mut world, None), [true, true]);

    let mut world = World::new();
    world.master.info.domain = domain("r");
    assert_eq!(joins(&mut world, domain("s")), [true, true]);

    let mut world = World::with(Options {
        require_agent_domain: true,
        ..Options::default()
    });
    world.master.info.domain = domain("r");
    assert_eq!(joins(&mut world, None), [false, false]);
    assert_eq!(joins(&mut world, domain("r")), [true, true]);
}

#[test]
fn a_whitelist_read_before_the_registry_holds_too() {
    let mut world = World::new();
    let mut effects = Vec::new();
    world.master = Master::new(Options::default(), v0::MasterInfo::default(), world.now, 1);
    let elsewhere = ["elsewhere".to_owned()].into();
    world
        .master
        .handle(world.now, Input::Whitelist(Some(elsewhere)), &mut effects);
    world.input(Input::Recovered(Box::default()));
    world.register(0, "cpus:4;mem:1024");
    world.subscribe("s", framework_info());
    let offered = |effects: &[Effect]| offers(effects, &StreamId("s".into()).0).len();
    assert_eq!(offered(&world.allocate()), 0);
    let hosts = [agent_info(0, "").hostname].into();
    world.input(Input::Whitelist(Some(hosts)));
    assert_eq!(offered(&world.allocate()), 1);
}
