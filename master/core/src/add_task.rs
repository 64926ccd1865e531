//! Tasks and executors enter and leave the books. Everything that changes them passes here.

use libprocess_core::time::Time;
use mesos::Resources;
use mesos::ids::{AgentId, ExecutorId, FrameworkId, TaskId};
use mesos_proto::v0::{self, TaskState};

use crate::metrics::count;
use crate::state::{Master, Task};

/// Among which tasks of its framework a removed task is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Remembered {
    /// It ended.
    Completed,
    /// Its agent was given up. Its state tells only frameworks that are partition-aware so; for others it is lost.
    Unreachable,
}

impl Master {
    /// A task is on an agent from now on. Its resources are already booked with the allocator.
    pub(crate) fn add_task(&mut self, task: Task) {
        let (framework_id, agent_id, task_id) = (task.framework_id(), task.agent_id(), task.id());
        if let Some(agent) = self.agents.get_mut(&agent_id) {
            if task.holds_resources() {
                agent.book(&framework_id, &task.resources);
            }
            agent
                .tasks
                .entry(framework_id.clone())
                .or_default()
                .insert(task_id.clone());
        }
        self.task_added_event(&task);
        if let Some(framework) = self.frameworks.get_mut(&framework_id) {
            if task.holds_resources() {
                framework.used += &task.resources;
            }
            framework.tasks.insert(task_id, task);
        }
    }

    /// An executor is on an agent from now on. Returns what it uses, already booked with the allocator.
    pub(crate) fn add_executor(
        &mut self,
        agent_id: &AgentId,
        framework_id: &FrameworkId,
        executor: v0::ExecutorInfo,
    ) -> Resources {
        let resources = Resources::from_protos(&executor.resources).unwrap_or_default();
        if let Some(agent) = self.agents.get_mut(agent_id) {
            agent.book(framework_id, &resources);
            agent
                .executors
                .entry(framework_id.clone())
                .or_default()
                .insert(ExecutorId::from(&executor.executor_id), executor);
        }
        if let Some(framework) = self.frameworks.get_mut(framework_id) {
            framework.used += &resources;
        }
        resources
    }

    /// An executor ended: its resources are free.
    pub(crate) fn remove_executor(
        &mut self,
        now: Time,
        agent_id: &AgentId,
        framework_id: &FrameworkId,
        executor_id: &ExecutorId,
    ) {
        let Some(agent) = self.agents.get_mut(agent_id) else {
            return;
        };
        let Some(executors) = agent.executors.get_mut(framework_id) else {
            return;
        };
        let Some(executor) = executors.remove(executor_id) else {
            return;
        };
        if executors.is_empty() {
            agent.executors.remove(framework_id);
        }
        let resources = Resources::from_protos(&executor.resources).unwrap_or_default();
        agent.unbook(framework_id, &resources);
        if let Some(framework) = self.frameworks.get_mut(framework_id) {
            framework.used -= &resources;
        }
        self.allocator
            .recover_resources(now, framework_id, agent_id, &resources, None, true);
    }

    /// Sets the state of a task that still ran to one in which it no longer does, without freeing its resources.
    ///
    /// Returns whether it was such a task.
    pub(crate) fn finish_task_state(
        &mut self,
        framework_id: &FrameworkId,
        task_id: &TaskId,
        state: TaskState,
    ) -> bool {
        let Some(framework) = self.frameworks.get_mut(framework_id) else {
            return false;
        };
        let Some(task) = framework.tasks.get_mut(task_id) else {
            return false;
        };
        if !task.holds_resources() {
            return false;
        }
        count(&mut framework.metrics.terminal, state);
        let resources = task.resources.clone();
        let agent_id = task.agent_id();
        task.message.state = state;
        framework.used -= &resources;
        if let Some(agent) = self.agents.get_mut(&agent_id) {
            agent.unbook(framework_id, &resources);
        }
        self.freed.push((framework_id.clone(), agent_id, resources));
        true
    }

    /// Returns to the allocator what finished tasks held.
    pub(crate) fn return_freed(&mut self, now: Time) {
        for (framework_id, agent_id, resources) in std::mem::take(&mut self.freed) {
            self.allocator
                .recover_resources(now, &framework_id, &agent_id, &resources, None, true);
        }
    }

    /// Takes a task out of the books and keeps it among the framework's completed or unreachable ones.
    ///
    /// Mesos: `Master::removeTask`.
    pub(crate) fn remove_task(
        &mut self,
        now: Time,
        framework_id: &FrameworkId,
        task_id: &TaskId,
        remembered: Remembered,
    ) {
        self.return_freed(now);
        let Some(framework) = self.frameworks.get_mut(framework_id) else {
            return;
        };
        let Some(task) = framework.tasks.remove(task_id) else {
            return;
        };
        let agent_id = task.agent_id();
        let held = task.holds_resources();
        let resources = task.resources.clone();
        if held {
            framework.used -= &resources;
        }
        let (list, max) = match remembered {
            Remembered::Completed => (
                &mut framework.completed_tasks,
                self.options.max_completed_tasks_per_framework,
            ),
            Remembered::Unreachable => (
                &mut framework.unreachable_tasks,
                self.options.max_unreachable_tasks_per_framework,
            ),
        };
        list.push_back(task);
        if list.len() > max {
            list.pop_front();
        }
        if let Some(agent) = self.agents.get_mut(&agent_id) {
            if let Some(tasks) = agent.tasks.get_mut(framework_id) {
                tasks.remove(task_id);
                if tasks.is_empty() {
                    agent.tasks.remove(framework_id);
                }
            }
            if let Some(killed) = agent.killed.get_mut(framework_id) {
                killed.remove(task_id);
                if killed.is_empty() {
                    agent.killed.remove(framework_id);
                }
            }
            if held {
                agent.unbook(framework_id, &resources);
            }
        }
        if held {
            self.allocator
                .recover_resources(now, framework_id, &agent_id, &resources, None, true);
        }
    }
}
