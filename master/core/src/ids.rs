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
    /// What UUIDs come from.
    random: u64,
}

impl Ids {
    /// UUIDs follow from `seed`, which must differ from master to master.
    pub fn new(master: String, seed: u64) -> Self {
        Self {
            master,
            agents: 0,
            frameworks: 0,
            offers: 0,
            tickets: 0,
            epochs: 0,
            random: seed,
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

    /// A UUID for an operation.
    pub fn uuid(&mut self) -> [u8; 16] {
        let mut bytes = [0; 16];
        for half in bytes.chunks_exact_mut(8) {
            half.copy_from_slice(&split_mix(&mut self.random).to_be_bytes());
        }
        mesos::uuid::from_random(bytes)
    }

    /// A number that tells one connection or registration from the next.
    pub fn epoch(&mut self) -> u64 {
        next(&mut self.epochs)
    }
}

/// The next number of the generator `splitmix64`.
fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn next(counter: &mut u64) -> u64 {
    let n = *counter;
    *counter += 1;
    n
}
