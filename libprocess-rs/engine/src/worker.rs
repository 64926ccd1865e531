//! Workers: one thread each, that polls one [`Scheduler`] over a queue of actors with something to do.

use crate::pool::Pool;
use crate::sync::{AtomicBool, AtomicU64, AtomicUsize, Mutex, Ordering, Owned, local, now};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::{Arc, OnceLock, Weak};
use std::task::{Context, Poll, Waker};
use std::thread::Thread;
use std::time::{Duration, Instant};

/// How long one actor may run before the next has its turn, when many of its events wait.
const SLICE: Duration = Duration::from_micros(50);

/// How long the scheduler keeps its thread before sockets and timers have theirs.
const TURN: Duration = Duration::from_micros(200);

/// How long a worker may wait to be woken while the one that wakes it handles a burst.
const WAKE_DELAY: Duration = Duration::from_micros(20);

/// How long a worker must have been busy before it gives actors away, and from how many that wait.
const BUSY: Duration = Duration::from_millis(if cfg!(loom) { 0 } else { 2 });
const BUSY_AT_MOST: Duration = Duration::from_secs(1);
const SHARED_FROM: usize = if cfg!(loom) { 2 } else { 4 };

/// Events between two looks at the clock and at what other threads have sent. A run counts as two more.
const EVENTS_PER_CHECK: usize = if cfg!(loom) { 3 } else { 256 };

/// An actor whose type is forgotten.
pub(crate) trait Runnable: Send + Sync {
    /// Other threads have sent something. On the thread of its worker.
    fn receive(self: Arc<Self>);
    /// Handles events, and says how many. On the thread of its worker, with the right to run.
    fn run(self: Arc<Self>, worker: &Worker) -> usize;
    /// Gives it to another worker, if it may move. On the thread of its worker, with the right to run.
    fn give_to(self: Arc<Self>, worker: &Arc<Worker>) -> Given;
}

/// What became of an actor that was to be given away.
pub(crate) enum Given {
    /// The other worker has it, and may have to be woken.
    Moved(Option<Waker>),
    /// It stays.
    Kept(Arc<dyn Runnable>),
}

/// What another thread hands to a worker.
pub(crate) enum Arrival {
    /// Look into the mailbox of this one.
    Events(Arc<dyn Runnable>),
    /// The right to run this one.
    Run(Arc<dyn Runnable>),
}

/// One thread that runs actors.
pub struct Worker {
    /// What its thread alone touches.
    own: Owned<Own>,
    injector: Mutex<Injector>,
    /// Whether some thread has been this worker, or is.
    entered: AtomicBool,
    /// Events begun so far; written by its thread alone.
    events: AtomicU64,
    /// The address of the actor that runs; zero while none does.
    running: AtomicUsize,
    /// The address of an actor that has run for long; zero for none.
    suspect: AtomicUsize,
    /// How many actors have moved here to be with those they talk to.
    joined: AtomicU64,
    turns: Turns,
    /// Those this one may give actors to.
    peers: OnceLock<Vec<Weak<Worker>>>,
}

/// How it is decided that an actor has run for long enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turns {
    /// After 50 µs.
    Timed,
    /// After 256 events, so that the order of events depends on nothing but the events.
    Counted,
}

/// Decides that an actor has run for long enough.
pub(crate) struct Budget {
    turns: Turns,
    began: Option<Instant>,
    left: usize,
    /// How many events there were at the last look.
    spent: usize,
}

/// Events before the first look at the clock; then twice as many, and so on, in case each takes long.
const FIRST_LOOK: usize = 8;

impl Budget {
    /// Counts one event; true when it is another's turn.
    #[inline(always)]
    pub(crate) fn spend(&mut self) -> bool {
        self.left -= 1;
        self.left == 0 && self.is_over()
    }

    #[cold]
    fn is_over(&mut self) -> bool {
        self.spent = (self.spent * 2).clamp(FIRST_LOOK, EVENTS_PER_CHECK);
        self.left = self.spent;
        match (self.turns, self.began) {
            (Turns::Counted, _) => true,
            (Turns::Timed, Some(began)) => now() - began >= SLICE,
            (Turns::Timed, None) => {
                self.began = Some(now());
                false
            }
        }
    }
}

