//! Reservations and persistent volumes, as frameworks and operators make them, on real daemons.

use std::path::{Path, PathBuf};

use mesos_local::{Cluster, get, get_json, post};
use nix::sys::signal::Signal;
use serde_json::Value;

use crate::clients::run;
use crate::support::{cluster, wait_for};

const FORM: &str = "application/x-www-form-urlencoded";

/// The only agent's resources, as both sides show them.
fn resources(cluster: &Cluster) -> (Value, Value) {
    let of_master = get_json(cluster.master(), "/slaves").unwrap()["slaves"][0].clone();
    let of_agent = get_json(cluster.agents()[0].address(), "/state").unwrap();
    (
        of_master["reserved_resources"].clone(),
        of_agent["reserved_resources"].clone(),
    )
}

fn operations(lines: &[Value], reliable: bool) -> Vec<(&str, &str)> {
    let found = lines
        .iter()
        .filter(|line| line["event"] == "operation" && line["reliable"] == reliable);
    let mut found: Vec<_> = found
        .map(|line| {
            (
                line["operation"].as_str().unwrap(),
                line["state"].as_str().unwrap(),
            )
        })
        .collect();
    found.sort_unstable();
    found
}

fn ended(lines: &[Value], task: &str) -> String {
    let last = lines
        .iter()
        .rfind(|line| line["event"] == "update" && line["task"] == task);
    format!("{} {}", last.unwrap()["state"], last.unwrap()["message"])
}

/// What the tasks of one run printed.
fn printed(directory: &Path) -> String {
    let mut found = String::new();
    let mut folders = vec![directory.join("agent0/slaves")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let kind = entry.file_type().unwrap();
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() && entry.file_name() == "stdout" {
                found += &std::fs::read_to_string(entry.path()).unwrap();
            }
        }
    }
    found
}

#[test]
fn what_one_task_writes_to_a_volume_the_next_reads_after_a_restart_of_agent_and_master() {
    let mut cluster = cluster();
    let lines = run("volumes.py", &[cluster.master(), "write"]);
    assert_eq!(
        operations(&lines, true),
        [
            ("create", "OPERATION_FINISHED"),
            ("reserve", "OPERATION_FINISHED")
        ]
    );
    assert_eq!(
        operations(&lines, false),
        [
            ("bad", "OPERATION_ERROR"),
            ("create", "OPERATION_UNKNOWN"),
            ("reserve", "OPERATION_UNKNOWN"),
        ],
        "the first was in error, the others are forgotten when they were acknowledged"
    );
    assert!(
        ended(&lines, "write").starts_with("\"TASK_FINISHED\""),
        "{lines:?}"
    );
    let data: PathBuf = cluster.directory().join("agent0/volumes/roles/web shop/v1");
    assert_eq!(std::fs::read_to_string(data.join("greeting")).unwrap(), "hello\n");
    let meta = cluster.directory().join("agent0/meta/resources");
    let mut files: Vec<_> = std::fs::read_dir(&meta)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    assert_eq!(files, ["resources.info", "resources_and_operations.state"]);

    cluster.agents()[0].signal(Signal::SIGKILL).unwrap();
    cluster.agents_mut()[0].wait().unwrap();
    let metrics = get_json(cluster.master(), "/metrics/snapshot").unwrap();
    assert_eq!(metrics["master/operations/finished"], 2.0);
    assert_eq!(metrics["master/operations/reserve/error"], 1.0);
    // The next master learns of volumes from the agent alone.
    cluster.master_daemon_mut().restart().unwrap();
    cluster.agents_mut()[0].restart().unwrap();
    wait_for("the return of the agent", || {
        get_json(cluster.master(), "/slaves").is_ok_and(|slaves| {
            let slave = &slaves["slaves"][0];
            slave["active"] == true && !slave["reregistered_time"].is_null()
        })
    });
    let (of_master, of_agent) = resources(&cluster);
    assert_eq!(of_master["web/shop"]["disk"], 256.0);
    assert_eq!(of_master, of_agent);

    let lines = run("volumes.py", &[cluster.master(), "read"]);
    assert!(
        ended(&lines, "read").starts_with("\"TASK_FINISHED\""),
        "{lines:?}"
    );
    assert!(printed(cluster.directory()).contains("hello"));

    for (what, size) in [("grow", 192.0), ("shrink", 128.0)] {
        let lines = run("volumes.py", &[cluster.master(), what]);
        assert_eq!(
            operations(&lines, true),
            [(what, "OPERATION_FINISHED")],
            "{lines:?}"
        );
        let state = get_json(cluster.agents()[0].address(), "/state").unwrap();
        let full = state["reserved_resources_full"]["web/shop"]
            .as_array()
            .unwrap()
            .clone();
        let volume = full.iter().find(|part| !part["disk"].is_null()).unwrap();
        assert_eq!(volume["scalar"]["value"], size);
    }

    let lines = run("volumes.py", &[cluster.master(), "destroy"]);
    assert_eq!(
        operations(&lines, true),
        [
            ("destroy", "OPERATION_FINISHED"),
            ("unreserve", "OPERATION_FINISHED")
        ]
    );
    assert!(!data.exists(), "the data is gone");
    let (of_master, of_agent) = resources(&cluster);
    assert_eq!((&of_master, &of_agent), (&serde_json::json!({}), &of_master));
    let metrics = get_json(cluster.master(), "/metrics/snapshot").unwrap();
    assert_eq!(metrics["master/operations/finished"], 4.0);
}

