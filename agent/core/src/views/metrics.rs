//! The metrics that follow from the core's state. What the disk and the system say is added by the shell.
//!
//! Mesos: src/slave/metrics.cpp.

use libprocess_core::time::Time;
use mesos_proto::v0::TaskState;

use super::sum;
use crate::{
    core::{AgentCore, AgentState},
    executor::{Executor, ExecutorState},
};

impl AgentCore {
    /// Names and values of all metrics of the core.
    #[must_use]
    pub fn metrics(&self, now: Time) -> Vec<(String, f64)> {
        let mut found = Vec::with_capacity(64);
        let mut put = |name: &str, value: f64| found.push((format!("slave/{name}"), value));
        put("uptime_secs", now.duration_since(self.start_time).as_secs_f64());
        put(
            "registered",
            if self.state == AgentState::Running {
                1.0
            } else {
                0.0
            },
        );
        put("frameworks_active", count(self.frameworks.len()));
        put(
            "recovery_time_secs",
            self.recovery_time.unwrap_or_default().as_secs_f64(),
        );
        put("recovery_errors", number(self.counters.recovery_errors));
        let executors: Vec<&Executor> = self
            .frameworks
            .values()
            .flat_map(|framework| framework.executors.values())
            .collect();
        for (name, state) in [
            ("executors_registering", ExecutorState::Registering),
            ("executors_running", ExecutorState::Running),
            ("executors_terminating", ExecutorState::Terminating),
        ] {
            put(
                name,
                count(
                    executors
                        .iter()
                        .filter(|executor| executor.state == state)
                        .count(),
                ),
            );
        }
        let launched = |state: TaskState| {
            executors
                .iter()
                .flat_map(|executor| executor.launched.values())
                .filter(|task| task.state == state)
                .count()
        };
        let queued: usize = executors.iter().map(|executor| executor.queued.len()).sum();
        put("tasks_staging", count(queued + launched(TaskState::TaskStaging)));
        put("tasks_starting", count(launched(TaskState::TaskStarting)));
        put("tasks_running", count(launched(TaskState::TaskRunning)));
        put("tasks_killing", count(launched(TaskState::TaskKilling)));
        let counters = &self.counters;
        for (name, value) in [
            ("executors_terminated", counters.executors_terminated),
            ("executors_preempted", counters.executors_preempted),
            ("tasks_finished", counters.tasks_finished),
            ("tasks_failed", counters.tasks_failed),
            ("tasks_killed", counters.tasks_killed),
            ("tasks_lost", counters.tasks_lost),
            ("tasks_gone", counters.tasks_gone),
            ("valid_status_updates", counters.valid_status_updates),
            ("invalid_status_updates", counters.invalid_status_updates),
            ("valid_framework_messages", counters.valid_framework_messages),
            ("invalid_framework_messages", counters.invalid_framework_messages),
            ("container_launch_errors", counters.container_launch_errors),
        ] {
            put(name, number(value));
        }
        let total = self.operations.total.to_protos();
        let oversubscribed = self.oversubscribed.as_ref().map(mesos::Resources::to_protos);
        let oversubscribed = oversubscribed.unwrap_or_default();
        for name in ["cpus", "gpus", "mem", "disk"] {
            for (kind, total, revocable) in [("", &total, false), ("_revocable", &oversubscribed, true)] {
                let total = sum(total.iter(), name, revocable);
                let used = executors.iter().flat_map(|executor| executor.allocated());
                let used = sum(used, name, revocable);
                put(&format!("{name}{kind}_total"), total);
                put(&format!("{name}{kind}_used"), used);
                put(
                    &format!("{name}{kind}_percent"),
                    if total > 0.0 { used / total } else { 0.0 },
                );
            }
        }
        found
    }
}

fn count(number: usize) -> f64 {
    // Counts of one host fit a double's whole numbers.
    #[allow(clippy::cast_precision_loss)]
    let number = number as f64;
    number
}

fn number(value: u64) -> f64 {
    // Counters stay far below the range where a double loses whole numbers.
    #[allow(clippy::cast_precision_loss)]
    let value = value as f64;
    value
}
