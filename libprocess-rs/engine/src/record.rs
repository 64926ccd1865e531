//! A queue of closures in one piece of memory.
//!
//! A record is a pointer to its [`Kind`], the closure, and for some the bytes of a text: `[&Kind][closure][length][bytes]`,
//! each part in whole words. A closure that needs a stricter alignment than a word, or is large, is boxed, and the box is
//! written.

use crate::pool;
use std::any::Any;
use std::marker::PhantomData;
use std::mem::{align_of, size_of};
use std::ptr::NonNull;

/// How many kinds of events are told apart by [`Actor::counts`](crate::Actor::counts).
pub const TAGS: usize = 4;

/// How many events of each tag wait.
pub type Counts = [usize; TAGS];

/// The tag of the record that ends an actor.
pub(crate) const END: u8 = u8::MAX;

/// Closures of more words than this are boxed, since queues are copied when they grow.
const LARGE: usize = 32;

/// A queue keeps no more words than this while it is empty.
const KEPT: u32 = 64 * 1024;

/// Up to this many words a queue grows by a factor of four, to be copied less often.
const STEEP: usize = 8 * 1024;

/// Sees what waits: the tag of the event, its value, and its text.
pub(crate) type See<'a> = &'a mut dyn FnMut(u8, &dyn Any, &str);

/// What to do with a record.
struct Kind<S: 'static> {
    /// Takes the closure out of the memory behind the pointer and calls it.
    run: unsafe fn(*mut u64, &mut S),
    /// Takes the closure out and drops it.
    drop: unsafe fn(*mut u64),
    /// The value of the event, which stays where it is.
    value: unsafe fn(*const u64) -> *const dyn Any,
    /// Words of the closure.
    words: u32,
    tag: u8,
    /// Whether a text follows the closure.
    text: bool,
}

/// The head of a piece of memory.
struct Head {
    /// Words of the whole piece.
    capacity: u32,
    /// Words in use, the head included.
    written: u32,
    /// Words that have been handled, the head included.
    read: u32,
}

const HEAD: usize = size_of::<Head>().div_ceil(size_of::<u64>());

type Closure<S> = Box<dyn FnOnce(&mut S) + Send>;

/// The queue. Empty, it has no memory.
pub(crate) struct Queue<S: 'static> {
    piece: Option<NonNull<u64>>,
    /// It owns closures that are `Send` and take the state.
    of: PhantomData<Closure<S>>,
}

/// A record that has been taken out of its queue, which still holds its memory.
pub(crate) struct Record<S: 'static> {
    kind: &'static Kind<S>,
    at: *mut u64,
}

impl<S> Record<S> {
    /// Whether it ends the actor.
    #[inline]
    pub(crate) fn is_end(&self) -> bool {
        self.kind.tag == END
    }

    /// Calls the closure.
    ///
    /// # Safety
    ///
    /// The queue it came from keeps its memory until this returns: nothing is pushed to it, and it is neither cleared nor
    /// dropped.
    #[inline]
    pub(crate) unsafe fn run(self, state: &mut S) {
        // SAFETY: `pop` has moved past the record, so that this is the only use of its closure.
        unsafe { (self.kind.run)(self.at, state) };
    }

    /// Drops the closure.
    ///
    /// # Safety
    ///
    /// As [`Record::run`].
    pub(crate) unsafe fn discard(self) {
        // SAFETY: as in `run`.
        unsafe { (self.kind.drop)(self.at) };
    }
}

/// A closure with a value that others may look at while it waits.
pub(crate) struct With<T, F> {
    pub(crate) value: T,
    pub(crate) f: F,
}

/// The kind of closures of one type under one tag.
struct KindOf<S: 'static, F, const TAG: u8>(PhantomData<S>, PhantomData<F>);

impl<S, F: FnOnce(&mut S) + Send + 'static, const TAG: u8> KindOf<S, F, TAG> {
    const KIND: &'static Kind<S> = &Kind {
        run: run::<S, F>,
        drop: drop_in::<F>,
        value: no_value,
        words: words_of::<F>(),
        tag: TAG,
        text: false,
    };
}

/// As [`KindOf`] for closures with a value.
struct ValueKindOf<S: 'static, T, F, const TAG: u8>(PhantomData<S>, PhantomData<With<T, F>>);

impl<S, T, F, const TAG: u8> ValueKindOf<S, T, F, TAG>
where
    T: Send + 'static,
    F: FnOnce(&mut S, T) + Send + 'static,
{
    const KIND: &'static Kind<S> = &Kind {
        run: run_value::<S, T, F>,
        drop: drop_in::<With<T, F>>,
        value: value_of::<T, F>,
        words: words_of::<With<T, F>>(),
        tag: TAG,
        text: false,
    };
}

