//! xtra with unbounded mailboxes.

use std::future::Future;

use mesos_benches::runtime::peer::{Behaviour, Peer};
use mesos_benches::runtime::pinned;
use xtra::{Actor, Address, Context, Handler, Mailbox};

pub struct Xtra;

pub struct Host<B>(B);

impl<B: Behaviour> Actor for Host<B> {
    type Stop = ();

    async fn stopped(self) {}
}

impl<B: Behaviour> Handler<B::Message> for Host<B> {
    type Return = u64;

    async fn handle(&mut self, message: B::Message, _: &mut Context<Self>) -> u64 {
        self.0.handle(message)
    }
}

impl Peer for Xtra {
    const NAME: &'static str = "xtra";
    type Address<B: Behaviour> = Address<Host<B>>;

    fn run<T: Send + 'static>(threads: usize, main: impl Future<Output = T> + Send + 'static) -> T {
        pinned::run(threads, main)
    }

    async fn spawn<B: Behaviour>(behaviour: B) -> Self::Address<B> {
        xtra::spawn_tokio(Host(behaviour), Mailbox::unbounded())
    }

    fn task(thread: usize, task: impl Future<Output = ()> + Send + 'static) {
        pinned::task(thread, task);
    }

    fn tell<B: Behaviour>(to: &Self::Address<B>, message: B::Message) {
        super::at_once(to.send(message).detach());
    }

    fn ask<B: Behaviour>(
        to: &Self::Address<B>,
        message: B::Message,
    ) -> impl Future<Output = Option<u64>> + Send {
        let to = to.clone();
        async move { to.send(message).await.ok() }
    }
}
