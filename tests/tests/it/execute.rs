//! `mesos-execute`, whose lines scripts read.

use std::process::Command;

use crate::support::{cluster, framework, used_cpus, wait_for};

#[test]
fn a_command_that_fails_is_told_with_its_status() {
    let cluster = cluster();
    let output = Command::new(program("mesos-execute"))
        .args([
            &format!("--master={}", cluster.master()),
            "--name=t1",
            "--command=echo hi; exit 3",
        ])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    for line in [
        "Subscribed with ID ",
        "Submitted task 't1' to agent '",
        "Received status update TASK_STARTING for task 't1'",
        "Received status update TASK_RUNNING for task 't1'",
        "Received status update TASK_FAILED for task 't1'\n  message: 'Command exited with status 3'\n  source: SOURCE_EXECUTOR",
    ] {
        assert!(text.contains(line), "{line} is not in:\n{text}");
    }
    wait_for("the framework's end", || {
        framework(&cluster, "completed_frameworks")["id"].is_string()
    });
    wait_for("the return of the resources", || used_cpus(&cluster) == 0.0);
}

#[test]
fn a_command_without_a_name_for_the_master_is_refused() {
    let output = Command::new(program("mesos-execute"))
        .arg("--command=true")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(
        text.contains("Flag 'master' is required, but it was not provided"),
        "{text}"
    );
}

/// A program beside the tests.
pub fn program(name: &str) -> std::path::PathBuf {
    let us = std::env::current_exe().unwrap();
    us.parent().unwrap().parent().unwrap().join(name)
}
