//! What can be spared is told; who uses it goes when the host is overloaded.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::time::Duration;

use common::{Bench, allocated, command_task, framework_info};
use mesos::Resources;
use mesos_agent_core::{
    ContainerEnd, Effect, Input, Load, LoadThresholds, Outgoing, Oversubscription, RecoveredState,
};
use mesos_proto::{
    Message,
    v0::{
        Resource, TaskState,
        internal::{StatusUpdateMessage, UpdateSlaveMessage},
        task_status::Reason,
    },
};

fn revocable(resources: Vec<Resource>) -> Vec<Resource> {
    resources
        .into_iter()
        .map(|resource| Resource {
            revocable: Some(Box::default()),
            ..resource
        })
        .collect()
}

fn sent<M: Message>(bench: &Bench) -> Vec<M> {
    let sent = bench.effects.iter().filter_map(|effect| match effect {
        Effect::Send {
            message: Outgoing { name, body },
            ..
        } if *name == M::NAME => Some(M::decode(body).unwrap()),
        _ => None,
    });
    sent.collect()
}

fn bench() -> Bench {
    Bench::configured(RecoveredState::default(), |config| {
        config.oversubscription = Oversubscription {
            estimate: Some(Resources::from_valid_protos(&revocable(common::resources(
                2.0, 512.0,
            )))),
            interval: Duration::from_secs(15),
            load: Some(LoadThresholds {
                five_minutes: Some(4.0),
                fifteen_minutes: None,
            }),
            correction_interval_min: Duration::ZERO,
        };
    })
}

fn load(five_minutes: f64) -> Input {
    Input::LoadMeasured(Load {
        five_minutes,
        fifteen_minutes: 100.0,
    })
}

#[test]
fn what_can_be_spared_is_told_when_the_agent_registers_and_when_it_changes() {
    let mut bench = bench();
    bench.give(Input::Wake);
    bench.register();
    bench.advance(Duration::from_secs(15));
    assert_eq!(sent::<UpdateSlaveMessage>(&bench), [], "nothing has changed");
    // The registration said it; the bench has thrown that away. It is said again to the next master.
    bench.give(Input::MasterDetected(Some(common::master())));
    bench.advance(Duration::from_secs(1));
    let again = mesos_proto::v0::internal::SlaveReregisteredMessage {
        slave_id: common::agent_id(),
        ..Default::default()
    };
    bench.hear_master(mesos_agent_core::FromMaster::Reregistered(again));
    let told = sent::<UpdateSlaveMessage>(&bench).remove(0);
    assert_eq!(told.update_oversubscribed_resources, Some(true));
    let resources = Resources::from_valid_protos(&told.oversubscribed_resources);
    assert_eq!(resources.to_string(), "cpus{REV}:2; mem{REV}:512");
    let metrics = bench.core.metrics(bench.now);
    let value = |name: &str| metrics.iter().find(|(known, _)| known == name).unwrap().1;
    assert_eq!(
        (value("slave/cpus_revocable_total"), value("slave/cpus_total")),
        (2.0, 8.0)
    );
}

#[test]
fn executors_with_revocable_resources_go_when_the_load_is_too_high() {
    let mut bench = bench();
    bench.give(Input::Wake);
    assert!(bench.effects.contains(&Effect::MeasureLoad));
    bench.register();
    bench.run(framework_info(false, true), command_task("firm"), Some(true));
    let mut task = command_task("spare");
    task.resources = revocable(allocated(0.1, 32.0));
    bench.run(framework_info(false, true), task, Some(true));
    let containers = bench.launch();
    bench.subscribe("firm");
    bench.subscribe("spare");
    bench.effects.clear();
    bench.give(load(4.0));
    assert!(
        !bench
            .effects
            .iter()
            .any(|effect| matches!(effect, Effect::Destroy { .. }))
    );
    bench.advance(Duration::from_secs(1));
    assert!(bench.effects.contains(&Effect::MeasureLoad), "once a second");
    bench.effects.clear();
    bench.give(load(4.1));
    let (container_id, pid) = containers[1].clone();
    let destroyed: Vec<&Effect> = bench
        .effects
        .iter()
        .filter(|effect| matches!(effect, Effect::Destroy { .. }))
        .collect();
    assert_eq!(
        destroyed,
        [&Effect::Destroy {
            container_id: container_id.clone(),
            pid
        }]
    );
    bench.give(Input::ContainerExited {
        container_id,
        end: ContainerEnd { wait_status: Some(9) },
    });
    let status = sent::<StatusUpdateMessage>(&bench).remove(0).update.status;
    assert_eq!(
        (status.state, status.reason, status.message.as_deref()),
        (
            TaskState::TaskGone,
            Some(Reason::ReasonContainerPreempted),
            Some("Container preempted by QoS correction")
        )
    );
    assert_eq!(bench.core.counters().executors_preempted, 1);
}
