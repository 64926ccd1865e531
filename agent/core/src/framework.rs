//! One framework on this agent.

use std::collections::{BTreeMap, VecDeque};

use libprocess_core::upid::Upid;
use mesos::ids::{ExecutorId, FrameworkId, TaskId};
use mesos_proto::v0::{FrameworkInfo, Task};

use crate::executor::Executor;

/// Where a framework is in its life on this agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameworkState {
    /// It may run tasks.
    Running,
    /// All its executors are ending.
    Terminating,
}

/// A framework with executors on this agent.
#[derive(Debug)]
pub struct Framework {
    /// Its id.
    pub id: FrameworkId,
    /// How it described itself to the master.
    pub info: FrameworkInfo,
    /// Its scheduler's address; frameworks of the HTTP API have none.
    pub pid: Option<Upid>,
    /// Where it is in its life.
    pub state: FrameworkState,
    /// Its executors that are not over.
    pub executors: BTreeMap<ExecutorId, Executor>,
    /// Its executors that are over, oldest first.
    pub completed_executors: VecDeque<Executor>,
    /// Which executor holds a task that is not complete.
    pub(crate) tasks: BTreeMap<TaskId, ExecutorId>,
}

impl Framework {
    /// A framework without executors.
    #[must_use]
    pub fn new(info: FrameworkInfo, pid: Option<Upid>) -> Self {
        let id = info
            .id
            .as_deref()
            .map_or_else(|| FrameworkId::new(""), FrameworkId::from);
        Self {
            id,
            info,
            pid,
            state: FrameworkState::Running,
            executors: BTreeMap::new(),
            completed_executors: VecDeque::new(),
            tasks: BTreeMap::new(),
        }
    }

    /// Whether its state is kept on disk.
    #[must_use]
    pub fn checkpoints(&self) -> bool {
        self.info.checkpoint.unwrap_or(false)
    }

    /// The executor that holds a task.
    #[must_use]
    pub fn executor_of(&self, task_id: &TaskId) -> Option<&Executor> {
        self.executors.get(self.tasks.get(task_id)?)
    }

    /// A task that is launched or over but not complete.
    pub(crate) fn task_mut(&mut self, task_id: &TaskId) -> Option<&mut Task> {
        self.executors
            .get_mut(self.tasks.get(task_id)?)?
            .task_mut(task_id)
    }
}
