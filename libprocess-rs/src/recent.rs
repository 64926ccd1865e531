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
    ends: Ends,
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
    let ends = Ends::of(to.id());
    let left = RECENT.with(|recent| {
        let Ok(recent) = recent.try_borrow() else {
            return Some(message);
        };
        match recent.get(ends.place()) {
            Some(Some(found)) if found.is(system, ends, to) => found.process.message(message).err(),
            _ => Some(message),
        }
    });
    let Some(message) = left else { return };
    // Not there, or ended: the address may be that of another process now.
    if let Some(process) = system.find_id(to.id()) {
        drop(process.message(message));
        remember(ends, to, process);
    }
}

fn remember(ends: Ends, to: &Upid, process: Arc<dyn AnyProcess>) {
    let before = RECENT.with(|recent| {
        let mut recent = recent.try_borrow_mut().ok()?;
        if recent.is_empty() {
            recent.resize_with(PLACES, || None);
        }
        recent[ends.place()].replace(Found {
            ends,
            address: to.clone(),
            process,
        })
    });
    // Out of the borrow, since a process that is dropped may send.
    drop(before);
}

/// The length of an id and its bytes at both ends: all of it, up to sixteen bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Ends {
    length: usize,
    first: u64,
    last: u64,
}

impl Ends {
    #[inline]
    fn of(id: &str) -> Ends {
        let id = id.as_bytes();
        let (first, last) = match (id.first_chunk(), id.last_chunk()) {
            (Some(first), Some(last)) => (u64::from_le_bytes(*first), u64::from_le_bytes(*last)),
            _ => (0, id.iter().fold(0, |last, byte| last << 8 | u64::from(*byte))),
        };
        Ends {
            length: id.len(),
            first,
            last,
        }
    }

    /// Where such an address is remembered. Numbers are at the end of ids.
    #[inline]
    fn place(self) -> usize {
        let mixed = (self.last ^ self.length as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (mixed >> 56) as usize
    }
}

impl Found {
    #[inline]
    fn is(&self, system: &Arc<Inner>, ends: Ends, to: &Upid) -> bool {
        self.ends == ends
            && (ends.length <= 16 || self.address.id() == to.id())
            && self.address.address() == to.address()
            && Arc::ptr_eq(self.process.system(), system)
    }
}
