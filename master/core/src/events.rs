//! What operators on the event stream are told.

use libprocess_core::time::Time;
use mesos::ids::{AgentId, FrameworkId, TaskId};
use mesos_proto::v0::{self, master};

use crate::constants::HEARTBEAT_INTERVAL;
use crate::effect::{Effect, Effects, StreamId};
use crate::state::{Master, Task};

impl Master {
    /// An operator opened a stream: first everything there is, then what changes.
    ///
    /// The oldest stream ends when there are too many. Mesos: `Master::subscribe(StreamingHttpConnection<v1::master::Event>, ...)`.
    pub(crate) fn operator_subscribe(&mut self, now: Time, stream: StreamId, effects: &mut Effects) {
        let _ = now;
        if self.subscribers.len() >= self.options.max_operator_event_stream_subscribers
            && let Some(oldest) = self.subscribers.pop_front()
        {
            effects.push(Effect::CloseStream(oldest));
        }
        let subscribed = master::event::Subscribed {
            get_state: Some(Box::new(self.get_state())),
            heartbeat_interval_seconds: Some(HEARTBEAT_INTERVAL.as_secs_f64()),
            ..Default::default()
        };
        let event = master::Event {
            r#type: Some(master::event::Type::Subscribed),
            subscribed: Some(Box::new(subscribed)),
            ..Default::default()
        };
        effects.push(Effect::SendOperatorEvent(vec![stream.clone()], Box::new(event)));
        self.subscribers.push_back(stream.clone());
        self.operator_heartbeat(stream, effects);
    }

    /// Sends what the handled input brought about to everyone who listens.
    pub(crate) fn deliver_operator_events(&mut self, effects: &mut Effects) {
        for event in std::mem::take(&mut self.operator_events) {
            let streams: Vec<StreamId> = self.subscribers.iter().cloned().collect();
            effects.push(Effect::SendOperatorEvent(streams, Box::new(event)));
        }
    }

    fn operator_event(&mut self, kind: master::event::Type, fill: impl FnOnce(&Self, &mut master::Event)) {
        if self.subscribers.is_empty() {
            return;
        }
        let mut event = master::Event {
            r#type: Some(kind),
            ..Default::default()
        };
        fill(self, &mut event);
        self.operator_events.push(event);
    }

    pub(crate) fn task_added_event(&mut self, task: &Task) {
        self.operator_event(master::event::Type::TaskAdded, |_, event| {
            let added = master::event::TaskAdded {
                task: task.message.clone(),
                ..Default::default()
            };
            event.task_added = Some(Box::new(added));
        });
    }

    pub(crate) fn task_updated_event(
        &mut self,
        framework_id: &FrameworkId,
        task_id: &TaskId,
        status: v0::TaskStatus,
    ) {
        self.operator_event(master::event::Type::TaskUpdated, |master, event| {
            let task = master.frameworks.get(framework_id).and_then(|framework| {
                let mut completed = framework.completed_tasks.iter().rev();
                let running = framework.tasks.get(task_id);
                running.or_else(|| completed.find(|task| task.id() == *task_id))
            });
            let state = task.map_or(status.state, |task| task.message.state);
            event.task_updated = Some(Box::new(master::event::TaskUpdated {
                framework_id: framework_id.to_proto(),
                status,
                state,
                ..Default::default()
            }));
        });
    }

    pub(crate) fn agent_added_event(&mut self, agent_id: &AgentId) {
        self.operator_event(master::event::Type::AgentAdded, |master, event| {
            if let Some(agent) = master.agents.get(agent_id) {
                let agent = crate::views::agent_message(agent, master);
                event.agent_added = Some(Box::new(master::event::AgentAdded {
                    agent,
                    ..Default::default()
                }));
            }
        });
    }

    pub(crate) fn agent_removed_event(&mut self, agent_id: &AgentId) {
        self.operator_event(master::event::Type::AgentRemoved, |_, event| {
            let removed = master::event::AgentRemoved {
                agent_id: agent_id.to_proto(),
                ..Default::default()
            };
            event.agent_removed = Some(Box::new(removed));
        });
    }

    pub(crate) fn framework_added(&mut self, id: &FrameworkId) {
        self.operator_event(master::event::Type::FrameworkAdded, |master, event| {
            if let Some(framework) = master.frameworks.get(id) {
                let framework = crate::views::framework_message(framework, master);
                event.framework_added = Some(Box::new(master::event::FrameworkAdded {
                    framework,
                    ..Default::default()
                }));
            }
        });
    }

    pub(crate) fn framework_updated(&mut self, id: &FrameworkId) {
        self.operator_event(master::event::Type::FrameworkUpdated, |master, event| {
            if let Some(framework) = master.frameworks.get(id) {
                let framework = crate::views::framework_message(framework, master);
                event.framework_updated = Some(Box::new(master::event::FrameworkUpdated {
                    framework,
                    ..Default::default()
                }));
            }
        });
    }

    pub(crate) fn framework_removed_event(&mut self, info: &v0::FrameworkInfo) {
        self.operator_event(master::event::Type::FrameworkRemoved, |_, event| {
            let removed = master::event::FrameworkRemoved {
                framework_info: info.clone(),
                ..Default::default()
            };
            event.framework_removed = Some(Box::new(removed));
        });
    }
}
