//! Chance: numbers that look random and depend on nothing but what is asked.
//!
//! Every draw is a function of the seed and of what is drawn for, not of how many draws there were before. So what an
//! allocator can skip, because nothing would come of it, does not change the lot of anything else.

use mesos::{Resource, Resources};
use mesos_proto::Message;

/// Spreads a number over all bits (the finalizer of splitmix64).
fn spread(mut x: u64) -> u64 {
    x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// A draw for something that is named by some numbers.
pub(crate) fn draw(seed: u64, what: &[u64]) -> u64 {
    what.iter().fold(spread(seed), |state, part| spread(state ^ part))
}

/// The number of a text, to be drawn for.
pub(crate) fn of_text(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |state, byte| {
        spread(state ^ u64::from(byte))
    })
}

/// A bundle in random order: every resource has a lot of its own, so the order it came in does not matter.
pub(crate) fn by_lot(resources: &Resources, seed: u64) -> Resources {
    let mut drawn: Vec<(u64, &Resource)> = resources
        .iter()
        .map(|resource| {
            let bytes = resource.to_proto().encode_to_vec();
            let number = bytes
                .iter()
                .fold(0, |state, byte| spread(state ^ u64::from(*byte)));
            (draw(seed, &[number]), resource)
        })
        .collect();
    drawn.sort_by_key(|(lot, _)| *lot);
    drawn.into_iter().map(|(_, resource)| resource.clone()).collect()
}

/// A draw as a fraction in 0 < x <= 1.
pub(crate) fn fraction(draw: u64) -> f64 {
    #[allow(clippy::cast_precision_loss, reason = "53 bits fit")]
    let bits = ((draw >> 11) + 1) as f64;
    #[allow(clippy::cast_precision_loss, reason = "2^53 fits")]
    let all = (1u64 << 53) as f64;
    bits / all
}

/// What a lot is drawn for: the first number of every draw.
pub(crate) mod lot {
    /// The place of an agent in the first stage.
    pub const AGENT_GUARANTEED: u64 = 1;
    /// The place of an agent in the second stage.
    pub const AGENT_FAIR: u64 = 2;
    /// The place of a role, with the random sorter.
    pub const ROLE: u64 = 3;
    /// The place of a framework in a role, with the random sorter.
    pub const FRAMEWORK: u64 = 4;
    /// The place of a resource in a bundle that is cut down.
    pub const RESOURCE: u64 = 5;
}
