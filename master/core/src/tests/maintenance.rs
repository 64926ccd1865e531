//! Machines go down and come up again.

use mesos_proto::v0::{self, internal, maintenance::Schedule, scheduler};
use mesos_proto::{Dialect, Message};

use super::world::{World, agent_info, events, framework_info, offers, sent, task};
use crate::{Answer, Input, OperatorCall, Options, ToAgent};

const MACHINE: &str = r#"{"hostname":"HOST0","ip":"10.0.0.1"}"#;

fn schedule(machines: &str) -> OperatorCall {
    let window = r#""unavailability":{"start":{"nanoseconds":5},"duration":{"nanoseconds":9}}"#;
    let text = format!(r#"{{"windows":[{{"machine_ids":[{machines}],{window}}}]}}"#);
    OperatorCall::UpdateSchedule(Schedule::from_json(text.as_bytes(), Dialect::V0).unwrap())
}

fn machines(list: &[&str]) -> Vec<v0::MachineID> {
    list.iter()
        .map(|text| v0::MachineID::from_json(text.as_bytes(), Dialect::V0).unwrap())
        .collect()
}

fn refused(text: &str) -> Option<Answer> {
    Some(Answer::BadRequest(text.to_owned()))
}

#[test]
fn schedules_and_machines_are_checked_in_mesos_words() {
    let mut world = World::new();
    let twice = format!("{MACHINE},{}", MACHINE.to_lowercase());
    for (call, text) in [
        (
            schedule(""),
            "List of machines in the maintenance window is empty".to_owned(),
        ),
        (
            schedule("{}"),
            "Both 'hostname' and 'ip' for a machine are empty".to_owned(),
        ),
        (
            schedule(&twice),
            format!(
                "Machine '{}' appears more than once in the schedule",
                MACHINE.to_lowercase()
            ),
        ),
        (
            OperatorCall::StartMaintenance(Vec::new()),
            "List of machines is empty".to_owned(),
        ),
        (
            OperatorCall::StartMaintenance(machines(&[MACHINE])),
            format!("Machine '{MACHINE}' is not part of a maintenance schedule"),
        ),
    ] {
        assert_eq!(world.operator(call).0, refused(&text));
    }
    // One with an agent is known, and it is up.
    world.register(0, "cpus:1;mem:64");
    for (call, wanted) in [
        (
            OperatorCall::StartMaintenance(machines(&[MACHINE])),
            "is not in DRAINING mode and cannot be brought down",
        ),
        (
            OperatorCall::StopMaintenance(machines(&[MACHINE])),
            "is not in DOWN mode and cannot be brought up",
        ),
    ] {
        let text = format!("Machine '{MACHINE}' {wanted}");
        assert_eq!(world.operator(call).0, refused(&text));
    }
    assert_eq!(world.operator(schedule(MACHINE)).0, Some(Answer::Ok));
    let up = OperatorCall::StopMaintenance(machines(&[MACHINE]));
    let text = format!("Machine '{MACHINE}' is not in DOWN mode and cannot be brought up");
    assert_eq!(world.operator(up).0, refused(&text));
    let down = || OperatorCall::StartMaintenance(machines(&[MACHINE]));
    assert_eq!(world.operator(down()).0, Some(Answer::Ok));
    let text = format!("Machine '{MACHINE}' is not in DRAINING mode and cannot be brought down");
    assert_eq!(world.operator(down()).0, refused(&text));
    let text = format!("Machine '{MACHINE}' is deactivated and cannot be removed from the schedule");
    let empty = OperatorCall::UpdateSchedule(Schedule::default());
    assert_eq!(world.operator(empty).0, refused(&text));
}

#[test]
fn frameworks_are_asked_to_leave_and_their_answers_are_shown() {
    let mut world = World::new();
    world.register(0, "cpus:4;mem:1024");
    let offer = offers(&world.subscribe("s", framework_info()), "s").remove(0);
    world.accept(
        "s",
        "M-0000",
        &offer,
        vec![task("t", &offer.slave_id, "cpus:1;mem:32")],
    );
    let (answer, effects) = world.operator(schedule(MACHINE));
    assert_eq!(answer, Some(Answer::Ok));
    let asked = events(&effects, "s")
        .into_iter()
        .find_map(|event| event.inverse_offers.as_deref())
        .expect("an inverse offer")
        .inverse_offers[0]
        .clone();
    assert_eq!(asked.unavailability.start.nanoseconds, 5);
    assert_eq!(asked.slave_id.as_deref(), Some(&offer.slave_id));
    world.call("s", "M-0000", |call| {
        call.r#type = Some(scheduler::call::Type::DeclineInverseOffers);
        call.decline_inverse_offers = Some(Box::new(scheduler::call::DeclineInverseOffers {
            inverse_offer_ids: vec![asked.id.clone()],
            ..Default::default()
        }));
    });
    let status = world.master.maintenance_status().to_json(Dialect::V0);
    assert!(
        status.contains(r#""statuses":[{"status":"DECLINE","framework_id":{"value":"M-0000"}"#),
        "{status}"
    );
    // New offers say when the agent will be away.
    let mut later = world.allocate();
    while offers(&later, "s").is_empty() {
        later = world.allocate();
    }
    assert!(offers(&later, "s")[0].unavailability.is_some());
    // Another schedule takes back what was offered and asked.
    let effects = world
        .operator(OperatorCall::UpdateSchedule(Schedule::default()))
        .1;
    assert!(events(&effects, "s").iter().any(|event| event.rescind.is_some()));
    assert_eq!(world.master.maintenance_status().to_json(Dialect::V0), "{}");
}

#[test]
fn agents_on_machines_that_are_down_end_and_stay_out_until_they_are_up() {
    let mut world = World::new();
    world.register(0, "cpus:4;mem:1024");
    world.register(1, "cpus:4;mem:1024");
    world.operator(schedule(MACHINE));
    let (answer, effects) = world.operator(OperatorCall::StartMaintenance(machines(&[MACHINE])));
    assert_eq!(answer, Some(Answer::Ok));
    let told: Vec<_> = sent(&effects)
        .into_iter()
        .filter_map(|message| match message {
            ToAgent::Shutdown(shutdown) => shutdown.message.as_deref(),
            _ => None,
        })
        .collect();
    assert_eq!(told, ["Operator initiated 'Machine DOWN'"]);
    assert_eq!(world.master.agents.len(), 1, "the other machine's agent stays");

    // A master that comes after knows it, too.
    let mut next = World::recovered(Options::default(), world.registry.clone());
    for world in [&mut world, &mut next] {
        let effects = world.register(0, "cpus:4;mem:1024");
        let [ToAgent::Shutdown(shutdown)] = sent(&effects)[..] else {
            panic!("{effects:?}")
        };
        assert_eq!(shutdown.message.as_deref(), Some("Machine is `DOWN`"));
        let mut slave = agent_info(0, "cpus:4;mem:1024");
        slave.id = Some(Box::default());
        let message = internal::ReregisterSlaveMessage {
            slave,
            version: Some("1.11.0".to_owned()),
            ..Default::default()
        };
        let effects = world.input(Input::ReregisterAgent(World::pid(0), Box::new(message)));
        assert!(matches!(sent(&effects)[..], [ToAgent::Shutdown(_)]));
        let shown = world.master.maintenance_status().to_json(Dialect::V0);
        assert_eq!(shown, format!(r#"{{"down_machines":[{MACHINE}]}}"#));
        let (answer, _) = world.operator(OperatorCall::StopMaintenance(machines(&[MACHINE])));
        assert_eq!(answer, Some(Answer::Ok));
        assert!(world.registry.schedules.is_empty());
        assert!(matches!(
            sent(&world.register(0, "cpus:4;mem:1024"))[0],
            ToAgent::Registered(_)
        ));
    }
}
