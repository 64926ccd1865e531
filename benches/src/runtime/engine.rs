//! What every engine is asked to do, with the same handlers and messages.

use std::time::Duration;

use tokio::sync::oneshot;

/// How many messages a sender sends before it lets others have its thread.
pub const BURST: u64 = 1_000;

/// Where senders live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// On the thread of the receiver.
    Same,
    /// Each on a thread of its own.
    Across,
}

/// A runtime for actors.
pub trait Engine {
    /// What tables call it.
    fn name(&self) -> &'static str;
    /// Whether several actors can live on one thread. What cannot is not asked for [`Place::Same`] and rings.
    fn shares_threads(&self) -> bool {
        true
    }
    /// `senders` send `count` messages of 8 bytes in all to one receiver.
    fn tell_8(&self, place: Place, senders: u64, count: u64) -> Duration;
    /// As `tell_8` with 64 bytes.
    fn tell_64(&self, place: Place, senders: u64, count: u64) -> Duration;
    /// One asks another `count` questions, `ahead` at once; how long each batch took, in the order they were asked.
    fn ask(&self, place: Place, ahead: u64, count: u64) -> Vec<Duration>;
    /// One message goes round `members` actors on one thread, `hops` steps in all.
    fn ring(&self, members: usize, hops: u64) -> Duration;
}

/// What a message carries.
pub trait Payload: Copy + Send + Sync + std::fmt::Debug + 'static {
    /// One that carries `n`.
    fn new(n: u64) -> Self;
    /// What it carries.
    fn value(self) -> u64;
}

impl Payload for u64 {
    fn new(n: u64) -> u64 {
        n
    }

    fn value(self) -> u64 {
        self
    }
}

impl Payload for [u64; 8] {
    fn new(n: u64) -> [u64; 8] {
        [n; 8]
    }

    fn value(self) -> u64 {
        self[0] ^ self[7]
    }
}

/// The receiver: adds up, and says when all has come.
#[derive(Debug)]
pub struct Adder {
    sum: u64,
    left: u64,
    done: Option<oneshot::Sender<u64>>,
}

impl Adder {
    /// One that waits for `count` messages.
    pub fn new(count: u64) -> (Adder, oneshot::Receiver<u64>) {
        let (done, finished) = oneshot::channel();
        let adder = Adder {
            sum: 0,
            left: count,
            done: Some(done),
        };
        (adder, finished)
    }

    /// Takes one message and answers with the sum.
    pub fn add(&mut self, message: impl Payload) -> u64 {
        self.sum = self.sum.wrapping_add(message.value());
        self.left = self.left.wrapping_sub(1);
        if self.left == 0
            && let Some(done) = self.done.take()
        {
            let _ = done.send(self.sum);
        }
        self.sum
    }
}
