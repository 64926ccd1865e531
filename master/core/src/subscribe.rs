//! A scheduler subscribes, for the first time or again.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use libprocess_core::time::Time;
use mesos::ids::FrameworkId;
use mesos_allocator::OfferConstraints;
use mesos_proto::v0::{self, internal, scheduler};
use tracing::{info, warn};

use crate::constants::HEARTBEAT_INTERVAL;
use crate::effect::{Effect, Effects, StreamId, Timer, ToAgent};
use crate::metrics::count;
use crate::state::{Framework, FrameworkState, Master};
use crate::validate;

/// What a scheduler says beside its `FrameworkInfo` when it subscribes; each subscription replaces all of it.
pub(crate) struct Wishes {
    suppressed: BTreeSet<String>,
    constraints: Option<scheduler::OfferConstraints>,
}

impl Master {
    /// A scheduler opened a stream and sent SUBSCRIBE on it.
    ///
    /// A refusal is an ERROR event, after which the stream ends. Trip 1/14: the framework exists.
    ///
    /// Mesos: `src/master/master.cpp`, `Master::subscribe(StreamingHttpConnection, ...)`.
    pub(crate) fn subscribe(
        &mut self,
        now: Time,
        stream: StreamId,
        subscribe: scheduler::call::Subscribe,
        effects: &mut Effects,
    ) {
        let info = &subscribe.framework_info;
        let known = info.id.as_deref().is_some_and(|id| !id.value.is_empty());
        self.metrics.bump(if known {
            "messages_reregister_framework"
        } else {
            "messages_register_framework"
        });
        if let Err(reason) = self.check_subscribe(&subscribe) {
            info!(reason, "subscription refused");
            self.send_error(&stream, reason, effects);
            effects.push(Effect::CloseStream(stream));
            return;
        }
        let wishes = Wishes {
            suppressed: subscribe.suppressed_roles.iter().cloned().collect(),
            constraints: subscribe.offer_constraints.map(|constraints| *constraints),
        };
        let info = subscribe.framework_info;
        let known = info
            .id
            .as_deref()
            .filter(|id| !id.value.is_empty())
            .map(FrameworkId::from);
        match known {
            Some(id) => self.resubscribe(now, id, info, wishes, stream, effects),
            None => {
                let id = self.ids.framework();
                let framework = Framework::new(id.clone(), info, now);
                self.frameworks.insert(id.clone(), framework);
                self.activate(now, &id, wishes, stream, effects);
                self.framework_added(&id);
            }
        }
    }

    /// A scheduler subscribed with an id it was given before.
    fn resubscribe(
        &mut self,
        now: Time,
        id: FrameworkId,
        mut info: v0::FrameworkInfo,
        wishes: Wishes,
        stream: StreamId,
        effects: &mut Effects,
    ) {
        let Some(framework) = self.frameworks.get_mut(&id) else {
            // Unknown here, as after a failover of the master: the scheduler's word is taken for its id.
            let mut framework = Framework::new(id.clone(), info, now);
            framework.reregistered = Some(now);
            self.frameworks.insert(id.clone(), framework);
            self.adopt_operations(&id);
            self.framework_added(&id);
            self.activate(now, &id, wishes, stream, effects);
            self.framework_updated(&id);
            return;
        };
        validate::framework::keep_immutable(&framework.info, &mut info);
        let recovered = framework.state == FrameworkState::Recovered;
        framework.info = info;
        framework.info.id = Some(Box::new(id.to_proto()));
        framework.roles = mesos::roles::of_framework(&framework.info);
        if recovered {
            framework.registered = now;
        }
        framework.reregistered = Some(now);
        if let FrameworkState::Active(old) = framework.state.clone() {
            // The newest stream wins; offers sent on the old one are void without a word, as in Mesos.
            self.streams.remove(&old);
            self.send_error(&old, "Framework failed over".to_owned(), effects);
            effects.push(Effect::CloseStream(old));
        }
        self.discard_offers_of(now, &id);
        self.activate(now, &id, wishes, stream, effects);
        self.framework_updated(&id);
        self.tell_agents_of_framework(&id, effects);
    }

    /// The framework listens on `stream` from now on and may be offered resources.
    fn activate(
        &mut self,
        now: Time,
        id: &FrameworkId,
        wishes: Wishes,
        stream: StreamId,
        effects: &mut Effects,
    ) {
        let Some(framework) = self.frameworks.get_mut(id) else {
            return;
        };
        let (was_active, known) = (framework.is_connected(), framework.known_to_allocator);
        framework.state = FrameworkState::Active(stream.clone());
        framework.suppressed = wishes.suppressed;
        framework.constraints = wishes.constraints;
        framework.known_to_allocator = true;
        count(&mut framework.metrics.calls, scheduler::call::Type::Subscribe);
        let options = framework.allocator_options(self.options.allocator.regex_limits);
        if known {
            self.allocator.update_framework(now, id, &framework.info, options);
            if !was_active {
                self.allocator.activate_framework(now, id);
            }
        } else {
            let none = BTreeMap::new();
            self.allocator
                .add_framework(now, id, &framework.info, &none, true, options);
        }
        self.streams.insert(stream.clone(), id.clone());
        info!(trip = 1, framework_id = %id, "framework subscribed");
        let subscribed = scheduler::event::Subscribed {
            framework_id: id.to_proto(),
            heartbeat_interval_seconds: Some(HEARTBEAT_INTERVAL.as_secs_f64()),
            master_info: Some(Box::new(self.info.clone())),
            ..Default::default()
        };
        self.send_event(
            id,
            scheduler::Event {
                r#type: Some(scheduler::event::Type::Subscribed),
                subscribed: Some(Box::new(subscribed)),
                ..Default::default()
            },
            effects,
        );
        self.heartbeat(stream, effects);
    }

