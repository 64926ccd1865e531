//! An actor: a state, its mailbox, and whose thread may touch which part.

use crate::company::{Company, Senders, Watch};
use crate::record::{Counts, Queue, TAGS, With};
use crate::sync::{AtomicBool, AtomicUsize, Mutex, Ordering, Owned};
use crate::worker::{self, Arrival, Given, Runnable, Worker};
use std::any::Any;
use std::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Weak};
use std::task::Waker;

/// What happens in the life of an actor, besides its events; its value is what everybody may know of the actor.
pub trait Life: Send + Sync + Sized + 'static {
    /// What only its own events touch.
    type State: Send + 'static;

    /// Before the first event.
    fn start(actor: &Arc<Actor<Self>>, state: &mut Self::State);

    /// After the last event. Drops the state.
    fn finalize(actor: &Arc<Actor<Self>>, state: Self::State);

    /// After everything that waited in the mailbox has been dropped.
    fn ended(actor: &Arc<Actor<Self>>);

    /// Whether another worker may run it when its own has too much to do.
    fn may_move(&self) -> bool;

    /// Whether a panic in a handler ends this actor alone. If not, it ends the OS process.
    fn survives_panics(&self) -> bool;

    /// A run has ended of which [`Worker::suspect`] was told meanwhile.
    fn was_slow(actor: &Arc<Actor<Self>>) {
        let _ = actor;
    }

    /// A handler has panicked. Unless the actor survives this, the OS process ends as soon as this returns.
    fn panicked(actor: &Arc<Actor<Self>>, panic: &(dyn Any + Send));
}

/// A state with a mailbox of closures over it, which one worker runs one after another.
pub struct Actor<L: Life> {
    life: L,
    /// Itself, for the worker that has to look at it.
    me: Weak<Actor<L>>,
    /// The token of the worker whose thread may touch `local`, and the state when it runs this.
    owner: AtomicUsize,
    /// Drop every event.
    purge: AtomicBool,
    /// `remote` has something that the owner has not taken.
    pending: AtomicBool,
    local: Owned<Local<L::State>>,
    /// Gone when the actor has ended.
    state: Owned<Option<L::State>>,
    remote: Mutex<Remote<L::State>>,
}

/// A generation of at most this size, as a power of two of words, begins with the smallest piece of memory.
const LITTLE: u8 = 5;

/// And none begins with more than this: 256 KiB.
const MUCH: u8 = 15;

/// What the owner's thread has.
struct Local<S: 'static> {
    /// What is being handled. Changed by `run` alone, so that a closure may use the memory of its record.
    running: Queue<S>,
    /// What comes after it.
    next: Queue<S>,
    /// The right to run, while the actor is idle; on a run queue or in use otherwise.
    parked: Option<Arc<dyn Runnable>>,
    /// Accepts nothing any more.
    closed: bool,
    started: bool,
    /// The size of the last generation, as a power of two of words: the next one is likely to need as much.
    size: u8,
    company: Company,
}

/// What the other threads have.
struct Remote<S: 'static> {
    queue: Queue<S>,
    worker: Arc<Worker>,
    /// Accepts nothing any more.
    closed: bool,
    /// The owner will look here without being told again.
    noticed: bool,
    senders: Senders,
}

// SAFETY: `life` is `Sync`. `local` and the state are touched only by the thread of the owner, or by the holder of a `Birth` before
// anybody runs the actor; both consist of values that are `Send`. The rest is atomic or locked.
unsafe impl<L: Life> Sync for Actor<L> {}
// SAFETY: all parts are `Send`.
unsafe impl<L: Life> Send for Actor<L> {}

/// The right to run an actor for the first time.
pub struct Birth<L: Life>(Arc<Actor<L>>);

/// Why a run has stopped.
enum Stop {
    Idle,
    Budget,
    End,
}

impl<L: Life> Deref for Actor<L> {
    type Target = L;

    fn deref(&self) -> &L {
        &self.life
    }
}

