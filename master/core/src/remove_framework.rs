//! A framework ends: by its scheduler, by an operator, or because it stayed away too long.

use libprocess_core::time::Time;
use mesos::ids::FrameworkId;
use mesos_proto::v0::{self, TaskState, internal, task_status};
use tracing::info;

use crate::accept::master_status;
use crate::add_task::Remembered;
use crate::effect::{Answer, Effect, Effects, Ticket, ToAgent};
use crate::metrics::count;
use crate::state::{FrameworkState, Master, Task};

impl Master {
    /// An operator asked for the end of a framework. Mesos: `Master::Http::_teardown`.
    pub(crate) fn operator_teardown(
        &mut self,
        now: Time,
        ticket: Ticket,
        framework_id: &FrameworkId,
        effects: &mut Effects,
    ) {
        if self.frameworks.contains_key(framework_id) {
            self.remove_framework(now, framework_id, effects);
            effects.push(Effect::Respond(ticket, Answer::Ok));
        } else {
            let reason = "No framework found with specified ID".to_owned();
            effects.push(Effect::Respond(ticket, Answer::BadRequest(reason)));
        }
    }

    /// Kills everything of a framework, returns what it held and moves it to the completed ones.
    ///
    /// Mesos: `Master::removeFramework(Framework*)`.
    pub(crate) fn remove_framework(&mut self, now: Time, framework_id: &FrameworkId, effects: &mut Effects) {
        let Some(framework) = self.frameworks.get(framework_id) else {
            return;
        };
        info!(%framework_id, "framework removed");
        if let Some(stream) = framework.stream().cloned() {
            self.streams.remove(&stream);
            effects.push(Effect::CloseStream(stream));
        }
        // Also agents that are disconnected are told: the message may reach them none the less.
        for agent in self.agents.values() {
            let message = internal::ShutdownFrameworkMessage {
                framework_id: framework_id.to_proto(),
                ..Default::default()
            };
            effects.push(Effect::Send(
                agent.pid.clone(),
                ToAgent::ShutdownFramework(message),
            ));
        }
        self.discard_offers_of(now, framework_id);
        self.allocator.deactivate_framework(now, framework_id);
        self.end_tasks_of(now, framework_id);
        self.end_executors_of(now, framework_id);
        self.allocator.remove_framework(now, framework_id);
        if let Some(mut framework) = self.frameworks.remove(framework_id) {
            framework.state = FrameworkState::Completed;
            framework.unregistered = Some(now);
            self.framework_removed_event(&framework.info);
            self.completed.push_back(framework);
            while self.completed.len() > self.options.max_completed_frameworks {
                self.completed.pop_front();
            }
        }
    }

    /// The tasks of a removed framework count as killed, though their agents have yet to kill them.
    fn end_tasks_of(&mut self, now: Time, framework_id: &FrameworkId) {
        let Some(framework) = self.frameworks.get(framework_id) else {
            return;
        };
        let tasks: Vec<_> = framework.tasks.keys().cloned().collect();
        for task_id in tasks {
            let held = self.finish_task_state(framework_id, &task_id, TaskState::TaskKilled);
            let task = self
                .frameworks
                .get(framework_id)
                .and_then(|framework| framework.tasks.get(&task_id));
            let Some(status) = task.map(|task| removed_status(now, framework_id, task)) else {
                continue;
            };
            if held {
                self.metrics.task_state(
                    TaskState::TaskKilled,
                    task_status::Source::SourceMaster,
                    Some(task_status::Reason::ReasonFrameworkRemoved),
                );
            }
            self.note_master_status(framework_id, &task_id, &status);
            self.remove_task(now, framework_id, &task_id, Remembered::Completed);
        }
        self.end_unreachable_tasks_of(now, framework_id);
    }

    /// Tasks on agents that were given up are killed, too, as far as anybody will ever be told.
    fn end_unreachable_tasks_of(&mut self, now: Time, framework_id: &FrameworkId) {
        let Some(framework) = self.frameworks.get_mut(framework_id) else {
            return;
        };
        let mut ended = Vec::new();
        for mut task in std::mem::take(&mut framework.unreachable_tasks) {
            let status = removed_status(now, framework_id, &task);
            if !mesos::task::is_terminal(task.message.state) {
                count(&mut framework.metrics.terminal, TaskState::TaskKilled);
                task.message.state = TaskState::TaskKilled;
            }
            task.message.statuses.push(status.clone());
            ended.push((task.id(), status));
            framework.complete_task(task, self.options.max_completed_tasks_per_framework);
        }
        for (task_id, status) in ended {
            self.task_updated_event(framework_id, &task_id, status);
        }
    }

    fn end_executors_of(&mut self, now: Time, framework_id: &FrameworkId) {
        let executors: Vec<_> = self
            .agents
            .iter()
            .flat_map(|(agent_id, agent)| {
                let executors = agent.executors.get(framework_id).into_iter().flatten();
                executors.map(|(executor_id, _)| (agent_id.clone(), executor_id.clone()))
            })
            .collect();
        for (agent_id, executor_id) in executors {
            self.remove_executor(now, &agent_id, framework_id, &executor_id);
        }
        for agent in self.agents.values_mut() {
            agent.killed.remove(framework_id);
        }
    }
}

/// What becomes of a task whose framework is removed.
fn removed_status(now: Time, framework_id: &FrameworkId, task: &Task) -> v0::TaskStatus {
    let mut status = master_status(
        now,
        task.message.task_id.clone(),
        Some(task.message.slave_id.clone()),
        TaskState::TaskKilled,
        &format!("Framework {framework_id} removed"),
        task_status::Reason::ReasonFrameworkRemoved,
    );
    status.executor_id = task.message.executor_id.clone();
    status
}
