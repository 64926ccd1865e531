//! `/metrics/snapshot`: the master's share of it.

use std::collections::BTreeMap;

use libprocess_core::time::Time;
use mesos::Resources;
use mesos_proto::v0::offer::operation;
use mesos_proto::v0::scheduler::{call, event};
use mesos_proto::v0::{OperationState, TaskState};

use super::state::count;
use crate::state::{FrameworkState, Master};

/// Counters that are shown even while they are zero, without their prefix.
const COUNTERS: [&str; 58] = [
    "dropped_messages",
    "http_cache_hits",
    "invalid_executor_to_framework_messages",
    "invalid_framework_to_executor_messages",
    "invalid_operation_status_update_acknowledgements",
    "invalid_operation_status_updates",
    "invalid_status_update_acknowledgements",
    "invalid_status_updates",
    "messages_authenticate",
    "messages_deactivate_framework",
    "messages_decline_offers",
    "messages_executor_to_framework",
    "messages_exited_executor",
    "messages_framework_to_executor",
    "messages_kill_task",
    "messages_launch_tasks",
    "messages_operation_status_update",
    "messages_operation_status_update_acknowledgement",
    "messages_reconcile_operations",
    "messages_reconcile_tasks",
    "messages_register_framework",
    "messages_register_slave",
    "messages_reregister_framework",
    "messages_reregister_slave",
    "messages_resource_request",
    "messages_revive_offers",
    "messages_status_update",
    "messages_status_update_acknowledgement",
    "messages_suppress_offers",
    "messages_unregister_framework",
    "messages_unregister_slave",
    "messages_update_slave",
    "recovery_slave_removals",
    "slave_registrations",
    "slave_removals",
    "slave_removals/reason_registered",
    "slave_removals/reason_unhealthy",
    "slave_removals/reason_unregistered",
    "slave_reregistrations",
    "slave_shutdowns_canceled",
    "slave_shutdowns_completed",
    "slave_shutdowns_scheduled",
    "slave_unreachable_canceled",
    "slave_unreachable_completed",
    "slave_unreachable_scheduled",
    "tasks_dropped",
    "tasks_error",
    "tasks_failed",
    "tasks_finished",
    "tasks_gone",
    "tasks_gone_by_operator",
    "tasks_killed",
    "tasks_lost",
    "valid_executor_to_framework_messages",
    "valid_framework_to_executor_messages",
    "valid_operation_status_update_acknowledgements",
    "valid_operation_status_updates",
    "valid_status_update_acknowledgements",
];

/// Operations and their outcomes.
const OPERATIONS: [&str; 8] = [
    "create",
    "create_disk",
    "destroy",
    "destroy_disk",
    "grow_volume",
    "reserve",
    "shrink_volume",
    "unreserve",
];
const OUTCOMES: [&str; 9] = [
    "dropped",
    "error",
    "failed",
    "finished",
    "gone_by_operator",
    "pending",
    "recovering",
    "total",
    "unreachable",
];

impl Master {
    /// Name and value of every metric the core knows. The shell adds what it alone can measure.
    pub fn metrics(&self, now: Time) -> Vec<(String, f64)> {
        let mut out: Vec<(String, f64)> = Vec::with_capacity(256);
        for name in COUNTERS.iter().chain(&["valid_status_updates"]) {
            out.push((format!("master/{name}"), whole(self.metrics.get(name))));
        }
        out.extend(self.metrics.by_reason().map(|(name, n)| (name, whole(n))));
        self.cluster_metrics(now, &mut out);
        self.resource_metrics(&mut out);
        for outcome in OUTCOMES {
            let is = |state: OperationState| {
                let name = state.as_str_name().to_lowercase();
                outcome == "total" || name.strip_prefix("operation_") == Some(outcome)
            };
            let all = self.metrics.operations(|_, state| is(state));
            out.push((format!("master/operations/{outcome}"), whole(all)));
            for operation in OPERATIONS {
                let of = |kind: operation::Type| kind.as_str_name().eq_ignore_ascii_case(operation);
                let n = self.metrics.operations(|kind, state| of(kind) && is(state));
                out.push((format!("master/operations/{operation}/{outcome}"), whole(n)));
            }
        }
        if self.options.publish_per_framework_metrics {
            self.framework_metrics(&mut out);
        }
        out
    }

    fn cluster_metrics(&self, now: Time, out: &mut Vec<(String, f64)>) {
        let mut gauge = |name: &str, value: f64| out.push((format!("master/{name}"), value));
        gauge("uptime_secs", now.duration_since(self.started).as_secs_f64());
        gauge("elected", if self.elected.is_some() { 1.0 } else { 0.0 });
        let (active, inactive, unreachable) = self.agent_counts();
        gauge("slaves_active", count(active));
        gauge("slaves_connected", count(active));
        gauge("slaves_disconnected", count(inactive));
        gauge("slaves_inactive", count(inactive));
        gauge("slaves_unreachable", count(unreachable));
        let in_state = |wanted: fn(&FrameworkState) -> bool| {
            count(
                self.frameworks
                    .values()
                    .filter(|framework| wanted(&framework.state))
                    .count(),
            )
        };
        let active = in_state(|state| matches!(state, FrameworkState::Active(_)));
        let away = in_state(|state| !matches!(state, FrameworkState::Active(_)));
        gauge("frameworks_active", active);
        gauge("frameworks_connected", active);
        gauge("frameworks_disconnected", away);
        gauge("frameworks_inactive", away);
        gauge("outstanding_offers", count(self.offers.len()));
        gauge("operator_event_stream_subscribers", count(self.subscribers.len()));
        let tasks = self
            .frameworks
            .values()
            .flat_map(|framework| framework.tasks.values());
        let states = super::agents::count_states(tasks.map(|task| &task.message));
        let mut running = |name: &str, state: TaskState| {
            let n = states.get(&state).copied().unwrap_or(0);
            gauge(name, whole(u64::try_from(n).unwrap_or(0)));
        };
        running("tasks_staging", TaskState::TaskStaging);
        running("tasks_starting", TaskState::TaskStarting);
        running("tasks_running", TaskState::TaskRunning);
        running("tasks_killing", TaskState::TaskKilling);
        let unreachable = self
            .frameworks
            .values()
            .flat_map(|framework| &framework.unreachable_tasks)
            .filter(|task| task.message.state == TaskState::TaskUnreachable)
            .count();
        gauge("tasks_unreachable", count(unreachable));
    }

