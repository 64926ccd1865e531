//! The processes a worker has sent messages to, so that the next message finds its process without a lock.

use crate::cell::{AnyProcess, Message};
use crate::system::Inner;
use crate::{Upid, worker};
use std::cell::RefCell;
use std::sync::Arc;

/// Processes a worker remembers.
const PLACES: usize = 256;

/// A process, and the address by which it has been found.
struct Found {
    address: Upid,
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
    let before = RECENT.with(|recent| {
        let mut recent = recent.try_borrow_mut().ok()?;
        if recent.is_empty() {
            recent.resize_with(PLACES, || None);
        }
        recent[place(to)].replace(Found {
            address: to.clone(),
            process,
        })
    });
    // Out of the borrow, since a process that is dropped may send.
    drop(before);
}

/// Where an address is remembered: by the end of its id, where numbers are.
fn place(to: &Upid) -> usize {
    let id = to.id().as_bytes();
    let end = match id.last_chunk::<8>() {
        Some(end) => u64::from_le_bytes(*end),
        None => id.iter().fold(0, |end, byte| end << 8 | u64::from(*byte)),
    };
    let mixed = (end ^ id.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 56) as usize
}

impl Found {
    fn is(&self, system: &Arc<Inner>, to: &Upid) -> bool {
        self.address == *to && Arc::ptr_eq(self.process.system(), system)
    }
}
