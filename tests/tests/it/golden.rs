//! What the daemons show has the shape of what C++ Mesos 1.11.0 showed of the same cluster.

use std::collections::BTreeSet;
use std::path::Path;

use mesos_local::{Options, get_json, post};
use mesos_scheduler::task;
use serde_json::{Value, json};

use crate::support::{cluster_with, framework, probe, wait_for};

/// Objects whose keys are data: only the shape of their values is compared.
const KEYED_BY_DATA: [&str; 3] = ["attributes", "reserved_resources", "reserved_resources_full"];

/// What the recorded machine had and ours has not, or the other way round, and why.
const EXCUSED: [&str; 3] = [
    // A process that has just started has no statistics of its container yet.
    "statistics",
    // Only cgroups give a container a group.
    "cgroup_info",
    // A flag of ours (ADR 014).
    "event_driven_offers",
];

fn recorded(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("golden/http")
        .join(format!("{name}.json"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap()
}

/// Walks both trees and collects where their keys or types differ.
fn compare(at: &str, theirs: &Value, ours: &Value, differences: &mut Vec<String>) {
    match (theirs, ours) {
        (Value::Object(theirs), Value::Object(ours)) => {
            let last = at.rsplit('.').next().unwrap_or_default();
            let data = KEYED_BY_DATA.contains(&last);
            let keys: BTreeSet<&String> = theirs.keys().chain(ours.keys()).collect();
            for key in keys {
                if EXCUSED.contains(&key.as_str()) {
                    continue;
                }
                match (theirs.get(key), ours.get(key)) {
                    (Some(theirs), Some(ours)) => compare(&format!("{at}.{key}"), theirs, ours, differences),
                    _ if data => {}
                    (Some(_), None) => differences.push(format!("{at}.{key} is missing")),
                    (None, Some(_)) => differences.push(format!("{at}.{key} is too much")),
                    (None, None) => {}
                }
            }
        }
        (Value::Array(theirs), Value::Array(ours)) => {
            if theirs.is_empty() != ours.is_empty() {
                differences.push(format!("{at} has {} elements, not {}", ours.len(), theirs.len()));
            }
            for (n, (theirs, ours)) in theirs.iter().zip(ours).enumerate() {
                compare(&format!("{at}[{n}]"), theirs, ours, differences);
            }
        }
        (Value::Number(theirs), Value::Number(ours)) => {
            if theirs.is_f64() != ours.is_f64() {
                differences.push(format!("{at}: {ours} instead of a number like {theirs}"));
            }
        }
        (theirs, ours) => {
            if std::mem::discriminant(theirs) != std::mem::discriminant(ours) {
                differences.push(format!("{at}: {ours} instead of {theirs}"));
            }
        }
    }
}

#[test]
fn the_endpoints_have_the_recorded_keys_and_types() {
    let cluster = cluster_with(&Options {
        resources: "cpus:8;mem:8192;disk:10240;ports:[31000-32000]".to_owned(),
        agent_flags: vec!["--attributes=rack:r1;zone:a".to_owned()],
        ..Options::default()
    });
    // The recorded framework had one finished and one running task.
    let probed = probe(
        &cluster,
        |info| {
            info.failover_timeout = Some(0.0);
            info.checkpoint = Some(false);
        },
        |offer| {
            vec![
                task::command(offer, "hello-0", "echo hello", 0.1, 32.0),
                task::command(offer, "sleeper-1", "sleep 1000", 0.1, 32.0),
            ]
        },
    );
    wait_for("one running and one completed task", || {
        // The recorded scheduler declined everything else.
        let framework = framework(&cluster, "frameworks");
        framework["tasks"][0]["state"] == "TASK_RUNNING"
            && framework["completed_tasks"][0]["state"] == "TASK_FINISHED"
    });
    probed.handle.tell(|_, driver| driver.suppress());
    wait_for("no offers", || {
        framework(&cluster, "frameworks")["offers"]
            .as_array()
            .is_some_and(Vec::is_empty)
    });

    let master = cluster.master();
    let agent = cluster.agents()[0].address();
    wait_for("the end of the first executor", || {
        let state = get_json(agent, "/slave(1)/state").unwrap();
        let over = state["frameworks"][0]["completed_executors"].as_array();
        over.is_some_and(|executors| executors.len() == 1)
    });
    let mut differences = Vec::new();
    for (name, address, path) in [
        ("g1-master-v0-state", master, "/master/state"),
        ("g1-master-v0-state-summary", master, "/master/state-summary"),
        ("g1-master-v0-slaves", master, "/slaves"),
        ("g1-master-v0-frameworks", master, "/master/frameworks/"),
        ("g1-master-v0-tasks", master, "/tasks?order=des"),
        ("g1-master-v0-roles", master, "/roles"),
        ("g1-master-v0-flags", master, "/flags"),
        ("g1-master-v0-version", master, "/version"),
        ("g1-agent-v0-state", agent, "/slave(1)/state"),
        ("g1-agent-v0-containers", agent, "/containers"),
        ("g1-agent-v0-version", agent, "/version"),
    ] {
        let ours = get_json(address, path).unwrap();
        compare(name, &recorded(name), &ours, &mut differences);
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    probed.handle.tell(|_, driver| driver.teardown());
}

/// What an operator can set, as recorded after a weight, a quota, a maintenance window and a reservation were made.
#[test]
fn what_operators_set_is_shown_as_recorded() {
    let cluster = cluster_with(&Options {
        resources: "cpus:8;mem:8192;disk:10240;ports:[31000-32000]".to_owned(),
        ..Options::default()
    });
    let master = cluster.master().to_owned();
    let call = |text: String| {
        let (status, body) = post(&master, "/api/v1", "application/json", text.as_bytes()).unwrap();
        assert!(
            (200..300).contains(&status),
            "{text}: {}",
            String::from_utf8_lossy(&body)
        );
        body
    };
    let agent = get_json(&master, "/slaves").unwrap()["slaves"][0]["id"].clone();
    let window = recorded("g2-master-v0-maintenance_schedule");
    let quota = recorded("g2-master-v0-quota")["configs"].clone();
    for (kind, arguments) in [
        (
            "UPDATE_WEIGHTS",
            json!({"weight_infos": recorded("g2-master-v0-weights")}),
        ),
        ("UPDATE_QUOTA", json!({"quota_configs": quota})),
        ("UPDATE_MAINTENANCE_SCHEDULE", json!({"schedule": window})),
        (
            "RESERVE_RESOURCES",
            json!({"agent_id": {"value": agent}, "resources": [{
                "name": "cpus", "type": "SCALAR", "scalar": {"value": 1},
                "reservations": [{"type": "DYNAMIC", "role": "dev", "principal": "ops"}],
            }]}),
        ),
    ] {
        call(json!({"type": kind, kind.to_lowercase(): arguments}).to_string());
    }
    let probed = probe(
        &cluster,
        |_| {},
        |offer| vec![task::command(offer, "sleeper-1", "sleep 1000", 0.1, 32.0)],
    );
    probed.status("TASK_RUNNING");
    probed.handle.tell(|_, driver| driver.suppress());
    wait_for("no offers and no operations", || {
        let offered = framework(&cluster, "frameworks")["offers"]
            .as_array()
            .is_some_and(Vec::is_empty);
        let operations = call(r#"{"type":"GET_OPERATIONS"}"#.to_owned());
        offered
            && serde_json::from_slice::<Value>(&operations).unwrap()
                == recorded("g2-master-v1-GET_OPERATIONS")
    });
    let mut differences = Vec::new();
    for (name, path) in [
        ("g2-master-v0-roles", "/roles"),
        ("g2-master-v0-quota", "/quota"),
        ("g2-master-v0-weights", "/weights"),
        ("g2-master-v0-maintenance_status", "/maintenance/status"),
        ("g2-master-v0-maintenance_schedule", "/maintenance/schedule"),
    ] {
        let (ours, theirs) = (get_json(&master, path).unwrap(), recorded(name));
        compare(name, &theirs, &ours, &mut differences);
        if path != "/roles" {
            assert_eq!(ours, theirs, "{name}: nothing in it differs from run to run");
        }
    }
    for kind in [
        "GET_ROLES",
        "GET_QUOTA",
        "GET_WEIGHTS",
        "GET_MAINTENANCE_STATUS",
        "GET_MAINTENANCE_SCHEDULE",
    ] {
        let body = call(json!({"type": kind}).to_string());
        let name = format!("g2-master-v1-{kind}");
        let ours = serde_json::from_slice(&body).unwrap();
        compare(&name, &recorded(&name), &ours, &mut differences);
    }
    let shown = get_json(&master, "/slaves").unwrap()["slaves"][0]["reserved_resources_full"].clone();
    let theirs = recorded("g2-master-v0-slaves")["slaves"][0]["reserved_resources_full"].clone();
    assert_eq!(shown, theirs);
    let state = get_json(cluster.agents()[0].address(), "/state").unwrap();
    assert_eq!(state["reserved_resources_full"], theirs);
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    probed.handle.tell(|_, driver| driver.teardown());
}

#[test]
fn every_recorded_metric_is_there() {
    let cluster = cluster_with(&Options::default());
    wait_for("two rounds of the allocator, which have percentiles", || {
        let metrics = get_json(cluster.master(), "/metrics/snapshot").unwrap();
        let times = ["allocation_run_ms", "allocation_run_latency_ms"];
        times
            .iter()
            .all(|name| !metrics[format!("allocator/mesos/{name}/p9999")].is_null())
    });
    for (address, name) in [
        (cluster.master(), "metrics-master.txt"),
        (cluster.agents()[0].address(), "metrics-agent.txt"),
    ] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden").join(name);
        let wanted = std::fs::read_to_string(path).unwrap();
        let metrics = get_json(address, "/metrics/snapshot").unwrap();
        let missing: Vec<&str> = wanted
            .lines()
            // Counters by reason come into being with their first event; so do percentiles, roles and the registrar's times.
            .filter(|name| !name.contains("/source_") && !name.contains("roles/*"))
            .filter(|name| !name.contains("_ms") || name.contains("allocation_run"))
            .filter(|name| metrics[*name].is_null())
            .collect();
        assert!(missing.is_empty(), "{name}: {missing:?}");
    }
}
