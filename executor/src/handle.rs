//! What callbacks may do.

use std::time::Duration;

use bytes::Bytes;
use libprocess::{Context, Time, Timer};
use mesos_proto::v1::{
    TaskStatus,
    executor::call::{Message, Type, Update},
    task_status::Source,
};

use crate::{
    call::call,
    client::{Client, Driver},
    executor::Executor,
    settings::Settings,
};

/// The agent, as seen by an executor's callback.
pub struct Handle<'a, E: Executor> {
    pub(crate) client: &'a mut Client,
    pub(crate) ctx: &'a mut Context<Driver<E>>,
}

impl<E: Executor> Handle<'_, E> {
    /// What the agent said in the environment.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.client.settings
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Time {
        self.ctx.now()
    }

    /// Reports on a task. The update is repeated until the agent has it; then
    /// [`Executor::acknowledged`] is called. Returns the update with its uuid, time, source and executor filled
    /// in where they were unset.
    pub fn update(&mut self, mut status: TaskStatus) -> TaskStatus {
        let now = self.ctx.now();
        let client = &mut *self.client;
        status
            .uuid
            .get_or_insert_with(|| Bytes::copy_from_slice(&client.random.uuid()));
        status.timestamp.get_or_insert_with(|| now.secs_f64());
        status.source.get_or_insert(Source::SourceExecutor);
        status
            .executor_id
            .get_or_insert_with(|| Box::new(client.settings.executor_id.clone()));
        client.unacknowledged.updated(status.clone());
        let mut update = call(&client.settings, Type::Update);
        update.update = Some(Box::new(Update {
            status: status.clone(),
            ..Update::default()
        }));
        client.send(update);
        status
    }

    /// Sends bytes to the scheduler. Nobody repeats them when they are lost.
    pub fn message(&mut self, data: impl Into<Bytes>) {
        let mut message = call(&self.client.settings, Type::Message);
        message.message = Some(Box::new(Message {
            data: data.into(),
            ..Message::default()
        }));
        self.client.send(message);
    }

    /// Whether the agent is gone for good, so that nobody will acknowledge anything any more.
    #[must_use]
    pub fn is_abandoned(&self) -> bool {
        self.client.gave_up
    }

    /// Ends the executor's process: [`run`](crate::run) returns.
    pub fn stop(&mut self) {
        self.client.stopped = true;
        self.ctx.terminate_self();
    }

    /// Calls back after a while.
    pub fn delay(
        &mut self,
        after: Duration,
        then: impl FnOnce(&mut E, &mut Handle<'_, E>) + Send + 'static,
    ) -> Timer {
        self.ctx.delay(after, |driver, ctx| driver.with(ctx, then))
    }

    /// Cancels a call back; says whether it was still to come.
    pub fn cancel(&mut self, timer: Timer) -> bool {
        self.ctx.cancel(timer)
    }

    /// Does blocking work on a thread of its own, then calls back with its result.
    pub fn blocking<T: Send + 'static>(
        &mut self,
        work: impl FnOnce() -> T + Send + 'static,
        then: impl FnOnce(&mut E, &mut Handle<'_, E>, T) + Send + 'static,
    ) {
        self.ctx.blocking(work, |driver, ctx, result| {
            driver.with(ctx, |executor, agent| then(executor, agent, result));
        });
    }
}
