//! Pieces of memory a thread keeps for the queues of its actors, so that a hop costs no allocation.

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::cell::UnsafeCell;
use std::ptr::NonNull;

/// Words of the smallest piece: its head and a few small closures.
pub(crate) const SMALLEST: usize = 32;

/// Sizes that are kept: the smallest and its doublings, up to 512 KiB.
const CLASSES: usize = 12;

/// Words that are kept of each size, but two pieces at least.
const KEPT: usize = 16 * 1024;

struct Pool([Vec<NonNull<u64>>; CLASSES]);

thread_local! {
    static POOL: UnsafeCell<Pool> = const { UnsafeCell::new(Pool([const { Vec::new() }; CLASSES])) };
}

impl Drop for Pool {
    fn drop(&mut self) {
        for (class, pieces) in self.0.iter_mut().enumerate() {
            for piece in pieces.drain(..) {
                // SAFETY: it was allocated by `take` with the size of its class, and nobody else has it.
                unsafe { dealloc(piece.as_ptr().cast(), layout(SMALLEST << class)) };
            }
        }
    }
}

fn layout(words: usize) -> Layout {
    Layout::array::<u64>(words).unwrap_or_else(|_| panic!("a mailbox outgrew the address space"))
}

/// The class of a size, if it is one that is kept.
fn class(words: usize) -> Option<usize> {
    let class = (words / SMALLEST).trailing_zeros() as usize;
    (class < CLASSES && words == SMALLEST << class).then_some(class)
}

/// A piece of `words` words of uninitialised memory.
pub(crate) fn take(words: usize) -> NonNull<u64> {
    if let Some(class) = class(words) {
        // SAFETY: the pool is this thread's, and no reference into it outlives this line: `Vec::pop` runs no foreign code.
        let kept = POOL.try_with(|pool| unsafe { (&mut *pool.get()).0[class].pop() });
        if let Ok(Some(piece)) = kept {
            return piece;
        }
    }
    // SAFETY: the size is not zero.
    let piece = unsafe { alloc(layout(words)) };
    NonNull::new(piece.cast()).unwrap_or_else(|| handle_alloc_error(layout(words)))
}

/// Gives back a piece that [`take`] gave, on any thread.
///
/// # Safety
///
/// `piece` came from `take(words)` and is not used again.
pub(crate) unsafe fn give(piece: NonNull<u64>, words: usize) {
    if let Some(class) = class(words) {
        let kept = POOL.try_with(|pool| {
            // SAFETY: the pool is this thread's, and no reference into it outlives this closure, which runs no foreign code but
            // the allocator.
            let pieces = unsafe { &mut (&mut *pool.get()).0[class] };
            let room = pieces.len() < (KEPT / (SMALLEST << class)).max(2);
            if room {
                pieces.push(piece);
            }
            room
        });
        if kept == Ok(true) {
            return;
        }
    }
    // SAFETY: the caller says that it is of this size and no longer used.
    unsafe { dealloc(piece.as_ptr().cast(), layout(words)) };
}
