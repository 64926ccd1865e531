//! `mesos-local` as people start and stop it.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::process::{Command, Stdio};

use mesos_local::get_json;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::{processes, wait_for};

#[test]
fn a_cluster_of_two_agents_is_where_it_was_asked_to_be_and_ends_with_a_signal() {
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let directory = tempfile::tempdir().unwrap();
    let mut local = Command::new(crate::execute::program("mesos-local"))
        .args(["--num_agents=2".to_owned(), format!("--port={port}")])
        .arg(format!("--work_dir={}", directory.path().display()))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(local.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap);
    assert_eq!(lines.next(), Some(format!("master   http://127.0.0.1:{port}")));
    assert!(
        lines
            .by_ref()
            .take(4)
            .any(|line| line == "Ctrl-C stops everything.")
    );
    let agents = get_json(&format!("127.0.0.1:{port}"), "/slaves").unwrap();
    assert_eq!(agents["slaves"].as_array().unwrap().len(), 2);

    kill(Pid::from_raw(i32::try_from(local.id()).unwrap()), Signal::SIGTERM).unwrap();
    assert!(local.wait().unwrap().success());
    assert_eq!(lines.next().as_deref(), Some("stopping"));
    let left = directory.path().to_str().unwrap();
    wait_for("the end of its daemons", || processes(left).is_empty());
}
