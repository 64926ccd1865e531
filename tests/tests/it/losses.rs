//! kill -9 of everything, one after another: terminal updates arrive, resources return, timeouts are honoured.

use mesos_scheduler::task;
use mesos_scheduler::v1::task_status::Reason;
use mesos_scheduler::v1::{ExecutorID, ExecutorInfo, TaskState};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::{News, PATIENCE, cluster, framework, is_alive, probe, processes, used_cpus, wait_for};

/// A command nobody else runs, so that its process can be found.
fn sleeper(mark: &str) -> String {
    format!("exec sleep 98765.{mark}")
}

fn pid_of(mark: &str) -> i32 {
    let text = format!("sleep 98765.{mark}");
    let mut found = Vec::new();
    wait_for("the task's process", || {
        found = processes(&text)
            .into_iter()
            .filter(|pid| is_sleep(*pid))
            .collect();
        !found.is_empty()
    });
    found[0]
}

fn is_sleep(pid: i32) -> bool {
    procfs::process::Process::new(pid)
        .and_then(|process| process.cmdline())
        .is_ok_and(|line| line.first().is_some_and(|program| program.ends_with("sleep")))
}

fn mark(test: u32) -> String {
    format!("{}{test}", std::process::id())
}

#[test]
fn a_killed_executor_fails_its_task_and_frees_its_resources() {
    let cluster = cluster();
    let mark = mark(1);
    let command = sleeper(&mark);
    let probed = probe(
        &cluster,
        |_| {},
        move |offer| vec![task::command(offer, "t", &command, 1.0, 64.0)],
    );
    let running = probed.status("TASK_RUNNING");
    let executor = running.container_status.unwrap().executor_pid.unwrap();
    let task = pid_of(&mark);
    kill(Pid::from_raw(i32::try_from(executor).unwrap()), Signal::SIGKILL).unwrap();
    let failed = probed.status("TASK_FAILED");
    assert_eq!(failed.reason, Some(Reason::ReasonExecutorTerminated));
    wait_for("the return of the resources", || used_cpus(&cluster) == 0.0);
    wait_for("the end of the task's process", || !is_alive(task));
    probed.handle.tell(|_, driver| driver.teardown());
}

#[test]
fn a_killed_executor_of_the_framework_is_reported_with_its_status() {
    let cluster = cluster();
    let mark = mark(5);
    let command = sleeper(&mark);
    let probed = probe(
        &cluster,
        |_| {},
        move |offer| {
            let mut task = task::command(offer, "t", &command, 1.0, 64.0);
            task.executor = Some(Box::new(ExecutorInfo {
                executor_id: ExecutorID {
                    value: "e".into(),
                    ..Default::default()
                },
                command: task.command.take(),
                ..Default::default()
            }));
            vec![task]
        },
    );
    let executor = pid_of(&mark);
    kill(Pid::from_raw(executor), Signal::SIGKILL).unwrap();
    // The task's update and the executor's end reach the scheduler in either order.
    let mut news = vec![probed.news.recv_timeout(PATIENCE).unwrap()];
    while news.len() < 3 {
        news.push(probed.news.recv_timeout(PATIENCE).unwrap());
    }
    let failed = news.iter().find_map(|news| match news {
        News::Status(status) => Some((status.state, status.reason)),
        _ => None,
    });
    assert_eq!(
        failed,
        Some((TaskState::TaskFailed, Some(Reason::ReasonExecutorTerminated)))
    );
    assert!(
        news.iter().any(|news| matches!(news, News::ExecutorLost(9))),
        "{news:?}"
    );
    wait_for("the return of the resources", || used_cpus(&cluster) == 0.0);
    probed.handle.tell(|_, driver| driver.teardown());
}

#[test]
fn a_scheduler_that_vanishes_without_a_failover_timeout_takes_its_tasks_along() {
    let cluster = cluster();
    let mark = mark(2);
    let mut child = std::process::Command::new(crate::execute::program("mesos-execute"))
        .args([
            &format!("--master={}", cluster.master()),
            "--name=t",
            &format!("--command={}", sleeper(&mark)),
        ])
        .spawn()
        .unwrap();
    let task = pid_of(&mark);
    child.kill().unwrap();
    child.wait().unwrap();
    wait_for("the framework's end", || {
        framework(&cluster, "completed_frameworks")["id"].is_string()
    });
    wait_for("the end of the task's process", || !is_alive(task));
    wait_for("the return of the resources", || used_cpus(&cluster) == 0.0);
}

