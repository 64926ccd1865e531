//! Queue, sequence, limiter, loop, locks and latch: order, discards, nothing lost.

use crate::LIMIT;
use libprocess::sync::{CountDownLatch, Mutex, Queue, RateLimiter, RwLock, Sequence};
use libprocess::{Future, FutureError, Promise, System, future};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

#[test]
fn a_taker_that_left_does_not_take_a_value_with_it() {
    let queue = Queue::new();
    let (left, stays) = (queue.get(), queue.get());
    assert!(left.discard());
    assert!(left.is_discarded());
    queue.put(1);
    queue.put(2);
    assert_eq!(stays.wait(), Ok(1));
    assert_eq!((queue.len(), queue.get().wait()), (1, Ok(2)));
    let waits = queue.get();
    drop(queue);
    assert_eq!(waits.wait(), Err(FutureError::Discarded));
}

#[test]
fn every_value_put_by_many_threads_is_taken_once() {
    let queue = Queue::new();
    let threads: Vec<_> = (0..4_u64)
        .map(|thread| {
            let queue = queue.clone();
            std::thread::spawn(move || (0..1000).for_each(|n| queue.put(thread * 1000 + n)))
        })
        .collect();
    let mut taken: Vec<_> = (0..4000).map(|_| queue.get().wait().unwrap()).collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    for thread in 0..4 {
        let of_thread: Vec<_> = taken.iter().filter(|n| *n / 1000 == thread).collect();
        assert!(of_thread.is_sorted(), "in the order of their sender");
    }
    taken.sort_unstable();
    assert_eq!(taken, (0..4000).collect::<Vec<_>>());
}

#[test]
fn a_sequence_starts_work_when_the_one_before_is_done_however_it_was() {
    let sequence = Sequence::new();
    let started = Arc::new(AtomicUsize::new(0));
    let add = |future: Future<()>| {
        let started = started.clone();
        sequence.add(move || {
            started.fetch_add(1, Ordering::SeqCst);
            future
        })
    };
    let (first, pending) = Promise::new();
    let one = add(pending);
    let (abandoned, pending) = Promise::new();
    let two = add(pending);
    let skipped = add(Future::ready(()));
    let four = add(Future::failed("four"));
    let five = add(Future::ready(()));
    assert_eq!(started.load(Ordering::SeqCst), 1);
    assert!(skipped.discard());
    assert!(skipped.is_discarded(), "its turn never came");
    first.set(());
    assert_eq!(one.wait(), Ok(()));
    assert_eq!(started.load(Ordering::SeqCst), 2);
    drop(abandoned);
    assert_eq!(two.wait(), Err(FutureError::Abandoned));
    assert_eq!(four.wait(), Err(FutureError::Failed("four".to_owned())));
    assert_eq!(five.wait(), Ok(()));
    assert_eq!(started.load(Ordering::SeqCst), 4);
}

#[test]
fn a_discard_reaches_work_that_runs_and_the_end_of_the_sequence_work_that_waits() {
    let sequence = Sequence::new();
    let (work, pending) = Promise::<()>::new();
    let running = sequence.add(move || pending);
    let waiting = sequence.add(|| Future::ready(()));
    running.discard();
    assert!(work.has_discard());
    drop(sequence);
    assert_eq!(waiting.wait(), Err(FutureError::Discarded));
    work.set(());
    assert_eq!(running.wait(), Ok(()), "what runs goes on");
}

#[test]
fn a_long_sequence_of_work_that_is_done_at_once_takes_no_stack() {
    let sequence = Sequence::new();
    let (first, pending) = Promise::new();
    let mut results = vec![sequence.add(move || pending)];
    results.extend((1..200_000).map(|n| sequence.add(move || Future::ready(n))));
    first.set(0);
    assert_eq!(future::collect(results).wait(), Ok((0..200_000).collect()));
}