struct Injector {
    arrivals: Vec<Arrival>,
    /// Set while the scheduler sleeps.
    waker: Option<Waker>,
    /// How often it has been woken.
    wakings: u64,
    /// A thread to unpark at the next waking.
    told: Option<Thread>,
    /// Nothing will be run any more.
    closed: bool,
}

/// What a worker was doing at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Beat {
    /// Events begun so far.
    pub events: u64,
    /// The address of the actor that runs, as [`Actor::address`](crate::Actor::address) tells it; zero while none does.
    pub running: usize,
    /// Whether it had nothing to do.
    pub asleep: bool,
}

/// What only the thread of a worker touches.
struct Own {
    queue: VecDeque<Arc<dyn Runnable>>,
    /// The scheduler has nothing to do, and has left a waker.
    asleep: bool,
    /// Inside of the scheduler, where workers to wake are collected.
    polling: bool,
    /// Workers to wake soon, so that a burst wakes them once and finds them awake.
    wakers: Vec<Waker>,
    /// Since when the first of them waits.
    waiting: Option<Instant>,
    /// Events handed to actors of other workers.
    crossings: u32,
    pool: Pool,
}

// SAFETY: `own` is touched by the thread that has entered the worker, while its token is this worker's address, and by whoever
// drops it; it consists of values that are `Send`, and memory. The rest is atomic or locked.
unsafe impl Sync for Worker {}
// SAFETY: all parts are `Send`.
unsafe impl Send for Worker {}

local! {
    /// The worker whose thread this is, or null. Not null, it is kept alive by the scheduler that has set it.
    static CURRENT: Cell<*const Worker> = Cell::new(std::ptr::null())
}

local! {
    /// Workers to wake at the end of [`wake_once`]; `None` outside of it.
    static DELAYED: RefCell<Option<Vec<Waker>>> = RefCell::new(None)
}

/// The token of the calling thread: the address of its worker, or zero.
#[inline(always)]
pub(crate) fn token() -> usize {
    CURRENT.with(Cell::get).addr()
}

/// Whether the calling thread is a worker.
pub fn on_worker() -> bool {
    token() != 0
}

/// The worker whose thread this is.
#[inline(always)]
fn current<R>(f: impl FnOnce(&Worker) -> R) -> Option<R> {
    let worker = CURRENT.with(Cell::get);
    // SAFETY: it is null or kept alive by the scheduler that has set it, which is on this thread and takes it back when dropped;
    // no `f` in this module drops a scheduler.
    unsafe { worker.as_ref() }.map(f)
}

/// Lends what only the calling thread touches to `f`, which must run no foreign code.
#[inline(always)]
fn own<R>(f: impl FnOnce(&mut Own) -> R) -> Option<R> {
    // SAFETY: this is the thread of that worker, and every `f` in this crate only moves values in and out.
    current(|worker| unsafe { worker.own.with(f) })
}

/// Counts an event that the calling thread hands to an actor of another worker. The mark of the calling thread.
#[inline(always)]
pub(crate) fn cross() -> u16 {
    own(|own| own.crossings = own.crossings.wrapping_add(1));
    mark(token())
}

/// What tells a worker from most others, in two bytes; zero for a thread that is none.
#[inline(always)]
fn mark(token: usize) -> u16 {
    (token >> 4 ^ token >> 20) as u16
}

/// How many events the calling thread has handed to actors of other workers.
pub(crate) fn crossings() -> u32 {
    own(|own| own.crossings).unwrap_or_default()
}

/// Lends the pool of the calling thread's worker, if it is one, to `f`, which must not come back here.
#[inline(always)]
pub(crate) fn with_pool<R>(f: impl FnOnce(&mut Pool) -> R) -> Option<R> {
    own(|own| f(&mut own.pool))
}

/// The address of the actor whose handler the calling thread runs, as [`Actor::address`](crate::Actor::address) tells it.
pub fn running() -> Option<usize> {
    current(|worker| worker.running.load(Ordering::Relaxed)).filter(|address| *address != 0)
}