    /// Whether a subscription may be admitted; the reason when not, in Mesos' words.
    fn check_subscribe(&self, subscribe: &scheduler::call::Subscribe) -> Result<(), String> {
        let info = &subscribe.framework_info;
        self.check_framework(info, &subscribe.suppressed_roles)?;
        if let Some(constraints) = &subscribe.offer_constraints {
            OfferConstraints::compile(constraints, self.options.allocator.regex_limits)?;
        }
        if let Some(id) = info.id.as_deref().filter(|id| !id.value.is_empty()) {
            let id = FrameworkId::from(id);
            if let Some(known) = self.frameworks.get(&id)
                && known.info.principal != info.principal
            {
                warn!(framework_id = %id, "principal of a known framework changed");
                return Err("Changing framework's principal is not allowed.".to_owned());
            }
        }
        Ok(())
    }

    /// Mesos: `Master::validateFramework`.
    pub(crate) fn check_framework(
        &self,
        info: &v0::FrameworkInfo,
        suppressed_roles: &[String],
    ) -> Result<(), String> {
        validate::framework::framework(info)?;
        if let Some(allowed) = &self.options.roles {
            let refused: Vec<String> = mesos::roles::of_framework(info)
                .into_iter()
                .filter(|role| role != "*" && !allowed.contains(role))
                .collect();
            if !refused.is_empty() {
                return Err(format!(
                    "Roles {{ {} }} are not present in the master's --roles",
                    refused.join(", ")
                ));
            }
        }
        validate::framework::suppressed_roles(&mesos::roles::of_framework(info), suppressed_roles)?;
        if info.user == "root" && !self.options.root_submissions {
            return Err(
                "User 'root' is not allowed to run frameworks without --root_submissions set".to_owned(),
            );
        }
        if let Some(id) = info.id.as_deref()
            && self.is_completed(&FrameworkId::from(id))
        {
            return Err("Framework has been removed".to_owned());
        }
        validate::framework::failover_timeout(info)
    }

    /// Agents that run something of a framework are told what it says of itself now.
    pub(crate) fn tell_agents_of_framework(&self, id: &FrameworkId, effects: &mut Effects) {
        let Some(framework) = self.frameworks.get(id) else {
            return;
        };
        for agent in self.agents.values() {
            let involved = agent.tasks.contains_key(id) || agent.executors.contains_key(id);
            if involved && agent.is_connected() {
                let message = internal::UpdateFrameworkMessage {
                    framework_id: id.to_proto(),
                    pid: Some("@0.0.0.0:0".to_owned()),
                    framework_info: Some(Box::new(framework.info.clone())),
                    ..Default::default()
                };
                effects.push(Effect::Send(
                    agent.pid.clone(),
                    ToAgent::UpdateFramework(Box::new(message)),
                ));
            }
        }
    }

    /// Sends an event to a framework's scheduler, if it listens.
    pub(crate) fn send_event(&mut self, id: &FrameworkId, event: scheduler::Event, effects: &mut Effects) {
        let Some(framework) = self.frameworks.get_mut(id) else {
            return;
        };
        let Some(stream) = framework.stream().cloned() else {
            return;
        };
        if let Some(kind) = event.r#type {
            count(&mut framework.metrics.events, kind);
        }
        effects.push(Effect::SendEvent(stream, Box::new(event)));
    }

    /// Tells a scheduler that it was refused or replaced.
    pub(crate) fn send_error(&self, stream: &StreamId, message: String, effects: &mut Effects) {
        let error = scheduler::event::Error {
            message,
            ..Default::default()
        };
        effects.push(Effect::SendEvent(
            stream.clone(),
            Box::new(scheduler::Event {
                r#type: Some(scheduler::event::Type::Error),
                error: Some(Box::new(error)),
                ..Default::default()
            }),
        ));
    }

    /// How long a framework may stay away before it is removed.
    pub(crate) fn failover_timeout(info: &v0::FrameworkInfo) -> Duration {
        Duration::try_from_secs_f64(info.failover_timeout.unwrap_or(0.0)).unwrap_or(Duration::ZERO)
    }

    /// Arms the timer of a stream's next heartbeat.
    pub(crate) fn next_heartbeat(stream: StreamId, effects: &mut Effects) {
        effects.push(Effect::Delay(Timer::Heartbeat(stream), HEARTBEAT_INTERVAL));
    }
}
