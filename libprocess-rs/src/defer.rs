//! Calls on a process that are made later, or many times: what [`Pid::dispatch`] does at once.

use crate::{Context, Future, Pid, Process, Promise, Timer};
use std::time::Duration;

impl<P: Process> Pid<P> {
    /// Wraps `f` so that calling the wrapper runs it on this process. It fits [`Future::then`] and its like, whose callbacks would
    /// otherwise run on whichever thread completes the future.
    ///
    /// The result is abandoned when the process has ended by then.
    ///
    /// Mesos: 3rdparty/libprocess/include/process/defer.hpp, `defer`.
    ///
    /// ```
    /// use libprocess::{Context, Future, Process, Promise, System};
    ///
    /// struct Sum(u64);
    ///
    /// impl Process for Sum {}
    ///
    /// let system = System::builder().client_only().start()?;
    /// let sum = system.spawn("sum", Sum(1)).expect("the name is free");
    /// let (promise, number) = Promise::new();
    /// let total = number.then(sum.defer(|sum, _ctx, n: u64| {
    ///     sum.0 += n; // On the process: its state is at hand.
    ///     Future::ready(sum.0)
    /// }));
    /// promise.set(41);
    /// assert_eq!(total.wait(), Ok(42));
    /// system.shutdown();
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn defer<A: Send + 'static, R: Send + 'static>(
        &self,
        f: impl FnOnce(&mut P, &mut Context<P>, A) -> Future<R> + Send + 'static,
    ) -> impl FnOnce(A) -> Future<R> + Send + 'static {
        let pid = self.clone();
        move |argument| pid.dispatch_future(move |process, ctx| f(process, ctx, argument))
    }

    /// As [`Pid::defer`] for a callback that may be called many times, and whose result nobody waits for.
    pub fn defer_each<A: Send + 'static>(
        &self,
        f: impl Fn(&mut P, &mut Context<P>, A) + Clone + Send + 'static,
    ) -> impl Fn(A) + Clone + Send + 'static {
        let pid = self.clone();
        move |argument| {
            let f = f.clone();
            pid.tell(move |process, ctx| f(process, ctx, argument));
        }
    }

    /// Runs `f` on this process after `after`, as [`Context::delay`] does for a process' own; [`Clock::cancel`](crate::Clock::cancel)
    /// takes it back.
    ///
    /// Mesos: 3rdparty/libprocess/include/process/delay.hpp, `delay`.
    pub fn delay(&self, after: Duration, f: impl FnOnce(&mut P, &mut Context<P>) + Send + 'static) -> Timer {
        let pid = self.clone();
        let system = self.system();
        system.clock().insert(after, Box::new(move || pid.tell(f)))
    }

    /// Runs the two steps of [`future::repeat`](crate::future::repeat) on this process.
    ///
    /// Mesos: 3rdparty/libprocess/include/process/loop.hpp, `loop` with a PID.
    pub fn repeat<T: Send + 'static, V: Send + 'static>(
        &self,
        iterate: impl Fn(&mut P, &mut Context<P>) -> Future<T> + Clone + Send + 'static,
        body: impl Fn(&mut P, &mut Context<P>, T) -> Future<std::ops::ControlFlow<V>> + Clone + Send + 'static,
    ) -> Future<V> {
        let (first, second) = (self.clone(), self.clone());
        crate::future::repeat(
            move || first.dispatch_future(iterate.clone()),
            move |value| {
                let body = body.clone();
                second.dispatch_future(move |process, ctx| body(process, ctx, value))
            },
        )
    }
}

/// Work without a process of its own.
impl crate::System {
    /// Runs `work` on a thread that may block, and returns its result. A discard does not stop it.
    ///
    /// Mesos: 3rdparty/libprocess/include/process/async.hpp, `async`.
    ///
    /// ```
    /// let system = libprocess::System::builder().client_only().start()?;
    /// let read = system.run_blocking(|| std::fs::read_to_string("/etc/hostname"));
    /// assert!(read.wait().is_ok());
    /// system.shutdown();
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn run_blocking<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Future<T> {
        self.0.blocking(work)
    }

    /// Spawns a process under a name of its own, runs `f` on it, and ends it when the future that `f` returns has an outcome.
    ///
    /// Fails when the system has been shut down.
    ///
    /// Mesos: 3rdparty/libprocess/include/process/run.hpp, `run`.
    pub fn run_process<P: Process, R: Send + 'static>(
        &self,
        process: P,
        f: impl FnOnce(&mut P, &mut Context<P>) -> Future<R> + Send + 'static,
    ) -> Future<R> {
        let pid = match self.spawn(self.generate_id("__run__"), process) {
            Ok(pid) => pid,
            Err(error) => return Future::failed(error.to_string()),
        };
        let (promise, future) = Promise::new();
        let running = pid.dispatch_future(f);
        promise.associate_then(running, move || pid.terminate());
        future
    }
}
