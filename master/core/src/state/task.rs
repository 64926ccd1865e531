//! A task as the master knows it.

use mesos::Resources;
use mesos::ids::{AgentId, FrameworkId, TaskId};
use mesos_proto::v0::{self, TaskState};

/// A task: the message that is shown and stored, and its resources ready for sums.
#[derive(Debug, Clone, PartialEq)]
pub struct Task {
    /// The task as Mesos describes it.
    pub message: v0::Task,
    /// `message.resources`, with allocation.
    pub resources: Resources,
}

impl Task {
    /// A task from its message. Resources that cannot be read count as none.
    pub fn new(message: v0::Task) -> Self {
        let resources = Resources::from_protos(&message.resources).unwrap_or_default();
        Self { message, resources }
    }

    /// The task that a launch makes: staging, with what the scheduler asked for.
    ///
    /// Mesos: `src/common/protobuf_utils.cpp`, `createTask`.
    pub fn launched(task: &v0::TaskInfo, framework: &FrameworkId) -> Self {
        let executor = task.executor.as_deref();
        let command_user = task.command.as_deref().and_then(|command| command.user.clone());
        let executor_user = executor
            .and_then(|executor| executor.command.as_deref())
            .and_then(|command| command.user.clone());
        Self::new(v0::Task {
            name: task.name.clone(),
            task_id: task.task_id.clone(),
            framework_id: framework.to_proto(),
            executor_id: executor.map(|executor| Box::new(executor.executor_id.clone())),
            slave_id: task.slave_id.clone(),
            state: TaskState::TaskStaging,
            resources: task.resources.clone(),
            labels: task.labels.clone(),
            discovery: task.discovery.clone(),
            container: task.container.clone(),
            health_check: task.health_check.clone(),
            kill_policy: task.kill_policy.clone(),
            user: command_user.or(executor_user),
            limits: task.limits.clone(),
            ..Default::default()
        })
    }

    /// The task's id.
    pub fn id(&self) -> TaskId {
        TaskId::from(&self.message.task_id)
    }

    /// The agent it runs on.
    pub fn agent_id(&self) -> AgentId {
        AgentId::from(&self.message.slave_id)
    }

    /// The framework it belongs to.
    pub fn framework_id(&self) -> FrameworkId {
        FrameworkId::from(&self.message.framework_id)
    }

    /// The executor it runs on, unless it is a command task.
    pub fn executor_id(&self) -> Option<mesos::ids::ExecutorId> {
        self.message
            .executor_id
            .as_deref()
            .map(mesos::ids::ExecutorId::from)
    }

    /// True when it still uses its resources.
    pub fn holds_resources(&self) -> bool {
        !mesos::task::is_terminal(self.message.state) && self.message.state != TaskState::TaskUnreachable
    }

    /// What the scheduler was last told, which may be older than what is known.
    pub fn reported_state(&self) -> TaskState {
        self.message.status_update_state.unwrap_or(self.message.state)
    }
}
