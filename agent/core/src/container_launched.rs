//! A container was started, or could not be.

use libprocess_core::time::Time;
use mesos::ids::ContainerId;
use tracing::{debug, error, warn};

use crate::{
    core::{AgentCore, Effects, Pending},
    effect::{Effect, ExecutorAnswer, Ticket},
    executor::ContainerState,
};

impl AgentCore {
    /// The containerizer answers a launch.
    ///
    /// Mesos: src/slave/slave.cpp, `Slave::executorLaunched`.
    pub(crate) fn container_launched(
        &mut self,
        now: Time,
        ticket: Ticket,
        result: Result<u32, String>,
        out: &mut Effects,
    ) {
        let Some(Pending::Launch(container_id)) = self.pending.remove(&ticket) else {
            debug_assert!(false, "only a launch is answered with `ContainerLaunched`");
            return;
        };
        match result {
            Ok(pid) => {
                self.container_running(&container_id, pid, out);
                self.welcome_early(now, &container_id, out);
            }
            Err(reason) => {
                let early = self
                    .executor_in(&container_id)
                    .and_then(|executor| executor.early.take());
                if let Some((request, _)) = early {
                    let answer = ExecutorAnswer::BadRequest("Executor cannot be found".to_owned());
                    out.push(Effect::Respond { request, answer });
                }
                error!(%container_id, reason, "the container failed to start");
                self.executor_failed(now, &container_id, &reason, out);
            }
        }
    }

    fn container_running(&mut self, container_id: &ContainerId, pid: u32, out: &mut Effects) {
        let Some(executor) = self.executor_in(container_id) else {
            warn!(%container_id, "ending a container nobody wants any more");
            out.push(Effect::Destroy {
                container_id: container_id.clone(),
                pid,
            });
            return;
        };
        let destroy = matches!(
            executor.container,
            ContainerState::Launching { destroy: true, .. }
        );
        executor.container = ContainerState::Running(pid);
        debug!(%container_id, pid, "container launched");
        let (directory, framework_id, executor_id) = (
            executor.directory.clone(),
            executor.framework_id.clone(),
            executor.id.clone(),
        );
        let run = crate::paths::Run {
            work_dir: &self.config.work_dir,
            agent_id: self.id(),
            framework_id: &framework_id,
            executor_id: &executor_id,
            container_id,
        };
        for name in [directory.clone(), run.latest_sandbox(), run.virtual_sandbox()] {
            out.push(Effect::Attach {
                name,
                path: directory.clone(),
            });
        }
        if destroy {
            out.push(Effect::Destroy {
                container_id: container_id.clone(),
                pid,
            });
        }
    }

    /// Its executor has subscribed meanwhile.
    fn welcome_early(&mut self, now: Time, container_id: &ContainerId, out: &mut Effects) {
        let Some(executor) = self.executor_in(container_id) else {
            return;
        };
        let Some((request, subscribe)) = executor.early.take() else {
            return;
        };
        let (framework_id, executor_id) = (executor.framework_id.clone(), executor.id.clone());
        out.push(Effect::Respond {
            request,
            answer: ExecutorAnswer::Stream,
        });
        self.executor_subscribed(now, &framework_id, &executor_id, request, subscribe, out);
    }

    /// Ends a container, now or as soon as it is there.
    pub(crate) fn destroy(&mut self, now: Time, container_id: &ContainerId, out: &mut Effects) {
        let Some(executor) = self.executor_in(container_id) else {
            return;
        };
        match &mut executor.container {
            ContainerState::Running(pid) => {
                out.push(Effect::Destroy {
                    container_id: container_id.clone(),
                    pid: *pid,
                });
            }
            ContainerState::Launching { destroy, .. } => *destroy = true,
            ContainerState::Waiting(_) => {
                executor.container = ContainerState::Gone;
                self.executor_terminated(now, container_id, None, out);
            }
            ContainerState::Gone => {}
        }
    }
}
