//! The stream of events.

use libprocess::{
    Context, FutureError,
    http::{Body, Reader, Response},
    recordio::Decoder,
};
use mesos_proto::{
    Message as _,
    v1::executor::{
        Event,
        call::Type as CallType,
        event::{self, Type},
    },
};

use tracing::info;

use crate::{
    call::{call, request},
    client::Driver,
    executor::Executor,
};

/// Largest event an agent may send: far above any task, far below what would hurt.
const RECORD_LIMIT: usize = 128 * 1024 * 1024;

/// The events that have arrived so far, possibly cut inside one.
pub(crate) struct EventStream {
    reader: Reader,
    decoder: Decoder,
    /// The connection this stream came on.
    generation: u64,
}

impl<E: Executor> Driver<E> {
    /// Trip 8/14: the executor asks its agent for its tasks.
    ///
    /// Says what the agent may not know, if this executor was there before.
    pub(crate) fn subscribe(&mut self, ctx: &mut Context<Self>) {
        info!(trip = 8, "executor subscribing");
        self.client.subscribing();
        let Some(connection) = &self.client.events else {
            return;
        };
        let mut subscribe = call(&self.client.settings, CallType::Subscribe);
        subscribe.subscribe = Some(Box::new(self.client.unacknowledged.subscribe()));
        let generation = self.client.generation;
        let answer = connection.send_streaming(request(&self.client.settings, &subscribe));
        ctx.then(answer, move |driver, ctx, answer| {
            driver.subscription_answered(ctx, generation, answer)
        });
    }

    fn subscription_answered(
        &mut self,
        ctx: &mut Context<Self>,
        generation: u64,
        answer: Result<Response, FutureError>,
    ) {
        if self.client.generation != generation {
            return;
        }
        match answer {
            Ok(Response {
                status: 200,
                body: Body::Stream(reader),
                ..
            }) => {
                self.read_events(
                    ctx,
                    EventStream {
                        reader,
                        decoder: Decoder::new(RECORD_LIMIT),
                        generation,
                    },
                );
            }
            // The agent is recovering, or does not know us (any more): it may later.
            Ok(_) | Err(_) => self.disconnected(ctx),
        }
    }

    fn read_events(&mut self, ctx: &mut Context<Self>, stream: EventStream) {
        let piece = stream.reader.read();
        ctx.then(piece, move |driver, ctx, piece| {
            driver.piece_arrived(ctx, stream, piece)
        });
    }

    fn piece_arrived(
        &mut self,
        ctx: &mut Context<Self>,
        mut stream: EventStream,
        piece: Result<Option<bytes::Bytes>, FutureError>,
    ) {
        if self.client.generation != stream.generation || self.client.stopped {
            return;
        }
        let Ok(Some(piece)) = piece else {
            self.disconnected(ctx);
            return;
        };
        let events = stream.decoder.push(&piece).ok().and_then(|records| {
            records
                .iter()
                .map(|record| Event::decode(record).ok())
                .collect::<Option<Vec<Event>>>()
        });
        let Some(events) = events else {
            // What cannot be read cannot be trusted either: start over.
            self.disconnected(ctx);
            return;
        };
        for event in events {
            self.event_arrived(ctx, event);
            if self.client.stopped {
                return;
            }
        }
        self.read_events(ctx, stream);
    }

    fn event_arrived(&mut self, ctx: &mut Context<Self>, event: Event) {
        let kind = event.r#type.unwrap_or(Type::Unknown);
        self.executor.received(kind);
        match kind {
            Type::Subscribed => {
                self.client.subscribed();
                let subscribed = event.subscribed.map(|it| *it).unwrap_or_default();
                self.with(ctx, |executor, agent| executor.subscribed(agent, subscribed));
            }
            Type::Launch => {
                let Some(launch) = event.launch else { return };
                self.client.unacknowledged.launched(&launch.task);
                self.with(ctx, |executor, agent| executor.launch(agent, launch.task));
            }
            Type::LaunchGroup => {
                let Some(launch) = event.launch_group else { return };
                launch
                    .task_group
                    .tasks
                    .iter()
                    .for_each(|task| self.client.unacknowledged.launched(task));
                self.with(ctx, |executor, agent| {
                    executor.launch_group(agent, launch.task_group)
                });
            }
            Type::Kill => {
                let Some(kill) = event.kill else { return };
                let event::Kill {
                    task_id, kill_policy, ..
                } = *kill;
                self.with(ctx, |executor, agent| {
                    executor.kill(agent, task_id, kill_policy.map(|policy| *policy))
                });
            }
            Type::Acknowledged => {
                let Some(it) = event.acknowledged else { return };
                if let Some(status) = self
                    .client
                    .unacknowledged
                    .acknowledged(&it.task_id.value, &it.uuid)
                {
                    self.with(ctx, |executor, agent| executor.acknowledged(agent, status));
                }
            }
            Type::Message => {
                let Some(message) = event.message else { return };
                self.with(ctx, |executor, agent| executor.message(agent, message.data));
            }
            Type::Error => {
                let message = event.error.map(|error| error.message).unwrap_or_default();
                self.with(ctx, |executor, agent| executor.error(agent, message));
            }
            Type::Shutdown => self.with(ctx, |executor, agent| executor.shutdown(agent)),
            Type::Heartbeat | Type::Unknown => {}
        }
    }
}
