//! A machine goes down for maintenance and comes up again, on real daemons.

use mesos_local::{get_json, post};
use serde_json::Value;

use crate::clients::run;
use crate::support::{cluster, wait_for};

/// What a script said, without the fields that are the same in all.
fn said(lines: &[Value], event: &str) -> Vec<Value> {
    lines
        .iter()
        .filter(|line| line["event"] == event)
        .cloned()
        .collect()
}

#[test]
fn frameworks_are_asked_to_leave_and_the_agent_ends_when_its_machine_goes_down() {
    let mut cluster = cluster();
    let lines = run("maintenance.py", &[cluster.master()]);
    let answers: Vec<&Value> = lines
        .iter()
        .filter(|line| line["event"] == "answered")
        .map(|line| &line["answers"])
        .collect();
    assert_eq!(
        answers,
        [&serde_json::json!(["DECLINE"]), &serde_json::json!(["ACCEPT"])]
    );
    let asked = said(&lines, "asked");
    assert_eq!(asked.len(), 3, "{lines:?}");
    assert!(
        asked
            .iter()
            .all(|line| line["agent"] == true && line["start"] == true)
    );
    assert_eq!(said(&lines, "rescinded").len(), 1, "when the schedule changed");
    assert!(
        !said(&lines, "offered").is_empty(),
        "offers say when the agent will be away"
    );
    assert_eq!(said(&lines, "down")[0]["machines"], 1);
    assert_eq!(said(&lines, "stopped").len(), 1, "the task was lost: {lines:?}");

    // The agent was told to end, and may not come back while its machine is down.
    cluster.agents_mut()[0].wait().unwrap();
    cluster.agents_mut()[0].restart().unwrap();
    cluster.agents_mut()[0].wait().unwrap();
    let status = get_json(cluster.master(), "/maintenance/status").unwrap();
    let machine = status["down_machines"][0].clone();
    let call = serde_json::json!({"type": "STOP_MAINTENANCE", "stop_maintenance": {"machines": [machine]}});
    let body = call.to_string();
    let (status, text) = post(cluster.master(), "/api/v1", "application/json", body.as_bytes()).unwrap();
    assert_eq!((status, text), (200, Vec::new()));
    cluster.agents_mut()[0].restart().unwrap();
    wait_for("the return of the agent", || {
        let slaves = get_json(cluster.master(), "/slaves").unwrap();
        slaves["slaves"][0]["active"] == true
    });
}

#[test]
fn the_schedule_survives_the_master() {
    let mut cluster = cluster();
    let schedule = serde_json::json!({"windows": [{
        "machine_ids": [{"hostname": "machine9", "ip": "127.0.0.9"}],
        "unavailability": {
            "duration": {"nanoseconds": 3_600_000_000_000_i64},
            "start": {"nanoseconds": 1_800_000_000_000_000_000_i64},
        },
    }]});
    let body = schedule.to_string();
    let path = "/maintenance/schedule";
    let (status, _) = post(cluster.master(), path, "application/json", body.as_bytes()).unwrap();
    assert_eq!(status, 200);
    cluster.master_daemon_mut().restart().unwrap();
    assert_eq!(get_json(cluster.master(), path).unwrap(), schedule);
    let expected =
        serde_json::json!({"draining_machines": [{"id": {"hostname": "machine9", "ip": "127.0.0.9"}}]});
    assert_eq!(
        get_json(cluster.master(), "/maintenance/status").unwrap(),
        expected
    );
}
