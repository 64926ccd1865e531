//! Coordination that answers with futures where others block: a queue, a sequence, a limit on rates, locks, a latch.

mod countdown;
mod limiter;
mod lock;
mod queue;
mod sequence;
mod waiting;

pub use countdown::CountDownLatch;
pub use limiter::RateLimiter;
pub use lock::{Mutex, Permit, RwLock};
pub use queue::Queue;
pub use sequence::Sequence;
