//! Calls of the executor API.

use libprocess_core::time::Time;
use mesos::ids::{ExecutorId, FrameworkId};
use mesos_proto::v0::{
    TaskState,
    executor::{
        Call, Event,
        call::{self, Type},
        event,
    },
    internal::StatusUpdate,
    task_status::Source,
};
use tracing::debug;

use crate::{
    constants::EXECUTOR_HEARTBEAT_INTERVAL,
    core::{AgentCore, AgentState, Effects, Origin},
    effect::{Effect, ExecutorAnswer},
    executor::ExecutorState,
    input::ExecutorRequest,
    timers::Timer,
};

impl AgentCore {
    /// An executor calls: judge the call, answer it, act on it.
    ///
    /// Mesos: src/slave/http.cpp, `Http::executor`.
    pub(crate) fn executor_called(&mut self, now: Time, request: ExecutorRequest, out: &mut Effects) {
        let ExecutorRequest { request, call } = request;
        if let Err(answer) = self.judge(&call) {
            out.push(Effect::Respond { request, answer });
            return;
        }
        let framework_id = FrameworkId::from(&call.framework_id);
        let executor_id = ExecutorId::from(&call.executor_id);
        match call.r#type {
            Some(Type::Subscribe) => {
                let subscribe = call.subscribe.map(|subscribe| *subscribe).unwrap_or_default();
                let Some(subscribe) = self.unless_early(&framework_id, &executor_id, request, subscribe, out)
                else {
                    return;
                };
                out.push(Effect::Respond {
                    request,
                    answer: ExecutorAnswer::Stream,
                });
                self.executor_subscribed(now, &framework_id, &executor_id, request, subscribe, out);
            }
            Some(Type::Update) => {
                out.push(Effect::Respond {
                    request,
                    answer: ExecutorAnswer::Accepted,
                });
                if let Some(update) = call.update {
                    self.executor_updated(now, framework_id, executor_id, *update, out);
                }
            }
            Some(Type::Message) => {
                out.push(Effect::Respond {
                    request,
                    answer: ExecutorAnswer::Accepted,
                });
                let data = call.message.map(|message| message.data).unwrap_or_default();
                self.executor_message(&framework_id, &executor_id, data, out);
            }
            Some(Type::Heartbeat) => out.push(Effect::Respond {
                request,
                answer: ExecutorAnswer::Accepted,
            }),
            Some(Type::Unknown) | None => out.push(Effect::Respond {
                request,
                answer: ExecutorAnswer::NotImplemented,
            }),
        }
    }

    /// Keeps a subscription until the container it comes from is known to run: an executor may be faster than the word of its
    /// launch, and what it reports is told with its container.
    fn unless_early(
        &mut self,
        framework_id: &FrameworkId,
        executor_id: &ExecutorId,
        request: u64,
        subscribe: call::Subscribe,
        out: &mut Effects,
    ) -> Option<call::Subscribe> {
        let framework = self.frameworks.get_mut(framework_id);
        let executor = framework.and_then(|framework| framework.executors.get_mut(executor_id));
        let Some(executor) = executor.filter(|executor| executor.is_launching()) else {
            return Some(subscribe);
        };
        if let Some((older, _)) = executor.early.replace((request, subscribe)) {
            out.push(Effect::Respond {
                request: older,
                answer: ExecutorAnswer::Unavailable("Another stream of this executor has come".to_owned()),
            });
        }
        None
    }

    fn judge(&self, call: &Call) -> Result<(), ExecutorAnswer> {
        let bad = |text: &str| ExecutorAnswer::BadRequest(text.to_owned());
        validate(call).map_err(|error| bad(&format!("Failed to validate Executor::Call: {error}")))?;
        if call.r#type == Some(Type::Heartbeat) {
            return Ok(());
        }
        if self.state == AgentState::Recovering
            && (call.r#type != Some(Type::Subscribe) || self.frameworks.is_empty())
        {
            return Err(ExecutorAnswer::Unavailable(
                "Agent has not finished recovery".to_owned(),
            ));
        }
        let framework = self.frameworks.get(&FrameworkId::from(&call.framework_id));
        let framework = framework.ok_or_else(|| bad("Framework cannot be found"))?;
        let executor = framework.executors.get(&ExecutorId::from(&call.executor_id));
        let executor = executor.ok_or_else(|| bad("Executor cannot be found"))?;
        if executor.state == ExecutorState::Registering && call.r#type != Some(Type::Subscribe) {
            return Err(ExecutorAnswer::Forbidden("Executor is not subscribed".to_owned()));
        }
        Ok(())
    }

    /// An executor reports on a task.
    fn executor_updated(
        &mut self,
        now: Time,
        framework_id: FrameworkId,
        executor_id: ExecutorId,
        update: call::Update,
        out: &mut Effects,
    ) {
        let update = self.update_of_executor(now, &framework_id, update);
        self.status_update(now, update, Origin::Executor(executor_id), out);
    }

    /// Mesos: src/common/protobuf_utils.cpp, `createStatusUpdate`.
    pub(crate) fn update_of_executor(
        &self,
        now: Time,
        framework_id: &FrameworkId,
        update: call::Update,
    ) -> StatusUpdate {
        let agent_id = self.id().to_proto();
        let mut status = update.status;
        status.slave_id = Some(Box::new(agent_id.clone()));
        StatusUpdate {
            framework_id: framework_id.to_proto(),
            executor_id: status.executor_id.clone(),
            slave_id: Some(Box::new(agent_id)),
            timestamp: status.timestamp.unwrap_or_else(|| now.secs_f64()),
            uuid: status.uuid.clone(),
            status,
            ..StatusUpdate::default()
        }
    }

    /// An executor's stream broke; its tasks go on and it may come back.
    pub(crate) fn executor_disconnected(&mut self, connection: u64) {
        let Some(container_id) = self.connections.remove(&connection) else {
            return;
        };
        if let Some(executor) = self.executor_in(&container_id)
            && executor.connection == Some(connection)
        {
            debug!(executor_id = %executor.id, %container_id, "an executor's stream broke");
            executor.connection = None;
        }
    }

    /// Half an hour has passed: tell every executor that we live.
    pub(crate) fn send_heartbeats(&mut self, now: Time, out: &mut Effects) {
        for connection in self.connections.keys() {
            let event = Event {
                r#type: Some(event::Type::Heartbeat),
                ..Event::default()
            };
            out.push(Effect::Event {
                connection: *connection,
                event: Box::new(event),
            });
        }
        self.timers
            .insert(now + EXECUTOR_HEARTBEAT_INTERVAL, Timer::ExecutorHeartbeat);
    }
}

