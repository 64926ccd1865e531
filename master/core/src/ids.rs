//! New ids: the master's own id, a kind, and a counter.

use mesos::ids::{AgentId, FrameworkId, OfferId};

/// Hands out ids that no other master gives. Mesos: `Master::newSlaveId` and its sisters.
#[derive(Debug, Clone)]
pub(crate) struct Ids {
    master: String,
    agents: u64,
    frameworks: u64,
    offers: u64,
    tickets: u64,
    epochs: u64,
}

impl Ids {
    pub fn new(master: String) -> Self {
        Self {
            master,
            agents: 0,
            frameworks: 0,
            offers: 0,
            tickets: 0,
            epochs: 0,
        }
    }

    pub fn agent(&mut self) -> AgentId {
        let n = next(&mut self.agents);
        AgentId::new(format!("{}-S{n}", self.master))
    }

    pub fn framework(&mut self) -> FrameworkId {
        let n = next(&mut self.frameworks);
        FrameworkId::new(format!("{}-{n:04}", self.master))
    }

    pub fn offer(&mut self) -> OfferId {
        let n = next(&mut self.offers);
        OfferId::new(format!("{}-O{n}", self.master))
    }

    pub fn ticket(&mut self) -> u64 {
        next(&mut self.tickets)
    }

    /// A number that tells one connection or registration from the next.
    pub fn epoch(&mut self) -> u64 {
        next(&mut self.epochs)
    }
}

fn next(counter: &mut u64) -> u64 {
    let n = *counter;
    *counter += 1;
    n
}