#[test]
fn a_scheduler_with_a_failover_timeout_finds_its_tasks_when_it_returns() {
    let cluster = cluster();
    let mark = mark(3);
    let command = sleeper(&mark);
    let timeout = |info: &mut mesos_scheduler::v1::FrameworkInfo| info.failover_timeout = Some(3600.0);
    let first = probe(&cluster, timeout, move |offer| {
        vec![task::command(offer, "t", &command, 1.0, 64.0)]
    });
    let id = first.id();
    first.status("TASK_RUNNING");
    first.handle.tell(|_, driver| driver.stop());
    wait_for("the disconnection", || {
        framework(&cluster, "frameworks")["connected"] == false
    });

    let again = probe(
        &cluster,
        |info| {
            info.failover_timeout = Some(3600.0);
            info.id = Some(Box::new(mesos_scheduler::v1::FrameworkID {
                value: id.clone(),
                ..Default::default()
            }));
        },
        |_| Vec::new(),
    );
    assert_eq!(again.id(), id);
    again.handle.tell(|_, driver| driver.reconcile([]));
    let status = again.status("TASK_RUNNING");
    assert_eq!(status.reason, Some(Reason::ReasonReconciliation));
    let task = pid_of(&mark);
    let task_id = status.task_id;
    again.handle.tell(move |_, driver| driver.kill(task_id, None));
    again.status("TASK_KILLED");
    wait_for("the end of the task's process", || !is_alive(task));
    again.handle.tell(|_, driver| driver.teardown());
}

#[test]
fn a_killed_agent_loses_the_tasks_of_frameworks_without_checkpoints() {
    let cluster = cluster();
    let mark = mark(4);
    let command = sleeper(&mark);
    let probed = probe(
        &cluster,
        |_| {},
        move |offer| vec![task::command(offer, "t", &command, 1.0, 64.0)],
    );
    probed.status("TASK_RUNNING");
    let task = pid_of(&mark);
    cluster.agents()[0].signal(Signal::SIGKILL).unwrap();
    let lost = probed.status("TASK_LOST");
    assert_eq!(lost.reason, Some(Reason::ReasonAgentDisconnected));
    // Its executor sees the connection break and ends itself and the task.
    wait_for("the end of the task's process", || !is_alive(task));
    probed.handle.tell(|_, driver| driver.teardown());
}

#[test]
fn a_kill_gives_the_task_its_grace_and_then_no_more() {
    let cluster = cluster();
    let probed = probe(
        &cluster,
        |_| {},
        |offer| {
            let stubborn = "trap '' TERM; while true; do sleep 0.1; done";
            let mut stubborn = task::command(offer, "stubborn", stubborn, 0.5, 32.0);
            let grace = mesos_scheduler::v1::DurationInfo {
                nanoseconds: 200_000_000,
                ..Default::default()
            };
            let policy = mesos_scheduler::v1::KillPolicy {
                grace_period: Some(Box::new(grace)),
                ..Default::default()
            };
            stubborn.kill_policy = Some(Box::new(policy));
            vec![stubborn]
        },
    );
    let running = probed.status("TASK_RUNNING");
    let task_id = running.task_id;
    probed.handle.tell(move |_, driver| driver.kill(task_id, None));
    let killed = probed.status("TASK_KILLED");
    assert!(
        killed
            .message
            .unwrap()
            .contains("Command terminated with signal Killed")
    );
    wait_for("the return of the resources", || used_cpus(&cluster) == 0.0);
    probed.handle.tell(|_, driver| driver.teardown());
}

#[test]
fn a_drained_agent_says_goodbye() {
    let mut cluster = cluster();
    let probed = probe(&cluster, |_| {}, |_| Vec::new());
    probed.id();
    // The master knows the agent before the agent knows its id, without which it has nothing to unregister.
    while mesos_local::get_json(cluster.agents()[0].address(), "/state").unwrap()["id"] == "" {
        std::thread::yield_now();
    }
    cluster.agents()[0].signal(Signal::SIGUSR1).unwrap();
    assert!(cluster.agents_mut()[0].wait().is_ok());
    let told = probed.news.iter().find(|news| matches!(news, News::AgentLost));
    assert!(told.is_some());
    probed.handle.tell(|_, driver| driver.teardown());
    assert!(!probed.system.address().to_string().is_empty());
}
