//! What the agent counted since it started.

/// Counters; everything else of the metrics is computed from the state when somebody asks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Tasks that ended in TASK_FINISHED.
    pub tasks_finished: u64,
    /// Tasks that ended in TASK_FAILED.
    pub tasks_failed: u64,
    /// Tasks that ended in TASK_KILLED.
    pub tasks_killed: u64,
    /// Tasks that ended in TASK_LOST.
    pub tasks_lost: u64,
    /// Tasks that ended in TASK_GONE.
    pub tasks_gone: u64,
    /// Executors whose container ended.
    pub executors_terminated: u64,
    /// Executors that were ended because the host was overloaded.
    pub executors_preempted: u64,
    /// Containers that could not be started.
    pub container_launch_errors: u64,
    /// Status updates that were taken.
    pub valid_status_updates: u64,
    /// Status updates that were refused.
    pub invalid_status_updates: u64,
    /// Messages between schedulers and executors that were passed on.
    pub valid_framework_messages: u64,
    /// Messages between schedulers and executors that were dropped.
    pub invalid_framework_messages: u64,
    /// Things on disk that could not be recovered.
    pub recovery_errors: u64,
}
