//! What comes while a write of the registry is on its way.

use mesos_proto::v0::{self, internal};

use super::world::{World, agent_info};
use crate::registry::Operation;
use crate::{Effect, Input};

/// The writes that some inputs ask for, none of which is durable yet.
fn writes(world: &mut World, inputs: Vec<Input>) -> Vec<Operation> {
    let mut effects = Vec::new();
    for input in inputs {
        world.master.handle(world.now, input, &mut effects);
        assert_eq!(world.master.check(), Ok(()));
    }
    let stored = effects.into_iter().filter_map(|effect| match effect {
        Effect::Store(_, operation) => Some(operation),
        _ => None,
    });
    stored.collect()
}

fn registers(n: u16) -> Input {
    let message = internal::RegisterSlaveMessage {
        slave: agent_info(n, "cpus:4;mem:1024"),
        version: Some("1.11.0".to_owned()),
        ..Default::default()
    };
    Input::RegisterAgent(World::pid(n), Box::new(message))
}

fn returns(n: u16) -> Input {
    let message = internal::ReregisterSlaveMessage {
        slave: v0::SlaveInfo {
            id: Some(Box::new(id(n))),
            ..agent_info(n, "cpus:4;mem:1024")
        },
        version: Some("1.11.0".to_owned()),
        ..Default::default()
    };
    Input::ReregisterAgent(World::pid(n), Box::new(message))
}

fn leaves(n: u16) -> Input {
    let message = internal::UnregisterSlaveMessage {
        slave_id: id(n),
        ..Default::default()
    };
    Input::UnregisterAgent(World::pid(n), message)
}

fn id(n: u16) -> v0::SlaveID {
    v0::SlaveID {
        value: format!("M-S{n}"),
        ..Default::default()
    }
}

#[test]
fn agents_that_repeat_themselves_are_written_down_once_each() {
    let mut world = World::new();
    let stored = writes(
        &mut world,
        vec![registers(0), registers(1), registers(0), registers(1)],
    );
    assert!(
        matches!(&stored[..], [Operation::Admit(_), Operation::Admit(_)]),
        "{stored:?}"
    );

    let mut world = World::new();
    let stored = writes(&mut world, vec![returns(0), returns(1), returns(0), returns(1)]);
    assert!(
        matches!(
            &stored[..],
            [Operation::MarkReachable(_), Operation::MarkReachable(_)]
        ),
        "{stored:?}"
    );

    let mut world = World::new();
    world.register(0, "cpus:4;mem:1024");
    let stored = writes(&mut world, vec![leaves(0), leaves(0)]);
    assert!(matches!(&stored[..], [Operation::Remove(_)]), "{stored:?}");
}
