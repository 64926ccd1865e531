//! Order under load: what one sender sends arrives in its order, and what was sent because of something arrives after it.
//!
//! Threads send to actors on two workers; relays on both pass everything on to one collector, which each thread also
//! tells directly before it tells a relay. `ENGINE_ROUNDS` says how many messages each thread sends.
#![cfg(not(loom))]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use libprocess_engine::{Actor, Turns};
use std::sync::Arc;
use std::sync::mpsc::channel;
use support::{Plain, Running, actor};

const THREADS: usize = 4;

/// What the collector has seen of each thread: directly, and through each relay.
struct Seen {
    direct: [u64; THREADS],
    relayed: [[u64; 2]; THREADS],
    left: u64,
    done: std::sync::mpsc::Sender<()>,
}

impl Seen {
    fn count(&mut self) {
        self.left -= 1;
        if self.left == 0 {
            self.done.send(()).unwrap();
        }
    }

    fn direct(&mut self, thread: usize, n: u64) {
        assert_eq!(self.direct[thread], n, "thread {thread} is out of order");
        self.direct[thread] += 1;
        self.count();
    }

    fn relayed(&mut self, thread: usize, relay: usize, n: u64) {
        assert!(
            self.direct[thread] > n,
            "the consequence of {n} of thread {thread} came before it"
        );
        assert!(self.relayed[thread][relay] <= n, "relay {relay} is out of order");
        self.relayed[thread][relay] = n;
        self.count();
    }
}

#[test]
fn order_and_causality_hold_under_load() {
    let rounds = std::env::var("ENGINE_ROUNDS").map_or(20_000, |text| text.parse().unwrap());
    let workers = [Running::new(Turns::Timed), Running::new(Turns::Timed)];
    let weak = workers.each_ref().map(|running| Arc::downgrade(&running.worker));
    workers[0].worker.set_peers(vec![weak[1].clone()]);
    workers[1].worker.set_peers(vec![weak[0].clone()]);
    let (done, finished) = channel();
    let seen = Seen {
        direct: [0; THREADS],
        relayed: [[0; 2]; THREADS],
        left: rounds * THREADS as u64 * 2,
        done,
    };
    let (collector, birth) = actor(&workers[0].worker, seen);
    birth.start();
    let relays: Vec<Arc<Actor<Plain<()>>>> = workers
        .iter()
        .map(|running| {
            let (relay, birth) = actor(&running.worker, ());
            birth.start();
            relay
        })
        .collect();
    let threads: Vec<_> = (0..THREADS)
        .map(|thread| {
            let (collector, relays) = (collector.clone(), relays.clone());
            std::thread::spawn(move || {
                for n in 0..rounds {
                    let direct = collector.push::<_, 0>(move |seen: &mut Seen| seen.direct(thread, n));
                    direct.ok().unwrap();
                    let relay = usize::try_from(n % 2).unwrap();
                    let to = collector.clone();
                    let pass = move |(): &mut ()| {
                        let relayed = to.push::<_, 0>(move |seen: &mut Seen| seen.relayed(thread, relay, n));
                        relayed.ok().unwrap();
                    };
                    relays[relay].push::<_, 0>(pass).ok().unwrap();
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    let limit = std::time::Duration::from_secs(300);
    finished.recv_timeout(limit).expect("all arrives, in order");
    relays.iter().for_each(|relay| relay.end(true));
    collector.end(true);
}
