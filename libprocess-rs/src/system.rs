use crate::builder::{Builder, Settings};
use crate::cell::{AnyProcess, Body, Cell, EventCounts, Head, Message};
use crate::clock::Clock;
use crate::help::Helps;
use crate::http::Guests;
use crate::http::auth::Guards;
use crate::link::Links;
use crate::metrics::Metrics;
use crate::recent;
use crate::table::Table;
use crate::tls::Loaded;
use crate::transport::Sockets;
use crate::worker::Worker;
use crate::{Future, LinkMode, Pid, Process, Promise, Time, Upid};
use bytes::Bytes;
use parking_lot::{Mutex, RwLock};
use rustc_hash::FxHashMap;
use smol_str::SmolStr;
use std::net::SocketAddrV4;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// One runtime: workers, processes, a clock and, unless it is a mere client, an address of its own.
///
/// Many can live in one OS process; nothing is global. Handles are cheap to clone, and dropping them ends nothing:
/// call [`System::shutdown`].
#[derive(Clone)]
pub struct System(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) settings: Settings,
    /// What other runtimes reach this one by.
    pub(crate) address: SocketAddrV4,
    pub(crate) clock: Clock,
    pub(crate) links: Links,
    pub(crate) sockets: Sockets,
    pub(crate) guests: Guests,
    pub(crate) metrics: Metrics,
    pub(crate) delegate: RwLock<Option<String>>,
    pub(crate) guards: Guards,
    pub(crate) helps: Helps,
    pub(crate) tls: Option<Loaded>,
    pub(crate) processes: Table,
    waiters: Mutex<FxHashMap<SmolStr, Vec<Promise<bool>>>>,
    ids: Mutex<FxHashMap<String, u64>>,
    workers: OnceLock<Vec<Worker>>,
    next_worker: AtomicUsize,
    /// Blocking work that has not returned.
    blocking: Arc<AtomicUsize>,
    /// Since when each worker has been in a slow handler.
    pub(crate) slow_since: Mutex<FxHashMap<usize, Instant>>,
    stopped: AtomicBool,
    pub(crate) stop: OnceLock<Stop>,
}

/// How to end the threads.
pub(crate) struct Stop {
    pub(crate) system: actix_rt::System,
    pub(crate) thread: Mutex<Option<JoinHandle<()>>>,
    pub(crate) watchdog: Mutex<Option<JoinHandle<()>>>,
}

/// Why a process could not be started.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SpawnError {
    /// The id belongs to a process that is still alive.
    #[error("a process called `{0}` exists already")]
    Duplicate(String),
    /// The system has been shut down.
    #[error("the system has been shut down")]
    Stopped,
}

/// How a process is started, see [`System::spawn_with`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SpawnOptions {
    /// Its worker for life, taken modulo [`System::workers`]. By default it begins on that of the process that asks; asked
    /// from elsewhere, on each in turn. A worker that has been busy for two milliseconds without rest then gives half of the
    /// processes that wait for it to a worker that has nothing to do.
    pub worker: Option<usize>,
    /// What a panic in one of its handlers does.
    pub on_panic: OnPanic,
}

/// What a panic in a handler does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OnPanic {
    /// Ends the OS process, as an exception does in libprocess: a state that was left half-changed must not be acted on.
    #[default]
    Abort,
    /// Ends this process alone, without its `finalize`; those linked to it are told. In programs built with
    /// `panic = "abort"` there is no such choice.
    Terminate,
}

impl System {
    /// Begins the description of a new system.
    pub fn builder() -> Builder {
        Builder::new()
    }

    /// The address that PIDs of this system carry.
    pub fn address(&self) -> SocketAddrV4 {
        self.0.address
    }

    /// The address of the process called `id` here, whether it exists or not.
    pub fn upid(&self, id: &str) -> Upid {
        Upid::new(id, self.0.address)
    }

    /// The clock.
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// The present, by the clock.
    pub fn now(&self) -> Time {
        self.0.clock.now()
    }

    /// How many workers there are.
    pub fn workers(&self) -> usize {
        self.0.workers().len()
    }

    /// Starts a process, called `(1)` and so on when `id` is empty, on the worker of the process that asks, so that talk between the two is cheap; asked from
    /// elsewhere, on each worker in turn.
    ///
    /// # Errors
    ///
    /// When the id is taken or the system has been shut down.
    pub fn spawn<P: Process>(&self, id: impl Into<String>, process: P) -> Result<Pid<P>, SpawnError> {
        self.spawn_with(id, process, SpawnOptions::default())
    }