/// Mesos: src/common/validation.cpp, `validateExecutorCall`.
fn validate(call: &Call) -> Result<(), String> {
    let present = |is: bool, what: &str| {
        if is {
            Ok(())
        } else {
            Err(format!("Expecting '{what}' to be present"))
        }
    };
    let (executor, framework) = (&call.executor_id.value, &call.framework_id.value);
    match call.r#type {
        None => Err("Expecting 'type' to be present".to_owned()),
        Some(Type::Subscribe) => present(call.subscribe.is_some(), "subscribe"),
        Some(Type::Message) => present(call.message.is_some(), "message"),
        Some(Type::Heartbeat | Type::Unknown) => Ok(()),
        Some(Type::Update) => {
            present(call.update.is_some(), "update")?;
            let Some(status) = call.update.as_ref().map(|update| &update.status) else {
                return Ok(());
            };
            present(status.uuid.is_some(), "uuid")?;
            if !status.uuid.as_ref().is_some_and(|uuid| is_uuid(uuid)) {
                return Err("Not a valid UUID".to_owned());
            }
            if let Some(id) = status.executor_id.as_ref().filter(|id| id.value != *executor) {
                return Err(format!(
                    "ExecutorID in Call: {executor} does not match ExecutorID in TaskStatus: {}",
                    id.value
                ));
            }
            if status.source != Some(Source::SourceExecutor) {
                return Err(format!(
                    "Received Call from executor {executor} of framework {framework} with invalid source, \
                     expecting 'SOURCE_EXECUTOR'"
                ));
            }
            if status.state == TaskState::TaskStaging {
                return Err(format!(
                    "Received TASK_STAGING from executor {executor} of framework {framework} which is not allowed"
                ));
            }
            Ok(())
        }
    }
}

/// Mesos: 3rdparty/stout/include/stout/uuid.hpp, `UUID::fromBytes`.
fn is_uuid(bytes: &[u8]) -> bool {
    bytes.len() == 16 && matches!(bytes[6] >> 4, 1..=5)
}
