//! Operations on the resources of agents, by frameworks and by operators.

use mesos_proto::v0::offer::Operation;
use mesos_proto::v0::{self, OperationState, TaskState, framework_info::capability, internal, scheduler};
use mesos_proto::{Dialect, Message};

use super::world::{World, events, framework_info, offers, sent, statuses, task};
use crate::{Answer, Effect, Input, OperatorCall, ToAgent};

const DYNAMIC: &str = r#"{"type":"DYNAMIC","role":"web"}"#;

pub(super) fn reserved(name: &str, value: f64) -> String {
    format!(r#"{{"name":"{name}","type":"SCALAR","scalar":{{"value":{value}}},"reservations":[{DYNAMIC}]}}"#)
}

pub(super) fn volume(id: &str, value: f64) -> String {
    let disk =
        format!(r#"{{"persistence":{{"id":"{id}"}},"volume":{{"container_path":"data","mode":"RW"}}}}"#);
    reserved("disk", value).replace(r#","reservations""#, &format!(r#","disk":{disk},"reservations""#))
}

/// An operation with or without an id, as a scheduler writes it.
pub(super) fn operation(kind: &str, id: Option<&str>, member: &str) -> Operation {
    let id = id.map_or_else(String::new, |id| format!(r#""id":{{"value":"{id}"}},"#));
    let name = kind.to_lowercase();
    let text = format!(r#"{{"type":"{kind}",{id}"{name}":{{{member}}}}}"#);
    Operation::from_json(text.as_bytes(), Dialect::V0).unwrap()
}

fn reserve(id: Option<&str>, resources: &[String]) -> Operation {
    operation(
        "RESERVE",
        id,
        &format!(r#""resources":[{}]"#, resources.join(",")),
    )
}

pub(super) fn launch(tasks: Vec<v0::TaskInfo>) -> Operation {
    Operation {
        r#type: Some(v0::offer::operation::Type::Launch),
        launch: Some(Box::new(v0::offer::operation::Launch {
            task_infos: tasks,
            ..Default::default()
        })),
        ..Default::default()
    }
}

fn accept(world: &mut World, offer: &v0::Offer, operations: Vec<Operation>) -> Vec<Effect> {
    world.call("s", "M-0000", |call| {
        call.r#type = Some(scheduler::call::Type::Accept);
        call.accept = Some(Box::new(scheduler::call::Accept {
            offer_ids: vec![offer.id.clone()],
            operations,
            ..Default::default()
        }));
    })
}

/// What became of operations, as told on the stream.
fn told(effects: &[Effect]) -> Vec<v0::OperationStatus> {
    let updates = events(effects, "s")
        .into_iter()
        .filter_map(|event| event.update_operation_status.as_deref());
    updates.map(|update| update.status.clone()).collect()
}

fn applied(effects: &[Effect]) -> Vec<internal::ApplyOperationMessage> {
    let found = sent(effects).into_iter().filter_map(|message| match message {
        ToAgent::ApplyOperation(message) => Some((**message).clone()),
        _ => None,
    });
    found.collect()
}

/// A master with one agent and a framework of role `web`, and its first offer.
fn cluster() -> (World, v0::Offer) {
    let mut world = World::new();
    world.register(0, "cpus:4;mem:1024;disk:1000");
    let info = v0::FrameworkInfo {
        roles: vec!["web".to_owned()],
        capabilities: [
            capability::Type::MultiRole,
            capability::Type::ReservationRefinement,
        ]
        .map(|kind| v0::framework_info::Capability {
            r#type: Some(kind),
            ..Default::default()
        })
        .to_vec(),
        ..framework_info()
    };
    let offer = offers(&world.subscribe("s", info), "s").remove(0);
    (world, offer)
}

/// The agent says that it applied an operation.
fn finish(world: &mut World, message: &internal::ApplyOperationMessage) -> Vec<Effect> {
    let status = v0::OperationStatus {
        state: OperationState::OperationFinished,
        uuid: Some(Box::new(uuid(7))),
        ..Default::default()
    };
    let update = internal::UpdateOperationStatusMessage {
        framework_id: message.framework_id.clone(),
        slave_id: Some(Box::new(v0::SlaveID {
            value: "M-S0".to_owned(),
            ..Default::default()
        })),
        latest_status: Some(Box::new(status.clone())),
        status,
        operation_uuid: Some(Box::new(message.operation_uuid.clone())),
        ..Default::default()
    };
    world.input(Input::OperationStatus(World::pid(0), Box::new(update)))
}

fn uuid(n: u8) -> v0::UUID {
    let mut value = vec![n; 16];
    value[6] = 0x40;
    v0::UUID {
        value: value.into(),
        ..Default::default()
    }
}

fn total(world: &World) -> String {
    world.master.agents.values().next().unwrap().total.to_string()
}

#[test]
fn each_operation_of_an_accept_sees_what_those_before_it_left() {
    let (mut world, offer) = cluster();
    let mut with_volume = task("t", &offer.slave_id, "cpus:1");
    let text = volume("v", 200.0).replacen('{', r#"{"allocation_info":{"role":"web"},"#, 1);
    with_volume
        .resources
        .push(v0::Resource::from_json(text.as_bytes(), Dialect::V0).unwrap());
    let create = format!(r#""volumes":[{}]"#, volume("v", 200.0));
    let effects = accept(
        &mut world,
        &offer,
        vec![
            reserve(None, &[reserved("disk", 500.0)]),
            operation("CREATE", None, &create),
            launch(vec![with_volume]),
        ],
    );
    let kinds: Vec<&str> = sent(&effects)
        .into_iter()
        .map(|message| match message {
            ToAgent::ApplyOperation(message) => message.operation_info.r#type.unwrap().as_str_name(),
            ToAgent::RunTask(_) => "RUN",
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(kinds, ["RESERVE", "CREATE", "RUN"]);
    assert_eq!(
        total(&world),
        "cpus:4; mem:1024; disk:500; disk(reservations: [(DYNAMIC,web)]):300; \
         disk(reservations: [(DYNAMIC,web)])[v:data]:200"
    );
    assert_eq!(statuses(&effects, "s"), []);
    // What operations made and nobody used was not declined: with it, all is offered again at once.
    let offered = offers(&world.allocate(), "s");
    assert_eq!(
        mesos::Resources::from_valid_protos(&offered[0].resources)
            .unallocated()
            .to_string(),
        "disk(reservations: [(DYNAMIC,web)]):300; cpus:3; mem:1024; disk:500"
    );
    // The master acknowledges what nobody asked to be told.
    let messages = applied(&effects);
    let effects = finish(&mut world, &messages[0]);
    assert!(matches!(
        sent(&effects)[..],
        [ToAgent::OperationAcknowledgement(_)]
    ));
    assert_eq!(told(&effects), []);
    assert_eq!(world.master.agents.values().next().unwrap().operations.len(), 1);
}

#[test]
fn a_framework_is_told_what_became_of_an_operation_and_acknowledges_it() {
    let (mut world, offer) = cluster();
    let effects = accept(
        &mut world,
        &offer,
        vec![reserve(Some("r"), &[reserved("cpus", 1.0)])],
    );
    let message = applied(&effects).remove(0);
    let reconcile = |world: &mut World, id: &str, agent: Option<&str>| {
        let asked = scheduler::call::reconcile_operations::Operation {
            operation_id: v0::OperationID {
                value: id.to_owned(),
                ..Default::default()
            },
            slave_id: agent.map(|agent| {
                Box::new(v0::SlaveID {
                    value: agent.to_owned(),
                    ..Default::default()
                })
            }),
            ..Default::default()
        };
        let effects = world.call("s", "M-0000", |call| {
            call.r#type = Some(scheduler::call::Type::ReconcileOperations);
            call.reconcile_operations = Some(Box::new(scheduler::call::ReconcileOperations {
                operations: vec![asked],
                ..Default::default()
            }));
        });
        let status = told(&effects).remove(0);
        (status.state, status.message.unwrap_or_default(), status.uuid)
    };
    let pending = reconcile(&mut world, "r", None);
    assert_eq!(pending, (OperationState::OperationPending, String::new(), None));
    for (agent, text) in [
        (Some("M-S0"), "Reconciliation: Operation is unknown"),
        (Some("x"), "Reconciliation: Both operation and agent are unknown"),
        (
            None,
            "Reconciliation: Operation is unknown and no 'agent_id' was provided",
        ),
    ] {
        let answer = reconcile(&mut world, "q", agent);
        assert_eq!(answer, (OperationState::OperationUnknown, text.to_owned(), None));
    }

    let status = told(&finish(&mut world, &message)).remove(0);
    assert_eq!(status.state, OperationState::OperationFinished);
    assert_eq!(status.operation_id.unwrap().value, "r");
    assert_eq!(status.uuid.as_deref(), Some(&uuid(7)));
    assert_eq!(
        reconcile(&mut world, "r", None),
        (OperationState::OperationFinished, String::new(), None)
    );

    let acknowledge = |world: &mut World, n: u8| {
        world.call("s", "M-0000", |call| {
            call.r#type = Some(scheduler::call::Type::AcknowledgeOperationStatus);
            call.acknowledge_operation_status = Some(Box::new(scheduler::call::AcknowledgeOperationStatus {
                slave_id: Some(Box::new(offer.slave_id.clone())),
                uuid: uuid(n).value,
                operation_id: v0::OperationID {
                    value: "r".to_owned(),
                    ..Default::default()
                },
                ..Default::default()
            }));
        })
    };
    assert!(sent(&acknowledge(&mut world, 8)).is_empty(), "another status");
    let effects = acknowledge(&mut world, 7);
    let [ToAgent::OperationAcknowledgement(forwarded)] = sent(&effects)[..] else {
        panic!("{effects:?}")
    };
    assert_eq!(forwarded.operation_uuid, message.operation_uuid);
    assert!(sent(&acknowledge(&mut world, 7)).is_empty(), "it is forgotten");
    let metrics = world.master.metrics(world.now);
    let value = |name: &str| metrics.iter().find(|(known, _)| known == name).unwrap().1;
    assert_eq!(value("master/operations/reserve/finished"), 1.0);
    assert_eq!(value("master/operations/total"), 1.0);
    assert_eq!(
        value("master/invalid_operation_status_update_acknowledgements"),
        2.0
    );
}

#[test]
fn operations_are_refused_in_mesos_words_and_others_go_on() {
    let (mut world, offer) = cluster();
    let with_source = format!(
        r#""source":[{}],"resources":[{}]"#,
        reserved("cpus", 1.0),
        reserved("cpus", 1.0)
    );
    let effects = accept(
        &mut world,
        &offer,
        vec![
            reserve(Some("a"), &[reserved("cpus", 100.0)]),
            operation("RESERVE", Some("b"), &with_source),
            operation(
                "CREATE",
                Some("c"),
                &format!(r#""volumes":[{}]"#, volume("v", 1.0)),
            ),
            reserve(None, &[reserved("cpus", 100.0)]),
            reserve(Some("d"), &[reserved("cpus", 1.0)]),
        ],
    );
    let errors: Vec<(String, String)> = told(&effects)
        .into_iter()
        .map(|status| {
            assert_eq!(status.state, OperationState::OperationError);
            (status.operation_id.unwrap().value, status.message.unwrap())
        })
        .collect();
    let (ids, texts): (Vec<&str>, Vec<&str>) = errors
        .iter()
        .map(|(id, text)| (id.as_str(), text.as_str()))
        .unzip();
    assert_eq!(ids, ["b", "a", "c"], "what is not well-formed is told first");
    assert_eq!(
        texts[0],
        "Operation attempted with invalid resources: Reservation updates are not yet implemented for the scheduler API."
    );
    assert!(texts[1].contains(" does not contain "), "{}", texts[1]);
    assert_eq!(applied(&effects).len(), 1, "the last is in order");

    let mut launch = launch(vec![task("t", &offer.slave_id, "cpus:1")]);
    launch.id = Some(Box::default());
    let effects = accept(&mut world, &offer, vec![launch.clone(), reserve(Some("e"), &[])]);
    let status = statuses(&effects, "s").remove(0);
    assert_eq!(status.state, TaskState::TaskLost);
    let text = told(&effects).remove(0).message.unwrap();
    assert_eq!(
        text,
        format!(
            "Operation attempted with invalid offers: Offer {} is no longer valid",
            offer.id.value
        )
    );
}

#[test]
fn a_lost_operation_is_reconciled_and_an_agents_word_on_its_resources_counts() {
    let (mut world, offer) = cluster();
    let effects = accept(
        &mut world,
        &offer,
        vec![reserve(Some("r"), &[reserved("cpus", 1.0)])],
    );
    let message = applied(&effects).remove(0);
    // The agent comes back without it.
    let mut slave = super::world::agent_info(0, "cpus:4;mem:1024;disk:1000");
    slave.id = Some(Box::new(offer.slave_id.clone()));
    let returning = internal::ReregisterSlaveMessage {
        slave,
        version: Some("1.11.0".to_owned()),
        agent_capabilities: mesos::capabilities::agent_capabilities(),
        resource_version_uuid: Some(Box::default()),
        ..Default::default()
    };
    world.input(Input::ReregisterAgent(World::pid(0), Box::new(returning)));
    assert_eq!(total(&world), "cpus:4; mem:1024; disk:1000");
    let update = internal::UpdateSlaveMessage {
        slave_id: offer.slave_id.clone(),
        update_oversubscribed_resources: Some(false),
        operations: Some(Box::default()),
        ..Default::default()
    };
    let effects = world.input(Input::UpdateAgent(World::pid(0), Box::new(update)));
    let [ToAgent::ReconcileOperations(asked)] = sent(&effects)[..] else {
        panic!("{effects:?}")
    };
    assert_eq!(
        asked.operations[0].operation_uuid.as_deref(),
        Some(&message.operation_uuid)
    );
    let dropped = internal::UpdateOperationStatusMessage {
        slave_id: Some(Box::new(offer.slave_id.clone())),
        status: v0::OperationStatus {
            state: OperationState::OperationDropped,
            ..Default::default()
        },
        operation_uuid: Some(Box::new(message.operation_uuid.clone())),
        ..Default::default()
    };
    let effects = world.input(Input::OperationStatus(World::pid(0), Box::new(dropped)));
    assert_eq!(told(&effects)[0].state, OperationState::OperationDropped);
    assert!(world.master.agents.values().next().unwrap().operations.is_empty());
}

#[test]
fn an_operation_of_nobody_is_acknowledged_when_its_framework_was_waited_for() {
    let mut world = World::new();
    let mut slave = super::world::agent_info(0, "cpus:4;mem:1024;disk:1000");
    slave.id = Some(Box::new(v0::SlaveID {
        value: "OLD-S0".to_owned(),
        ..Default::default()
    }));
    let agent_id = slave.id.clone();
    let returning = internal::ReregisterSlaveMessage {
        slave,
        version: Some("1.11.0".to_owned()),
        agent_capabilities: mesos::capabilities::agent_capabilities(),
        resource_version_uuid: Some(Box::default()),
        ..Default::default()
    };
    world.input(Input::ReregisterAgent(World::pid(0), Box::new(returning)));
    // An operation of a framework that this master has not heard of.
    let status = v0::OperationStatus {
        state: OperationState::OperationFinished,
        uuid: Some(Box::new(uuid(7))),
        ..Default::default()
    };
    let framework_id = Some(Box::new(super::world::framework_id("OLD-0000")));
    let known = v0::Operation {
        framework_id: framework_id.clone(),
        slave_id: agent_id.clone(),
        info: reserve(Some("r"), &[reserved("cpus", 1.0)]),
        latest_status: status.clone(),
        uuid: uuid(9),
        ..Default::default()
    };
    let update = internal::UpdateSlaveMessage {
        slave_id: *agent_id.clone().unwrap(),
        update_oversubscribed_resources: Some(false),
        operations: Some(Box::new(internal::update_slave_message::Operations {
            operations: vec![known],
            ..Default::default()
        })),
        ..Default::default()
    };
    world.input(Input::UpdateAgent(World::pid(0), Box::new(update)));
    let report = internal::UpdateOperationStatusMessage {
        framework_id,
        slave_id: agent_id,
        latest_status: Some(Box::new(status.clone())),
        status,
        operation_uuid: Some(Box::new(uuid(9))),
        ..Default::default()
    };
    let again = |world: &mut World| {
        let input = Input::OperationStatus(World::pid(0), Box::new(report.clone()));
        world.input(input)
    };
    assert!(sent(&again(&mut world)).is_empty());
    assert_eq!(world.master.agents.values().next().unwrap().operations.len(), 1);
    world.pass(std::time::Duration::from_secs(600));
    let effects = again(&mut world);
    let [ToAgent::OperationAcknowledgement(acknowledged)] = sent(&effects)[..] else {
        panic!("{effects:?}")
    };
    assert_eq!(acknowledged.operation_uuid, uuid(9));
    assert!(world.master.agents.values().next().unwrap().operations.is_empty());
}

#[test]
fn what_an_agent_can_spare_is_offered_and_the_same_word_again_changes_nothing() {
    use mesos_proto::v0::framework_info::capability::Type;
    let mut world = World::new();
    world.register(0, "cpus:4;mem:1024;disk:1000");
    let mut info = super::world::framework_info();
    for kind in [Type::RevocableResources, Type::MultiRole] {
        info.capabilities.push(v0::framework_info::Capability {
            r#type: Some(kind),
            ..Default::default()
        });
    }
    info.roles = vec!["dev".to_owned()];
    info.role = None;
    world.subscribe("s", info);
    // As an agent before 1.5 says it.
    let spare = |world: &mut World, text: &str| {
        let mut resources = mesos::Resources::parse(text, "*").unwrap().to_protos();
        for resource in &mut resources {
            resource.revocable = Some(Box::default());
        }
        let update = internal::UpdateSlaveMessage {
            slave_id: v0::SlaveID {
                value: "M-S0".to_owned(),
                ..Default::default()
            },
            oversubscribed_resources: resources,
            ..Default::default()
        };
        let mut effects = world.input(Input::UpdateAgent(World::pid(0), Box::new(update)));
        effects.extend(world.allocate());
        effects
    };
    let effects = spare(&mut world, "cpus:2");
    let offer = super::world::offers(&effects, "s").remove(0);
    assert!(offer.resources[0].revocable.is_some(), "{offer:?}");
    let effects = spare(&mut world, "cpus:2");
    assert!(super::world::events(&effects, "s").is_empty(), "{effects:?}");
    let effects = spare(&mut world, "cpus:1");
    let rescinded = super::world::events(&effects, "s")
        .into_iter()
        .find_map(|event| event.rescind.as_deref());
    assert_eq!(rescinded.map(|rescind| &rescind.offer_id), Some(&offer.id));
}

#[test]
fn an_operator_reserves_what_is_offered_and_hears_when_it_is_used() {
    let (mut world, offer) = cluster();
    let agent = mesos::ids::AgentId::from(&offer.slave_id);
    let call = |operation: Operation| OperatorCall::Operate(agent.clone(), Box::new(operation));
    let (answer, effects) = world.operator(call(reserve(None, &[reserved("cpus", 4.0)])));
    assert_eq!(answer, Some(Answer::Accepted));
    let rescinded = events(&effects, "s").iter().any(|event| {
        event
            .rescind
            .as_ref()
            .is_some_and(|rescind| rescind.offer_id == offer.id)
    });
    assert!(rescinded, "the offer stood in the way");
    assert_eq!(applied(&effects)[0].framework_id, None);
    assert_eq!(
        total(&world),
        "disk:1000; mem:1024; cpus(reservations: [(DYNAMIC,web)]):4"
    );

    let (answer, _) = world.operator(call(reserve(None, &[reserved("cpus", 1.0)])));
    let Some(Answer::Conflict(text)) = answer else {
        panic!("{answer:?}")
    };
    assert!(text.contains(" does not contain cpus:1"), "{text}");
    let unreserve = format!(r#""resources":[{}]"#, reserved("cpus", 4.0));
    let (answer, _) = world.operator(call(operation("UNRESERVE", None, &unreserve)));
    assert_eq!(answer, Some(Answer::Accepted));
    let stranger = OperatorCall::Operate(
        mesos::ids::AgentId::new("x"),
        Box::new(operation("UNRESERVE", None, &unreserve)),
    );
    assert_eq!(
        world.operator(stranger).0,
        Some(Answer::BadRequest("No agent found with specified ID".to_owned()))
    );
    let (answer, _) = world.operator(call(operation(
        "DESTROY",
        None,
        &format!(r#""volumes":[{}]"#, volume("v", 1.0)),
    )));
    assert_eq!(
        answer,
        Some(Answer::BadRequest(
            "Invalid DESTROY operation: Persistent volumes not found".to_owned()
        ))
    );
}

#[test]
fn roles_without_end_are_refused() {
    use super::world::{events, framework_info};
    let (mut world, offer) = cluster();
    let agent = mesos::ids::AgentId::from(&offer.slave_id);
    let deep = "a/".repeat(100_000) + "a";
    let too_long = format!(
        "Role '{}...' has more than 10000 bytes or 500 components",
        &deep[..100]
    );
    let weights = OperatorCall::UpdateWeights(vec![v0::WeightInfo {
        role: Some(deep.clone()),
        weight: 2.0,
        ..Default::default()
    }]);
    let reserve = reserve(
        None,
        &[reserved("cpus", 1.0).replace("\"web\"", &format!("\"{deep}\""))],
    );
    for call in [weights, OperatorCall::Operate(agent, Box::new(reserve))] {
        let (answer, _) = world.operator(call);
        let Some(Answer::BadRequest(reason)) = answer else {
            panic!("{answer:?}")
        };
        assert!(reason.ends_with(&too_long), "{}", &reason[..200]);
    }
    let mut info = framework_info();
    info.role = Some(deep);
    let effects = world.subscribe("deep", info);
    let error = events(&effects, "deep")[0].error.as_deref().unwrap();
    assert_eq!(error.message, too_long);
}

#[test]
fn volumes_grow_and_shrink() {
    let (mut world, offer) = cluster();
    let create = format!(r#""volumes":[{}]"#, volume("v", 200.0));
    accept(
        &mut world,
        &offer,
        vec![
            reserve(None, &[reserved("disk", 500.0)]),
            operation("CREATE", None, &create),
        ],
    );
    for (kind, before, member, after) in [
        (
            "GROW_VOLUME",
            200.0,
            format!(r#""addition":{}"#, reserved("disk", 50.0)),
            "disk(reservations: [(DYNAMIC,web)]):250; disk(reservations: [(DYNAMIC,web)])[v:data]:250",
        ),
        (
            "SHRINK_VOLUME",
            250.0,
            r#""subtract":{"value":100}"#.to_owned(),
            "disk(reservations: [(DYNAMIC,web)]):350; disk(reservations: [(DYNAMIC,web)])[v:data]:150",
        ),
    ] {
        let offer = offers(&world.allocate(), "s").remove(0);
        let member = format!(r#""volume":{},{member}"#, volume("v", before));
        let effects = accept(&mut world, &offer, vec![operation(kind, Some(kind), &member)]);
        assert_eq!(told(&effects), []);
        assert_eq!(applied(&effects).len(), 1);
        let reserved = world.master.agents.values().next().unwrap().total.reserved(None);
        assert_eq!(reserved.to_string(), after);
    }
}
