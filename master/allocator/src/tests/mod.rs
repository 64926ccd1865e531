//! Who gets what: in small clusters, by the rules, and by chance.
#![allow(clippy::unwrap_used, reason = "a test may panic")]
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a test's numbers are small"
)]

mod constraints;
mod dice;
mod fairness;
mod invariants;
mod play;
mod pool;
mod random;
mod reference;
mod scenarios;
mod small;