    /// As [`System::spawn`] on worker number `worker`, taken modulo [`System::workers`].
    ///
    /// # Errors
    ///
    /// As [`System::spawn`].
    pub fn spawn_on<P: Process>(
        &self,
        worker: usize,
        id: impl Into<String>,
        process: P,
    ) -> Result<Pid<P>, SpawnError> {
        let options = SpawnOptions {
            worker: Some(worker),
            ..SpawnOptions::default()
        };
        self.spawn_with(id, process, options)
    }

    /// As [`System::spawn`] with a choice about the worker and about panics.
    ///
    /// # Errors
    ///
    /// As [`System::spawn`].
    pub fn spawn_with<P: Process>(
        &self,
        id: impl Into<String>,
        process: P,
        options: SpawnOptions,
    ) -> Result<Pid<P>, SpawnError> {
        let worker = match options.worker {
            Some(worker) => self.0.worker(worker),
            None => {
                let current = self.0.workers().iter().find(|worker| worker.engine.is_current());
                current.unwrap_or_else(|| self.0.any_worker())
            }
        };
        self.0.spawn(id.into(), worker, process, options)
    }

    /// Makes an id no other process has: `prefix(1)`, `prefix(2)` and so on.
    ///
    /// Mesos: 3rdparty/libprocess/src/process.cpp, `ID::generate`.
    pub fn generate_id(&self, prefix: &str) -> String {
        let mut ids = self.0.ids.lock();
        let number = ids.entry(prefix.to_owned()).or_insert(0);
        *number += 1;
        format!("{prefix}({number})")
    }

    /// Ends a local process: at once, skipping what waits in its mailbox, when `inject` is set, else in its turn.
    pub fn terminate(&self, upid: &Upid, inject: bool) {
        if let Some(process) = self.0.find(upid) {
            process.terminate(inject);
        }
    }

    /// Ready once the process has ended: true, or false when there is none of this name.
    pub fn wait(&self, upid: &Upid) -> Future<bool> {
        self.0.wait(upid)
    }

    /// Sends a named message without a sender.
    pub fn post(&self, to: &Upid, name: &str, body: impl Into<Bytes>) {
        self.0.send(&Upid::default(), to, name, body.into());
    }

    /// Sends a named message in the name of `from`.
    pub fn send_from(&self, from: &Upid, to: &Upid, name: &str, body: impl Into<Bytes>) {
        self.0.send(from, to, name, body.into());
    }

    /// Ready when there is room for more messages to the runtime of `to`: at most 1 MiB waits for it to read. At once when
    /// nothing waits, e.g. because it is this runtime; and when the connection breaks, whose end only a link tells.
    ///
    /// Sending never waits. Who has much to send should wait for this now and then, with
    /// [`Context::then`](crate::Context::then), for a connection with too much waiting is given up: see
    /// [`Builder::max_outbound`].
    pub fn room(&self, to: &Upid) -> Future<()> {
        self.0.sockets.room(to.address())
    }

    /// How many events wait for a local process; `None` when there is no such process.
    ///
    /// The worker of the process answers, between two processes. A process that asks about itself has
    /// [`Context::queued_events`](crate::Context::queued_events).
    pub fn queued_events(&self, upid: &Upid) -> Future<Option<EventCounts>> {
        let Some(process) = self.0.find(upid) else {
            return Future::ready(None);
        };
        let (promise, counts) = Promise::new();
        process.ask_counts(Box::new(move |counts| {
            promise.set(Some(counts));
        }));
        counts
    }

    /// The metrics that `/metrics/snapshot` shows.
    pub fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    /// Names the process that serves requests whose path begins with no process' id.
    pub fn set_delegate(&self, id: &str) {
        *self.0.delegate.write() = Some(id.to_owned());
    }

    /// Ready after `duration` of this system's time; discarding cancels.
    pub fn after(&self, duration: Duration) -> Future<()> {
        let (promise, future) = Promise::new();
        let slot = Arc::new(Mutex::new(Some(promise)));
        let fired = slot.clone();
        let fire = Box::new(move || {
            let promise = fired.lock().take();
            if let Some(promise) = promise {
                promise.set(());
            }
        });
        let timer = self.0.clock.insert(duration, fire);
        let clock = self.0.clock.clone();
        future.on_discard(move || {
            if clock.cancel(timer) {
                let promise = slot.lock().take();
                if let Some(promise) = promise {
                    promise.discard();
                }
            }
        });
        future
    }

