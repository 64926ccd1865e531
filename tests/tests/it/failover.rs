//! A master dies and another takes its place.

use mesos_local::get_json;
use mesos_scheduler::task;
use nix::sys::signal::Signal;

use crate::support::{cluster, framework, probe, wait_for};

/// What is history for an agent becomes history for a master that has never seen it, once it knows whose it is.
#[test]
fn a_new_master_learns_what_a_framework_has_completed() {
    let mut cluster = cluster();
    let probed = probe(
        &cluster,
        |info| {
            info.failover_timeout = Some(3600.0);
            info.checkpoint = Some(true);
        },
        |offer| vec![task::command(offer, "t", "true", 0.1, 32.0)],
    );
    let id = probed.id();
    probed.status("TASK_FINISHED");
    let agent = cluster.agents()[0].address().to_owned();
    wait_for("the end of the framework on its agent", || {
        let state = get_json(&agent, "/state").unwrap();
        state["completed_frameworks"][0]["id"] == *id
    });

    // An agent that came first would tell a master that knows no such framework yet.
    cluster.agents()[0].signal(Signal::SIGKILL).unwrap();
    cluster.agents_mut()[0].wait().unwrap();
    cluster.master_daemon_mut().restart().unwrap();
    wait_for("the return of the scheduler", || {
        framework(&cluster, "frameworks")["connected"] == true
    });
    assert!(framework(&cluster, "frameworks")["completed_tasks"][0].is_null());
    cluster.agents_mut()[0].restart().unwrap();
    cluster.wait_for_agents(1).unwrap();
    for endpoint in ["/frameworks", "/state"] {
        let shown = get_json(cluster.master(), endpoint).unwrap();
        assert_eq!(shown["completed_frameworks"].as_array().unwrap().len(), 0);
        let framework = &shown["frameworks"][0];
        assert_eq!(framework["id"], *id);
        let task = &framework["completed_tasks"][0];
        assert_eq!(
            (&task["id"], &task["state"]),
            (&"t".into(), &"TASK_FINISHED".into())
        );
    }
    probed.handle.tell(|_, driver| driver.teardown());
}
