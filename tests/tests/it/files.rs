//! Sandboxes as operators read them.

use mesos_local::{get, get_json, post};
use mesos_scheduler::task;
use serde_json::Value;

use crate::support::{cluster, probe};

#[test]
fn a_sandbox_can_be_browsed_read_and_downloaded() {
    let cluster = cluster();
    let probed = probe(
        &cluster,
        |_| {},
        |offer| vec![task::command(offer, "t", "echo out; echo err >&2", 0.1, 32.0)],
    );
    let framework = probed.id();
    probed.status("TASK_FINISHED");
    let agent = cluster.agents()[0].address();
    let sandbox = format!("/frameworks/{framework}/executors/t/runs/latest");
    let encoded = sandbox.replace('/', "%2F");

    let listed = get_json(agent, &format!("/files/browse?path={encoded}")).unwrap();
    let names: Vec<&str> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|file| file["path"].as_str().unwrap().rsplit('/').next().unwrap())
        .collect();
    assert!(
        names.contains(&"stdout") && names.contains(&"stderr"),
        "{names:?}"
    );
    for key in ["gid", "mode", "mtime", "nlink", "path", "size", "uid"] {
        assert!(!listed[0][key].is_null(), "{key} is missing in {listed}");
    }

    let read = get_json(agent, &format!("/files/read?path={encoded}%2Fstdout&offset=0")).unwrap();
    assert!(read["data"].as_str().unwrap().contains("out\n"), "{read}");
    let (status, downloaded) = get(agent, &format!("/files/download?path={encoded}%2Fstderr")).unwrap();
    assert_eq!(status, 200);
    assert!(String::from_utf8_lossy(&downloaded).contains("err\n"));

    let (status, _) = get(agent, &format!("/files/read?path={encoded}%2Fnothing&offset=0")).unwrap();
    assert_eq!(status, 404);
    let (status, _) = get(
        agent,
        &format!("/files/read?path={encoded}%2F..%2F..%2F..%2F..%2Fsecret&offset=0"),
    )
    .unwrap();
    assert!(status >= 400);

    let call = format!(r#"{{"type":"READ_FILE","read_file":{{"path":"{sandbox}/stdout","offset":0}}}}"#);
    let (status, body) = post(agent, "/api/v1", "application/json", call.as_bytes()).unwrap();
    let answer: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!((status, &answer["type"]), (200, &Value::from("READ_FILE")));
    probed.handle.tell(|_, driver| driver.teardown());
}