    /// Runs a future of the standard library on a worker; discarding the result drops it.
    pub fn run<T: Send + 'static>(
        &self,
        future: impl std::future::Future<Output = T> + Send + 'static,
    ) -> Future<T> {
        let (promise, result) = Promise::new();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        promise.on_discard(move || {
            let _ = stop.send(());
        });
        self.0.spawn_io(async move {
            tokio::select! {
                output = future => { promise.set(output); }
                Ok(()) = stopped => { promise.discard(); }
            }
        });
        result
    }

    /// Ends every process, in its turn, then the connections and threads. Blocks until all is done, except on one of
    /// the system's own workers.
    pub fn shutdown(&self) {
        let inner = &self.0;
        if inner.stopped.swap(true, Ordering::SeqCst) {
            return;
        }
        let processes = inner.processes.all();
        let ended: Vec<_> = processes
            .iter()
            .map(|process| inner.wait(process.upid()))
            .collect();
        processes.into_iter().for_each(|process| process.terminate(false));
        let on_worker = crate::worker::on_worker();
        if !on_worker {
            ended.into_iter().for_each(|ended| drop(ended.wait()));
        }
        inner.sockets.close();
        if let Some(stop) = inner.stop.get() {
            stop.system.stop();
            let watchdog = stop.watchdog.lock().take();
            if let Some(watchdog) = watchdog {
                watchdog.thread().unpark();
                if !on_worker {
                    drop(watchdog.join());
                }
            }
            let thread = stop.thread.lock().take();
            if let Some(thread) = thread.filter(|_| !on_worker) {
                drop(thread.join());
                inner.workers().iter().for_each(|worker| worker.engine.close());
            }
        }
    }
}

impl Inner {
    pub(crate) fn new(settings: Settings, tls: Option<Loaded>, address: SocketAddrV4) -> Inner {
        Inner {
            clock: Clock::new(settings.paused_clock),
            delegate: RwLock::new(settings.delegate.clone()),
            guards: Guards::default(),
            helps: Helps::default(),
            tls,
            settings,
            address,
            links: Links::default(),
            sockets: Sockets::default(),
            guests: Guests::default(),
            metrics: Metrics::default(),
            processes: Table::default(),
            waiters: Mutex::default(),
            ids: Mutex::default(),
            workers: OnceLock::new(),
            next_worker: AtomicUsize::new(0),
            blocking: Arc::default(),
            slow_since: Mutex::default(),
            stopped: AtomicBool::new(false),
            stop: OnceLock::new(),
        }
    }

    pub(crate) fn set_workers(&self, workers: Vec<Worker>) {
        self.workers.get_or_init(|| workers);
    }

    pub(crate) fn workers(&self) -> &[Worker] {
        self.workers.get().map_or(&[], Vec::as_slice)
    }

    pub(crate) fn worker(&self, index: usize) -> &Worker {
        &self.workers()[index % self.workers().len()]
    }

    fn any_worker(&self) -> &Worker {
        self.worker(self.next_worker.fetch_add(1, Ordering::Relaxed))
    }

    /// Runs a task of the runtime itself on some worker.
    pub(crate) fn spawn_io(&self, task: impl std::future::Future<Output = ()> + Send + 'static) {
        self.any_worker().arbiter.spawn(task);
    }

    /// As [`Inner::spawn_io`] on the worker that asks, if one does.
    pub(crate) fn spawn_io_here(&self, task: impl std::future::Future<Output = ()> + Send + 'static) {
        let here = self.workers().iter().find(|worker| worker.engine.is_current());
        here.unwrap_or_else(|| self.any_worker()).arbiter.spawn(task);
    }

    fn spawn<P: Process>(
        self: &Arc<Self>,
        id: String,
        worker: &Worker,
        process: P,
        options: SpawnOptions,
    ) -> Result<Pid<P>, SpawnError> {
        if self.stopped.load(Ordering::SeqCst) {
            return Err(SpawnError::Stopped);
        }
        let id = if id.is_empty() {
            System(self.clone()).generate_id("")
        } else {
            id
        };
        let head = Head {
            upid: Upid::new(id.as_str(), self.address),
            system: self.clone(),
            routes: RwLock::default(),
            survives_panics: options.on_panic == OnPanic::Terminate,
            may_move: options.worker.is_none(),
        };
        let (cell, birth) = Cell::new(head, worker.engine.clone(), |cell| Body::new(process, cell));
        if !self.processes.insert(cell.clone()) {
            // Not under the lock of the table, which dropping the process may ask for.
            birth.discard();
            return Err(SpawnError::Duplicate(id));
        }
        if self.stopped.load(Ordering::SeqCst) {
            // Perhaps too late for the shutdown to have seen it, and perhaps not, so those who wait are told.
            birth.discard();
            self.ended(&cell.upid);
            return Err(SpawnError::Stopped);
        }
        birth.start();
        Ok(Pid(cell))
    }

