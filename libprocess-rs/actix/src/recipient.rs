//! A process as an actix `Recipient`.

use actix::dev::{MessageResponse, OneshotSender};
use actix::{Actor, ActorContext as _, ActorFutureExt as _, AsyncContext as _, Handler, Message, Recipient};
use libprocess::codec::Codec;
use libprocess::{Context, Future, Pid, Process, System, Upid};
use serde::Serialize;
use tracing::warn;

/// A process that takes messages of actix.
pub trait Receive<M: Message>: Process {
    /// Handles one, as any other event of the process. What it returns is what the sender awaits.
    fn receive(&mut self, ctx: &mut Context<Self>, message: M) -> M::Result;
}

/// Makes a process of this program an actix recipient.
///
/// Messages keep their order. A small actor on the current arbiter passes them on; it ends with the process.
///
/// # Panics
///
/// When the current thread is no arbiter of actix. The workers of a [`System`] are arbiters.
pub fn recipient<P, M>(pid: &Pid<P>) -> Recipient<M>
where
    P: Receive<M>,
    M: Message + Send + 'static,
    M::Result: Send,
{
    Local(pid.clone()).start().recipient()
}

/// Makes a process anywhere an actix recipient: messages go to it in the form of `C` under this name, without an answer.
///
/// # Panics
///
/// When the current thread is no arbiter of actix.
pub fn remote_recipient<C, M>(system: &System, to: Upid, name: &str) -> Recipient<M>
where
    C: Codec + Unpin,
    M: Message<Result = ()> + Serialize + Send + 'static,
{
    let remote = Remote::<C> {
        system: system.clone(),
        to,
        name: name.to_owned(),
        codec: std::marker::PhantomData,
    };
    remote.start().recipient()
}

struct Local<P: Process>(Pid<P>);

impl<P: Process> Actor for Local<P> {
    type Context = actix::Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        let ended = actix::fut::wrap_future::<_, Self>(self.0.wait());
        ctx.spawn(ended.map(|_, _, ctx: &mut Self::Context| ctx.stop()));
    }
}

impl<P: Process> Unpin for Local<P> {}

impl<P, M> Handler<M> for Local<P>
where
    P: Receive<M>,
    M: Message + Send + 'static,
    M::Result: Send,
{
    type Result = Answer<M>;

    fn handle(&mut self, message: M, _: &mut Self::Context) -> Answer<M> {
        Answer(self.0.dispatch(move |process, ctx| process.receive(ctx, message)))
    }
}

/// What a process will answer. The sender is told `MailboxError::Closed` when it never will.
struct Answer<M: Message>(Future<M::Result>)
where
    M::Result: Send;

impl<A, M> MessageResponse<A, M> for Answer<M>
where
    A: Actor,
    M: Message,
    M::Result: Send,
{
    fn handle(self, _: &mut A::Context, sender: Option<OneshotSender<M::Result>>) {
        let Some(sender) = sender else { return };
        self.0.finish(move |outcome| {
            if let Ok(value) = outcome {
                // Nobody waits any more when this fails.
                let _ = sender.send(value);
            }
        });
    }
}

struct Remote<C> {
    system: System,
    to: Upid,
    name: String,
    codec: std::marker::PhantomData<C>,
}

impl<C: Codec + Unpin> Actor for Remote<C> {
    type Context = actix::Context<Self>;
}

impl<C, M> Handler<M> for Remote<C>
where
    C: Codec + Unpin,
    M: Message<Result = ()> + Serialize,
{
    type Result = ();

    fn handle(&mut self, message: M, _: &mut Self::Context) {
        if let Err(error) = self.system.post_as::<C, _>(&self.to, &self.name, &message) {
            warn!(name = %self.name, %error, "dropping a message that cannot be written");
        }
    }
}
