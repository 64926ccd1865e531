//! Counters of the master. Names are those of Mesos' `/metrics/snapshot`.

use std::collections::BTreeMap;

use mesos_proto::v0::{OperationState, TaskState, offer, scheduler, task_status};

/// Counters since the master started.
#[derive(Debug, Clone, Default)]
pub struct Metrics {
    counters: BTreeMap<&'static str, u64>,
    task_states: BTreeMap<(TaskState, task_status::Source, task_status::Reason), u64>,
    invalid_calls: u64,
    /// Operations by kind and state: how many are in it, or came to their end in it.
    operations: BTreeMap<(offer::operation::Type, OperationState), u64>,
}

/// Counters of one framework.
#[derive(Debug, Clone, Default)]
pub struct FrameworkMetrics {
    /// Calls by type.
    pub calls: BTreeMap<scheduler::call::Type, u64>,
    /// Events by type.
    pub events: BTreeMap<scheduler::event::Type, u64>,
    /// Operations by type.
    pub operations: BTreeMap<offer::operation::Type, u64>,
    /// Tasks that ended, by state.
    pub terminal: BTreeMap<TaskState, u64>,
    /// Offers sent, accepted, declined and rescinded.
    pub offers_sent: u64,
    /// Offers accepted.
    pub offers_accepted: u64,
    /// Offers declined.
    pub offers_declined: u64,
    /// Offers rescinded.
    pub offers_rescinded: u64,
}

/// Adds one to a counter in a map.
pub(crate) fn count<K: Ord>(counters: &mut BTreeMap<K, u64>, key: K) {
    *counters.entry(key).or_default() += 1;
}

impl Metrics {
    /// Adds one to a counter named without its `master/` prefix.
    pub(crate) fn bump(&mut self, name: &'static str) {
        count(&mut self.counters, name);
    }

    /// A task ended or failed to start, for a reason.
    pub(crate) fn task_state(
        &mut self,
        state: TaskState,
        source: task_status::Source,
        reason: Option<task_status::Reason>,
    ) {
        if let Some(name) = terminal_counter(state) {
            self.bump(name);
        }
        if let Some(reason) = reason {
            count(&mut self.task_states, (state, source, reason));
        }
    }

    /// An operation is in this state.
    pub(crate) fn operation_state(&mut self, kind: offer::operation::Type, state: OperationState) {
        count(&mut self.operations, (kind, state));
    }

    /// An operation is in another state.
    pub(crate) fn operation_transition(
        &mut self,
        kind: offer::operation::Type,
        from: OperationState,
        to: OperationState,
    ) {
        if from != to {
            self.operation_forgotten(kind, from);
            self.operation_state(kind, to);
        }
    }

    /// An operation is gone that was not over.
    pub(crate) fn operation_forgotten(&mut self, kind: offer::operation::Type, state: OperationState) {
        if let Some(n) = self.operations.get_mut(&(kind, state)) {
            *n = n.saturating_sub(1);
        }
    }

    /// How many operations there are that `which` picks.
    pub(crate) fn operations(&self, which: impl Fn(offer::operation::Type, OperationState) -> bool) -> u64 {
        let picked = self
            .operations
            .iter()
            .filter(|((kind, state), _)| which(*kind, *state));
        picked.map(|(_, n)| n).sum()
    }

    /// A call that could not be understood.
    pub fn invalid_call(&mut self) {
        self.invalid_calls += 1;
    }

    /// The value of a counter named without its `master/` prefix.
    pub fn get(&self, name: &str) -> u64 {
        self.counters.get(name).copied().unwrap_or(0)
    }

    /// Tasks by state, source and reason, named as Mesos names them.
    pub(crate) fn by_reason(&self) -> impl Iterator<Item = (String, u64)> {
        self.task_states.iter().map(|((state, source, reason), n)| {
            let name = format!(
                "master/{}/{}/{}",
                state.as_str_name().to_lowercase(),
                source.as_str_name().to_lowercase(),
                reason.as_str_name().to_lowercase()
            );
            (name, *n)
        })
    }
}

fn terminal_counter(state: TaskState) -> Option<&'static str> {
    match state {
        TaskState::TaskFinished => Some("tasks_finished"),
        TaskState::TaskFailed => Some("tasks_failed"),
        TaskState::TaskKilled => Some("tasks_killed"),
        TaskState::TaskError => Some("tasks_error"),
        TaskState::TaskLost => Some("tasks_lost"),
        TaskState::TaskDropped => Some("tasks_dropped"),
        TaskState::TaskGone => Some("tasks_gone"),
        TaskState::TaskGoneByOperator => Some("tasks_gone_by_operator"),
        TaskState::TaskStaging
        | TaskState::TaskStarting
        | TaskState::TaskRunning
        | TaskState::TaskKilling
        | TaskState::TaskUnreachable
        | TaskState::TaskUnknown => None,
    }
}
