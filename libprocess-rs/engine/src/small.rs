//! One closure without a box.

use std::marker::PhantomData;
use std::mem::{ManuallyDrop, MaybeUninit, align_of, size_of};

/// Words of a closure that is kept as it is; larger ones are boxed.
const WORDS: usize = 5;

/// A closure that is called at most once, with an `A`. Small ones, as callbacks mostly are, need no allocation.
///
/// ```
/// use libprocess_engine::Small;
/// let greeting = "hello".to_owned();
/// let small = Small::new(move |name: &str| assert_eq!(format!("{greeting} {name}"), "hello world"));
/// small.call("world");
/// ```
pub struct Small<A: 'static> {
    words: [MaybeUninit<u64>; WORDS],
    kind: &'static Kind<A>,
    of: PhantomData<Box<dyn FnOnce(A) + Send>>,
}

struct Kind<A: 'static> {
    call: unsafe fn(*mut u64, A),
    drop: unsafe fn(*mut u64),
}

struct KindOf<A: 'static, F>(PhantomData<(fn(A), F)>);

impl<A, F: FnOnce(A) + Send + 'static> KindOf<A, F> {
    const KIND: &'static Kind<A> = &Kind {
        call: call::<A, F>,
        drop: drop_in::<F>,
    };
}

/// # Safety
///
/// `at` points to an `F` that is not used again.
unsafe fn call<A, F: FnOnce(A)>(at: *mut u64, argument: A) {
    // SAFETY: the caller's promise.
    let f = unsafe { at.cast::<F>().read() };
    f(argument);
}

/// # Safety
///
/// As [`call`].
unsafe fn drop_in<F>(at: *mut u64) {
    // SAFETY: the caller's promise.
    unsafe { at.cast::<F>().drop_in_place() };
}

impl<A> Small<A> {
    /// Keeps `f` for a call.
    pub fn new<F: FnOnce(A) + Send + 'static>(f: F) -> Small<A> {
        if const { size_of::<F>() <= WORDS * 8 && align_of::<F>() <= align_of::<u64>() } {
            let mut words = [MaybeUninit::uninit(); WORDS];
            // SAFETY: there is room for an `F`, and its alignment is no stricter.
            unsafe { words.as_mut_ptr().cast::<F>().write(f) };
            Small {
                words,
                kind: KindOf::<A, F>::KIND,
                of: PhantomData,
            }
        } else {
            Small::boxed(Box::new(f))
        }
    }

    fn boxed(f: Box<dyn FnOnce(A) + Send>) -> Small<A> {
        Small::new(f)
    }

    /// Calls it.
    pub fn call(self, argument: A) {
        let mut this = ManuallyDrop::new(self);
        // SAFETY: the words hold the closure of this kind, and `this` is not dropped, so that this is its only use.
        unsafe { (this.kind.call)(this.words.as_mut_ptr().cast(), argument) };
    }
}

impl<A> Drop for Small<A> {
    fn drop(&mut self) {
        // SAFETY: the words hold the closure of this kind, which has not been called, since `call` forgets the value.
        unsafe { (self.kind.drop)(self.words.as_mut_ptr().cast()) };
    }
}

// SAFETY: it holds nothing but a closure that is `Send`.
unsafe impl<A> Send for Small<A> {}
