//! The other runtimes, each taught the same tricks. They are compiled for the benchmark and its test only.

mod actix_actors;
mod kameo_actors;
mod ractor_actors;
mod tokio_tasks;
mod xtra_actors;

use std::future::Future;
use std::task::{Context, Waker};

use mesos_benches::runtime::bare::Bare;
use mesos_benches::runtime::engine::Engine;
use mesos_benches::runtime::peer::Foreign;

/// All of them.
pub fn all() -> Vec<Box<dyn Engine>> {
    vec![
        Foreign::<actix_actors::Actix>::boxed(),
        Foreign::<kameo_actors::Kameo>::boxed(),
        Foreign::<ractor_actors::Ractor>::boxed(),
        Foreign::<xtra_actors::Xtra>::boxed(),
        Foreign::<tokio_tasks::Tokio>::boxed(),
        Box::new(Bare),
    ]
}

/// Polls once a future that has all it needs.
fn at_once(future: impl Future) {
    let polled = std::pin::pin!(future).poll(&mut Context::from_waker(Waker::noop()));
    assert!(polled.is_ready(), "an unbounded mailbox has room");
}
