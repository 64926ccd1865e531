//! tokio with one runtime a thread, so that actors stay where they were put.
//!
//! The pool of tokio steals tasks, and puts two that only ever talk to each other on one thread. What is measured
//! then is no way between two threads.

use std::cell::RefCell;
use std::future::Future;
use std::thread::{self, JoinHandle};

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::oneshot;

/// A thread with a runtime of its own, which runs until it is told to stop.
struct Other {
    handle: Handle,
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

thread_local! {
    /// The threads besides the calling one.
    static OTHERS: RefCell<Vec<Other>> = const { RefCell::new(Vec::new()) };
}

/// A runtime of one thread with the drivers that programs have.
fn runtime() -> Runtime {
    let built = Builder::new_current_thread().enable_all().build();
    built.expect("a runtime can be had")
}

fn other() -> Other {
    let runtime = runtime();
    let handle = runtime.handle().clone();
    let (stop, stopped) = oneshot::channel();
    let thread = thread::spawn(move || {
        let _ = runtime.block_on(stopped);
    });
    Other { handle, stop, thread }
}

/// Runs `main` on the calling thread, beside so many others that there are `threads` in all.
pub fn run<T>(threads: usize, main: impl Future<Output = T>) -> T {
    OTHERS.set((1..threads).map(|_| other()).collect());
    let output = runtime().block_on(main);
    for other in OTHERS.take() {
        let _ = other.stop.send(());
        let _ = other.thread.join();
    }
    output
}

/// Starts a task on thread number `thread`, of which the first is that of `main`.
pub fn task(thread: usize, task: impl Future<Output = ()> + Send + 'static) {
    if thread == 0 {
        tokio::spawn(task);
    } else {
        OTHERS.with_borrow(|others| others[thread - 1].handle.spawn(task));
    }
}
