//! kameo with unbounded mailboxes.

use std::convert::Infallible;
use std::future::Future;

use kameo::Actor;
use kameo::actor::{ActorRef, Spawn as _};
use kameo::mailbox::unbounded;
use kameo::message::{Context, Message};
use mesos_benches::runtime::peer::{Behaviour, Peer};
use mesos_benches::runtime::pinned;

pub struct Kameo;

pub struct Host<B>(B);

impl<B: Behaviour> Actor for Host<B> {
    type Args = Self;
    type Error = Infallible;

    async fn on_start(host: Self, _: ActorRef<Self>) -> Result<Self, Infallible> {
        Ok(host)
    }
}

impl<B: Behaviour> Message<B::Message> for Host<B> {
    type Reply = u64;

    async fn handle(&mut self, message: B::Message, _: &mut Context<Self, u64>) -> u64 {
        self.0.handle(message)
    }
}

impl Peer for Kameo {
    const NAME: &'static str = "kameo";
    type Address<B: Behaviour> = ActorRef<Host<B>>;

    fn run<T: Send + 'static>(threads: usize, main: impl Future<Output = T> + Send + 'static) -> T {
        pinned::run(threads, main)
    }

    async fn spawn<B: Behaviour>(behaviour: B) -> Self::Address<B> {
        Host::spawn_with_mailbox(Host(behaviour), unbounded())
    }

    fn task(thread: usize, task: impl Future<Output = ()> + Send + 'static) {
        pinned::task(thread, task);
    }

    fn tell<B: Behaviour>(to: &Self::Address<B>, message: B::Message) {
        let _ = to.tell(message).try_send();
    }

    fn ask<B: Behaviour>(
        to: &Self::Address<B>,
        message: B::Message,
    ) -> impl Future<Output = Option<u64>> + Send {
        let to = to.clone();
        async move { to.ask(message).send().await.ok() }
    }
}
