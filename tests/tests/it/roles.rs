//! Quota, weights and shares, on real daemons.

use libprocess::http::{Method, Request};
use mesos_local::{Options, get_json, post, request};

use crate::clients::run;
use crate::support::{cluster, cluster_with};

#[test]
fn two_roles_share_by_their_weights() {
    let cluster = cluster();
    let weights = Request::new(Method::Put, "/weights");
    let body = br#"[{"role":"heavy","weight":3}]"#;
    let (status, text) = request(
        cluster.master(),
        Request {
            body: body.to_vec().into(),
            ..weights
        },
    )
    .unwrap();
    assert_eq!((status, text), (200, Vec::new()));
    let lines = run("shares.py", &[cluster.master(), "8"]);
    let last = lines.last().unwrap();
    assert_eq!(
        (&last["heavy"], &last["light"]),
        (&6.into(), &2.into()),
        "{lines:?}"
    );
}

#[test]
fn a_scheduler_refuses_suppresses_leaves_and_joins_roles_one_by_one() {
    let cluster = cluster();
    let lines = run("roles.py", &[cluster.master()]);
    let lines: Vec<_> = lines
        .iter()
        .filter(|line| line["event"] != "registered")
        .collect();
    let alone = serde_json::json!({"frameworks": 1, "offered": true});
    assert_eq!(
        serde_json::json!(lines),
        serde_json::json!([
            {"event": "declined", "roles": ["dev", "ops"]},
            {"event": "revived", "same": true},
            {"event": "unsuppressed", "same": true, "roles": alone},
            {"event": "rescinded", "same": true},
            {"event": "left", "same": true, "known": false},
            {"event": "joined", "role": "third", "roles": alone, "known": false},
            {"event": "stopped"},
        ])
    );
}

#[test]
fn quota_and_weights_are_set_shown_kept_and_removed_over_http() {
    let options = Options {
        master_flags: vec!["--weights=dev=2.5".to_owned()],
        ..Options::default()
    };
    let mut cluster = cluster_with(&options);
    let master = cluster.master().to_owned();
    let call = |text: &str| {
        let (status, body) = post(&master, "/api/v1", "application/json", text.as_bytes()).unwrap();
        (status, String::from_utf8(body).unwrap())
    };
    let update = r#"{"type":"UPDATE_QUOTA","update_quota":{"quota_configs":[
        {"role":"dev","guarantees":{"cpus":{"value":1}},"limits":{"cpus":{"value":2},"mem":{"value":1024}}}]}}"#;
    assert_eq!(call(update), (200, String::new()));
    let guarantee = r#"[{"name":"cpus","type":"SCALAR","scalar":{"value":100}}]"#;
    let set = format!(r#"{{"role":"ops","guarantee":{guarantee}}}"#);
    let (status, text) = post(&master, "/quota", "application/json", set.as_bytes()).unwrap();
    assert_eq!(status, 409);
    let text = String::from_utf8(text).unwrap();
    assert!(
        text.contains("overcommit the cluster (use 'force' to bypass this check)"),
        "{text}"
    );
    let forced = set.replacen('{', r#"{"force":true,"#, 1);
    let (status, _) = post(&master, "/quota", "application/json", forced.as_bytes()).unwrap();
    assert_eq!(status, 200);

    cluster.master_daemon_mut().restart().unwrap();
    let quota = get_json(&master, "/quota").unwrap();
    assert_eq!(
        quota["configs"][0],
        serde_json::json!({
            "role": "dev",
            "guarantees": {"cpus": {"value": 1.0}},
            "limits": {"cpus": {"value": 2.0}, "mem": {"value": 1024.0}},
        })
    );
    assert_eq!(quota["infos"][1]["role"], "ops");
    let weights = serde_json::json!([{"role": "dev", "weight": 2.5}]);
    assert_eq!(get_json(&master, "/weights").unwrap(), weights);
    let roles = get_json(&master, "/roles").unwrap();
    let dev = &roles["roles"][0];
    assert_eq!((&dev["name"], &dev["weight"]), (&"dev".into(), &2.5.into()));
    assert_eq!(dev["quota"]["limit"]["mem"], 1024.0);

    let delete = |path: &str| {
        let (status, body) = request(&master, Request::new(Method::Delete, path)).unwrap();
        (status, String::from_utf8(body).unwrap())
    };
    assert_eq!(delete("/master/quota/ops"), (200, String::new()));
    assert_eq!(delete("/quota/dev"), (200, String::new()));
    assert_eq!(
        delete("/master/quota/dev"),
        (
            400,
            "Failed to remove quota for path '/master/quota/dev': Role 'dev' has no quota set".to_owned()
        )
    );
    assert_eq!(get_json(&master, "/quota").unwrap(), serde_json::json!({}));
}
