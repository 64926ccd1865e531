//! Nonsense in every form: each gets Mesos' own status and words, and the daemons live.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;

use mesos_local::{get, post};

use crate::execute::program;
use crate::support::cluster;

const JSON: &str = "application/json";

fn text(body: &[u8]) -> String {
    String::from_utf8_lossy(body).into_owned()
}

#[test]
fn the_scheduler_api_refuses_in_mesos_words() {
    let cluster = cluster();
    let at = |content_type: &str, body: &str| {
        let (status, body) = post(
            cluster.master(),
            "/api/v1/scheduler",
            content_type,
            body.as_bytes(),
        )
        .unwrap();
        (status, text(&body))
    };
    for (content_type, body, status, said) in [
        (JSON, "{", 400, "Failed to parse body into JSON: "),
        (JSON, "[]", 400, "Failed to convert JSON into Call protobuf: "),
        (
            JSON,
            "{}",
            400,
            "Failed to validate scheduler::Call: Expecting 'type' to be present",
        ),
        (
            JSON,
            r#"{"type":"NOSUCH"}"#,
            400,
            "Failed to validate scheduler::Call: Expecting 'type' to be present",
        ),
        (
            JSON,
            r#"{"type":"SUBSCRIBE"}"#,
            400,
            "Failed to validate scheduler::Call: Expecting 'subscribe' to be present",
        ),
        (
            JSON,
            r#"{"type":"REVIVE"}"#,
            400,
            "Failed to validate scheduler::Call: Expecting 'framework_id' to be present",
        ),
        (
            JSON,
            r#"{"type":"REVIVE","framework_id":{"value":"x"}}"#,
            400,
            "Framework cannot be found",
        ),
        (
            "application/x-protobuf",
            "\u{7f}\u{7f}",
            400,
            "Failed to parse body into Call protobuf",
        ),
        (
            "text/plain",
            "hello",
            415,
            "Expecting 'Content-Type' of application/json or application/x-protobuf",
        ),
    ] {
        let (got, reason) = at(content_type, body);
        assert_eq!(got, status, "{body}: {reason}");
        assert!(reason.starts_with(said), "{body}: {reason}");
    }
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(at(JSON, &deep).0, 400);
    let (status, _) = get(cluster.master(), "/api/v1/scheduler").unwrap();
    assert_eq!(status, 405);
    assert_eq!(get(cluster.master(), "/health").unwrap().0, 200);
}

#[test]
fn reading_endpoints_take_any_method_and_redirect_has_nothing_below_it() {
    let cluster = cluster();
    for path in ["/state", "/state-summary", "/slaves", "/flags", "/tasks"] {
        let (status, body) = post(cluster.master(), path, JSON, b"").unwrap();
        assert_eq!((status, body[0]), (200, b'{'), "{path}");
    }
    assert_eq!(get(cluster.master(), "/redirect").unwrap().0, 307);
    for path in ["/redirect/", "/redirect/state", "/master/redirect/x"] {
        assert_eq!(get(cluster.master(), path).unwrap().0, 404, "{path}");
    }
}

#[test]
fn the_executor_api_refuses_in_mesos_words() {
    let cluster = cluster();
    let agent = cluster.agents()[0].address();
    let at = |content_type: &str, body: &str| {
        let (status, body) = post(agent, "/api/v1/executor", content_type, body.as_bytes()).unwrap();
        (status, text(&body))
    };
    let (status, reason) = at(JSON, "{}");
    assert_eq!(status, 400, "{reason}");
    let (status, reason) = at(JSON, "{");
    assert_eq!(status, 400);
    assert!(reason.starts_with("Failed to parse body into JSON: "), "{reason}");
    let call = r#"{"type":"MESSAGE","framework_id":{"value":"f"},"executor_id":{"value":"e"},"message":{"data":"aGk="}}"#;
    let (status, reason) = at(JSON, call);
    assert_eq!(status, 400, "{reason}");
    assert_eq!(get(agent, "/health").unwrap().0, 200);
}

#[test]
fn the_operator_endpoints_refuse_in_mesos_words() {
    let cluster = cluster();
    let teardown = |form: &str| {
        let form_type = "application/x-www-form-urlencoded";
        let (status, body) = post(cluster.master(), "/teardown", form_type, form.as_bytes()).unwrap();
        (status, text(&body))
    };
    for (form, said) in [
        (
            "frameworkId=a%zz",
            "Unable to decode query string: Malformed % escape in 'a%zz': '%zz'",
        ),
        (
            "%=a",
            "Unable to decode query string: Malformed % escape in '%': '%'",
        ),
        (
            "framework=a",
            "Missing 'frameworkId' query parameter in the request body",
        ),
        ("frameworkId=%41", "No framework found with specified ID"),
    ] {
        assert_eq!(teardown(form), (400, said.to_owned()), "{form}");
    }
    for address in [cluster.master(), cluster.agents()[0].address()] {
        for call in [
            r#"{"type":"LIST_FILES","list_files":{"path":"/no/such"}}"#,
            r#"{"type":"READ_FILE","read_file":{"path":"/no/such","offset":0}}"#,
        ] {
            let (status, body) = post(address, "/api/v1", JSON, call.as_bytes()).unwrap();
            assert_eq!((status, text(&body)), (404, String::new()), "{call}");
        }
    }
}

