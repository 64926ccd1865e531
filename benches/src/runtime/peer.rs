//! An engine whose senders are tasks: all but ours.

use std::future::Future;
use std::marker::PhantomData;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::engine::{Adder, BURST, Engine, Payload, Place};

/// What an actor does, whichever engine runs it.
pub trait Behaviour: Send + Unpin + 'static {
    /// What it is sent.
    type Message: Send + std::fmt::Debug + 'static;
    /// Handles a message; who asked is given the number.
    fn handle(&mut self, message: Self::Message) -> u64;
}

/// What a foreign runtime must know to take part.
pub trait Peer: Sized + Send + 'static {
    /// What tables call it.
    const NAME: &'static str;
    /// A handle to an actor.
    type Address<B: Behaviour>: Clone + Send + Sync + 'static;
    /// Runs `main` on the calling thread, with so many threads in all for actors and tasks.
    fn run<T: Send + 'static>(threads: usize, main: impl Future<Output = T> + Send + 'static) -> T;
    /// Starts an actor on the calling thread.
    fn spawn<B: Behaviour>(behaviour: B) -> impl Future<Output = Self::Address<B>> + Send;
    /// Starts a task on thread number `thread`; the first is that of `main`, from which this is called.
    fn task(thread: usize, task: impl Future<Output = ()> + Send + 'static);
    /// Sends a message without an answer.
    fn tell<B: Behaviour>(to: &Self::Address<B>, message: B::Message);
    /// Sends a message and waits for its answer.
    fn ask<B: Behaviour>(
        to: &Self::Address<B>,
        message: B::Message,
    ) -> impl Future<Output = Option<u64>> + Send;
}

/// A foreign runtime as an engine.
#[derive(Debug)]
pub struct Foreign<P>(PhantomData<fn() -> P>);

impl<P: Peer> Foreign<P> {
    /// The engine.
    pub fn boxed() -> Box<dyn Engine> {
        Box::new(Foreign::<P>(PhantomData))
    }
}

struct Sum<M>(Adder, PhantomData<fn(M)>);

impl<M: Payload> Behaviour for Sum<M> {
    type Message = M;

    fn handle(&mut self, message: M) -> u64 {
        self.0.add(message)
    }
}

/// The members of a ring, once all are there.
type Ring<P> = OnceLock<Vec<<P as Peer>::Address<Hopper<P>>>>;

/// A member of a ring.
struct Hopper<P: Peer> {
    ring: Arc<Ring<P>>,
    next: usize,
    done: Option<oneshot::Sender<()>>,
}

impl<P: Peer> Behaviour for Hopper<P> {
    type Message = u64;

    fn handle(&mut self, left: u64) -> u64 {
        if left > 0 {
            let ring = self.ring.get().expect("set before the first hop");
            P::tell(&ring[self.next], left - 1);
        } else if let Some(done) = self.done.take() {
            let _ = done.send(());
        }
        left
    }
}

async fn tell<P: Peer, M: Payload>(place: Place, senders: u64, count: u64) -> Duration {
    let each = count / senders;
    let (adder, finished) = Adder::new(each * senders);
    let to = P::spawn(Sum::<M>(adder, PhantomData)).await;
    let began = Instant::now();
    for sender in 0..senders {
        let to = to.clone();
        let sending = async move {
            for n in 0..each {
                P::tell(&to, M::new(n));
                if n % BURST == BURST - 1 {
                    tokio::task::yield_now().await;
                }
            }
        };
        P::task(thread_of(place, sender), sending);
    }
    finished.await.expect("all messages arrive");
    began.elapsed()
}

fn thread_of(place: Place, sender: u64) -> usize {
    match place {
        Place::Same => 0,
        Place::Across => 1 + usize::try_from(sender).unwrap_or(0),
    }
}

fn threads(place: Place, senders: u64) -> usize {
    match place {
        Place::Same => 1,
        Place::Across => thread_of(place, senders),
    }
}

async fn ask<P: Peer>(place: Place, ahead: u64, count: u64) -> Vec<Duration> {
    let (adder, _finished) = Adder::new(u64::MAX);
    let to = P::spawn(Sum::<u64>(adder, PhantomData)).await;
    let (done, finished) = oneshot::channel();
    let asking = async move {
        let mut took = Vec::new();
        for _ in 0..count / ahead {
            let began = Instant::now();
            if ahead == 1 {
                P::ask(&to, 1).await.expect("an answer comes");
            } else {
                let mut batch: Vec<_> = (0..ahead).map(|n| Box::pin(P::ask(&to, n))).collect();
                // Everything is sent before the first answer is waited for, also where futures are lazy.
                let mut open: Vec<_> = Vec::with_capacity(batch.len());
                std::future::poll_fn(|cx| {
                    for mut question in batch.drain(..) {
                        if question.as_mut().poll(cx).is_pending() {
                            open.push(question);
                        }
                    }
                    std::task::Poll::Ready(())
                })
                .await;
                for question in open {
                    question.await.expect("an answer comes");
                }
            }
            took.push(began.elapsed());
        }
        let _ = done.send(took);
    };
    P::task(thread_of(place, 0), asking);
    finished.await.expect("all questions are answered")
}

async fn ring<P: Peer>(members: usize, hops: u64) -> Duration {
    let ring = Arc::new(OnceLock::new());
    let (done, finished) = oneshot::channel();
    let last = usize::try_from(hops).unwrap_or(0) % members;
    let mut done = Some(done);
    let mut addresses = Vec::with_capacity(members);
    for member in 0..members {
        let hopper = Hopper::<P> {
            ring: ring.clone(),
            next: (member + 1) % members,
            done: if member == last { done.take() } else { None },
        };
        addresses.push(P::spawn(hopper).await);
    }
    let first = addresses[0].clone();
    assert!(ring.set(addresses).is_ok(), "set once");
    let began = Instant::now();
    P::tell(&first, hops);
    finished.await.expect("the message comes to its end");
    began.elapsed()
}

impl<P: Peer> Engine for Foreign<P> {
    fn name(&self) -> &'static str {
        P::NAME
    }

    fn tell_8(&self, place: Place, senders: u64, count: u64) -> Duration {
        P::run(threads(place, senders), tell::<P, u64>(place, senders, count))
    }

    fn tell_64(&self, place: Place, senders: u64, count: u64) -> Duration {
        P::run(
            threads(place, senders),
            tell::<P, [u64; 8]>(place, senders, count),
        )
    }

    fn ask(&self, place: Place, ahead: u64, count: u64) -> Vec<Duration> {
        P::run(threads(place, 1), ask::<P>(place, ahead, count))
    }

    fn ring(&self, members: usize, hops: u64) -> Duration {
        P::run(1, ring::<P>(members, hops))
    }
}
