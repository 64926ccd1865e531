use crate::cell::{Calls, Cell};
use crate::{Context, Future, Process, Promise, System, Upid};
use std::fmt;
use std::sync::Arc;

/// A handle to a process of this runtime: knows its type, so closures can be run on it.
///
/// Holding it keeps nothing alive but an address. What is sent to a process that has ended is dropped.
pub struct Pid<P: Process>(pub(crate) Arc<Cell<P>>);

impl<P: Process> Pid<P> {
    /// The address, valid on every machine.
    pub fn upid(&self) -> &Upid {
        &self.0.upid
    }

    /// The runtime the process lives in.
    pub fn system(&self) -> System {
        System(self.0.system.clone())
    }

    /// Runs `f` on the process and returns its result; abandoned when the process ends first.
    ///
    /// Calls from one thread or process run in the order they were made.
    ///
    /// Mesos: 3rdparty/libprocess/include/process/dispatch.hpp, `dispatch`.
    pub fn dispatch<R: Send + 'static>(
        &self,
        f: impl FnOnce(&mut P, &mut Context<P>) -> R + Send + 'static,
    ) -> Future<R> {
        let (promise, future) = Promise::new();
        self.0.call(move |process, ctx| {
            promise.set(f(process, ctx));
        });
        future
    }

    /// As [`Pid::dispatch`] for a closure that itself returns a future.
    pub fn dispatch_future<R: Send + 'static>(
        &self,
        f: impl FnOnce(&mut P, &mut Context<P>) -> Future<R> + Send + 'static,
    ) -> Future<R> {
        let (promise, future) = Promise::new();
        self.0
            .call(move |process, ctx| promise.associate(f(process, ctx)));
        future
    }

    /// Runs `f` on the process, whose result nobody waits for.
    #[inline]
    pub fn tell(&self, f: impl FnOnce(&mut P, &mut Context<P>) + Send + 'static) {
        self.0.call(f);
    }

    /// Ends the process, skipping what waits in its mailbox.
    pub fn terminate(&self) {
        self.0.end(true);
    }

    /// Ready once the process has ended: true, or false when it had ended before.
    pub fn wait(&self) -> Future<bool> {
        self.0.system.wait_for(&self.0)
    }
}

impl<P: Process> Clone for Pid<P> {
    fn clone(&self) -> Pid<P> {
        Pid(self.0.clone())
    }
}

impl<P: Process> fmt::Display for Pid<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.upid(), f)
    }
}

impl<P: Process> fmt::Debug for Pid<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.upid(), f)
    }
}

impl<P: Process> PartialEq for Pid<P> {
    fn eq(&self, other: &Pid<P>) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl<P: Process> Eq for Pid<P> {}
