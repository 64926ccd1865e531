//! No runtime at all: a thread behind a channel of the standard library, which answers over a second channel.
//!
//! It is a yardstick: what a crossing between two threads costs when nothing stands between it and the kernel.

use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use super::engine::{Adder, Engine, Payload, Place};

/// What tables call it.
pub const NAME: &str = "bare thread";

/// A thread and a channel.
#[derive(Debug)]
pub struct Bare;

fn tell<M: Payload>(senders: u64, count: u64) -> Duration {
    let each = count / senders;
    let (to, mailbox) = mpsc::channel::<M>();
    let (adder, finished) = Adder::new(each * senders);
    let receiver = thread::spawn(move || {
        let mut adder = adder;
        for message in mailbox {
            adder.add(message);
        }
    });
    let began = Instant::now();
    let sending: Vec<_> = (0..senders)
        .map(|_| {
            let to = to.clone();
            thread::spawn(move || {
                for n in 0..each {
                    let _ = to.send(M::new(n));
                }
            })
        })
        .collect();
    finished.blocking_recv().expect("all messages arrive");
    let took = began.elapsed();
    drop(to);
    for thread in sending.into_iter().chain([receiver]) {
        thread.join().expect("nothing panics here");
    }
    took
}

impl Engine for Bare {
    fn name(&self) -> &'static str {
        NAME
    }

    fn shares_threads(&self) -> bool {
        false
    }

    fn tell_8(&self, _: Place, senders: u64, count: u64) -> Duration {
        tell::<u64>(senders, count)
    }

    fn tell_64(&self, _: Place, senders: u64, count: u64) -> Duration {
        tell::<[u64; 8]>(senders, count)
    }

    fn ask(&self, _: Place, ahead: u64, count: u64) -> Vec<Duration> {
        let (to, questions) = mpsc::channel::<u64>();
        let (back, answers) = mpsc::channel::<u64>();
        let receiver = thread::spawn(move || {
            let (mut adder, _finished) = Adder::new(u64::MAX);
            for question in questions {
                let _ = back.send(adder.add(question));
            }
        });
        let mut took = Vec::new();
        for _ in 0..count / ahead {
            let began = Instant::now();
            for n in 0..ahead {
                let _ = to.send(n);
            }
            for _ in 0..ahead {
                answers.recv().expect("an answer comes");
            }
            took.push(began.elapsed());
        }
        drop(to);
        receiver.join().expect("nothing panics here");
        took
    }

    fn ring(&self, _: usize, _: u64) -> Duration {
        Duration::MAX
    }
}
