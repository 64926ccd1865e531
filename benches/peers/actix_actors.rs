//! actix: each thread is an arbiter.

use std::cell::RefCell;
use std::future::Future;

use actix::{Actor, Addr, Handler, Message};
use actix_rt::Arbiter;
use mesos_benches::runtime::peer::{Behaviour, Peer};

pub struct Actix;

pub struct Host<B>(B);

pub struct Letter<M>(M);

impl<M: 'static> Message for Letter<M> {
    type Result = u64;
}

impl<B: Behaviour> Actor for Host<B> {
    type Context = actix::Context<Self>;
}

impl<B: Behaviour> Handler<Letter<B::Message>> for Host<B> {
    type Result = u64;

    fn handle(&mut self, letter: Letter<B::Message>, _: &mut Self::Context) -> u64 {
        self.0.handle(letter.0)
    }
}

thread_local! {
    /// The arbiters besides that of the calling thread.
    static OTHERS: RefCell<Vec<Arbiter>> = const { RefCell::new(Vec::new()) };
}

impl Peer for Actix {
    const NAME: &'static str = "actix";
    type Address<B: Behaviour> = Addr<Host<B>>;

    fn run<T: Send + 'static>(threads: usize, main: impl Future<Output = T> + Send + 'static) -> T {
        let system = actix_rt::System::new();
        let others = (1..threads).map(|_| system.block_on(async { Arbiter::new() }));
        OTHERS.set(others.collect());
        let output = system.block_on(main);
        for arbiter in OTHERS.take() {
            arbiter.stop();
            let _ = arbiter.join();
        }
        output
    }

    async fn spawn<B: Behaviour>(behaviour: B) -> Self::Address<B> {
        Host(behaviour).start()
    }

    fn task(thread: usize, task: impl Future<Output = ()> + Send + 'static) {
        if thread == 0 {
            actix_rt::spawn(task);
        } else {
            OTHERS.with_borrow(|others| others[thread - 1].spawn(task));
        }
    }

    fn tell<B: Behaviour>(to: &Self::Address<B>, message: B::Message) {
        to.do_send(Letter(message));
    }

    fn ask<B: Behaviour>(
        to: &Self::Address<B>,
        message: B::Message,
    ) -> impl Future<Output = Option<u64>> + Send {
        let request = to.send(Letter(message));
        async move { request.await.ok() }
    }
}
