//! Flags of the agent, as tasks and operators feel them.

use mesos_local::{Options, get};
use mesos_scheduler::task;
use mesos_scheduler::v1::{Environment, environment};

use crate::support::{cluster_with, probe, wait_for};

#[test]
fn a_task_sees_the_variables_the_agent_gives_its_executors_and_nothing_of_the_agent_itself() {
    let given = r#"{"GREETING":"hello","NAME":"agent","LIBPROCESS_PORT":"1","MESOS_SLAVE_ID":"mine"}"#;
    let cluster = cluster_with(&Options {
        agent_flags: vec![format!("--executor_environment_variables={given}")],
        ..Options::default()
    });
    let probed = probe(
        &cluster,
        |_| {},
        |offer| {
            let mut task = task::command(offer, "t", "env", 0.1, 32.0);
            let own = environment::Variable {
                name: "NAME".to_owned(),
                value: Some("task".to_owned()),
                ..Default::default()
            };
            let command = task.command.as_mut().unwrap();
            command.environment = Some(Box::new(Environment {
                variables: vec![own],
                ..Default::default()
            }));
            vec![task]
        },
    );
    let framework = probed.id();
    let finished = probed.status("TASK_FINISHED");
    let path = format!("/frameworks/{framework}/executors/t/runs/latest/stdout");
    let (status, body) = get(
        cluster.agents()[0].address(),
        &format!("/files/download?path={path}"),
    )
    .unwrap();
    let printed = String::from_utf8(body).unwrap();
    assert_eq!(status, 200, "{printed}");
    let value = |name: &str| {
        printed
            .lines()
            .find_map(|line| line.strip_prefix(&format!("{name}=")))
    };
    let agent_id = finished.agent_id.unwrap().value;
    for (name, expected) in [
        ("GREETING", Some("hello")),
        // The task's own goes before the agent's, the agent's before what it is given for all.
        ("NAME", Some("task")),
        ("LIBPROCESS_PORT", Some("0")),
        ("MESOS_SLAVE_ID", Some(agent_id.as_str())),
        ("MESOS_ALLOCATION_ROLE", Some("*")),
        // Of the environment of the test, and so of the agent.
        ("CARGO_PKG_NAME", None),
    ] {
        assert_eq!(value(name), expected, "{name} of {printed}");
    }
    assert!(std::env::var_os("CARGO_PKG_NAME").is_some());
    probed.handle.tell(|_, driver| driver.teardown());
}

#[test]
fn a_full_disk_takes_sandboxes_as_soon_as_nobody_needs_them() {
    // All of the disk is to be kept free: no directory may grow old.
    let cluster = cluster_with(&Options {
        agent_flags: vec![
            "--gc_disk_headroom=1".to_owned(),
            "--disk_watch_interval=50ms".to_owned(),
        ],
        ..Options::default()
    });
    let probed = probe(
        &cluster,
        |_| {},
        |offer| vec![task::command(offer, "t", "true", 0.1, 32.0)],
    );
    let framework = probed.id();
    probed.status("TASK_FINISHED");
    let agent = cluster.agents()[0].address();
    let name = format!("/files/browse?path=/frameworks/{framework}/executors/t/runs/latest");
    wait_for("the end of the sandbox under /files", || {
        get(agent, &name).unwrap().0 == 404
    });
    let agents = cluster.directory().join("agent0/slaves");
    wait_for("the end of the framework's directory", || {
        let agents = std::fs::read_dir(&agents).unwrap().flatten();
        agents
            .map(|agent| agent.path().join("frameworks").join(&framework))
            .all(|directory| !directory.exists())
    });
    probed.handle.tell(|_, driver| driver.teardown());
}
