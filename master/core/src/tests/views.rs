//! What is shown of a small cluster.

use mesos_proto::v0::{self, TaskState, master};
use mesos_proto::{Dialect, Message};
use serde_json::Value;

use super::world::{World, framework_info, offers, task};
use crate::views::{Build, Read, TaskQuery};

fn cluster() -> World {
    let mut world = World::new();
    world.register(0, "cpus:4;mem:1024;ports:[31000-32000]");
    let offer = offers(&world.subscribe("s", framework_info()), "s").remove(0);
    let tasks = vec![
        task("a", &offer.slave_id, "cpus:1;mem:64"),
        task("b", &offer.slave_id, "cpus:1;mem:64"),
    ];
    world.accept("s", "M-0000", &offer, tasks);
    world.update(0, "M-0000", "a", TaskState::TaskRunning, 1);
    world.update(0, "M-0000", "b", TaskState::TaskFinished, 2);
    world.acknowledge("s", "M-0000", 0, "b", 2);
    world
}

#[test]
fn both_forms_of_get_state_say_the_same() {
    let world = cluster();
    for read in [
        Read::GetState,
        Read::GetTasks,
        Read::GetAgents,
        Read::GetFrameworks,
        Read::GetRoles,
    ] {
        let protobuf = master::Response::decode(&world.master.read(read, false)).unwrap();
        let json = master::Response::from_json(&world.master.read(read, true), Dialect::V1).unwrap();
        // The JSON leaves nothing out that the protobuf has, but for fields v1 lacks.
        assert_eq!(
            protobuf.to_json(Dialect::V1),
            json.to_json(Dialect::V1),
            "{read:?}"
        );
    }
}

#[test]
fn frameworks_show_their_executors_and_where_they_are() {
    let mut world = World::new();
    for n in 0..2 {
        world.register(n, "cpus:4;mem:1024");
    }
    let offers = offers(&world.subscribe("s", framework_info()), "s");
    for offer in &offers {
        let mut task = task(&offer.slave_id.value, &offer.slave_id, "cpus:1;mem:64");
        task.executor = Some(Box::new(v0::ExecutorInfo {
            executor_id: v0::ExecutorID {
                value: "e".to_owned(),
                ..Default::default()
            },
            command: task.command.take(),
            ..Default::default()
        }));
        world.accept("s", "M-0000", offer, vec![task]);
    }
    let build = Build {
        version: "",
        date: "",
        time: 0.0,
        user: "",
        git_sha: "",
        git_tag: "",
    };
    for shown in [world.master.frameworks(None), world.master.state(&build)] {
        let shown: Value = serde_json::from_slice(&shown).unwrap();
        let executors = shown["frameworks"][0]["executors"].as_array().unwrap();
        let executors: Vec<_> = executors
            .iter()
            .map(|executor| (&executor["executor_id"], &executor["slave_id"]))
            .collect();
        let e = &Value::from("e");
        assert_eq!(executors, [(e, &"M-S0".into()), (e, &"M-S1".into())]);
    }
}

#[test]
fn get_state_shows_empty_lists() {
    let world = World::new();
    let json: Value = serde_json::from_slice(&world.master.read(Read::GetState, true)).unwrap();
    assert_eq!(
        json["get_state"]["get_tasks"]["completed_tasks"],
        Value::Array(vec![])
    );
    assert_eq!(
        json["get_state"]["get_agents"]["recovered_agents"],
        Value::Array(vec![])
    );
}

#[test]
fn tasks_are_paged_and_filtered() {
    let world = cluster();
    let ids = |query: &TaskQuery<'_>| -> Vec<String> {
        let json: Value = serde_json::from_slice(&world.master.tasks(query)).unwrap();
        json["tasks"]
            .as_array()
            .unwrap()
            .iter()
            .map(|task| task["id"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(ids(&TaskQuery::default()).len(), 2);
    assert_eq!(
        ids(&TaskQuery {
            limit: 1,
            ..Default::default()
        })
        .len(),
        1
    );
    assert_eq!(
        ids(&TaskQuery {
            task_id: Some("b"),
            ..Default::default()
        }),
        ["b"]
    );
    assert!(
        ids(&TaskQuery {
            framework_id: Some("x"),
            ..Default::default()
        })
        .is_empty()
    );
}