impl<L: Life> Actor<L> {
    /// An actor of `worker` that collects events until its [`Birth`] is used.
    #[allow(clippy::new_ret_no_self, reason = "an actor is born shared")]
    pub fn new(
        life: L,
        worker: Arc<Worker>,
        state: impl FnOnce(&Arc<Actor<L>>) -> L::State,
    ) -> (Arc<Actor<L>>, Birth<L>) {
        let actor = Arc::new_cyclic(|me| Actor {
            life,
            me: me.clone(),
            owner: AtomicUsize::new(worker.token()),
            purge: AtomicBool::new(false),
            pending: AtomicBool::new(false),
            local: Owned::new(Local {
                running: Queue::new(),
                next: Queue::new(),
                parked: None,
                closed: false,
                started: false,
                size: 0,
                company: Company::new(),
            }),
            state: Owned::new(None),
            remote: Mutex::new(Remote {
                queue: Queue::new(),
                worker,
                closed: false,
                noticed: false,
                senders: Senders::new(),
            }),
        });
        let state = state(&actor);
        // SAFETY: the state is touched by who has the right to run, which nobody has yet, and setting `None` to a value runs no
        // foreign code.
        unsafe { actor.state.with(|place| *place = Some(state)) };
        (actor.clone(), Birth(actor))
    }