#[test]
fn permits_come_at_even_distances_and_leaving_the_line_costs_none() {
    let system = System::builder()
        .client_only()
        .paused_clock(true)
        .start()
        .unwrap();
    let clock = system.clock();
    let limiter = RateLimiter::new(&system, 4, Duration::from_secs(1));
    let quarter = Duration::from_millis(250);
    assert!(limiter.acquire().is_ready());
    let (one, leaves, two) = (limiter.acquire(), limiter.acquire(), limiter.acquire());
    clock.advance(quarter - Duration::from_nanos(1));
    clock.settle().wait().unwrap();
    assert!(one.is_pending());
    clock.advance(Duration::from_nanos(1));
    assert_eq!(one.wait(), Ok(()));
    assert!(leaves.discard());
    clock.advance(quarter);
    assert_eq!(two.wait(), Ok(()));
    assert!(leaves.is_discarded());
    // A long rest saves up nothing.
    clock.advance(Duration::from_secs(60));
    assert!(limiter.acquire().is_ready());
    let waits = limiter.acquire();
    assert!(waits.is_pending());
    drop(limiter);
    assert_eq!(waits.wait(), Err(FutureError::Discarded));
    system.shutdown();
}

#[test]
fn a_loop_ends_with_a_break_a_failure_or_a_discard() {
    let mut n = 0;
    let failed = future::repeat(
        move || {
            n += 1;
            if n < 3 {
                Future::ready(n)
            } else {
                Future::failed("three")
            }
        },
        |_| Future::ready(ControlFlow::<()>::Continue(())),
    );
    assert_eq!(failed.wait(), Err(FutureError::Failed("three".to_owned())));

    let queue = Queue::new();
    let values = queue.clone();
    let sum = Arc::new(AtomicUsize::new(0));
    let added = sum.clone();
    let looped = future::repeat(
        move || values.get(),
        move |n: usize| {
            added.fetch_add(n, Ordering::SeqCst);
            Future::ready(ControlFlow::<()>::Continue(()))
        },
    );
    (1..=10).for_each(|n| queue.put(n));
    assert_eq!(sum.load(Ordering::SeqCst), 55);
    assert!(looped.discard());
    assert_eq!(looped.wait(), Err(FutureError::Discarded));
    queue.put(1);
    assert_eq!(
        (sum.load(Ordering::SeqCst), queue.len()),
        (55, 1),
        "no further step began"
    );
}

#[test]
fn locks_let_in_many_readers_or_one_writer_in_their_order() {
    let lock = RwLock::new();
    let (one, two) = (lock.read(), lock.read());
    assert!(one.is_ready() && two.is_ready(), "readers share");
    let (writer, reader) = (lock.write(), lock.read());
    assert!(
        writer.is_pending() && reader.is_pending(),
        "nobody goes before a writer that waits"
    );
    drop((one.wait(), two.wait()));
    assert!(writer.is_ready() && reader.is_pending());
    let other = lock.read();
    drop(writer.wait());
    assert!(reader.is_ready() && other.is_ready());
    drop((reader, other));
    // Who leaves the line makes room for who is behind.
    let within = lock.read();
    let (gone, behind) = (lock.write(), lock.read());
    gone.discard();
    assert!(gone.is_discarded() && behind.is_ready());
    drop((within, behind));
    assert!(lock.write().is_ready(), "permits nobody took are given back");
}

#[test]
fn a_mutex_lets_in_one_after_another_across_threads() {
    let (mutex, inside) = (Mutex::new(), Arc::new(AtomicUsize::new(0)));
    let workers: Vec<_> = (0..4)
        .map(|_| {
            let (mutex, inside) = (mutex.clone(), inside.clone());
            std::thread::spawn(move || {
                for _ in 0..500 {
                    let permit = mutex.lock().wait_for(LIMIT).unwrap().unwrap();
                    assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                    inside.fetch_sub(1, Ordering::SeqCst);
                    drop(permit);
                }
            })
        })
        .collect();
    workers.into_iter().for_each(|worker| worker.join().unwrap());
    // Each lets in the next when it is done, without growing a stack.
    let first = mutex.lock();
    let all: Vec<_> = (0..10_000).map(|_| mutex.lock().map(drop)).collect();
    drop(first.wait());
    assert!(all.iter().all(Future::is_ready));
}

#[test]
fn a_latch_is_triggered_once_for_all() {
    assert!(CountDownLatch::new(0).triggered().is_ready());
    let latch = CountDownLatch::new(2);
    let early = latch.triggered();
    (0..5).for_each(|_| latch.decrement());
    assert!(early.is_ready() && latch.triggered().is_ready());
    let latch = CountDownLatch::new(1);
    let never = latch.triggered();
    drop(latch);
    assert!(never.is_abandoned());
}
