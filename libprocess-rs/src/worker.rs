//! Workers: each is one actix-rt arbiter that polls one scheduler of the engine.

use crate::system::Inner;
use libprocess_engine as engine;
use smol_str::SmolStr;
use std::cell::RefCell;
use std::sync::{Arc, Weak};

pub(crate) use engine::{on_worker, wake_once};

/// One arbiter, as seen from any thread.
pub(crate) struct Worker {
    pub(crate) arbiter: actix_rt::ArbiterHandle,
    pub(crate) engine: Arc<engine::Worker>,
}

thread_local! {
    /// The system whose worker this thread is.
    static SYSTEM: RefCell<Weak<Inner>> = const { RefCell::new(Weak::new()) };
}

/// The id of the process whose handler the calling thread runs.
pub(crate) fn running_process() -> Option<SmolStr> {
    let address = engine::running()?;
    let system = SYSTEM
        .try_with(|system| system.try_borrow().ok()?.upgrade())
        .ok()??;
    system.name_of(address)
}

impl Worker {
    pub(crate) fn new(arbiter: actix_rt::ArbiterHandle, turns: engine::Turns) -> Worker {
        Worker {
            arbiter,
            engine: Arc::new(engine::Worker::new(turns)),
        }
    }

    /// Makes the thread of the arbiter this worker and starts its scheduler there.
    pub(crate) fn start(&self, system: Weak<Inner>) {
        let engine = self.engine.clone();
        self.arbiter.spawn_fn(move || {
            SYSTEM.set(system);
            drop(tokio::task::spawn_local(engine.scheduler()));
        });
    }
}