    /// What tells this actor from all others that live, see [`Beat`](crate::Beat).
    pub fn address(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    /// Its worker at this moment.
    pub fn worker(&self) -> Arc<Worker> {
        self.remote.lock().worker.clone()
    }

    /// Whether the calling thread is that of its worker.
    #[inline(always)]
    fn is_owned(&self) -> bool {
        self.owner.load(Ordering::Acquire) == worker::token()
    }

    /// Appends a closure, or gives it back when the actor accepts no more.
    ///
    /// # Errors
    ///
    /// The closure.
    #[inline]
    pub fn push<F, const TAG: u8>(&self, f: F) -> Result<(), F>
    where
        F: FnOnce(&mut L::State) + Send + 'static,
    {
        self.write(f, |queue, f| queue.push::<F, TAG>(f))
    }

    /// Appends a call of `f` with a copy of `text` and `value`, or gives the value back when the actor accepts no more.
    ///
    /// # Errors
    ///
    /// The value.
    #[inline]
    pub fn push_text<T, F, const TAG: u8>(&self, text: &str, value: T, f: F) -> Result<(), T>
    where
        T: Send + 'static,
        F: FnOnce(&mut L::State, &str, T) + Send + 'static,
    {
        self.write(value, |queue, value| {
            queue.push_text::<T, F, TAG>(text, With { value, f });
        })
    }

    /// Appends a call of `f` with `value`, or gives the value back when the actor accepts no more.
    ///
    /// # Errors
    ///
    /// The value.
    pub fn push_value<T, F, const TAG: u8>(&self, value: T, f: F) -> Result<(), T>
    where
        T: Send + 'static,
        F: FnOnce(&mut L::State, T) + Send + 'static,
    {
        self.write(value, |queue, value| {
            queue.push_value::<T, F, TAG>(With { value, f });
        })
    }

    #[inline(always)]
    fn write<F>(&self, f: F, write: impl FnOnce(&mut Queue<L::State>, F)) -> Result<(), F> {
        if !self.is_owned() {
            return self.write_remote(f, write);
        }
        if self.pending.load(Ordering::Acquire) {
            // What other threads have sent comes first, since this may be sent because of it.
            self.take_remote();
        }
        // SAFETY: this is the owner's thread; writing a record runs no foreign code.
        let parked = unsafe {
            self.local.with(|local| {
                if local.closed {
                    return Err(f);
                }
                if local.size > LITTLE {
                    local.next.expect(1 << local.size.min(MUCH));
                }
                write(&mut local.next, f);
                Ok(local.parked.take())
            })
        }?;
        if let Some(parked) = parked {
            worker::schedule(parked);
        }
        Ok(())
    }

    fn write_remote<F>(&self, f: F, write: impl FnOnce(&mut Queue<L::State>, F)) -> Result<(), F> {
        let mut remote = self.remote.lock();
        if remote.closed {
            return Err(f);
        }
        write(&mut remote.queue, f);
        remote.senders.count(worker::cross());
        let waker = self.notice(&mut remote);
        drop(remote);
        worker::wake(waker.unwrap_or_default());
        Ok(())
    }

    /// Makes the owner look at `remote`.
    fn notice(&self, remote: &mut Remote<L::State>) -> Result<Option<Waker>, Arrival> {
        if std::mem::replace(&mut remote.noticed, true) {
            return Ok(None);
        }
        self.pending.store(true, Ordering::Release);
        match self.me.upgrade() {
            Some(me) => remote.worker.inject(Arrival::Events(me)),
            None => Ok(None),
        }
    }

    /// Moves what other threads have sent behind what waits. On the owner's thread.
    #[cold]
    fn take_remote(&self) {
        let mut remote = self.remote.lock();
        remote.noticed = false;
        self.pending.store(false, Ordering::Release);
        // SAFETY: this is the owner's thread, and moving records runs no foreign code.
        unsafe {
            self.local.with(|local| {
                local.next.append(&mut remote.queue);
                local.closed |= remote.closed;
            });
        }
    }

    /// Ends the actor: at once, dropping what waits in its mailbox, when `inject` is set, else in its turn.
    pub fn end(&self, inject: bool) {
        let mut remote = self.remote.lock();
        if remote.closed && !inject {
            return;
        }
        if inject {
            self.purge.store(true, Ordering::Release);
        } else {
            remote.queue.push_end();
        }
        remote.closed = true;
        if !self.is_owned() {
            let waker = self.notice(&mut remote);
            drop(remote);
            return worker::wake(waker.unwrap_or_default());
        }
        drop(remote);
        self.take_remote();
        // SAFETY: this is the owner's thread, and taking runs no foreign code.
        let parked = unsafe { self.local.with(|local| local.parked.take()) };
        if let Some(parked) = parked {
            worker::schedule(parked);
        }
    }

    /// How many events of each tag wait, known on the thread of its worker alone.
    pub fn counts(&self) -> Option<Counts> {
        if !self.is_owned() {
            return None;
        }
        let mut counts = [0; TAGS];
        // SAFETY: this is the owner's thread, and counting runs no foreign code.
        unsafe {
            self.local.with(|local| {
                local.running.count(&mut counts);
                local.next.count(&mut counts);
            });
        }
        self.remote.lock().queue.count(&mut counts);
        Some(counts)
    }

    /// Shows every event that waits, in its order: its tag, its value (`()` for one of [`Actor::push`]) and its text. On the
    /// thread of its worker alone; elsewhere nothing is shown.
    ///
    /// What `see` sends to this actor comes behind them, and is not shown.
    pub fn show(&self, mut see: impl FnMut(u8, &dyn Any, &str)) {
        if !self.is_owned() {
            return;
        }
        self.take_remote();
        // SAFETY: this is the owner's thread, and taking runs no foreign code.
        let (running, next) = unsafe {
            self.local.with(|local| {
                (
                    std::mem::replace(&mut local.running, Queue::new()),
                    std::mem::replace(&mut local.next, Queue::new()),
                )
            })
        };
        let shown = Shown {
            actor: self,
            running,
            next,
        };
        shown.running.show(&mut see);
        shown.next.show(&mut see);
    }

    /// Calls `f` on the thread of its worker, soon.
    pub fn ask(&self, f: impl FnOnce(&Actor<L>) + Send + 'static) {
        if self.is_owned() {
            return f(self);
        }
        let Some(actor) = self.me.upgrade() else { return };
        let question = Question {
            actor,
            answer: Mutex::new(Some(Box::new(f))),
        };
        let worker = self.remote.lock().worker.clone();
        let waker = worker.inject(Arrival::Events(Arc::new(question)));
        worker::wake(waker.unwrap_or_default());
    }

    /// Handles events until something stops it. On the owner's thread, with the right to run.
    fn handle(self: &Arc<Self>, state: &mut L::State, worker: &Worker) -> (Stop, usize) {
        // SAFETY: this is the owner's thread, and a flag is no foreign code.
        let started = unsafe {
            self.local
                .with(|local| std::mem::replace(&mut local.started, true))
        };
        if !started {
            worker.count_event();
            L::start(self, state);
        }
        let mut handled = 0;
        let mut budget = worker.budget();
        loop {
            if self.purge.load(Ordering::Acquire) {
                return (Stop::End, handled);
            }
            // SAFETY: this is the owner's thread, and taking records runs no foreign code.
            let record = unsafe { self.local.with(|local| local.running.pop()) };
            let Some(record) = record else {
                if self.pending.load(Ordering::Acquire) {
                    self.take_remote();
                }
                // SAFETY: this is the owner's thread, and moving records runs no foreign code.
                let more = unsafe {
                    self.local.with(|local| {
                        let words = local.running.refill(&mut local.next);
                        if words > 0 {
                            local.size = (u32::BITS - words.leading_zeros()) as u8;
                        }
                        words > 0
                    })
                };
                match more {
                    false => return (Stop::Idle, handled),
                    // What has arrived meanwhile waits until others had their turn: a sender and its receiver alternate.
                    true if handled > 0 && worker::others_wait() => return (Stop::Budget, handled),
                    true => continue,
                }
            };
            if record.is_end() {
                return (Stop::End, handled);
            }
            worker.count_event();
            // SAFETY: only this function pushes to or refills `running`, and it is not called again before this returns, since
            // it needs the one right to run.
            unsafe { record.run(state) };
            handled += 1;
            worker.wake_if_due();
            if budget.spend() {
                return (Stop::Budget, handled);
            }
        }
    }

    /// Looks at who has sent the events of a window. On the owner's thread.
    #[cold]
    fn close_window(&self) {
        let may_move = self.may_move();
        let mut remote = self.remote.lock();
        // SAFETY: this is the owner's thread, and counting is no foreign code.
        unsafe {
            self.local
                .with(|local| local.company.close_window(&mut remote.senders, may_move));
        }
    }

    /// The worker it should move to after a measured run. On the owner's thread, with the right to run.
    #[cold]
    fn destination(&self, watch: &Watch, worker: &Worker) -> Option<Arc<Worker>> {
        // SAFETY: this is the owner's thread, and reading the clock is no foreign code.
        let most = unsafe { self.local.with(|local| local.company.measure(watch)) }?;
        worker.is_timed().then(|| worker.peer(most))?
    }

    /// Handles events until something stops it, then parks or schedules the actor, moves it away, or ends it. On the owner's thread, with
    /// the right to run.
    #[inline]
    fn turn<const MEASURED: bool>(self: Arc<Self>, worker: &Worker) -> usize {
        worker.note_running(self.address());
        let watch = MEASURED.then(Watch::start);
        // SAFETY: this is the owner's thread with the right to run, and the state is touched nowhere else.
        let (stop, handled) = unsafe {
            self.state.with(|state| match state {
                Some(state) if self.survives_panics() => {
                    let run = AssertUnwindSafe(|| self.handle(state, worker));
                    match catch_unwind(run) {
                        Ok(stopped) => Some(stopped),
                        Err(panic) => {
                            L::panicked(&self, &*panic);
                            None
                        }
                    }
                }
                Some(state) => {
                    let guard = AbortOnPanic(&self);
                    let stopped = self.handle(state, worker);
                    std::mem::forget(guard);
                    Some(stopped)
                }
                None => Some((Stop::End, 0)),
            })
        }
        .map_or((None, 1), |(stop, handled)| (Some(stop), handled));
        // SAFETY: this is the owner's thread, and counting is no foreign code.
        if unsafe { self.local.with(|local| local.company.count(handled)) } {
            self.close_window();
        }
        if worker.clear_suspect(self.address()) {
            L::was_slow(&self);
        }
        if let Some(watch) = watch
            && matches!(stop, Some(Stop::Budget | Stop::Idle))
            && let Some(destination) = self.destination(&watch, worker)
        {
            match self.give_to(&destination) {
                Given::Moved(waker) => {
                    destination.note_joining();
                    worker::wake(waker);
                }
                Given::Kept(actor) => worker::schedule(actor),
            }
            return handled;
        }
        match stop {
            Some(Stop::Budget) => worker::schedule(self),
            Some(Stop::Idle) => {
                let actor = Arc::as_ptr(&self);
                let parked: Arc<dyn Runnable> = self;
                // SAFETY: the actor lives, since `parked` holds it, and then it holds itself; this is the owner's thread, and storing
                // runs no foreign code, for nothing is parked now.
                unsafe {
                    (*actor).local.with(|local| {
                        local.running.release();
                        local.next.release();
                        debug_assert!(local.parked.is_none(), "there is one right to run");
                        local.parked = Some(parked);
                    });
                }
            }
            Some(Stop::End) => self.finish(false),
            None => self.finish(true),
        }
        handled
    }

    /// Runs the end: the last words, then what waits is dropped, then those who care are told.
    fn finish(self: &Arc<Self>, panicked: bool) {
        let mut remote = self.remote.lock();
        remote.closed = true;
        remote.noticed = true;
        drop(remote);
        // SAFETY: this is the owner's thread with the right to run; taking runs no foreign code.
        let state = unsafe {
            self.local.with(|local| local.closed = true);
            self.state.with(Option::take)
        };
        match state {
            Some(state) if panicked => drop(state),
            Some(state) => L::finalize(self, state),
            None => {}
        }
        self.drop_events();
        L::ended(self);
    }

    /// On the owner's thread with the right to run, or before anybody runs this.
    fn drop_events(&self) {
        // SAFETY: as in `finish`.
        let left = unsafe {
            self.local.with(|local| {
                (
                    std::mem::replace(&mut local.running, Queue::new()),
                    std::mem::replace(&mut local.next, Queue::new()),
                )
            })
        };
        let rest = std::mem::replace(&mut self.remote.lock().queue, Queue::new());
        drop((left, rest));
    }
}

impl<L: Life> Runnable for Actor<L> {
    fn receive(self: Arc<Self>) {
        if !self.is_owned() {
            // It has moved since; whoever runs it looks at what other threads have sent.
            return;
        }
        // SAFETY: this is the owner's thread, and taking runs no foreign code.
        let parked = unsafe { self.local.with(|local| local.parked.take()) };
        if let Some(parked) = parked {
            worker::schedule(parked);
        }
    }

