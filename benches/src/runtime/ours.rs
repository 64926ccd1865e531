//! libprocess as an engine: senders are processes too.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use libprocess::{Context, Pid, Process, System};
use tokio::sync::oneshot;

use super::engine::{Adder, BURST, Engine, Payload, Place};

/// libprocess.
#[derive(Debug)]
pub struct Ours;

/// A runtime with this many workers that nobody talks to from outside.
pub fn system(workers: usize) -> System {
    let started = System::builder().workers(workers).start();
    started.expect("a port of the loopback interface is free")
}

/// How many workers that many senders need.
fn workers(place: Place, senders: usize) -> usize {
    match place {
        Place::Same => 1,
        Place::Across => senders + 1,
    }
}

/// The worker of a sender; the receiver is on the first.
fn worker_of(place: Place, sender: usize) -> usize {
    match place {
        Place::Same => 0,
        Place::Across => sender + 1,
    }
}

fn spawn<P: Process>(system: &System, worker: usize, name: &str, process: P) -> Pid<P> {
    let id = system.generate_id(name);
    system
        .spawn_on(worker, id, process)
        .expect("generated names are free")
}

impl Process for Adder {}

struct Teller {
    to: Pid<Adder>,
    left: u64,
}

impl Process for Teller {}

impl Teller {
    fn burst<M: Payload>(&mut self, ctx: &mut Context<Self>) {
        let burst = self.left.min(BURST);
        for n in 0..burst {
            let message = M::new(n);
            self.to.tell(move |adder, _| {
                adder.add(message);
            });
        }
        self.left -= burst;
        if self.left > 0 {
            ctx.tell_self(Teller::burst::<M>);
        }
    }
}

fn tell<M: Payload>(place: Place, senders: u64, count: u64) -> Duration {
    let many = usize::try_from(senders).unwrap_or(1);
    let system = system(workers(place, many));
    let each = count / senders;
    let (adder, finished) = Adder::new(each * senders);
    let to = spawn(&system, 0, "adder", adder);
    let tellers: Vec<_> = (0..senders)
        .map(|sender| {
            let worker = worker_of(place, usize::try_from(sender).unwrap_or(0));
            let to = to.clone();
            spawn(&system, worker, "teller", Teller { to, left: each })
        })
        .collect();
    let began = Instant::now();
    for teller in &tellers {
        teller.tell(Teller::burst::<M>);
    }
    finished.blocking_recv().expect("all messages arrive");
    let took = began.elapsed();
    system.shutdown();
    took
}

struct Asker {
    to: Pid<Adder>,
    ahead: u64,
    batches: u64,
    open: u64,
    began: Instant,
    took: Vec<Duration>,
    done: Option<oneshot::Sender<Vec<Duration>>>,
}

impl Process for Asker {}

impl Asker {
    fn batch(&mut self, ctx: &mut Context<Self>) {
        if self.batches == 0 {
            if let Some(done) = self.done.take() {
                let _ = done.send(std::mem::take(&mut self.took));
            }
            return;
        }
        self.batches -= 1;
        self.open = self.ahead;
        self.began = Instant::now();
        for n in 0..self.ahead {
            let question = self.to.dispatch(move |adder, _| adder.add(n));
            ctx.then(question, |asker, ctx, _| asker.answered(ctx));
        }
    }

    fn answered(&mut self, ctx: &mut Context<Self>) {
        self.open -= 1;
        if self.open == 0 {
            self.took.push(self.began.elapsed());
            self.batch(ctx);
        }
    }
}

/// A member of a ring.
pub(super) struct Hopper {
    ring: Arc<OnceLock<Vec<Pid<Hopper>>>>,
    next: usize,
    done: Option<oneshot::Sender<()>>,
}

impl Process for Hopper {}

impl Hopper {
    fn hop(&mut self, left: u64) {
        if left > 0 {
            let ring = self.ring.get().expect("set before the first hop");
            ring[self.next].tell(move |hopper, _| hopper.hop(left - 1));
        } else if let Some(done) = self.done.take() {
            let _ = done.send(());
        }
    }
}

impl Engine for Ours {
    fn name(&self) -> &'static str {
        "ours"
    }

    fn tell_8(&self, place: Place, senders: u64, count: u64) -> Duration {
        tell::<u64>(place, senders, count)
    }

    fn tell_64(&self, place: Place, senders: u64, count: u64) -> Duration {
        tell::<[u64; 8]>(place, senders, count)
    }

    fn ask(&self, place: Place, ahead: u64, count: u64) -> Vec<Duration> {
        let system = system(workers(place, 1));
        let (adder, _finished) = Adder::new(u64::MAX);
        let to = spawn(&system, 0, "adder", adder);
        let (done, finished) = oneshot::channel();
        let asker = Asker {
            to,
            ahead,
            batches: count / ahead,
            open: 0,
            began: Instant::now(),
            took: Vec::new(),
            done: Some(done),
        };
        let asker = spawn(&system, worker_of(place, 0), "asker", asker);
        asker.tell(Asker::batch);
        let took = finished.blocking_recv().expect("all questions are answered");
        system.shutdown();
        took
    }

    fn ring(&self, members: usize, hops: u64) -> Duration {
        let system = system(1);
        let ring = Arc::new(OnceLock::new());
        let (done, finished) = oneshot::channel();
        let mut done = Some(done);
        let last = usize::try_from(hops).unwrap_or(0) % members;
        let hoppers: Vec<_> = (0..members)
            .map(|member| {
                let hopper = Hopper {
                    ring: ring.clone(),
                    next: (member + 1) % members,
                    done: if member == last { done.take() } else { None },
                };
                spawn(&system, 0, "hopper", hopper)
            })
            .collect();
        let first = hoppers[0].clone();
        assert!(ring.set(hoppers).is_ok(), "set once");
        let began = Instant::now();
        first.tell(move |hopper, _| hopper.hop(hops));
        finished.blocking_recv().expect("the message comes to its end");
        let took = began.elapsed();
        system.shutdown();
        took
    }
}
