//! Pieces of memory a worker keeps for the queues of its actors, so that a hop costs no allocation.

use crate::worker;
use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::ptr::NonNull;

/// Words of the smallest piece: its head and a few small closures.
pub(crate) const SMALLEST: usize = 32;

/// Sizes that are kept: the smallest and its doublings, up to 512 KiB.
const CLASSES: usize = 12;

/// How many pieces of each size are kept: 128 KiB, but two pieces at least.
const KEPT: [usize; CLASSES] = {
    let mut kept = [2; CLASSES];
    let mut class = 0;
    while 16 * 1024 / (SMALLEST << class) > 2 {
        kept[class] = 16 * 1024 / (SMALLEST << class);
        class += 1;
    }
    kept
};

/// The pieces one worker keeps: for each size a list, linked through the pieces themselves.
pub(crate) struct Pool([List; CLASSES]);

#[derive(Clone, Copy)]
struct List {
    first: Option<NonNull<u64>>,
    length: usize,
}

impl Pool {
    pub(crate) const fn new() -> Pool {
        let empty = List {
            first: None,
            length: 0,
        };
        Pool([empty; CLASSES])
    }

    #[inline]
    fn take(&mut self, class: usize) -> Option<NonNull<u64>> {
        let list = &mut self.0[class];
        let piece = list.first?;
        list.length -= 1;
        // SAFETY: a piece in a list belongs to the list, and begins with the next one.
        list.first = unsafe { piece.cast::<Option<NonNull<u64>>>().read() };
        Some(piece)
    }

    /// Keeps a piece; false when there are enough.
    ///
    /// # Safety
    ///
    /// `piece` came from [`take`] with the size of this class and is not used again.
    #[inline]
    unsafe fn give(&mut self, piece: NonNull<u64>, class: usize) -> bool {
        let list = &mut self.0[class];
        if list.length >= KEPT[class] {
            return false;
        }
        // SAFETY: it is memory of at least a word that nobody else uses.
        unsafe { piece.cast::<Option<NonNull<u64>>>().write(list.first) };
        *list = List {
            first: Some(piece),
            length: list.length + 1,
        };
        true
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        for class in 0..CLASSES {
            while let Some(piece) = self.take(class) {
                // SAFETY: it came from `alloc` with the size of its class, and is out of its list.
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
#[inline]
pub(crate) fn take(words: usize) -> NonNull<u64> {
    let kept = class(words).and_then(|class| worker::with_pool(|pool| pool.take(class)).flatten());
    kept.unwrap_or_else(|| allocate(words))
}

#[cold]
fn allocate(words: usize) -> NonNull<u64> {
    // SAFETY: the size is not zero.
    let piece = unsafe { alloc(layout(words)) };
    NonNull::new(piece.cast()).unwrap_or_else(|| handle_alloc_error(layout(words)))
}

/// Gives back a piece that [`take`] gave, on any thread.
///
/// # Safety
///
/// `piece` came from `take(words)` and is not used again.
#[inline]
pub(crate) unsafe fn give(piece: NonNull<u64>, words: usize) {
    // SAFETY: the caller's promise.
    let kept = class(words).and_then(|class| worker::with_pool(|pool| unsafe { pool.give(piece, class) }));
    if kept != Some(true) {
        // SAFETY: the caller says that it is of this size and no longer used.
        unsafe { dealloc(piece.as_ptr().cast(), layout(words)) };
    }
}