/// Sends bytes and returns what comes back until the peer closes or has answered.
fn raw(address: &str, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(bytes).unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    text(&answer)
}

#[test]
fn malformed_http_and_messages_are_answered_and_the_listeners_live() {
    let cluster = cluster();
    let agent = cluster.agents()[0].address().to_owned();
    for address in [cluster.master().to_owned(), agent] {
        for nonsense in [
            &b"\x16\x03\x01 not http\r\n\r\n"[..],
            b"GET\r\n\r\n",
            b"POST /api/v1 HTTP/1.1\r\nContent-Length: x\r\n\r\n",
            b"POST /api/v1 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            b"POST  HTTP/1.1\r\nLibprocess-From: a@1.2.3.4:5\r\n\r\n",
        ] {
            let answer = raw(&address, nonsense);
            assert!(answer.starts_with("HTTP/1.1 400 Bad Request"), "{answer}");
        }
        let huge =
            b"POST /api/v1 HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 99999999999\r\n\r\n";
        assert!(
            raw(&address, huge).starts_with("HTTP/1.1 413"),
            "a body over the limit"
        );
        // A message that is no message of its type is dropped, as in Mesos: it was still delivered.
        let message = b"POST /master/mesos.internal.RegisterSlaveMessage HTTP/1.1\r\n\
            Libprocess-From: slave(1)@127.0.0.1:1\r\nContent-Length: 3\r\n\r\n\xff\xff\xff";
        let answer = raw(&address, message);
        let status = if address == cluster.master() { 202 } else { 404 };
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
        assert_eq!(get(&address, "/health").unwrap().0, 200);
    }
}

#[test]
fn daemons_that_cannot_start_say_which_flag_to_change() {
    let cluster = cluster();
    let port = cluster.master().rsplit(':').next().unwrap();
    let directory = cluster.directory().join("other");
    let work_dir = format!("--work_dir={}", directory.display());
    let taken = format!("--port={port}");
    let master = format!("--master={}", cluster.master());
    let cases: [(&str, Vec<&str>, &str); 16] = [
        (
            "mesos-agent",
            vec![
                "--ip=127.0.0.1",
                "--port=0",
                &master,
                &work_dir,
                r#"--executor_environment_variables={"A":1}"#,
            ],
            "`executor_environment_variables` must only contain string values",
        ),
        (
            "mesos-agent",
            vec![
                "--ip=127.0.0.1",
                "--port=0",
                &master,
                &work_dir,
                "--executor_environment_variables=[]",
            ],
            "Failed to load flag 'executor_environment_variables': Failed to load value '[]': \
             Unexpected JSON type parsed",
        ),
        (
            "mesos-master",
            vec!["--port=0", "--port=0", &work_dir],
            "Flag 'port' is already loaded via name 'port'\n\n\
             See `mesos-master --help` for a list of supported flags.\n",
        ),
        (
            "mesos-agent",
            vec!["start", "--master=a", "--no-strict", "--strict"],
            "Flag 'strict' is already loaded via name 'strict'\n\n\
             See `mesos-agent --help` for a list of supported flags.\n",
        ),
        (
            "mesos-agent",
            vec![&master, &work_dir, "--reconfiguration_policy=any"],
            "Unknown option for 'reconfiguration_policy' flag any. \
             Please run the agent with '--help' to see the valid options.\n",
        ),
        (
            "mesos-master",
            vec!["--ip=127.0.0.1", &taken, &work_dir],
            "--port",
        ),
        (
            "mesos-master",
            vec!["--ip=127.0.0.1", "--port=0", "--work_dir=/proc/nothing"],
            "--work_dir",
        ),
        (
            "mesos-master",
            vec!["--nosuch=1"],
            "Failed to load unknown flag 'nosuch'",
        ),
        (
            "mesos-master",
            vec!["--domain={}", &work_dir],
            "Failed to load flag 'domain': Failed to load value '{}': `domain` must define `fault_domain`",
        ),
        (
            "mesos-agent",
            vec!["--domain={\"fault_domain\":{}}", &master, &work_dir],
            "Failed to load flag 'domain'",
        ),
        (
            "mesos-master",
            vec!["--port=many"],
            "Failed to load flag 'port': Failed to load value 'many'",
        ),
        (
            "mesos-master",
            vec!["--allocation_interval=soon", &work_dir],
            "Failed to load flag 'allocation_interval'",
        ),
        (
            "mesos-master",
            vec!["--registry=stone", &work_dir],
            "Failed to load flag 'registry'",
        ),
        (
            "mesos-agent",
            vec![
                "--ip=127.0.0.1",
                "--port=0",
                &master,
                &work_dir,
                "--resources=cpus",
            ],
            "resources",
        ),
        (
            "mesos-agent",
            vec!["--ip=127.0.0.1", "--port=0", &master, "--work_dir=/proc/nothing"],
            "/proc/nothing",
        ),
        (
            "mesos-agent",
            vec!["--ip=127.0.0.1", &taken, &master, &work_dir],
            "port",
        ),
    ];
    for (name, flags, said) in cases {
        let output = Command::new(program(name)).args(&flags).output().unwrap();
        let errors = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{name} {flags:?}: {errors}");
        assert!(errors.contains(said), "{name} {flags:?}: {errors}");
        assert!(!errors.contains("panicked"), "{errors}");
    }
}