/// As [`ValueKindOf`] for closures that are given a text too.
struct TextKindOf<S: 'static, T, F, const TAG: u8>(PhantomData<S>, PhantomData<With<T, F>>);

impl<S, T, F, const TAG: u8> TextKindOf<S, T, F, TAG>
where
    T: Send + 'static,
    F: FnOnce(&mut S, &str, T) + Send + 'static,
{
    const KIND: &'static Kind<S> = &Kind {
        run: run_text::<S, T, F>,
        drop: drop_in::<With<T, F>>,
        value: value_of::<T, F>,
        words: words_of::<With<T, F>>(),
        tag: TAG,
        text: true,
    };
}

const fn words_of<F>() -> u32 {
    size_of::<F>().div_ceil(8) as u32
}

/// Whether closures of this type are written as they are.
const fn fits<F>() -> bool {
    align_of::<F>() <= align_of::<u64>() && size_of::<F>() <= LARGE * 8
}

/// # Safety
///
/// `at` points to an `F` that is not used again.
unsafe fn run<S, F: FnOnce(&mut S)>(at: *mut u64, state: &mut S) {
    // SAFETY: the caller's promise.
    let f = unsafe { at.cast::<F>().read() };
    f(state);
}

/// # Safety
///
/// As [`run`] for a `With<T, F>`.
unsafe fn run_value<S, T, F: FnOnce(&mut S, T)>(at: *mut u64, state: &mut S) {
    // SAFETY: the caller's promise.
    let With { value, f } = unsafe { at.cast::<With<T, F>>().read() };
    f(state, value);
}

/// # Safety
///
/// As [`run_value`], and the record has a text.
unsafe fn run_text<S, T, F: FnOnce(&mut S, &str, T)>(at: *mut u64, state: &mut S) {
    // SAFETY: the caller's promise.
    let (With { value, f }, text) = unsafe {
        (
            at.cast::<With<T, F>>().read(),
            text(at, words_of::<With<T, F>>() as usize),
        )
    };
    f(state, text, value);
}

/// The text of a record whose closure has so many words.
///
/// # Safety
///
/// Behind the words of the closure there is a length and as many bytes of UTF-8, which stay as they are while the text is in
/// use.
unsafe fn text<'a>(at: *const u64, words: usize) -> &'a str {
    // SAFETY: the caller's promise.
    unsafe {
        let length = at.add(words);
        let bytes = std::slice::from_raw_parts(length.add(1).cast::<u8>(), length.read() as usize);
        std::str::from_utf8_unchecked(bytes)
    }
}

/// The value of events that have none.
fn no_value(_: *const u64) -> *const dyn Any {
    &()
}

/// # Safety
///
/// `at` points to a `With<T, F>`.
unsafe fn value_of<T: 'static, F>(at: *const u64) -> *const dyn Any {
    // SAFETY: the caller's promise.
    unsafe { &raw const (*at.cast::<With<T, F>>()).value }
}

/// # Safety
///
/// `at` points to an `F` that is not used again.
unsafe fn drop_in<F>(at: *mut u64) {
    // SAFETY: the caller's promise.
    unsafe { at.cast::<F>().drop_in_place() };
}

impl<S> Queue<S> {
    pub(crate) const fn new() -> Queue<S> {
        Queue {
            piece: None,
            of: PhantomData,
        }
    }