    /// How often each worker has been woken, when none has anything to do.
    pub(crate) fn quiet_since(&self) -> Option<Vec<u64>> {
        self.workers()
            .iter()
            .map(|worker| worker.engine.quiet_since())
            .collect()
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::SeqCst)
    }

    pub(crate) fn is_local(&self, upid: &Upid) -> bool {
        upid.address() == self.address
    }

    pub(crate) fn find_id(&self, id: &str) -> Option<Arc<dyn AnyProcess>> {
        self.processes.find(id)
    }

    /// The id of the process the engine tells by this address.
    pub(crate) fn name_of(&self, address: usize) -> Option<SmolStr> {
        let processes = self.processes.all();
        let process = processes
            .iter()
            .find(|process| process.engine_address() == address);
        process.map(|process| process.upid().shared_id())
    }

    fn find(&self, upid: &Upid) -> Option<Arc<dyn AnyProcess>> {
        self.find_id(upid.id()).filter(|_| self.is_local(upid))
    }

    fn wait(&self, upid: &Upid) -> Future<bool> {
        self.wait_if(upid, |_| self.is_local(upid))
    }

    /// As [`Inner::wait`] for this very process, not one that has its name now.
    pub(crate) fn wait_for<P: Process>(&self, cell: &Arc<Cell<P>>) -> Future<bool> {
        self.wait_if(&cell.upid, |holder| {
            std::ptr::addr_eq(Arc::as_ptr(holder), Arc::as_ptr(cell))
        })
    }

    fn wait_if(&self, upid: &Upid, meant: impl FnOnce(&Arc<dyn AnyProcess>) -> bool) -> Future<bool> {
        let mut waiters = self.waiters.lock();
        let waits = self
            .processes
            .find(upid.id())
            .is_some_and(|holder| meant(&holder));
        if !waits {
            return Future::ready(false);
        }
        let (promise, future) = Promise::new();
        waiters.entry(upid.shared_id()).or_default().push(promise);
        future
    }

    /// A process has finalized: those who care are told, and its name is free.
    ///
    /// All under the locks of those who would ask, so that neither a link nor a wait for the next process of this name
    /// is taken for one of this.
    pub(crate) fn ended(&self, upid: &Upid) {
        let mut waiters = self.waiters.lock();
        self.helps.remove(upid.id());
        self.links.ended(upid, || self.processes.remove(upid.id()));
        let told = waiters.remove(upid.id()).unwrap_or_default();
        drop(waiters);
        for waiter in told {
            waiter.set(true);
        }
    }

    pub(crate) fn send(self: &Arc<Self>, from: &Upid, to: &Upid, name: &str, body: Bytes) {
        if self.is_local(to) {
            let message = Message { from, name, body };
            recent::deliver(self, to, message);
        } else if to.is_complete() {
            self.sockets.send(self, from, to, name, &body);
        } else {
            tracing::debug!(%from, %to, name, "dropping a message to an incomplete address");
        }
    }

    /// Hands a message to a local process; false when there is none of this name.
    pub(crate) fn deliver(&self, id: &str, message: Message<'_>) -> bool {
        self.find_id(id)
            .is_some_and(|process| process.message(message).is_ok())
    }

    pub(crate) fn link(self: &Arc<Self>, linker: Arc<dyn AnyProcess>, to: &Upid, mode: LinkMode) {
        if self.is_local(to) {
            if !self
                .links
                .add(linker.clone(), to, false, || self.processes.contains(to.id()))
            {
                linker.exited(to.clone());
            }
        } else if to.is_complete() {
            self.links.add(linker, to, true, || true);
            self.sockets.link(self, to.address(), mode);
        } else {
            linker.exited(to.clone());
        }
    }

    /// Runs work on the pool of threads that may block.
    pub(crate) fn blocking<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Future<T> {
        let (promise, future) = Promise::new();
        let running = self.blocking.clone();
        running.fetch_add(1, Ordering::SeqCst);
        let work = move || {
            let output = work();
            promise.set(output);
            running.fetch_sub(1, Ordering::SeqCst);
        };
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn_blocking(work)),
            Err(_) => self.spawn_io(async move { drop(tokio::task::spawn_blocking(work)) }),
        }
        future
    }

    pub(crate) fn io_busy(&self) -> bool {
        self.blocking.load(Ordering::SeqCst) > 0 || self.sockets.unanswered() > 0
    }

    /// Returns once every worker has polled the tasks that were ready when this was called.
    pub(crate) async fn barrier(&self) {
        for worker in self.workers() {
            let (done, waiting) = tokio::sync::oneshot::channel();
            worker.arbiter.spawn(async move {
                // A woken task may wake another; a few rounds let such chains run out.
                for _ in 0..4 {
                    tokio::task::yield_now().await;
                }
                let _ = done.send(());
            });
            // An arbiter that ends drops its tasks, which ends the wait too.
            let _ = waiting.await;
        }
    }
}