#[test]
fn the_end_of_an_operation_waits_for_a_scheduler_through_the_deaths_of_all_three() {
    let mut cluster = cluster();
    let before = run("feedback.py", &[cluster.master(), "begin"]);
    let told = before.iter().find(|line| line["event"] == "operation").unwrap();
    assert_eq!(
        (&told["operation"], &told["state"]),
        (&"kept".into(), &"OPERATION_FINISHED".into())
    );
    assert!(keeps_updates(&cluster));
    cluster.agents()[0].signal(Signal::SIGKILL).unwrap();
    cluster.agents_mut()[0].wait().unwrap();
    cluster.master_daemon_mut().restart().unwrap();
    cluster.agents_mut()[0].restart().unwrap();

    let framework = before[0]["framework"].as_str().unwrap();
    let after = run("feedback.py", &[cluster.master(), "end", framework]);
    let again: Vec<&Value> = after.iter().filter(|line| line["event"] == "operation").collect();
    assert_eq!(again[0], told, "the same update");
    assert_eq!(again.last().unwrap()["state"], "OPERATION_UNKNOWN", "{after:?}");
    let agent = get_json(cluster.agents()[0].address(), "/state").unwrap();
    assert_eq!(
        agent["reserved_resources"]["keeper"]["disk"], 64.0,
        "what was reserved stays"
    );
    wait_for("the agent to forget its updates", || !keeps_updates(&cluster));
}

/// True when the agent still keeps updates of operations.
fn keeps_updates(cluster: &Cluster) -> bool {
    let slaves = cluster.directory().join("agent0/meta/slaves");
    let mut agents = std::fs::read_dir(slaves).unwrap().flatten();
    agents.any(|agent| {
        let kept = std::fs::read_dir(agent.path().join("operations"));
        agent.file_name() != "latest" && kept.is_ok_and(|mut kept| kept.next().is_some())
    })
}