    /// Whether nothing waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.head().is_none_or(|head| head.read == head.written)
    }

    /// Gives an empty queue its first piece, large enough for `words`, if it has none.
    #[inline]
    pub(crate) fn expect(&mut self, words: u32) {
        if self.piece.is_none() && words as usize > pool::SMALLEST {
            self.grow(words as usize);
        }
    }

    /// Appends a closure.
    #[inline]
    pub(crate) fn push<F: FnOnce(&mut S) + Send + 'static, const TAG: u8>(&mut self, f: F) {
        if const { fits::<F>() } {
            // SAFETY: the kind is that of `F`, and the words are its.
            unsafe {
                let at = self.reserve(KindOf::<S, F, TAG>::KIND, 0);
                at.cast::<F>().write(f);
            }
        } else {
            self.push_boxed::<TAG>(Box::new(f));
        }
    }

    fn push_boxed<const TAG: u8>(&mut self, f: Closure<S>) {
        self.push::<_, TAG>(move |state: &mut S| f(state));
    }

    /// Appends a closure that is given a value.
    #[inline]
    pub(crate) fn push_value<T, F, const TAG: u8>(&mut self, with: With<T, F>)
    where
        T: Send + 'static,
        F: FnOnce(&mut S, T) + Send + 'static,
    {
        const { assert!(fits::<With<T, F>>(), "events with a value are small") };
        // SAFETY: the kind is that of `With<T, F>`, and the words are its.
        unsafe {
            let at = self.reserve(ValueKindOf::<S, T, F, TAG>::KIND, 0);
            at.cast::<With<T, F>>().write(with);
        }
    }

    /// Appends a closure that is given a value and a copy of `text`.
    #[inline]
    pub(crate) fn push_text<T, F, const TAG: u8>(&mut self, text: &str, with: With<T, F>)
    where
        T: Send + 'static,
        F: FnOnce(&mut S, &str, T) + Send + 'static,
    {
        const { assert!(fits::<With<T, F>>(), "events with a text are small") };
        // SAFETY: the kind is that of `With<T, F>`; behind its words there is room for the length and the bytes.
        unsafe {
            let at = self.reserve(TextKindOf::<S, T, F, TAG>::KIND, 1 + text.len().div_ceil(8));
            at.cast::<With<T, F>>().write(with);
            let length = at.add(words_of::<With<T, F>>() as usize);
            length.write(text.len() as u64);
            std::ptr::copy_nonoverlapping(text.as_ptr(), length.add(1).cast(), text.len());
        }
    }

    /// Appends the end.
    pub(crate) fn push_end(&mut self) {
        self.push::<_, END>(|_: &mut S| ());
    }

    /// Moves all of `other` behind what waits here.
    pub(crate) fn append(&mut self, other: &mut Queue<S>) {
        if self.is_empty() {
            std::mem::swap(self, other);
            return other.clear();
        }
        let Some(theirs) = other.head() else { return };
        let (from, words) = (theirs.read as usize, (theirs.written - theirs.read) as usize);
        let Some(piece) = other.piece else { return };
        let start = self.room(words);
        // SAFETY: `room` made space for that many words at `start`; the source is as long and another piece. A closure may be moved by
        // copying its bytes, and the other queue forgets its own.
        unsafe {
            std::ptr::copy_nonoverlapping(piece.as_ptr().add(from), start, words);
            other.head_mut().read = other.head_mut().written;
        }
        other.clear();
    }

    /// Takes what waits in `other`, which takes the memory that was handled here. Says how many words that is.
    #[inline]
    pub(crate) fn refill(&mut self, other: &mut Queue<S>) -> u32 {
        debug_assert!(self.is_empty(), "what waits comes first");
        std::mem::swap(self, other);
        if other.head().is_some_and(|head| head.capacity > KEPT) {
            other.clear();
        } else if other.piece.is_some() {
            // SAFETY: there is a piece, and all its records have been handled.
            unsafe {
                let head = other.head_mut();
                (head.read, head.written) = (HEAD as u32, HEAD as u32);
            }
        }
        self.head().map_or(0, |head| head.written - head.read)
    }

    /// How many records of each tag wait.
    pub(crate) fn count(&self, counts: &mut Counts) {
        let (Some(head), Some(piece)) = (self.head(), self.piece) else {
            return;
        };
        let mut at = head.read as usize;
        while at < head.written as usize {
            // SAFETY: between `read` and `written` there is a row of whole records.
            let (kind, words) = unsafe { measure::<S>(piece.as_ptr().add(at)) };
            if let Some(count) = counts.get_mut(usize::from(kind.tag)) {
                *count += 1;
            }
            at += words;
        }
    }

    /// Shows what waits, in its order.
    pub(crate) fn show(&self, see: See<'_>) {
        let (Some(head), Some(piece)) = (self.head(), self.piece) else {
            return;
        };
        let mut at = head.read as usize;
        while at < head.written as usize {
            // SAFETY: between `read` and `written` there is a row of whole records, which stay while the queue is borrowed.
            unsafe {
                let record = piece.as_ptr().add(at);
                let (kind, words) = measure::<S>(record);
                let closure = record.add(1);
                let text = if kind.text {
                    text(closure, kind.words as usize)
                } else {
                    ""
                };
                see(kind.tag, &*(kind.value)(closure), text);
                at += words;
            }
        }
    }

    /// Drops what waits and gives the memory back.
    pub(crate) fn clear(&mut self) {
        while let Some(record) = self.pop() {
            // SAFETY: the queue is borrowed until this returns.
            unsafe { record.discard() };
        }
        self.release();
    }

    /// Gives the memory of an empty queue back.
    #[inline]
    pub(crate) fn release(&mut self) {
        debug_assert!(self.is_empty(), "what waits has memory");
        if let Some(piece) = self.piece.take() {
            // SAFETY: a piece begins with a head, which says for which size `take` gave it; it is forgotten here.
            unsafe { pool::give(piece, piece.cast::<Head>().as_ref().capacity as usize) };
        }
    }

    /// Takes the first record out.
    #[inline]
    pub(crate) fn pop(&mut self) -> Option<Record<S>> {
        let piece = self.piece?;
        // SAFETY: a piece begins with a head, and between `read` and `written` there is a row of whole records.
        unsafe {
            let head = self.head_mut();
            if head.read == head.written {
                return None;
            }
            let record = piece.as_ptr().add(head.read as usize);
            let (kind, words) = measure::<S>(record);
            head.read += words as u32;
            Some(Record {
                kind,
                at: record.add(1),
            })
        }
    }

    /// Writes the kind of a record and makes room for its closure and `more` words behind it.
    ///
    /// # Safety
    ///
    /// The caller writes the closure and those words at once.
    #[inline]
    unsafe fn reserve(&mut self, kind: &'static Kind<S>, more: usize) -> *mut u64 {
        let start = self.room(1 + kind.words as usize + more);
        // SAFETY: there is room for it.
        unsafe {
            start.cast::<&'static Kind<S>>().write(kind);
            start.add(1)
        }
    }

    /// The end of the queue, with room for that many words, which now count as written.
    #[inline]
    fn room(&mut self, words: usize) -> *mut u64 {
        let mut piece = match self.piece {
            Some(piece) => piece,
            None => self.first(),
        };
        // SAFETY: a piece begins with a head; when it lacks the room, `grow` leaves one that has it.
        unsafe {
            let head = piece.cast::<Head>().as_ref();
            if ((head.capacity - head.written) as usize) < words {
                piece = self.grow(words);
            }
            let head = piece.cast::<Head>().as_mut();
            let start = head.written as usize;
            head.written += words as u32;
            piece.as_ptr().add(start)
        }
    }

    /// Gives an empty queue its first piece.
    #[inline]
    fn first(&mut self) -> NonNull<u64> {
        let piece = pool::take(pool::SMALLEST);
        // SAFETY: it is longer than a head.
        unsafe {
            piece.cast::<Head>().write(Head {
                capacity: pool::SMALLEST as u32,
                written: HEAD as u32,
                read: HEAD as u32,
            });
        }
        self.piece = Some(piece);
        piece
    }

    /// Moves to a piece with room for `words` more.
    #[cold]
    fn grow(&mut self, words: usize) -> NonNull<u64> {
        let (used, old) = self.head().map_or((0, 0), |head| {
            ((head.written - head.read) as usize, head.capacity as usize)
        });
        let steep = if old < STEEP { old * 4 } else { 0 };
        let needed = HEAD + used + words;
        let capacity = needed.next_power_of_two().max(pool::SMALLEST).max(steep);
        let capacity_u32 = u32::try_from(capacity).unwrap_or_else(|_| panic!("a mailbox outgrew 32 GiB"));
        let piece = pool::take(capacity);
        // SAFETY: the new piece has room for the head and what was used; the old one is given back after its records have been
        // moved out of it.
        unsafe {
            piece.cast::<Head>().write(Head {
                capacity: capacity_u32,
                written: (HEAD + used) as u32,
                read: HEAD as u32,
            });
            if let Some(before) = self.piece.take() {
                let read = before.cast::<Head>().as_ref().read as usize;
                std::ptr::copy_nonoverlapping(before.as_ptr().add(read), piece.as_ptr().add(HEAD), used);
                pool::give(before, old);
            }
        }
        self.piece = Some(piece);
        piece
    }

    fn head(&self) -> Option<&Head> {
        // SAFETY: a piece begins with a head, which is changed only through `&mut self`.
        self.piece.map(|piece| unsafe { piece.cast::<Head>().as_ref() })
    }

    /// # Safety
    ///
    /// There is a piece.
    unsafe fn head_mut(&mut self) -> &mut Head {
        // SAFETY: the caller's promise; the queue is borrowed mutably.
        unsafe { self.piece.unwrap_unchecked().cast::<Head>().as_mut() }
    }
}

impl<S> Drop for Queue<S> {
    fn drop(&mut self) {
        self.clear();
    }
}

/// The kind of a record and how many words it has.
///
/// # Safety
///
/// `record` points to a whole record of a queue for the state `S`.
#[inline]
unsafe fn measure<S: 'static>(record: *mut u64) -> (&'static Kind<S>, usize) {
    // SAFETY: the caller's promise.
    unsafe {
        let kind: &'static Kind<S> = record.cast::<&'static Kind<S>>().read();
        let mut words = 1 + kind.words as usize;
        if kind.text {
            let length = record.add(words).read() as usize;
            words += 1 + length.div_ceil(8);
        }
        (kind, words)
    }
}
