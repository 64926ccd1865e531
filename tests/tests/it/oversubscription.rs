//! Resources that can be spared for a while, on real daemons.

use mesos_local::Options;

use crate::clients::run;
use crate::support::cluster_with;

/// The load controller takes the task down again, since a threshold below zero is always exceeded.
#[test]
fn what_an_agent_can_spare_is_offered_as_revocable_and_taken_back_under_load() {
    let module = |name: &str, parameters: &str| {
        format!(r#"{{"file":"/nowhere.so","modules":[{{"name":"{name}","parameters":[{parameters}]}}]}}"#)
    };
    let estimator = "org_apache_mesos_FixedResourceEstimator";
    let controller = "org_apache_mesos_LoadQoSController";
    let modules = format!(
        r#"{{"libraries":[{},{}]}}"#,
        module(estimator, r#"{"key":"resources","value":"cpus:2;mem:512"}"#),
        module(controller, r#"{"key":"load_threshold_5min","value":"-1"}"#),
    );
    // As most have it: in a file, named by its path alone.
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), modules).unwrap();
    let cluster = cluster_with(&Options {
        agent_flags: vec![
            format!("--modules={}", file.path().display()),
            format!("--resource_estimator={estimator}"),
            format!("--qos_controller={controller}"),
            "--oversubscribed_resources_interval=100ms".to_owned(),
            "--qos_correction_interval_min=2secs".to_owned(),
        ],
        ..Options::default()
    });
    let lines = run("spare.py", &[cluster.master()]);
    let offered = &lines.iter().find(|line| line["event"] == "offered").unwrap()["resources"];
    assert_eq!(*offered, serde_json::json!({"cpus": 2.0, "mem": 512.0}));
    let last = lines.iter().rfind(|line| line["event"] == "update").unwrap();
    assert_eq!(
        (&last["state"], &last["reason"]),
        (&"TASK_LOST".into(), &"REASON_CONTAINER_PREEMPTED".into()),
        "{lines:?}"
    );
}