#[test]
fn operators_reserve_create_destroy_and_unreserve() {
    let cluster = cluster();
    let agent = get_json(cluster.master(), "/slaves").unwrap()["slaves"][0]["id"].clone();
    let agent = agent.as_str().unwrap();
    let reserved = r#"{"name":"disk","type":"SCALAR","scalar":{"value":100},"role":"ops","reservation":{}}"#;
    let volume = reserved.replace(
        r#""reservation":{}"#,
        r#""reservation":{},"disk":{"persistence":{"id":"v"},"volume":{"container_path":"d","mode":"RW"}}"#,
    );
    let form = |path: &str, list: &str, resources: &str| {
        let body = format!("slaveId={agent}&{list}=[{resources}]");
        let (status, body) = post(cluster.master(), path, FORM, body.as_bytes()).unwrap();
        (status, String::from_utf8(body).unwrap())
    };
    let accepted = (202, String::new());
    assert_eq!(form("/master/reserve", "resources", reserved), accepted);
    assert_eq!(form("/create-volumes", "volumes", &volume), accepted);
    let data = cluster.directory().join("agent0/volumes/roles/ops/v");
    wait_for("the volume", || data.is_dir());
    assert_eq!(resources(&cluster).0["ops"]["disk"], 100.0);
    let (status, text) = form("/unreserve", "resources", reserved);
    assert_eq!(status, 409);
    assert!(text.contains(" does not contain disk("), "{text}");
    let (status, text) = form("/create-volumes", "volumes", &volume);
    assert_eq!(status, 400);
    assert!(
        text.starts_with(&format!("Invalid CREATE operation on agent {agent} at ")),
        "{text}"
    );
    assert_eq!(form("/destroy-volumes", "volumes", &volume), accepted);
    wait_for("the end of the volume", || !data.exists());
    // The v1 API does the same.
    let call = format!(
        r#"{{"type":"UNRESERVE_RESOURCES","unreserve_resources":{{"agent_id":{{"value":"{agent}"}},"resources":[{reserved}]}}}}"#
    );
    let (status, body) = post(cluster.master(), "/api/v1", "application/json", call.as_bytes()).unwrap();
    assert_eq!((status, String::from_utf8(body).unwrap()), accepted);
    wait_for("the end of the reservation", || {
        resources(&cluster).1 == serde_json::json!({})
    });

    for (path, body, text) in [
        (
            "/reserve",
            "",
            "Missing 'slaveId' query parameter in the request body",
        ),
        (
            "/reserve",
            "slaveId=x",
            "Missing 'resources' query parameter in the request body",
        ),
        (
            "/create-volumes",
            "slaveId=x",
            "Missing 'volumes' query parameter in the request body",
        ),
        (
            "/unreserve",
            "slaveId=x&resources=[]",
            "No agent found with specified ID",
        ),
        (
            "/reserve",
            "slaveId=x&resources={}",
            "Error parsing 'resources' query parameter in the request body: Unexpected JSON type parsed",
        ),
        (
            "/create-volumes",
            "slaveId=x&volumes=[{\"name\":\"disk\"}]",
            "Error in parsing 'volumes' query parameter in the request body: Missing required fields: type",
        ),
    ] {
        let (status, answer) = post(cluster.master(), path, FORM, body.as_bytes()).unwrap();
        assert_eq!((status, String::from_utf8(answer).unwrap().as_str()), (400, text));
    }
    let (status, body) = get(cluster.master(), "/reserve").unwrap();
    assert_eq!(status, 405);
    assert_eq!(
        body,
        b"405 Method Not Allowed. Expecting one of { 'POST' }, but received 'GET'."
    );
}

#[test]
fn pymesos_reserves_creates_and_launches_in_one_accept() {
    let cluster = cluster();
    let lines = run("pymesos_volumes.py", &[cluster.master()]);
    assert!(
        ended(&lines, "writer").starts_with("\"TASK_FINISHED\""),
        "{lines:?}"
    );
    let volume = lines.iter().find(|line| line["event"] == "volume").unwrap();
    assert_eq!((&volume["id"], &volume["role"]), (&"pv".into(), &"pyrole".into()));
    let last = lines.last().unwrap();
    assert_eq!(
        (&last["event"], &last["disk"]),
        (&"stopped".into(), &10240.0.into())
    );
}
