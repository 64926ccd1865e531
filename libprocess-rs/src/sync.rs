//! Coordination that answers with futures where others block: a queue, a sequence, a limit on rates.

mod limiter;
mod queue;
mod sequence;
mod waiting;

pub use limiter::RateLimiter;
pub use queue::Queue;
pub use sequence::Sequence;
