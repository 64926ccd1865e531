//! ThroughputPerformance: pairs of processes play ping-pong, a thousand balls at once.
//!
//! Mesos: 3rdparty/libprocess/src/tests/benchmarks.cpp, `ThroughputPerformance`.

use std::sync::mpsc;

use libprocess::{Pid, Process};

use super::cpu_seconds;
use super::ours::system;

const PAIRS: u64 = 8;
const IN_FLIGHT: u64 = 1_000;

/// Sends pings while there are any left, and counts pongs.
struct Client {
    partner: Option<Pid<Destination>>,
    unsent: u64,
    unanswered: u64,
    done: mpsc::Sender<()>,
}

/// Answers.
struct Destination {
    client: Pid<Client>,
}

impl Process for Client {}
impl Process for Destination {}

impl Client {
    fn ping(&mut self) {
        if self.unsent > 0
            && let Some(partner) = &self.partner
        {
            self.unsent -= 1;
            partner.tell(|destination, _| destination.client.tell(|client, _| client.pong()));
        }
    }

    fn pong(&mut self) {
        self.unanswered -= 1;
        if self.unanswered == 0 {
            let _ = self.done.send(());
        }
        self.ping();
    }
}

/// Ping-pongs for each second of processor time, with two workers; the partner of a client is on its worker, as
/// everything a process spawns.
pub fn run(ping_pongs: u64) -> f64 {
    let system = system(2);
    let (done, finished) = mpsc::channel();
    let each = ping_pongs / PAIRS;
    let mut clients = Vec::new();
    for pair in 0..PAIRS {
        let worker = usize::try_from(pair).unwrap_or(0);
        let client = Client {
            partner: None,
            unsent: each,
            unanswered: each,
            done: done.clone(),
        };
        let client = system
            .spawn_on(worker, format!("client-{pair}"), client)
            .expect("the name is free");
        let destination = Destination {
            client: client.clone(),
        };
        let destination = system
            .spawn_on(worker, format!("destination-{pair}"), destination)
            .expect("the name is free");
        client.tell(move |client, _| client.partner = Some(destination));
        clients.push(client);
    }
    let began = cpu_seconds();
    for client in &clients {
        client.tell(|client, _| (0..IN_FLIGHT).for_each(|_| client.ping()));
    }
    for _ in 0..PAIRS {
        finished.recv().expect("every pair comes to its end");
    }
    let took = cpu_seconds() - began;
    system.shutdown();
    (each * PAIRS) as f64 / took
}