    fn give_to(self: Arc<Self>, worker: &Arc<Worker>) -> Given {
        if !self.may_move() {
            return Given::Kept(self);
        }
        let actor = self.clone();
        let mut remote = actor.remote.lock();
        remote.worker = worker.clone();
        // Under the lock, so that no other thread makes the old worker look for it. From here on this thread does not touch
        // `local` nor the state, which the other reads after it has seen the new owner or taken the right to run.
        self.owner.store(worker.token(), Ordering::Release);
        let waker = worker.inject(Arrival::Run(self));
        drop(remote);
        Given::Moved(waker.unwrap_or_default())
    }

    fn run(self: Arc<Self>, worker: &Worker) -> usize {
        assert!(self.is_owned(), "an actor is run by its worker");
        // SAFETY: this is the owner's thread, and looking is no foreign code.
        if unsafe { self.local.with(|local| local.company.is_measuring()) } {
            return self.turn::<true>(worker);
        }
        self.turn::<false>(worker)
    }
}

/// Ends the OS process when a handler panics, as libprocess does on an exception.
struct AbortOnPanic<'a, L: Life>(&'a Arc<Actor<L>>);

impl<L: Life> Drop for AbortOnPanic<'_, L> {
    fn drop(&mut self) {
        L::panicked(self.0, &"");
        std::process::abort();
    }
}

