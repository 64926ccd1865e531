//! A task behind an unbounded channel.

use std::future::Future;

use mesos_benches::runtime::peer::{Behaviour, Peer};
use mesos_benches::runtime::pinned;
use tokio::sync::{mpsc, oneshot};

pub struct Tokio;

pub enum Letter<M> {
    Tell(M),
    Ask(M, oneshot::Sender<u64>),
}

impl Peer for Tokio {
    const NAME: &'static str = "tokio task";
    type Address<B: Behaviour> = mpsc::UnboundedSender<Letter<B::Message>>;

    fn run<T: Send + 'static>(threads: usize, main: impl Future<Output = T> + Send + 'static) -> T {
        pinned::run(threads, main)
    }

    async fn spawn<B: Behaviour>(mut behaviour: B) -> Self::Address<B> {
        let (sender, mut mailbox) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Some(letter) = mailbox.recv().await {
                match letter {
                    Letter::Tell(message) => drop(behaviour.handle(message)),
                    Letter::Ask(message, reply) => {
                        let _ = reply.send(behaviour.handle(message));
                    }
                }
            }
        });
        sender
    }

    fn task(thread: usize, task: impl Future<Output = ()> + Send + 'static) {
        pinned::task(thread, task);
    }

    fn tell<B: Behaviour>(to: &Self::Address<B>, message: B::Message) {
        let _ = to.send(Letter::Tell(message));
    }

    fn ask<B: Behaviour>(
        to: &Self::Address<B>,
        message: B::Message,
    ) -> impl Future<Output = Option<u64>> + Send {
        let (reply, answer) = oneshot::channel();
        let _ = to.send(Letter::Ask(message, reply));
        async move { answer.await.ok() }
    }
}
