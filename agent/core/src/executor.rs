//! One executor and its tasks.

use std::collections::{BTreeMap, VecDeque};

use indexmap::IndexMap;
use libprocess_core::timers::TimerId;
use mesos::ids::{ContainerId, ExecutorId, FrameworkId, TaskId};
use mesos_proto::v0::{
    ExecutorInfo, Resource, Task, TaskGroupInfo, TaskInfo, TaskState, TaskStatus, executor::call, task_status,
};

use crate::{
    constants::MAX_COMPLETED_TASKS_PER_EXECUTOR,
    effect::Ticket,
    resources::{is_terminal, task_of},
};

/// Where an executor is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExecutorState {
    /// Launched or recovered, not connected.
    Registering,
    /// Connected, or connected before.
    Running,
    /// Told to end, or its container is being destroyed.
    Terminating,
    /// Its container is gone; updates may still wait for their acknowledgement.
    Terminated,
}

/// Where an executor's container is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContainerState {
    /// Waits for the executor's checkpoint to be on disk.
    Waiting(Ticket),
    /// Being launched; `destroy` says that it is not wanted any more.
    Launching {
        /// Names the launch.
        ticket: Ticket,
        /// End it as soon as it is there.
        destroy: bool,
    },
    /// Its first process has this pid.
    Running(u32),
    /// Nothing runs.
    Gone,
}

/// Why an executor's tasks end, when the agent decided that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Termination {
    /// The state the tasks get.
    pub state: TaskState,
    /// The reason they get.
    pub reason: task_status::Reason,
    /// The text they get.
    pub message: String,
}

/// One run of one executor.
#[derive(Debug)]
pub struct Executor {
    /// Its id, unique within the framework.
    pub id: ExecutorId,
    /// Its framework.
    pub framework_id: FrameworkId,
    /// How the framework, or the agent for a command task, described it.
    pub info: ExecutorInfo,
    /// Its container.
    pub container_id: ContainerId,
    /// Its sandbox.
    pub directory: String,
    /// Who it runs as; the agent's own user when unset.
    pub user: Option<String>,
    /// Whether its state is kept on disk.
    pub checkpoint: bool,
    /// Whether the agent made it up for a task that has only a command.
    pub command_task: bool,
    /// Where it is in its life.
    pub state: ExecutorState,
    /// Where its container is.
    pub container: ContainerState,
    /// The stream of its events.
    pub connection: Option<u64>,
    /// A subscription that came before its container was known to run, by the number of its request.
    pub early: Option<(u64, call::Subscribe)>,
    /// Tasks it has not been sent, in the order of the master.
    pub queued: IndexMap<TaskId, TaskInfo>,
    /// The groups among them.
    pub queued_groups: Vec<TaskGroupInfo>,
    /// Tasks it was sent and which are not over.
    pub launched: BTreeMap<TaskId, Task>,
    /// Tasks that are over, whose last update was not acknowledged.
    pub terminated: BTreeMap<TaskId, Task>,
    /// Tasks that are over and done.
    pub completed: VecDeque<Task>,
    /// What its end will be explained with.
    pub pending_termination: Option<Termination>,
    /// Runs while it may take its time to subscribe or to end.
    pub timer: Option<TimerId>,
}

impl Executor {
    /// Whether its container is on its way.
    pub fn is_launching(&self) -> bool {
        matches!(self.container, ContainerState::Launching { .. })
    }

    /// All resources it and its tasks hold.
    pub fn allocated(&self) -> impl Iterator<Item = &Resource> {
        self.info
            .resources
            .iter()
            .chain(self.queued.values().flat_map(|task| &task.resources))
            .chain(self.launched.values().flat_map(|task| &task.resources))
    }

    /// Whether a task of it needs anything more from the agent.
    #[must_use]
    pub fn has_incomplete_tasks(&self) -> bool {
        !self.queued.is_empty() || !self.launched.is_empty() || !self.terminated.is_empty()
    }

    /// Whether it has ever been sent a task.
    ///
    /// Mesos: src/slave/slave.cpp, `Executor::everSentTask`.
    #[must_use]
    pub fn ever_sent_task(&self) -> bool {
        let by_executor = |task: &Task| {
            task.statuses
                .iter()
                .any(|status| status.source == Some(task_status::Source::SourceExecutor))
        };
        !self.launched.is_empty()
            || self.terminated.values().any(by_executor)
            || self.completed.iter().any(by_executor)
    }

    /// A task that is launched or over but not complete.
    pub(crate) fn task_mut(&mut self, task_id: &TaskId) -> Option<&mut Task> {
        self.launched
            .get_mut(task_id)
            .or_else(|| self.terminated.get_mut(task_id))
    }

    /// The waiting group a task belongs to.
    #[must_use]
    pub fn queued_group(&self, task_id: &TaskId) -> Option<&TaskGroupInfo> {
        self.queued_groups.iter().find(|group| {
            group
                .tasks
                .iter()
                .any(|task| task.task_id.value == task_id.as_str())
        })
    }

    /// Takes a task out of the queue; a group goes with its last task.
    fn dequeue(&mut self, task_id: &TaskId) -> Option<TaskInfo> {
        let task = self.queued.shift_remove(task_id)?;
        let queued = &self.queued;
        self.queued_groups.retain(|group| {
            group
                .tasks
                .iter()
                .any(|task| queued.contains_key(&TaskId::from(&task.task_id)))
        });
        Some(task)
    }

    /// Records what became of a task.
    ///
    /// # Errors
    ///
    /// Says why the status cannot be true: the task is over, unknown, or not yet sent.
    ///
    /// Mesos: src/slave/slave.cpp, `Executor::updateTaskState`.
    pub(crate) fn update_task(&mut self, status: &TaskStatus) -> Result<(), String> {
        let task_id = TaskId::from(&status.task_id);
        let terminal = is_terminal(status.state);
        if self.queued.contains_key(&task_id) {
            if !terminal {
                return Err("Cannot send non-terminal update for queued task".to_owned());
            }
            let info = self
                .dequeue(&task_id)
                .expect("the task was just found in the queue");
            let mut task = task_of(&info, status.state, self.framework_id.to_proto());
            record(&mut task, status);
            self.terminated.insert(task_id, task);
            return Ok(());
        }
        let Some(task) = self.launched.get_mut(&task_id) else {
            return Err(match self.terminated.get(&task_id) {
                Some(task) => format!(
                    "Task is already terminated with state {}",
                    task.state.as_str_name()
                ),
                None => "Task is unknown".to_owned(),
            });
        };
        record(task, status);
        if terminal {
            let task = self.launched.remove(&task_id).expect("the task was just found");
            self.terminated.insert(task_id, task);
        }
        Ok(())
    }

    /// A task's last update was acknowledged: it becomes history.
    pub(crate) fn complete_task(&mut self, task_id: &TaskId) -> bool {
        let Some(task) = self.terminated.remove(task_id) else {
            return false;
        };
        if self.completed.len() == MAX_COMPLETED_TASKS_PER_EXECUTOR {
            self.completed.pop_front();
        }
        self.completed.push_back(task);
        true
    }
}

/// Appends a status to a task's history; equal states in a row are kept once, and without their data.
fn record(task: &mut Task, status: &TaskStatus) {
    if task
        .statuses
        .last()
        .is_some_and(|last| last.state == status.state)
    {
        task.statuses.pop();
    }
    let mut status = status.clone();
    status.data = None;
    task.state = status.state;
    task.statuses.push(status);
}
