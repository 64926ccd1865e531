//! An executor opens its stream of events.

use std::collections::BTreeSet;

use libprocess_core::time::Time;
use mesos::ids::{ContainerId, ExecutorId, FrameworkId, TaskId};
use mesos_proto::v0::{
    TaskInfo, TaskState,
    executor::{
        Event, call,
        event::{self, Type},
    },
    task_status::Reason,
};
use tracing::{info, warn};

use crate::{
    core::{AgentCore, AgentState, Effects, Origin},
    effect::Effect,
    executor::ExecutorState,
    executor_update::AgentUpdate,
    framework::FrameworkState,
    launch::run_of,
    resources::{dropped, task_of},
};

impl AgentCore {
    /// An executor subscribes, for the first time or again.
    ///
    /// Mesos: src/slave/slave.cpp, `Slave::subscribe`.
    pub(crate) fn executor_subscribed(
        &mut self,
        now: Time,
        framework_id: &FrameworkId,
        executor_id: &ExecutorId,
        connection: u64,
        subscribe: call::Subscribe,
        out: &mut Effects,
    ) {
        let terminating = self.state == AgentState::Terminating;
        let Some(framework) = self.frameworks.get_mut(framework_id) else {
            return;
        };
        let ending = terminating || framework.state == FrameworkState::Terminating;
        let Some(executor) = framework.executors.get_mut(executor_id) else {
            return;
        };
        if ending
            || matches!(
                executor.state,
                ExecutorState::Terminating | ExecutorState::Terminated
            )
        {
            warn!(%framework_id, %executor_id, state = ?executor.state, "an executor that shall end subscribed");
            out.push(Effect::Event {
                connection,
                event: Box::new(event_of(Type::Shutdown)),
            });
            out.push(Effect::CloseStream { connection });
            return;
        }
        if let Some(old) = executor.connection.replace(connection) {
            warn!(%framework_id, %executor_id, "closing an executor's older stream");
            self.connections.remove(&old);
            out.push(Effect::CloseStream { connection: old });
        }
        info!(%framework_id, %executor_id, "executor subscribed");
        executor.state = ExecutorState::Running;
        let container_id = executor.container_id.clone();
        if let Some(timer) = executor.timer.take() {
            self.timers.cancel(timer);
        }
        self.connections.insert(connection, container_id.clone());
        if executor.checkpoint {
            let agent_id = self.agent_id.as_ref().expect("an agent with executors has an id");
            let path = run_of(&self.config.work_dir, agent_id, executor).http_marker();
            out.push(Effect::Checkpoint {
                ticket: None,
                path,
                bytes: Vec::new(),
            });
        }
        let unacknowledged: BTreeSet<TaskId> = subscribe
            .unacknowledged_tasks
            .iter()
            .map(|task| TaskId::from(&task.task_id))
            .collect();
        for update in subscribe.unacknowledged_updates {
            let update = self.update_of_executor(now, framework_id, update);
            self.status_update(now, update, Origin::Executor(executor_id.clone()), out);
        }
        self.drop_unknown_tasks(now, &container_id, &unacknowledged, out);
        let Some(executor) = self.executor_in(&container_id) else {
            return;
        };
        if !executor.ever_sent_task() && executor.queued.is_empty() {
            warn!(%framework_id, %executor_id, "ending an executor that has nothing to do any more");
            self.end_executor(now, framework_id, executor_id, out);
            return;
        }
        self.welcome_executor(&container_id, out);
        self.deliver_tasks_when_ready(&container_id, false, out);
    }

    /// Tasks that were on their way when the agent stopped, and that the executor has not seen.
    fn drop_unknown_tasks(
        &mut self,
        now: Time,
        container_id: &ContainerId,
        unacknowledged: &BTreeSet<TaskId>,
        out: &mut Effects,
    ) {
        let Some((framework_id, executor_id)) = self.containers.get(container_id).cloned() else {
            return;
        };
        let Some(executor) = self.executor_in(container_id) else {
            return;
        };
        let lost: Vec<TaskId> = executor
            .launched
            .iter()
            .filter(|(task_id, task)| {
                task.state == TaskState::TaskStaging && !unacknowledged.contains(*task_id)
            })
            .map(|(task_id, _)| task_id.clone())
            .collect();
        let Some(state) = self
            .frameworks
            .get(&framework_id)
            .map(|framework| dropped(&framework.info))
        else {
            return;
        };
        for task_id in lost {
            let update = self.agent_update(
                now,
                &AgentUpdate {
                    framework_id: &framework_id,
                    executor_id: Some(&executor_id),
                    task_id: &task_id,
                    state,
                    reason: Reason::ReasonSlaveRestarted,
                    message: "Task launched during agent restart",
                },
            );
            self.status_update(now, update, Origin::Agent, out);
        }
    }

    fn welcome_executor(&self, container_id: &ContainerId, out: &mut Effects) {
        let Some((framework_id, executor_id)) = self.containers.get(container_id) else {
            return;
        };
        let Some(framework) = self.frameworks.get(framework_id) else {
            return;
        };
        let Some(executor) = framework.executors.get(executor_id) else {
            return;
        };
        let Some(connection) = executor.connection else {
            return;
        };
        let subscribed = event::Subscribed {
            executor_info: executor.info.clone(),
            framework_info: framework.info.clone(),
            slave_info: self.info.clone(),
            container_id: Some(Box::new(container_id.to_proto())),
            ..event::Subscribed::default()
        };
        let event = Event {
            subscribed: Some(Box::new(subscribed)),
            ..event_of(Type::Subscribed)
        };
        out.push(Effect::Event {
            connection,
            event: Box::new(event),
        });
    }

    /// Trip 9/14: the agent sends the waiting tasks to their executor.
    ///
    /// Single tasks go out one by one, groups as a whole, both in the order of the master.
    ///
    /// Mesos: src/slave/slave.cpp, `Slave::___run`.
    pub(crate) fn deliver_tasks(&mut self, container_id: &ContainerId, out: &mut Effects) {
        let Some(executor) = self.executor_in(container_id) else {
            return;
        };
        let (ExecutorState::Running, Some(connection)) = (executor.state, executor.connection) else {
            return;
        };
        let groups = std::mem::take(&mut executor.queued_groups);
        let grouped: BTreeSet<TaskId> = groups
            .iter()
            .flat_map(|group| &group.tasks)
            .map(|task| TaskId::from(&task.task_id))
            .collect();
        for (task_id, task) in std::mem::take(&mut executor.queued) {
            let launched = task_of(&task, TaskState::TaskStaging, executor.framework_id.to_proto());
            info!(trip = 9, %task_id, "task handed to its executor");
            executor.launched.insert(task_id.clone(), launched);
            if !grouped.contains(&task_id) {
                out.push(Effect::Event {
                    connection,
                    event: Box::new(launch_of(task)),
                });
            }
        }
        for task_group in groups {
            let group = event::LaunchGroup {
                task_group,
                ..event::LaunchGroup::default()
            };
            let event = Event {
                launch_group: Some(Box::new(group)),
                ..event_of(Type::LaunchGroup)
            };
            out.push(Effect::Event {
                connection,
                event: Box::new(event),
            });
        }
    }
}

fn launch_of(task: TaskInfo) -> Event {
    let launch = event::Launch {
        task,
        ..event::Launch::default()
    };
    Event {
        launch: Some(Box::new(launch)),
        ..event_of(Type::Launch)
    }
}

/// An event of a type that needs nothing more.
pub(crate) fn event_of(r#type: Type) -> Event {
    Event {
        r#type: Some(r#type),
        ..Event::default()
    }
}
