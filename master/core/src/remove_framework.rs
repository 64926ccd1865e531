//! A framework ends: by its scheduler, by an operator, or because it stayed away too long.

use libprocess_core::time::Time;
use mesos::ids::FrameworkId;
use mesos_proto::v0::{TaskState, internal, task_status};
use tracing::info;

use crate::effect::{Answer, Effect, Effects, Ticket, ToAgent};
use crate::state::{FrameworkState, Master};

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
        for agent in self.agents.values().filter(|agent| agent.is_connected()) {
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
        self.allocator.set_framework_active(framework_id, false);
        self.end_tasks_of(now, framework_id);
        self.end_executors_of(now, framework_id);
        self.allocator.remove_framework(framework_id);
        if let Some(mut framework) = self.frameworks.remove(framework_id) {
            framework.state = FrameworkState::Completed;
            framework.unregistered = Some(now);
            self.framework_removed_event(&framework.info);
            self.completed.push_back(framework);
            while self.completed.len() > self.options.max_completed_frameworks {
                self.completed.pop_front();
            }
        }
        self.allocate_soon(effects);
    }

    /// The tasks of a removed framework count as killed, though their agents have yet to kill them.
    fn end_tasks_of(&mut self, now: Time, framework_id: &FrameworkId) {
        let Some(framework) = self.frameworks.get(framework_id) else {
            return;
        };
        let tasks: Vec<_> = framework.tasks.keys().cloned().collect();
        for task_id in tasks {
            let held = self.finish_task_state(framework_id, &task_id, TaskState::TaskKilled);
            if held {
                self.metrics.task_state(
                    TaskState::TaskKilled,
                    task_status::Source::SourceMaster,
                    Some(task_status::Reason::ReasonFrameworkRemoved),
                );
            }
            self.remove_task(now, framework_id, &task_id);
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