/// Runs `f`, which hands events to workers, and wakes each of those once, at the end.
///
/// Waking a thread costs more than handling most messages, and one that is woken for every message falls asleep again
/// before the next. For work that is bounded: what `f` hands over waits for it to end.
pub fn wake_once<T>(f: impl FnOnce() -> T) -> T {
    let outer = DELAYED.with(|delayed| delayed.replace(Some(Vec::new())));
    let output = f();
    let wakers = DELAYED.with(|delayed| delayed.replace(outer));
    wakers.into_iter().flatten().for_each(Waker::wake);
    output
}

/// Wakes a worker: soon if the calling thread is one, or at the end of [`wake_once`].
pub(crate) fn wake(waker: Option<Waker>) {
    let Some(waker) = waker else { return };
    let mut waker = Some(waker);
    own(|own| {
        if own.polling {
            own.wakers.extend(waker.take());
        }
    });
    let Some(waker) = waker else { return };
    let now = DELAYED.with(|delayed| match &mut *delayed.borrow_mut() {
        Some(wakers) => {
            wakers.push(waker);
            None
        }
        None => Some(waker),
    });
    if let Some(waker) = now {
        waker.wake();
    }
}

/// Puts an actor on the run queue of the calling thread's worker; drops it when there is none.
#[inline]
pub(crate) fn schedule(runnable: Arc<dyn Runnable>) {
    let asleep = own(move |own| {
        own.queue.push_back(runnable);
        std::mem::take(&mut own.asleep)
    });
    if asleep == Some(true) {
        wake_current();
    }
}

/// Wakes those that are to be woken soon.
#[inline]
fn wake_all() {
    if own(|own| own.wakers.is_empty()) == Some(false) {
        let wakers = own(|own| {
            own.waiting = None;
            std::mem::take(&mut own.wakers)
        });
        wakers.into_iter().flatten().for_each(Waker::wake);
    }
}

#[cold]
fn wake_current() {
    wake(current(|worker| worker.injector.lock().take_waker()).flatten());
}

impl Injector {
    fn take_waker(&mut self) -> Option<Waker> {
        let waker = self.waker.take();
        if waker.is_some() {
            self.wakings += 1;
            if let Some(told) = self.told.take() {
                told.unpark();
            }
        }
        waker
    }
}

impl Worker {
    /// A worker that no thread is yet.
    pub fn new(turns: Turns) -> Worker {
        Worker {
            own: Owned::new(Own {
                queue: VecDeque::new(),
                asleep: false,
                polling: false,
                wakers: Vec::new(),
                waiting: None,
                crossings: 0,
                pool: Pool::new(),
            }),
            turns,
            injector: Mutex::new(Injector {
                arrivals: Vec::new(),
                waker: None,
                wakings: 0,
                told: None,
                closed: false,
            }),
            entered: AtomicBool::new(false),
            events: AtomicU64::new(0),
            running: AtomicUsize::new(0),
            suspect: AtomicUsize::new(0),
            joined: AtomicU64::new(0),
            peers: OnceLock::new(),
        }
    }

    /// The future that makes the thread that polls it this worker.
    pub fn scheduler(self: &Arc<Worker>) -> Scheduler {
        Scheduler {
            worker: self.clone(),
            entered: false,
            slept: false,
            busy_since: now(),
            patience: BUSY,
            joined: 0,
            of_thread: PhantomData,
        }
    }

    /// Names the workers this one may give actors to, once.
    ///
    /// When it has been busy for a while, others wait for their turn, and a peer has nothing to do, it gives that peer half of
    /// those that wait and may move.
    pub fn set_peers(&self, peers: Vec<Weak<Worker>>) {
        self.peers.get_or_init(|| peers);
    }

    /// The peer with a mark.
    pub(crate) fn peer(&self, wanted: u16) -> Option<Arc<Worker>> {
        let mut peers = self.peers.get()?.iter();
        peers.find(|peer| mark(peer.as_ptr().addr()) == wanted)?.upgrade()
    }

