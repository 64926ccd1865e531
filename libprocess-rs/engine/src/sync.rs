//! What loom replaces when it checks the engine: locks, atomics, cells and thread-locals.

#[cfg(not(loom))]
pub(crate) use real::*;
#[cfg(loom)]
pub(crate) use under_loom::*;

/// A thread-local that costs no check on access.
#[cfg(not(loom))]
macro_rules! local {
    ($(#[$meta:meta])* static $name:ident: $type:ty = $value:expr) => {
        std::thread_local! { $(#[$meta])* static $name: $type = const { $value } }
    };
}

#[cfg(loom)]
macro_rules! local {
    ($(#[$meta:meta])* static $name:ident: $type:ty = $value:expr) => {
        loom::thread_local! { $(#[$meta])* static $name: $type = $value }
    };
}

pub(crate) use local;

#[cfg(not(loom))]
mod real {
    pub(crate) use parking_lot::Mutex;
    pub(crate) use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

    /// The present.
    #[inline(always)]
    pub(crate) fn now() -> std::time::Instant {
        std::time::Instant::now()
    }

    /// A value that one thread at a time may touch.
    pub(crate) struct Owned<T>(std::cell::UnsafeCell<T>);

    impl<T> Owned<T> {
        pub(crate) const fn new(value: T) -> Owned<T> {
            Owned(std::cell::UnsafeCell::new(value))
        }

        /// Lends the value to `f`.
        ///
        /// # Safety
        ///
        /// No other thread touches it meanwhile, and `f` does not come back to it.
        #[inline(always)]
        pub(crate) unsafe fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
            // SAFETY: the caller's promise.
            f(unsafe { &mut *self.0.get() })
        }
    }
}

#[cfg(loom)]
mod under_loom {
    pub(crate) use loom::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

    /// Time stands still, or no two runs would be the same.
    pub(crate) fn now() -> std::time::Instant {
        static NOW: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
        *NOW.get_or_init(std::time::Instant::now)
    }

    pub(crate) struct Mutex<T>(loom::sync::Mutex<T>);

    impl<T> Mutex<T> {
        pub(crate) fn new(value: T) -> Mutex<T> {
            Mutex(loom::sync::Mutex::new(value))
        }

        pub(crate) fn lock(&self) -> loom::sync::MutexGuard<'_, T> {
            self.0.lock().expect("no thread panics under a lock")
        }
    }

    pub(crate) struct Owned<T>(loom::cell::UnsafeCell<T>);

    impl<T> Owned<T> {
        pub(crate) fn new(value: T) -> Owned<T> {
            Owned(loom::cell::UnsafeCell::new(value))
        }

        pub(crate) unsafe fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
            // SAFETY: the caller's promise, which loom checks.
            self.0.with_mut(|value| f(unsafe { &mut *value }))
        }
    }
}