    fn resource_metrics(&self, out: &mut Vec<(String, f64)>) {
        let mut total = Resources::default();
        let mut used = Resources::default();
        for agent in self.agents.values() {
            total += &agent.total;
            used += &agent.used_total();
        }
        let amount = |resources: &Resources, name: &str| {
            resources
                .scalars()
                .get(name)
                .map_or(0.0, |amount| amount.to_f64())
        };
        let revocable = (total.revocable(), used.revocable());
        let firm = (total.non_revocable(), used.non_revocable());
        for name in ["cpus", "mem", "disk", "gpus"] {
            for (kind, (total, used)) in [("", &firm), ("_revocable", &revocable)] {
                let (all, taken) = (amount(total, name), amount(used, name));
                let percent = if all > 0.0 { taken / all } else { 0.0 };
                out.push((format!("master/{name}{kind}_total"), all));
                out.push((format!("master/{name}{kind}_used"), taken));
                out.push((format!("master/{name}{kind}_percent"), percent));
            }
        }
        self.allocator.metrics(out);
    }

    /// Every call, event, state and operation there is, also those that never occurred; of completed frameworks as
    /// long as they are remembered. Mesos: `src/master/metrics.cpp`, `FrameworkMetrics`.
    fn framework_metrics(&self, out: &mut Vec<(String, f64)>) {
        for framework in self.frameworks.values().chain(&self.completed) {
            let name = libprocess_core::http::percent_encode(&framework.info.name);
            let prefix = format!("master/frameworks/{name}/{}", framework.id);
            let metrics = &framework.metrics;
            let mut push = |key: String, n: u64| out.push((format!("{prefix}/{key}"), whole(n)));
            push("subscribed".to_owned(), u64::from(framework.is_connected()));
            push("offers/sent".to_owned(), metrics.offers_sent);
            push("offers/accepted".to_owned(), metrics.offers_accepted);
            push("offers/declined".to_owned(), metrics.offers_declined);
            push("offers/rescinded".to_owned(), metrics.offers_rescinded);
            for role in &framework.roles {
                let suppressed = framework.suppressed.contains(role);
                push(format!("roles/{role}/suppressed"), u64::from(suppressed));
            }
            let mut counters = |group: &str, all: &mut dyn Iterator<Item = (&'static str, u64)>| {
                let mut sum = 0;
                for (name, n) in all {
                    sum += n;
                    push(format!("{group}/{}", name.to_lowercase()), n);
                }
                push(group.to_owned(), sum);
            };
            let calls = call::Type::ALL
                .iter()
                .filter(|kind| **kind != call::Type::Unknown);
            counters(
                "calls",
                &mut calls.map(|kind| named(kind.as_str_name(), &metrics.calls, kind)),
            );
            let events = event::Type::ALL
                .iter()
                .filter(|kind| **kind != event::Type::Unknown);
            counters(
                "events",
                &mut events.map(|kind| named(kind.as_str_name(), &metrics.events, kind)),
            );
            let operations = operation::Type::ALL
                .iter()
                .filter(|kind| **kind != operation::Type::Unknown);
            counters(
                "operations",
                &mut operations.map(|kind| named(kind.as_str_name(), &metrics.operations, kind)),
            );
            let tasks = framework.tasks.values().chain(&framework.unreachable_tasks);
            let active = super::agents::count_states(tasks.map(|task| &task.message));
            for state in TaskState::ALL {
                let name = state.as_str_name().to_lowercase();
                if mesos::task::is_terminal(*state) {
                    let n = metrics.terminal.get(state).copied().unwrap_or(0);
                    push(format!("tasks/terminal/{name}"), n);
                } else {
                    let n = active.get(state).copied().unwrap_or(0);
                    push(format!("tasks/active/{name}"), u64::try_from(n).unwrap_or(0));
                }
            }
        }
    }
}

/// A counter with its name; zero when it was never counted.
fn named<K: Ord>(name: &'static str, counters: &BTreeMap<K, u64>, key: &K) -> (&'static str, u64) {
    (name, counters.get(key).copied().unwrap_or(0))
}

/// A counter as a number of the snapshot; beyond 2^53 it loses its last digits.
#[allow(
    clippy::cast_precision_loss,
    reason = "the snapshot knows nothing but doubles"
)]
fn whole(n: u64) -> f64 {
    n as f64
}