impl<L: Life> Birth<L> {
    /// Gives the actor its first run.
    pub fn start(self) {
        let actor = self.0;
        if actor.is_owned() {
            return worker::schedule(actor);
        }
        let worker = actor.remote.lock().worker.clone();
        let waker = worker.inject(Arrival::Run(actor));
        worker::wake(waker.unwrap_or_default());
    }

    /// Drops the state and what waits of an actor that is never to run, which accepts no more.
    pub fn discard(self) {
        let actor = self.0;
        let mut remote = actor.remote.lock();
        remote.closed = true;
        remote.noticed = true;
        drop(remote);
        // SAFETY: the actor has never run and never will, since this was the right to run it: nobody else touches the state. The
        // owner's thread may push, which touches `local` alone.
        let state = unsafe { actor.state.with(Option::take) };
        drop(state);
        let rest = std::mem::replace(&mut actor.remote.lock().queue, Queue::new());
        drop(rest);
    }
}

/// The queues of an actor that are shown. While `see` runs they are not where others touch them.
struct Shown<'a, L: Life> {
    actor: &'a Actor<L>,
    running: Queue<L::State>,
    next: Queue<L::State>,
}

impl<L: Life> Drop for Shown<'_, L> {
    fn drop(&mut self) {
        // SAFETY: `show` has made it on the owner's thread and drops it there. The actor has not run and not moved meanwhile, for both take
        // the scheduler of this thread. Moving records runs no foreign code.
        unsafe {
            self.actor.local.with(|local| {
                std::mem::swap(&mut local.running, &mut self.running);
                self.next.append(&mut local.next);
                std::mem::swap(&mut local.next, &mut self.next);
            });
        }
    }
}

type Answer<L> = Box<dyn FnOnce(&Actor<L>) + Send>;

/// Asks an actor something on the thread of its worker.
struct Question<L: Life> {
    actor: Arc<Actor<L>>,
    answer: Mutex<Option<Answer<L>>>,
}

impl<L: Life> Runnable for Question<L> {
    fn receive(self: Arc<Self>) {
        let answer = self.answer.lock().take();
        if let Some(answer) = answer {
            // Asked again if the actor has moved since.
            self.actor.ask(answer);
        }
    }

    fn give_to(self: Arc<Self>, _: &Arc<Worker>) -> Given {
        Given::Kept(self)
    }

    fn run(self: Arc<Self>, _: &Worker) -> usize {
        0
    }
}
