//! What operators can do with the endpoints of the runtime: close them, make logs more verbose, read about them.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use mesos_local::{Options, get, get_json};

use crate::support::{cluster_with, wait_for};

const RULES: &str =
    r#"--firewall_rules={"disabled_endpoints":{"paths":["/state","/files/browse","/metrics/snapshot"]}}"#;

fn text(address: &str, path: &str) -> (u16, String) {
    let (status, body) = get(address, path).unwrap();
    (status, String::from_utf8(body).unwrap())
}

/// Sends something that is no request, and waits for the refusal.
fn nonsense(address: &str) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(b"no request\r\n\r\n").unwrap();
    stream.read_to_end(&mut Vec::new()).unwrap();
}

#[test]
fn disabled_endpoints_are_forbidden_and_all_others_answer() {
    let cluster = cluster_with(&Options {
        master_flags: vec![RULES.to_owned()],
        agent_flags: vec![RULES.to_owned()],
        ..Options::default()
    });
    for (address, own) in [
        (cluster.master(), "master"),
        (cluster.agents()[0].address(), "slave(1)"),
    ] {
        for (path, named) in [
            ("/state".to_owned(), format!("/{own}/state")),
            (format!("/{own}/state"), format!("/{own}/state")),
            ("/files/browse".to_owned(), "/files/browse".to_owned()),
            ("/metrics/snapshot".to_owned(), "/metrics/snapshot".to_owned()),
        ] {
            let refused = (403, format!("Endpoint '{named}' is disabled"));
            assert_eq!(text(address, &path), refused, "{path} of {own}");
        }
        for path in ["/health", "/flags", "/files/debug", "/version"] {
            assert_eq!(text(address, path).0, 200, "{path} of {own}");
        }
    }
}

#[test]
fn logs_become_verbose_while_an_operator_wants_it() {
    let logs = tempfile::tempdir().unwrap();
    let cluster = cluster_with(&Options {
        master_flags: vec![format!("--log_dir={}", logs.path().display())],
        ..Options::default()
    });
    let log = || std::fs::read_to_string(logs.path().join("mesos-master.INFO")).unwrap();
    let master = cluster.master();
    assert!(!log().contains("DEBUG"));
    assert_eq!(text(master, "/logging/toggle?level=2&duration=10mins").0, 200);
    wait_for("a verbose line", || {
        nonsense(master);
        log().contains("DEBUG libprocess::http::connection: refusing a request")
    });
    assert_eq!(text(master, "/logging/toggle?level=0&duration=10mins").0, 200);
    let before = log().matches("refusing a request").count();
    nonsense(master);
    assert_eq!(
        log().matches("refusing a request").count(),
        before,
        "back to normal"
    );
    assert_eq!(text(master, "/logging/toggle").1, "0\n");
}

#[test]
fn help_tells_of_every_process_of_a_daemon() {
    let cluster = cluster_with(&Options::default());
    let (status, page) = text(cluster.master(), "/help");
    assert_eq!(status, 200);
    for id in ["master", "registrar(1)", "files", "metrics", "logging", "version"] {
        assert!(
            page.contains(&format!("<a href=\"help/{id}\">/{id}</a>")),
            "{id} in {page}"
        );
    }
    for (address, explained) in [
        (cluster.master(), "/help/master/tasks"),
        (cluster.master(), "/help/master/api/v1"),
        (cluster.master(), "/help/files/read"),
        (cluster.agents()[0].address(), "/help/slave(1)/containers"),
    ] {
        let (status, page) = text(address, explained);
        assert!(status == 200 && page.contains("<h3>DESCRIPTION</h3>"), "{page}");
    }
    let all = get_json(cluster.master(), "/help?format=json")
        .unwrap()
        .to_string();
    assert!(!all.contains("No help page"), "{all}");
    assert!(
        text(cluster.agents()[0].address(), "/help/slave(1)")
            .1
            .contains("/slave(1)/containers")
    );
}
