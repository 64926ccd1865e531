//! The reading calls of the v1 operator API that concern the core's state.
//!
//! Mesos: src/slave/http.cpp.

use mesos_proto::v0::{
    Task, TaskState,
    agent::response::{
        GetAgent, GetExecutors, GetFrameworks, GetOperations, GetState, GetTasks, get_executors,
        get_frameworks,
    },
};

use crate::{core::AgentCore, resources::task_of};

impl AgentCore {
    /// The answer to GET_AGENT.
    #[must_use]
    pub fn get_agent(&self) -> GetAgent {
        let mut info = self.info.clone();
        // The flag is part of the internal message only.
        info.checkpoint = None;
        GetAgent {
            slave_info: Some(Box::new(info)),
            ..GetAgent::default()
        }
    }

    /// The answer to GET_FRAMEWORKS.
    #[must_use]
    pub fn get_frameworks(&self) -> GetFrameworks {
        let shown = |framework: &crate::framework::Framework| get_frameworks::Framework {
            framework_info: framework.info.clone(),
            ..get_frameworks::Framework::default()
        };
        GetFrameworks {
            frameworks: self.frameworks.values().map(shown).collect(),
            completed_frameworks: self.completed_frameworks.iter().map(shown).collect(),
            ..GetFrameworks::default()
        }
    }

    /// The answer to GET_OPERATIONS.
    #[must_use]
    pub fn get_operations(&self) -> GetOperations {
        GetOperations {
            operations: self.operations.known.values().cloned().collect(),
            ..GetOperations::default()
        }
    }

    /// The answer to GET_EXECUTORS.
    #[must_use]
    pub fn get_executors(&self) -> GetExecutors {
        let shown = |executor: &crate::executor::Executor| get_executors::Executor {
            executor_info: executor.info.clone(),
            ..get_executors::Executor::default()
        };
        GetExecutors {
            executors: self
                .all_frameworks()
                .flat_map(|framework| framework.executors.values())
                .map(shown)
                .collect(),
            completed_executors: self
                .all_frameworks()
                .flat_map(|framework| &framework.completed_executors)
                .map(shown)
                .collect(),
            ..GetExecutors::default()
        }
    }

    /// The answer to GET_TASKS.
    #[must_use]
    pub fn get_tasks(&self) -> GetTasks {
        let mut tasks = GetTasks::default();
        for executor in self.all_executors() {
            let staging =
                |info| -> Task { task_of(info, TaskState::TaskStaging, executor.framework_id.to_proto()) };
            tasks.queued_tasks.extend(executor.queued.values().map(staging));
            tasks.launched_tasks.extend(executor.launched.values().cloned());
            tasks
                .terminated_tasks
                .extend(executor.terminated.values().cloned());
            tasks.completed_tasks.extend(executor.completed.iter().cloned());
        }
        tasks
    }

    /// The answer to GET_STATE.
    #[must_use]
    pub fn get_state(&self) -> GetState {
        GetState {
            get_tasks: Some(Box::new(self.get_tasks())),
            get_executors: Some(Box::new(self.get_executors())),
            get_frameworks: Some(Box::new(self.get_frameworks())),
            ..GetState::default()
        }
    }
}
