use super::*;
use parking_lot::Mutex;

type Log = Arc<Mutex<Vec<String>>>;

fn log() -> (Log, impl Fn(&'static str) -> Box<dyn FnOnce() + Send>) {
    let log = Log::default();
    let writer = log.clone();
    (log, move |entry| {
        let log = writer.clone();
        Box::new(move || log.lock().push(entry.to_owned()))
    })
}

#[test]
fn a_future_completes_once() {
    let (promise, future) = Promise::new();
    let copy = future.clone();
    assert!(future.is_pending());
    assert!(promise.set(1));
    assert!(future.is_ready() && !future.discard());
    assert_eq!((future.wait(), copy.wait()), (Ok(1), Ok(1)));
}

#[test]
fn callbacks_run_inline_in_the_order_they_were_added() {
    let (entries, note) = log();
    let (promise, future) = Promise::<u32>::new();
    let (first, second, never, late) = (note("complete"), note("ready"), note("never"), note("late"));
    future.on_complete(move |_| first());
    future.on_ready(move |value| {
        assert_eq!(value, 7);
        second();
    });
    future.on_failed(move |_| never());
    promise.set(7);
    future.on_any(move |any| {
        assert!(any.is_ready());
        late();
    });
    assert_eq!(*entries.lock(), ["complete", "ready", "late"]);
}

#[test]
fn failure_and_discard_pass_by_then() {
    let failed = Future::<u32>::failed("no").then(|_| -> Future<u32> { panic!("skipped") });
    assert_eq!(failed.wait(), Err(FutureError::Failed("no".into())));
    let (promise, future) = Promise::<u32>::new();
    let chained = future.map(|n| n + 1);
    promise.discard();
    assert!(chained.is_discarded());
}

#[test]
fn a_discard_is_a_request_that_travels_upstream() {
    let (entries, note) = log();
    let (promise, future) = Promise::<u32>::new();
    promise.on_discard(note("asked"));
    let chained = future.then(|n| Future::ready(n + 1));
    assert!(chained.discard() && !chained.discard());
    assert!(promise.has_discard() && chained.is_pending());
    promise.set(1);
    assert!(
        chained.is_discarded(),
        "the continuation of a future with a discard is skipped"
    );
    assert_eq!(*entries.lock(), ["asked"]);
}

#[test]
fn abandonment_travels_downstream_and_leaves_futures_pending() {
    let (entries, note) = log();
    let (promise, future) = Promise::<u32>::new();
    let chained = future.map(|n| n + 1);
    chained.on_abandoned(note("abandoned"));
    let never = note("never");
    chained.on_complete(move |_| never());
    drop(promise);
    assert!(chained.is_abandoned() && chained.is_pending());
    assert_eq!(*entries.lock(), ["abandoned"]);
    let recovered = chained.recover(|error| {
        assert_eq!(error, FutureError::Abandoned);
        Future::ready(9)
    });
    assert_eq!(recovered.wait(), Ok(9));
}

#[test]
fn an_associated_promise_follows_both_ways() {
    let (outer, outer_future) = Promise::<u32>::new();
    let (inner, inner_future) = Promise::<u32>::new();
    outer.associate(inner_future);
    outer_future.discard();
    assert!(inner.has_discard());
    inner.set(3);
    assert_eq!(outer_future.wait(), Ok(3));
}

#[test]
fn repair_sees_failures_only() {
    assert_eq!(
        Future::failed("x").repair(|m| Future::ready(m.len())).wait(),
        Ok(1)
    );
    let (promise, future) = Promise::<usize>::new();
    let repaired = future.repair(|_| panic!("skipped"));
    promise.discard();
    assert_eq!(repaired.wait(), Err(FutureError::Discarded));
}

#[test]
fn undiscardable_stops_the_request() {
    let (promise, future) = Promise::<u32>::new();
    let shield = future.undiscardable();
    shield.discard();
    assert!(!promise.has_discard());
    promise.set(1);
    assert_eq!(shield.wait(), Ok(1));
}

#[test]
fn values_need_not_be_clone() {
    struct Once(u32);
    let (promise, future) = Promise::new();
    let future = future.map(|Once(n)| Once(n + 1));
    promise.set(Once(1));
    assert_eq!(future.wait().map(|once| once.0), Ok(2));
}

#[test]
fn collecting_keeps_order_and_stops_at_the_first_failure() {
    let (first, a) = Promise::new();
    let (second, b) = Promise::new();
    let all = collect(vec![a, b]);
    second.set(2);
    assert!(all.is_pending());
    first.set(1);
    assert_eq!(all.wait(), Ok(vec![1, 2]));

    let (_pending, a) = Promise::<u32>::new();
    assert_eq!(
        collect(vec![a, Future::failed("b")]).wait(),
        Err(FutureError::Failed("Collect failed: b".into()))
    );
    let outcomes = await_all(vec![Future::ready(1), Future::failed("b")]).wait();
    assert_eq!(outcomes, Ok(vec![Ok(1), Err(FutureError::Failed("b".into()))]));

    let (promise, a) = Promise::<u32>::new();
    let all = collect(vec![a]);
    all.discard();
    assert!(promise.has_discard() && all.is_discarded());
    let (promise, a) = Promise::<u32>::new();
    let all = await_all(vec![a]);
    all.discard();
    assert!(promise.has_discard() && all.is_discarded());
    let (promise, a) = Promise::<u32>::new();
    let all = collect(vec![Future::ready(1), a]);
    promise.discard();
    assert_eq!(all.failure().as_deref(), Some("Collect failed: future discarded"));
    let (promise, a) = Promise::<u32>::new();
    let all = collect(vec![a]);
    drop(promise);
    assert!(all.is_abandoned());
    let (_pending, a) = Promise::<u32>::new();
    let first = select(vec![a, Future::failed("no"), Future::ready(5)]);
    assert_eq!(first.wait(), Ok(5), "only a value is chosen");
    let (promise, a) = Promise::<u32>::new();
    let first = select(vec![a]);
    first.discard();
    assert!(first.is_discarded() && !promise.has_discard());
    assert!(select(vec![Future::<u32>::failed("no")]).is_abandoned());
}
