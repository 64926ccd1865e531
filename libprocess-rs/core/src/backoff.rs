//! How long to wait before trying again.

use std::time::Duration;

/// Randomised waits whose upper bound doubles up to a maximum.
///
/// Each wait is uniform in `[0, bound)`, as agents and schedulers of Mesos back off when they register, so that a
/// thousand of them do not return in step.
///
/// Mesos: src/slave/slave.cpp, `Slave::doReliableRegistration`.
///
/// ```
/// use libprocess_core::backoff::Backoff;
/// use std::time::Duration;
/// let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(60));
/// assert_eq!(backoff.next(0.5), Duration::from_millis(500));
/// assert_eq!(backoff.next(0.5), Duration::from_secs(1));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    initial: Duration,
    bound: Duration,
    max: Duration,
}

impl Backoff {
    /// Starts with the bound `initial`, never above `max`.
    pub fn new(initial: Duration, max: Duration) -> Backoff {
        Backoff {
            initial: initial.min(max),
            bound: initial.min(max),
            max,
        }
    }

    /// The next wait, given a random number in `[0, 1)`; doubles the bound.
    pub fn next(&mut self, random: f64) -> Duration {
        let wait = self.bound.mul_f64(random.clamp(0.0, 1.0));
        self.bound = self.bound.saturating_mul(2).min(self.max);
        wait
    }

    /// Goes back to the initial bound, after a success.
    pub fn reset(&mut self) {
        self.bound = self.initial;
    }
}

/// The wait before attempt number `attempt` (from 0) without randomness: `initial` doubled each time, up to `max`.
pub fn exponential(initial: Duration, max: Duration, attempt: u32) -> Duration {
    initial
        .saturating_mul(2u32.checked_pow(attempt).unwrap_or(u32::MAX))
        .min(max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bound_doubles_to_its_maximum_and_resets() {
        let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(5));
        let waits: Vec<u64> = (0..5).map(|_| backoff.next(1.0).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 5, 5]);
        backoff.reset();
        assert_eq!(backoff.next(1.0), Duration::from_secs(1));
        assert_eq!(backoff.next(-3.0), Duration::ZERO);
    }

    #[test]
    fn exponential_saturates() {
        let (ten, max) = (Duration::from_secs(10), Duration::from_secs(600));
        let waits: Vec<u64> = [0, 1, 2, 6, 40]
            .map(|n| exponential(ten, max, n).as_secs())
            .to_vec();
        assert_eq!(waits, [10, 20, 40, 600, 600]);
    }
}
