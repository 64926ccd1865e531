//! ractor.

use std::future::Future;
use std::marker::PhantomData;

use mesos_benches::runtime::peer::{Behaviour, Peer};
use mesos_benches::runtime::pinned;
use ractor::rpc::CallResult;
use ractor::{Actor, ActorProcessingErr, ActorRef, RpcReplyPort};

pub struct Ractor;

pub struct Host<B>(PhantomData<fn() -> B>);

pub enum Letter<M> {
    Tell(M),
    Ask(M, RpcReplyPort<u64>),
}

impl<B: Behaviour> Actor for Host<B> {
    type Msg = Letter<B::Message>;
    type State = B;
    type Arguments = B;

    async fn pre_start(&self, _: ActorRef<Self::Msg>, behaviour: B) -> Result<B, ActorProcessingErr> {
        Ok(behaviour)
    }

    async fn handle(
        &self,
        _: ActorRef<Self::Msg>,
        letter: Self::Msg,
        behaviour: &mut B,
    ) -> Result<(), ActorProcessingErr> {
        match letter {
            Letter::Tell(message) => drop(behaviour.handle(message)),
            Letter::Ask(message, reply) => {
                let _ = reply.send(behaviour.handle(message));
            }
        }
        Ok(())
    }
}

impl Peer for Ractor {
    const NAME: &'static str = "ractor";
    type Address<B: Behaviour> = ActorRef<Letter<B::Message>>;

    fn run<T: Send + 'static>(threads: usize, main: impl Future<Output = T> + Send + 'static) -> T {
        pinned::run(threads, main)
    }

    async fn spawn<B: Behaviour>(behaviour: B) -> Self::Address<B> {
        let spawned = Actor::spawn(None, Host(PhantomData), behaviour).await;
        spawned.expect("an actor without a name can be started").0
    }

    fn task(thread: usize, task: impl Future<Output = ()> + Send + 'static) {
        pinned::task(thread, task);
    }

    fn tell<B: Behaviour>(to: &Self::Address<B>, message: B::Message) {
        let _ = to.cast(Letter::Tell(message));
    }

    fn ask<B: Behaviour>(
        to: &Self::Address<B>,
        message: B::Message,
    ) -> impl Future<Output = Option<u64>> + Send {
        let to = to.clone();
        async move {
            match to.call(|reply| Letter::Ask(message, reply), None).await {
                Ok(CallResult::Success(answer)) => Some(answer),
                _ => None,
            }
        }
    }
}
