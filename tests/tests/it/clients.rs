//! Clients that nobody here wrote, unmodified, against daemons started as a user would.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::support::cluster;

/// Runs one of our scripts on a real client library and returns the lines it printed.
pub fn run(script: &str, arguments: &[&str]) -> Vec<Value> {
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients");
    let python = std::env::var_os("MESOS_TEST_PYTHON").map_or_else(default_python, PathBuf::from);
    assert!(
        python.is_file(),
        "{} is missing: `cargo xtask test` installs the clients",
        python.display()
    );
    let output = Command::new(&python)
        .arg(scripts.join(script))
        .args(arguments)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{script} ended with {}:\n{text}\n{errors}",
        output.status
    );
    text.lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect()
}

fn default_python() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/clients/bin/python3")
}

/// The states of a task, in the order in which they were told, without repetitions.
fn states(lines: &[Value], task: &str) -> Vec<String> {
    let mut states: Vec<String> = lines
        .iter()
        .filter(|line| line["event"] == "update" && line["task"] == task)
        .map(|line| line["state"].as_str().unwrap().to_owned())
        .collect();
    states.dedup();
    states
}

#[test]
fn pymesos_runs_commands() {
    let cluster = cluster();
    let lines = run("pymesos_scheduler.py", &[cluster.master(), "command"]);
    assert_eq!(lines[0]["event"], "registered");
    assert_eq!(lines[0]["version"], "1.11.0");
    assert_eq!(
        states(&lines, "task-0"),
        ["TASK_STARTING", "TASK_RUNNING", "TASK_FINISHED"]
    );
    assert_eq!(
        states(&lines, "task-1"),
        ["TASK_STARTING", "TASK_RUNNING", "TASK_FAILED"]
    );
    assert_eq!(lines.last().unwrap()["event"], "stopped");
    let failed = lines.iter().find(|line| line["state"] == "TASK_FAILED").unwrap();
    assert_eq!(failed["message"], "Command exited with status 3");
}

#[test]
fn pymesos_runs_tasks_on_its_own_executor() {
    let cluster = cluster();
    let lines = run("pymesos_scheduler.py", &[cluster.master(), "executor"]);
    for task in ["task-0", "task-1", "task-2"] {
        assert_eq!(
            states(&lines, task),
            ["TASK_RUNNING", "TASK_FINISHED"],
            "{lines:?}"
        );
        let message = format!("finished {task}");
        assert!(
            lines.iter().any(|line| line["data"] == message.as_str()),
            "{lines:?}"
        );
    }
    assert_eq!(lines.last().unwrap()["event"], "stopped");
}

#[test]
fn mesoshttp_runs_a_command() {
    let cluster = cluster();
    let lines = run(
        "mesoshttp_scheduler.py",
        &[&format!("http://{}", cluster.master())],
    );
    assert_eq!(
        states(&lines, "hello-1"),
        ["TASK_STARTING", "TASK_RUNNING", "TASK_FINISHED"]
    );
    assert_eq!(lines.last().unwrap()["event"], "stopped");
}