    /// An actor moves here to be with those it talks to.
    pub(crate) fn note_joining(&self) {
        self.joined.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn is_timed(&self) -> bool {
        self.turns == Turns::Timed
    }

    /// A peer that has nothing to do.
    fn idle_peer(&self) -> Option<Arc<Worker>> {
        let peers = self.peers.get()?.iter();
        peers
            .filter_map(Weak::upgrade)
            .find(|peer| peer.quiet_since().is_some())
    }

    /// Whether the calling thread is this worker.
    pub fn is_current(&self) -> bool {
        self.token() == token()
    }

    /// What this worker is doing.
    pub fn beat(&self) -> Beat {
        Beat {
            events: self.events.load(Ordering::Relaxed),
            running: self.running.load(Ordering::Relaxed),
            asleep: self.quiet_since().is_some(),
        }
    }

    /// How often it has been woken, when it has nothing to do.
    ///
    /// Workers that all answer the same twice in a row had nothing to do in between.
    pub fn quiet_since(&self) -> Option<u64> {
        let injector = self.injector.lock();
        (injector.waker.is_some() && injector.arrivals.is_empty()).then_some(injector.wakings)
    }

    /// Has [`Life::was_slow`](crate::Life::was_slow) called at the end of the run of the actor at this address.
    pub fn suspect(&self, address: usize) {
        self.suspect.store(address, Ordering::Relaxed);
    }

    /// Whether the actor at this address is suspected, which it is not any more then. On the thread of this worker.
    #[inline(always)]
    pub(crate) fn clear_suspect(&self, address: usize) -> bool {
        let suspected = self.suspect.load(Ordering::Relaxed) == address;
        if suspected {
            self.suspect.store(0, Ordering::Relaxed);
        }
        suspected
    }

    /// Unparks a thread when this worker is woken the next time; false when it is awake.
    pub fn tell_of_waking(&self, thread: Thread) -> bool {
        let mut injector = self.injector.lock();
        let asleep = injector.waker.is_some();
        if asleep {
            injector.told = Some(thread);
        }
        asleep
    }

    /// Forgets what a stopped worker will never run, and everything that comes later.
    pub fn close(&self) {
        let mut injector = self.injector.lock();
        injector.closed = true;
        let left = (std::mem::take(&mut injector.arrivals), injector.waker.take());
        drop(injector);
        drop(left);
    }

    pub(crate) fn token(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    /// Hands something to this worker from any thread; the waker is to be woken without locks.
    pub(crate) fn inject(&self, arrival: Arrival) -> Result<Option<Waker>, Arrival> {
        let mut injector = self.injector.lock();
        if injector.closed {
            return Err(arrival);
        }
        injector.arrivals.push(arrival);
        Ok(injector.take_waker())
    }

    pub(crate) fn budget(&self) -> Budget {
        Budget {
            turns: self.turns,
            began: None,
            left: match self.turns {
                Turns::Timed => FIRST_LOOK,
                Turns::Counted => EVENTS_PER_CHECK,
            },
            spent: 0,
        }
    }

    /// An event begins. On the thread of this worker.
    #[inline(always)]
    pub(crate) fn count_event(&self) {
        let events = self.events.load(Ordering::Relaxed);
        self.events.store(events.wrapping_add(1), Ordering::Relaxed);
    }

    /// An actor begins to run. On the thread of this worker.
    #[inline(always)]
    pub(crate) fn note_running(&self, address: usize) {
        self.running.store(address, Ordering::Relaxed);
    }

    /// Wakes those that have waited for long enough. On the thread of this worker.
    #[inline(always)]
    pub(crate) fn wake_if_due(&self) {
        // SAFETY: this is called by the scheduler's runs alone, on this worker's thread.
        if unsafe { self.own.with(|own| !own.wakers.is_empty()) } {
            self.wake_if_late();
        }
    }

    #[cold]
    fn wake_if_late(&self) {
        let now = now();
        // SAFETY: as above.
        let since = unsafe { self.own.with(|own| *own.waiting.get_or_insert(now)) };
        if now - since >= WAKE_DELAY {
            wake_all();
        }
    }

    fn take_arrivals(&self) -> Vec<Arrival> {
        std::mem::take(&mut self.injector.lock().arrivals)
    }
}

/// Drains the run queue of a worker, in turns; never completes.
pub struct Scheduler {
    worker: Arc<Worker>,
    entered: bool,
    slept: bool,
    /// When it last had nothing to do, or last gave actors away.
    busy_since: Instant,
    /// How long it must have been busy before it gives actors away: longer when some have come to stay with those they talk to.
    patience: Duration,
    /// [`Worker::joined`] when it last looked.
    joined: u64,
    /// A worker is one thread: what is polled on one must not be dropped on another.
    of_thread: PhantomData<*const ()>,
}

impl Scheduler {
    /// Makes the calling thread the worker.
    fn enter(&mut self) {
        assert!(token() == 0, "a thread is one worker");
        let before = self.worker.entered.swap(true, Ordering::AcqRel);
        assert!(!before, "a worker is one thread, once");
        self.entered = true;
        CURRENT.with(|current| current.set(Arc::as_ptr(&self.worker)));
    }

    /// Moves what other threads have handed over to where it belongs; false when there was nothing.
    fn receive(&self) -> bool {
        let arrivals = self.worker.take_arrivals();
        let some = !arrivals.is_empty();
        for arrival in arrivals {
            match arrival {
                Arrival::Events(runnable) => runnable.receive(),
                Arrival::Run(runnable) => schedule(runnable),
            }
        }
        some
    }

    /// Gives half of what waits to a peer that has nothing to do, after a while without rest.
    fn share(&mut self, now: Instant) {
        let worth_it = self.worker.turns == Turns::Timed
            && own(|own| own.queue.len() >= SHARED_FROM) == Some(true)
            && now - self.busy_since >= self.patience;
        if !worth_it {
            return;
        }
        let joined = self.worker.joined.load(Ordering::Relaxed);
        if std::mem::replace(&mut self.joined, joined) == joined {
            self.patience = (self.patience / 2).max(BUSY);
        } else {
            self.patience = (self.patience * 4).min(BUSY_AT_MOST);
            return;
        }
        self.busy_since = now;
        let Some(peer) = self.worker.idle_peer() else {
            return;
        };
        let half = own(|own| own.queue.split_off(own.queue.len().div_ceil(2)));
        for runnable in half.into_iter().flatten() {
            match runnable.give_to(&peer) {
                Given::Moved(waker) => wake(waker),
                Given::Kept(runnable) => schedule(runnable),
            }
        }
    }

    /// Leaves a waker behind, unless something has arrived meanwhile.
    fn sleep(&self, waker: &Waker) -> bool {
        let mut injector = self.worker.injector.lock();
        if !injector.arrivals.is_empty() {
            return false;
        }
        injector.waker = Some(waker.clone());
        drop(injector);
        own(|own| own.asleep = true);
        true
    }
}

/// Whether other actors of the calling thread's worker wait for their turn.
#[inline]
pub(crate) fn others_wait() -> bool {
    own(|own| !own.queue.is_empty()) == Some(true)
}

#[inline]
fn next() -> Option<Arc<dyn Runnable>> {
    own(|own| own.queue.pop_front()).flatten()
}

/// Ends the collection of workers to wake.
struct Outside;

impl Drop for Outside {
    fn drop(&mut self) {
        own(|own| own.polling = false);
        wake_all();
    }
}

impl Future for Scheduler {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if !self.entered {
            self.enter();
        }
        debug_assert!(self.worker.is_current(), "polled where it was entered");
        own(|own| {
            own.asleep = false;
            own.polling = true;
        });
        let _outside = Outside;
        let stale = self.worker.injector.lock().take_waker();
        drop(stale);
        let began = now();
        if std::mem::take(&mut self.slept) {
            self.busy_since = began;
        }
        loop {
            self.receive();
            let mut spent = 0;
            while spent < EVENTS_PER_CHECK {
                match next() {
                    Some(runnable) => {
                        spent += 2 + runnable.run(&self.worker);
                        wake_all();
                    }
                    None if self.receive() => {}
                    None if self.sleep(cx.waker()) => {
                        self.worker.note_running(0);
                        self.slept = true;
                        return Poll::Pending;
                    }
                    None => {}
                }
            }
            let now = now();
            self.share(now);
            if now - began >= TURN {
                self.worker.note_running(0);
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
        }
    }
}

/// The thread is no worker any more.
impl Drop for Scheduler {
    fn drop(&mut self) {
        if !self.entered {
            return;
        }
        let left = own(|own| {
            (
                std::mem::take(&mut own.queue),
                std::mem::replace(&mut own.pool, Pool::new()),
            )
        });
        CURRENT.with(|current| current.set(std::ptr::null()));
        drop(left);
        self.worker.close();
    }
}
