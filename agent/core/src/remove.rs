//! Executors and frameworks that are over become history.

use mesos::ids::{ExecutorId, FrameworkId};
use tracing::info;

use crate::{
    constants::MAX_COMPLETED_FRAMEWORKS,
    core::{AgentCore, AgentState, Effects},
    effect::{Effect, Since},
    executor::ExecutorState,
    framework::FrameworkState,
    launch::run_of,
    paths,
};

impl AgentCore {
    /// Removes an executor whose container is gone and whose updates were all seen, or do not matter any more.
    ///
    /// Mesos: src/slave/slave.cpp, `Slave::removeExecutor`.
    pub(crate) fn remove_executor_if_done(
        &mut self,
        framework_id: &FrameworkId,
        executor_id: &ExecutorId,
        out: &mut Effects,
    ) {
        let unimportant = self.state == AgentState::Terminating;
        let Some(framework) = self.frameworks.get_mut(framework_id) else {
            return;
        };
        let ending = unimportant || framework.state == FrameworkState::Terminating;
        let done = framework.executors.get(executor_id).is_some_and(|executor| {
            executor.state == ExecutorState::Terminated && (ending || !executor.has_incomplete_tasks())
        });
        if !done {
            return;
        }
        let executor = &framework.executors[executor_id];
        info!(%framework_id, %executor_id, "cleaning up executor");
        if executor.checkpoint {
            let agent_id = self.agent_id.as_ref().expect("an agent with executors has an id");
            out.push(Effect::Checkpoint {
                ticket: None,
                path: run_of(&self.config.work_dir, agent_id, executor).sentinel(),
                bytes: Vec::new(),
            });
        }
        self.retire_executor(framework_id, executor_id, Since::Now, out);
    }

    /// Makes an executor history: its directories are removed one day, and so are their names under `/files`.
    pub(crate) fn retire_executor(
        &mut self,
        framework_id: &FrameworkId,
        executor_id: &ExecutorId,
        since: Since,
        out: &mut Effects,
    ) {
        let Some(framework) = self.frameworks.get_mut(framework_id) else {
            return;
        };
        let Some(executor) = framework.executors.remove(executor_id) else {
            return;
        };
        framework.tasks.retain(|_, holder| holder != executor_id);
        self.containers.remove(&executor.container_id);
        let agent_id = self.agent_id.as_ref().expect("an agent with executors has an id");
        let run = run_of(&self.config.work_dir, agent_id, &executor);
        let sandbox = run.sandbox();
        for name in [sandbox.clone(), run.latest_sandbox(), run.virtual_sandbox()] {
            out.push(Effect::DetachWhenCollected {
                name,
                path: sandbox.clone(),
            });
        }
        let mut paths = vec![sandbox, run.executor_directory()];
        if executor.checkpoint {
            paths.extend([run.meta_directory(), run.executor_meta_directory()]);
        }
        for path in paths {
            out.push(Effect::Collect { path, since });
        }
        let limit = self.config.max_completed_executors_per_framework;
        framework.completed_executors.push_back(executor);
        while framework.completed_executors.len() > limit {
            framework.completed_executors.pop_front();
        }
    }

    /// Removes a framework that has no executors; the last one ends an agent that is terminating.
    ///
    /// Mesos: src/slave/slave.cpp, `Slave::removeFramework`.
    pub(crate) fn remove_framework_if_idle(&mut self, framework_id: &FrameworkId, out: &mut Effects) {
        if self
            .frameworks
            .get(framework_id)
            .is_none_or(|framework| !framework.executors.is_empty())
        {
            return;
        }
        let framework = self
            .frameworks
            .remove(framework_id)
            .expect("the framework was just found");
        info!(%framework_id, "cleaning up framework");
        // A framework whose end the master ordered takes its unseen updates with it; others keep theirs.
        if framework.state == FrameworkState::Terminating {
            self.drop_updates(framework_id);
        }
        let agent_id = self
            .agent_id
            .as_ref()
            .expect("an agent with frameworks has an id");
        out.push(Effect::Collect {
            path: paths::framework(&self.config.work_dir, agent_id, framework_id),
            since: Since::Now,
        });
        if framework.checkpoints() {
            let meta = paths::meta_root(&self.config.work_dir);
            out.push(Effect::Collect {
                path: paths::framework(&meta, agent_id, framework_id),
                since: Since::Now,
            });
        }
        self.completed_frameworks.push_back(framework);
        if self.completed_frameworks.len() > MAX_COMPLETED_FRAMEWORKS {
            self.completed_frameworks.pop_front();
        }
        if self.state == AgentState::Terminating && self.frameworks.is_empty() {
            out.push(Effect::Terminate { error: None });
        }
    }

    /// Forgets all updates of a framework that nobody will acknowledge any more.
    pub(crate) fn drop_updates(&mut self, framework_id: &FrameworkId) {
        for key in self.updates.keys_of(framework_id) {
            if let Some(timer) = self
                .updates
                .streams
                .remove(&key)
                .and_then(|mut stream| stream.stop_waiting())
            {
                self.timers.cancel(timer);
            }
        }
    }
}
