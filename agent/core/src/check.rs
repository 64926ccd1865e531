//! What must hold after every input.

use mesos::ids::TaskId;

use crate::{
    core::{AgentCore, AgentState},
    executor::{ContainerState, Executor, ExecutorState},
    framework::Framework,
};

impl AgentCore {
    /// Checks every invariant of the state.
    ///
    /// # Errors
    ///
    /// Describes the first one that does not hold.
    pub fn check(&self) -> Result<(), String> {
        if self.state == AgentState::Running && (self.master.is_none() || self.agent_id.is_none()) {
            return Err("a registered agent has a master and an id".to_owned());
        }
        if self.agent_id.is_none() && !self.frameworks.is_empty() {
            return Err("an agent without an id has no frameworks".to_owned());
        }
        for framework in self.frameworks.values() {
            check_framework(framework)?;
            for executor in framework.executors.values() {
                self.check_executor(executor)?;
            }
        }
        for (container_id, (framework_id, executor_id)) in &self.containers {
            let executor = self
                .frameworks
                .get(framework_id)
                .and_then(|framework| framework.executors.get(executor_id));
            if executor.is_none_or(|executor| executor.container_id != *container_id) {
                return Err(format!("container {container_id} belongs to no executor"));
            }
        }
        for (connection, container_id) in &self.connections {
            let owner = self
                .containers
                .get(container_id)
                .and_then(|(framework_id, executor_id)| {
                    self.frameworks.get(framework_id)?.executors.get(executor_id)
                });
            if owner.is_none_or(|executor| executor.connection != Some(*connection)) {
                return Err(format!("stream {connection} belongs to no executor"));
            }
        }
        for ((framework_id, task_id), stream) in &self.updates.streams {
            if !stream.counts_agree() {
                return Err(format!(
                    "the updates of task {task_id} of framework {framework_id} do not add up"
                ));
            }
            if stream.is_waiting() && (stream.is_empty() || self.state != AgentState::Running) {
                return Err(format!(
                    "task {task_id} of framework {framework_id} waits for an acknowledgement of nothing"
                ));
            }
        }
        if !self.timers.is_empty() && self.timers.next_deadline().is_none() {
            return Err("timers have a first deadline".to_owned());
        }
        Ok(())
    }

    fn check_executor(&self, executor: &Executor) -> Result<(), String> {
        let known = self.containers.contains_key(&executor.container_id);
        let over = executor.state == ExecutorState::Terminated;
        if known == over {
            return Err(format!(
                "executor {} is {:?} and its container is known: {known}",
                executor.id, executor.state
            ));
        }
        if over && (executor.container != ContainerState::Gone || executor.connection.is_some()) {
            return Err(format!("executor {} is over but not gone", executor.id));
        }
        if over && !(executor.queued.is_empty() && executor.launched.is_empty()) {
            return Err(format!("executor {} is over but has tasks to run", executor.id));
        }
        if let Some(connection) = executor.connection
            && self.connections.get(&connection) != Some(&executor.container_id)
        {
            return Err(format!(
                "stream {connection} of executor {} is not indexed",
                executor.id
            ));
        }
        Ok(())
    }
}

fn check_framework(framework: &Framework) -> Result<(), String> {
    let mut tasks = 0;
    for executor in framework.executors.values() {
        for task_id in executor
            .queued
            .keys()
            .chain(executor.launched.keys())
            .chain(executor.terminated.keys())
        {
            tasks += 1;
            if framework.tasks.get(task_id) != Some(&executor.id) {
                return Err(format!(
                    "task {task_id} is not indexed under executor {}",
                    executor.id
                ));
            }
        }
        for group in &executor.queued_groups {
            if !group
                .tasks
                .iter()
                .any(|task| executor.queued.contains_key(&TaskId::from(&task.task_id)))
            {
                return Err(format!(
                    "executor {} queues a group without queued tasks",
                    executor.id
                ));
            }
        }
    }
    if tasks != framework.tasks.len() {
        return Err(format!(
            "framework {} has {tasks} tasks but indexes {}",
            framework.id,
            framework.tasks.len()
        ));
    }
    Ok(())
}
