//! The engine under `libprocess`: mailboxes, run queues and small closures, without sockets, timers or names.
//!
//! An [`Actor`] is a state with a mailbox of closures over that state. It belongs to one [`Worker`], which is one thread
//! that polls one [`Scheduler`]. What is pushed on that thread goes through memory nobody else touches, without an atomic
//! write; what is pushed elsewhere goes through a lock that is held for as long as it takes to copy one closure.
//! Closures are written into the mailbox itself, so that a push allocates nothing.
//!
//! | module | what |
//! |---|---|
//! | `record` | a queue of closures in one piece of memory |
//! | `pool` | pieces of memory a thread keeps for its queues |
//! | `actor` | the state, its mailbox, and whose thread may touch which part |
//! | `company` | whether an actor should move to where its events come from |
//! | `worker` | run queues, sleeping and waking |
//! | `small` | one closure without a box, for a callback |
//!
//! # Why unsafe code
//!
//! This is the only crate under `libprocess` that has any. The safe engine before it (a locked deque of boxes) needed
//! 220 ns for a hop between two processes and two allocations for a message; this one needs about 15 ns and none. What makes it
//! sound is said at each block and rests on four rules:
//!
//! 1. *Owner.* `Actor::local` and the state are touched only by the thread whose token is in `Actor::owner`. A token is the
//!    address of a worker that has been entered by one thread, once.
//! 2. *No overlap.* No reference into `local` lives while a closure runs; the state is borrowed by the run that the
//!    actor's one parked handle allows.
//! 3. *Moved once.* A record is taken out of its queue (the read position moves) before its closure is called.
//! 4. *Relocatable.* A Rust value may be moved by copying its bytes, so queues may grow and be appended to each other.
//!
//! They are checked by loom (`RUSTFLAGS="--cfg loom"`), by AddressSanitizer and by valgrind; see `cargo xtask
//! verify --deep`.

#![deny(unsafe_op_in_unsafe_fn)]

mod actor;
mod company;
mod pool;
mod record;
mod small;
mod sync;
mod worker;

pub use actor::{Actor, Birth, Life};
pub use record::{Counts, TAGS};
pub use small::Small;
pub use worker::{Beat, Scheduler, Turns, Worker, on_worker, running, wake_once};
