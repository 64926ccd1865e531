use super::{Future, FutureError, Promise};
use parking_lot::Mutex;
use std::sync::Arc;

type Outcomes<T> = Vec<Result<T, FutureError>>;

/// Waits until every future has an outcome; never fails. Discarding the result asks every input to discard, and does not wait for them.
///
/// Differs from Mesos: that a future is abandoned is an outcome too, where C++ abandons the result.
///
/// Mesos: 3rdparty/libprocess/include/process/collect.hpp, `await`.
pub fn await_all<T: Send + 'static>(futures: Vec<Future<T>>) -> Future<Outcomes<T>> {
    gather(futures, false)
}

/// Collects every value, in order; fails with the first failure or discard, and is abandoned with the first that is abandoned.
///
/// Discarding the result asks every input to discard, and does not wait for them.
///
/// Mesos: 3rdparty/libprocess/include/process/collect.hpp, `collect`.
pub fn collect<T: Send + 'static>(futures: Vec<Future<T>>) -> Future<Vec<T>> {
    gather(futures, true).chain(|promise, outcomes| {
        let values = outcomes.and_then(|outcomes| outcomes.into_iter().collect::<Result<Vec<T>, _>>());
        match values {
            Err(FutureError::Failed(message)) => promise.fail(format!("Collect failed: {message}")),
            Err(FutureError::Discarded) if !promise.has_discard() => {
                promise.fail("Collect failed: future discarded")
            }
            outcome => promise.complete(outcome),
        };
    })
}

struct Gather<T: Send + 'static> {
    outcomes: Vec<Option<Result<T, FutureError>>>,
    missing: usize,
    promise: Option<Promise<Outcomes<T>>>,
}

fn gather<T: Send + 'static>(futures: Vec<Future<T>>, stop_at_error: bool) -> Future<Outcomes<T>> {
    let (promise, future) = Promise::new();
    if futures.is_empty() {
        promise.set(Vec::new());
        return future;
    }
    let upstream: Vec<_> = futures
        .iter()
        .map(|future| Arc::downgrade(&future.shared))
        .collect();
    let missing = futures.len();
    let outcomes = std::iter::repeat_with(|| None).take(missing).collect();
    let state = Arc::new(Mutex::new(Gather {
        outcomes,
        missing,
        promise: Some(promise),
    }));
    let given_up = Arc::downgrade(&state);
    future.on_discard(move || {
        // Taken first, so that inputs that discard at once do not decide.
        let promise = given_up.upgrade().and_then(|state| state.lock().promise.take());
        for input in upstream.iter().filter_map(|input| input.upgrade()) {
            input.request_discard();
        }
        if let Some(promise) = promise {
            promise.discard();
        }
    });
    for (index, input) in futures.into_iter().enumerate() {
        let state = state.clone();
        input.finish(move |outcome| {
            let mut gather = state.lock();
            if gather.promise.is_none() {
                // A failure has decided already.
                return;
            }
            let stop = stop_at_error && outcome.is_err();
            gather.missing -= 1;
            gather.outcomes[index] = Some(outcome);
            if !stop && gather.missing > 0 {
                return;
            }
            let Some(promise) = gather.promise.take() else {
                return;
            };
            let mut outcomes: Outcomes<T> = std::mem::take(&mut gather.outcomes)
                .into_iter()
                .flatten()
                .collect();
            drop(gather);
            if stop {
                outcomes.retain(Result::is_err);
            }
            promise.set(outcomes);
        });
    }
    future
}

/// The first value among `futures`; the others go on. Abandoned when none of them can have one any more.
///
/// Discarding the result leaves the inputs alone.
///
/// Mesos: 3rdparty/libprocess/include/process/future.hpp, `select`.
pub fn select<T: Send + 'static>(futures: Vec<Future<T>>) -> Future<T> {
    let (promise, future) = Promise::new();
    let slot = Arc::new(Mutex::new(Some(promise)));
    let given_up = Arc::downgrade(&slot);
    future.on_discard(move || {
        let promise = given_up.upgrade().and_then(|slot| slot.lock().take());
        if let Some(promise) = promise {
            promise.discard();
        }
    });
    for input in futures {
        let slot = slot.clone();
        input.finish(move |outcome| {
            let Ok(value) = outcome else { return };
            let promise = slot.lock().take();
            if let Some(promise) = promise {
                promise.set(value);
            }
        });
    }
    future
}
