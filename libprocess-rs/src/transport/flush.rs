//! Writing at the end of a turn: what processes have sent since the last one leaves at once, without waking anybody.

use super::outbound::Outbound;
use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

#[derive(Default)]
struct Turn {
    /// Connections with something to write.
    dirty: Vec<Arc<Outbound>>,
    /// Empty memory for the next turn.
    spare: Vec<Arc<Outbound>>,
    /// The flusher of this worker; none on other threads.
    flusher: Option<Waker>,
}

thread_local! {
    static TURN: RefCell<Turn> = RefCell::default();
}

/// Has a connection written to after the turn of this worker; false on a thread that is none.
pub(super) fn at_end_of_turn(socket: &Arc<Outbound>) -> bool {
    TURN.with_borrow_mut(|turn| {
        let Some(flusher) = &turn.flusher else {
            return false;
        };
        if turn.dirty.is_empty() {
            flusher.wake_by_ref();
        }
        turn.dirty.push(socket.clone());
        true
    })
}

/// Writes to the connections of each turn; runs on every worker, for good.
pub(crate) fn flusher() -> impl Future<Output = ()> + Send {
    Flusher
}

struct Flusher;

impl Future for Flusher {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut dirty = TURN.with_borrow_mut(|turn| {
            if !turn
                .flusher
                .as_ref()
                .is_some_and(|waker| waker.will_wake(cx.waker()))
            {
                turn.flusher = Some(cx.waker().clone());
            }
            let spare = std::mem::take(&mut turn.spare);
            std::mem::replace(&mut turn.dirty, spare)
        });
        for socket in dirty.drain(..) {
            socket.flush();
        }
        TURN.with_borrow_mut(|turn| turn.spare = dirty);
        Poll::Pending
    }
}

/// A worker that ends leaves nothing behind.
impl Drop for Flusher {
    fn drop(&mut self) {
        let turn = TURN.try_with(|turn| turn.try_borrow_mut().map(|mut turn| std::mem::take(&mut *turn)));
        drop(turn);
    }
}
