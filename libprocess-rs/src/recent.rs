//! The processes a worker has sent messages to, so that the next message finds its process without a lock.

use crate::cell::{AnyProcess, Message};
use crate::system::Inner;
use crate::{Upid, worker};
use std::cell::RefCell;
use std::sync::Arc;

/// Processes a worker remembers.
const PLACES: usize = 256;

/// An address by which a process has been found. The id is kept, so that no other address is where it is.
struct Found {
    id: Arc<str>,
    process: Arc<dyn AnyProcess>,
}

thread_local! {
    static RECENT: RefCell<Vec<Option<Found>>> = const { RefCell::new(Vec::new()) };
}

/// Hands a message to a process of `system`; drops it when there is none.
pub(crate) fn deliver(system: &Arc<Inner>, to: &Upid, message: Message<'_>) {
    if !worker::on_worker() {
        system.deliver(to.id(), message);
        return;
    }
    let left = RECENT.with(|recent| {
        let Ok(recent) = recent.try_borrow() else {
            return Some(message);
        };
        match recent.get(place(to)) {
            Some(Some(found)) if found.is(system, to) => found.process.message(message).err(),
            _ => Some(message),
        }
    });
    let Some(message) = left else { return };
    // Not there, or ended: the address may be that of another process now.
    if let Some(process) = system.find_id(to.id()) {
        drop(process.message(message));
        remember(to, process);
    }
}

fn remember(to: &Upid, process: Arc<dyn AnyProcess>) {
    let id = to.id_arc();
    let before = RECENT.with(|recent| {
        let mut recent = recent.try_borrow_mut().ok()?;
        if recent.is_empty() {
            recent.resize_with(PLACES, || None);
        }
        recent[place(to)].replace(Found { id, process })
    });
    // Out of the borrow, since a process that is dropped may send.
    drop(before);
}

/// Where an address is remembered: by where its id is in memory, which copies of an address share.
fn place(to: &Upid) -> usize {
    let address = to.id().as_ptr().addr();
    (address >> 4 ^ address >> 12) % PLACES
}

impl Found {
    fn is(&self, system: &Arc<Inner>, to: &Upid) -> bool {
        std::ptr::eq(Arc::as_ptr(&self.id), std::ptr::from_ref(to.id()))
            && Arc::ptr_eq(self.process.system(), system)
    }
}
