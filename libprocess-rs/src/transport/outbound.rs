//! One connection to another runtime: a queue that any thread appends to and writes from.

mod encoding;
mod task;

use super::flush;
use super::queue::Queue;
use crate::{Bytes, Future, Promise, Upid};
use encoding::Encoding;
use parking_lot::{Mutex, MutexGuard};
use std::io;
use std::net::SocketAddrV4;
use std::sync::Arc;
use std::task::Waker;
use tokio::net::tcp::OwnedWriteHalf;

/// When so much is queued within a turn, it is written without waiting for the end of the turn.
const WRITE_AT_ONCE: usize = 64 * 1024;

/// With no more than this waiting for the peer there is room for more; several times what is written at once.
const ROOM: usize = 1024 * 1024;

/// One connection this runtime has opened.
///
/// Nobody waits for its task to write: a thread that finds the connection idle writes itself, at the end of the turn in
/// which it sent. The task connects, waits when the peer does not read, and reads the answers.
pub(super) struct Outbound {
    pub(super) address: SocketAddrV4,
    pub(super) persistent: bool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    phase: Phase,
    encoding: Encoding,
    /// What has been sent and not handed to a writer.
    queue: Queue,
    /// What is being written; some of its first message may be.
    batch: Queue,
    /// The connection, if it may be written to directly.
    direct: Option<Arc<OwnedWriteHalf>>,
    writing: Writing,
    /// Those who wait for room.
    waiters: Vec<Promise<()>>,
    /// Wakes the task.
    task: Option<Waker>,
    error: Option<io::Error>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    Open,
    /// Another connection has taken over, or the system ends.
    Replaced,
    /// The queue exceeded its limit.
    Overflown,
    /// Nothing can be queued any more.
    Closed,
}

/// Who writes next.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Writing {
    /// Whoever sends next has it written.
    #[default]
    Idle,
    /// Somebody will write soon.
    Scheduled,
    /// A thread is writing, and will go on with what is queued meanwhile.
    Busy,
    /// The task, when the peer has read.
    Blocked,
}

/// What became of a message.
pub(super) enum Push {
    Queued,
    Full,
    Closed,
}

impl State {
    fn wake_task(&mut self) {
        if let Some(task) = self.task.take() {
            task.wake();
        }
    }

    fn has_room(&self) -> bool {
        let closed = matches!(self.phase, Phase::Replaced | Phase::Closed);
        closed || self.queue.len() + self.batch.len() <= ROOM
    }

    fn has_nothing_to_write(&self) -> bool {
        self.queue.is_empty() && self.batch.is_empty() && self.writing != Writing::Busy
    }
}

impl Outbound {
    pub(super) fn new(address: SocketAddrV4, persistent: bool, queue: Queue) -> Outbound {
        let state = Mutex::new(State {
            queue,
            ..State::default()
        });
        Outbound {
            address,
            persistent,
            state,
        }
    }

    /// Appends a message and sees to it that it is written.
    pub(super) fn push(
        self: &Arc<Self>,
        limit: usize,
        from: &Upid,
        to: &Upid,
        name: &str,
        body: &Bytes,
    ) -> Push {
        let mut state = self.state.lock();
        match state.phase {
            Phase::Open => {}
            Phase::Overflown => return Push::Full,
            Phase::Replaced | Phase::Closed => return Push::Closed,
        }
        if state.queue.len() > limit {
            state.phase = Phase::Overflown;
            state.wake_task();
            return Push::Full;
        }
        let State { queue, encoding, .. } = &mut *state;
        encoding.write(from, to, name, body, queue);
        self.see_to_it(state);
        Push::Queued
    }

    /// Has what was queued written.
    fn see_to_it(self: &Arc<Self>, mut state: MutexGuard<'_, State>) {
        let much = state.queue.len() >= WRITE_AT_ONCE;
        match state.writing {
            Writing::Busy | Writing::Blocked => {}
            Writing::Scheduled if !much => {}
            Writing::Idle | Writing::Scheduled if much && state.direct.is_some() => {
                drop(state);
                self.flush();
            }
            Writing::Scheduled => {}
            Writing::Idle => {
                state.writing = Writing::Scheduled;
                if state.direct.is_none() {
                    state.wake_task();
                } else {
                    drop(state);
                    if !flush::at_end_of_turn(self) {
                        self.state.lock().wake_task();
                    }
                }
            }
        }
    }

    /// Ends the connection silently and returns what it had queued.
    pub(super) fn replace(&self) -> Queue {
        let mut state = self.state.lock();
        state.phase = Phase::Replaced;
        state.wake_task();
        let queue = std::mem::take(&mut state.queue);
        std::mem::take(&mut state.encoding).into_requests(queue)
    }

    /// Messages that the peer may not have handled yet. Asks it, if it answers only then.
    pub(super) fn unanswered(self: &Arc<Self>) -> u64 {
        let mut state = self.state.lock();
        if state.phase != Phase::Open {
            return 0;
        }
        let State { queue, encoding, .. } = &mut *state;
        let asked = encoding.ask(queue);
        let unanswered = encoding.unanswered();
        if asked {
            self.see_to_it(state);
        }
        unanswered
    }

    /// Ready when the peer has read enough for more to be sent.
    pub(super) fn room(&self) -> Future<()> {
        let mut state = self.state.lock();
        // While a thread is writing nobody knows how much is left; it will tell.
        if state.has_room() && state.writing != Writing::Busy {
            return Future::ready(());
        }
        let (promise, room) = Promise::new();
        state.waiters.push(promise);
        room
    }

    fn tell_waiters(&self) {
        let mut state = self.state.lock();
        if state.waiters.is_empty() || !state.has_room() {
            return;
        }
        let waiters = std::mem::take(&mut state.waiters);
        drop(state);
        for waiter in waiters {
            waiter.set(());
        }
    }

    /// Writes what is queued, all at once, unless somebody else does or the peer does not read.
    pub(super) fn flush(&self) {
        self.write();
        self.tell_waiters();
    }

    fn write(&self) {
        let mut state = self.state.lock();
        if matches!(state.writing, Writing::Busy | Writing::Blocked) {
            return;
        }
        let Some(socket) = state.direct.clone() else {
            state.wake_task();
            return;
        };
        loop {
            if state.batch.is_empty() {
                if state.phase == Phase::Open {
                    let State { queue, batch, .. } = &mut *state;
                    std::mem::swap(queue, batch);
                }
                if state.batch.is_empty() {
                    state.writing = Writing::Idle;
                    break;
                }
            }
            state.writing = Writing::Busy;
            let mut batch = std::mem::take(&mut state.batch);
            drop(state);
            let written = batch.write_to(|slices| match slices {
                [one] => socket.try_write(one),
                many => socket.try_write_vectored(many),
            });
            state = self.state.lock();
            state.batch = batch;
            match written {
                Ok(true) => {}
                Ok(false) => {
                    state.writing = Writing::Blocked;
                    state.wake_task();
                    return;
                }
                Err(error) => {
                    state.writing = Writing::Blocked;
                    state.error = Some(error);
                    state.wake_task();
                    return;
                }
            }
        }
        if !self.persistent || state.phase != Phase::Open {
            // The task closes what has drained.
            state.wake_task();
        }
    }
}
