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

/// Runs `mesos-execute` with these flags, and returns its status and what it said on both ways.
fn execute(arguments: &[&str], environment: &[(&str, &str)]) -> (Option<i32>, String, String) {
    let output = Command::new(program("mesos-execute"))
        .args(arguments)
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn flags_that_contradict_each_other_are_refused() {
    let master = "--master=127.0.0.1:1";
    let task = r#"--task={"name":"t","task_id":{"value":"t"},"agent_id":{"value":""}}"#;
    for (arguments, expected) in [
        (&[master, "--command=true"][..], "Missing required option --name"),
        (&[master, "--name=t"], "Missing required option --command"),
        (
            &[master, task, "--name=t"],
            "can only be set when both '--task' and '--task_group' are not set",
        ),
        (
            &[
                master,
                "--name=t",
                "--command=true",
                "--framework_capabilities=MULTI_ROLE",
            ],
            "specifies an unsupported capability 'MULTI_ROLE'",
        ),
        (
            &[master, "--name=t", "--checkpoint=maybe"],
            "Failed to load flag 'checkpoint': Failed to load value 'maybe': Expecting a boolean (e.g., true or false)",
        ),
        (
            &[master, "--no-name"],
            "Failed to load non-boolean flag 'name' via 'no-name'",
        ),
    ] {
        let (status, _, error) = execute(arguments, &[]);
        assert_eq!(status, Some(1), "{arguments:?}");
        assert!(error.contains(expected), "{expected} is not in:\n{error}");
    }
}

#[test]
fn a_task_is_killed_when_it_has_run_long_enough_even_inside_another_task() {
    let cluster = cluster();
    let master = format!("--master={}", cluster.master());
    let (status, text, error) = execute(
        &[
            &master,
            "--name=t1",
            "--command=exec sleep 600",
            "--kill_after=1ms",
            "--checkpoint=0",
        ],
        &[("MESOS_CHECKPOINT", "x"), ("MESOS_NAME", "outer")],
    );
    assert_eq!(status, Some(0), "{error}");
    let at = |line: &str| {
        text.find(line)
            .unwrap_or_else(|| panic!("{line} is not in:\n{text}"))
    };
    assert!(at("update TASK_RUNNING for task 't1'") < at("Asked to kill task 't1' on agent '"));
    assert!(at("Asked to kill task 't1'") < at("update TASK_KILLED for task 't1'"));
}

#[test]
fn a_reader_that_leaves_does_not_end_the_task() {
    let cluster = cluster();
    let mut child = Command::new(program("mesos-execute"))
        .args([
            &format!("--master={}", cluster.master()),
            "--name=t1",
            "--command=true",
        ])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

/// A program beside the tests.
pub fn program(name: &str) -> std::path::PathBuf {
    let us = std::env::current_exe().unwrap();
    us.parent().unwrap().parent().unwrap().join(name)
}
