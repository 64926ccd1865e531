//! The operator APIs in both of their forms.

use mesos_local::post;
use mesos_proto::v1::{agent, master};
use mesos_proto::{Dialect, Message};
use mesos_scheduler::task;

use crate::support::{cluster, probe, wait_for};

/// The answer to a call, asked in JSON and in protobuf.
fn both<C: Message, R: Message>(address: &str, call: &str) -> (R, R) {
    let message = C::from_json(call.as_bytes(), Dialect::V1).unwrap();
    let json = "application/json";
    let (status, body) = post(address, "/api/v1", json, call.as_bytes()).unwrap();
    let text = String::from_utf8_lossy(&body);
    assert_eq!(status, 200, "{call}: {text}");
    let from_json = R::from_json(&body, Dialect::V1).unwrap();
    let protobuf = "application/x-protobuf";
    let (status, body) = post(address, "/api/v1", protobuf, &message.encode_to_vec()).unwrap();
    assert_eq!(status, 200, "{call}");
    let from_protobuf = R::decode(&body).unwrap_or_else(|error| panic!("{call}: {error}: {text}"));
    (from_json, from_protobuf)
}

/// As [`both`], once nothing changes between the one and the other: an executor may still be writing its log.
fn both_at_rest<C: Message, R: Message>(address: &str, call: &str) -> (R, R) {
    let mut answers = None;
    wait_for("an answer that stays the same", || {
        let (before, protobuf) = both::<C, R>(address, call);
        let (after, _) = both::<C, R>(address, call);
        let same = shown(&before) == shown(&after);
        answers = Some((before, protobuf));
        same
    });
    answers.unwrap()
}

/// With the defaults that JSON spells out and protobuf leaves out.
fn shown(message: &impl Message) -> String {
    message.to_json(Dialect::V1)
}

#[test]
fn both_forms_say_the_same() {
    let cluster = cluster();
    let probed = probe(
        &cluster,
        |_| {},
        |offer| vec![task::command(offer, "t", "exec sleep 1000", 0.1, 32.0)],
    );
    let framework = probed.id();
    probed.status("TASK_RUNNING");
    let agent = cluster.agents()[0].address();
    let files = format!("/frameworks/{framework}/executors/t/runs/latest");
    for call in [
        r#"{"type":"GET_HEALTH"}"#,
        r#"{"type":"GET_FLAGS"}"#,
        r#"{"type":"GET_VERSION"}"#,
        r#"{"type":"GET_LOGGING_LEVEL"}"#,
        r#"{"type":"GET_STATE"}"#,
        r#"{"type":"GET_FRAMEWORKS"}"#,
        r#"{"type":"GET_EXECUTORS"}"#,
        r#"{"type":"GET_OPERATIONS"}"#,
        r#"{"type":"GET_TASKS"}"#,
        r#"{"type":"GET_AGENT"}"#,
        r#"{"type":"GET_RESOURCE_PROVIDERS"}"#,
        &format!(r#"{{"type":"LIST_FILES","list_files":{{"path":"{files}"}}}}"#),
        &format!(r#"{{"type":"READ_FILE","read_file":{{"path":"{files}/stderr","offset":0,"length":64}}}}"#),
    ] {
        let (json, protobuf) = both_at_rest::<agent::Call, agent::Response>(agent, call);
        assert!(protobuf.r#type.is_some(), "{call}");
        assert_eq!(shown(&json), shown(&protobuf), "{call}");
    }
    // What it measures changes from one to the next.
    let call = r#"{"type":"GET_CONTAINERS"}"#;
    let (json, protobuf) = both::<agent::Call, agent::Response>(agent, call);
    let ids = |response: agent::Response| {
        let containers = response.get_containers.unwrap().containers;
        let ids = containers.into_iter().map(|container| container.container_id);
        ids.map(|id| id.value).collect::<Vec<String>>()
    };
    let ids = (ids(json), ids(protobuf));
    assert_eq!((ids.0.len(), &ids.0), (1, &ids.1));
    let call = r#"{"type":"GET_METRICS","get_metrics":{"timeout":{"nanoseconds":5000000000}}}"#;
    let (json, protobuf) = both::<agent::Call, agent::Response>(agent, call);
    let names = |response: agent::Response| {
        let metrics = response.get_metrics.unwrap().metrics;
        metrics
            .into_iter()
            .map(|metric| metric.name)
            .collect::<Vec<String>>()
    };
    assert_eq!(names(json), names(protobuf));

    for call in [
        r#"{"type":"GET_FLAGS"}"#,
        r#"{"type":"GET_STATE"}"#,
        r#"{"type":"GET_AGENTS"}"#,
        r#"{"type":"GET_ROLES"}"#,
        r#"{"type":"GET_MASTER"}"#,
    ] {
        let (json, protobuf) = both_at_rest::<master::Call, master::Response>(cluster.master(), call);
        assert_eq!(shown(&json), shown(&protobuf), "{call}");
    }
    probed.handle.tell(|_, driver| driver.teardown());
}
