//! A process as the engine sees it: mailbox, state and routes in one allocation.

use crate::http::{Request, Responder, RouteTable};
use crate::system::Inner;
use crate::worker::{self, Runnable, Worker};
use crate::{Context, Process, Upid};
use bytes::Bytes;
use parking_lot::{Mutex, RwLock};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A queue that grew beyond this gives its memory back when it is empty again.
const KEPT_CAPACITY: usize = 1024;

/// One thing for a process to handle.
pub(crate) enum Event<P: Process> {
    Call(Call<P>),
    Message(Box<Message>),
    Http(Box<HttpEvent>),
    Exited(Box<Upid>),
    Terminate,
}

pub(crate) type Call<P> = Box<dyn FnOnce(&mut P, &mut Context<P>) + Send>;

pub(crate) struct Message {
    pub(crate) from: Upid,
    pub(crate) name: String,
    pub(crate) body: Bytes,
}

pub(crate) struct HttpEvent {
    /// The path behind the id of the process, without slash at its end.
    pub(crate) route: String,
    pub(crate) request: Request,
    pub(crate) responder: Responder,
}

/// How many events of each kind wait in a mailbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EventCounts {
    /// Named messages.
    pub messages: usize,
    /// Closures: dispatches, timers and deferred work.
    pub dispatches: usize,
    /// HTTP requests.
    pub http_requests: usize,
    /// Ends of linked processes.
    pub exited: usize,
}

/// A process whose type is forgotten.
pub(crate) trait AnyProcess: Send + Sync {
    fn upid(&self) -> &Upid;
    fn message(self: Arc<Self>, message: Message) -> bool;
    /// Gives the event back when the process has ended.
    fn http(self: Arc<Self>, event: Box<HttpEvent>) -> Result<(), Box<HttpEvent>>;
    fn exited(self: Arc<Self>, who: Upid);
    fn terminate(self: Arc<Self>, inject: bool);
    fn counts(&self) -> EventCounts;
    /// Where it lives.
    fn worker(&self) -> &Arc<Worker>;
    /// Whether the route that serves `path` wants the body as a stream.
    fn wants_stream(&self, path: &str) -> bool;
    fn routes(&self) -> Vec<String>;
}

pub(crate) struct Cell<P: Process> {
    pub(crate) upid: Upid,
    pub(crate) system: Arc<Inner>,
    pub(crate) worker: Arc<Worker>,
    pub(crate) routes: RwLock<RouteTable<P>>,
    mailbox: Mutex<Mailbox<P>>,
    /// Taken out when the process has ended. Locked by its worker alone.
    body: Mutex<Option<Body<P>>>,
    /// Drop every event up to the terminate.
    purge: AtomicBool,
}

struct Mailbox<P: Process> {
    queue: VecDeque<Event<P>>,
    /// On a run queue, or running.
    scheduled: bool,
    /// A terminate is queued; nothing is accepted behind it.
    closed: bool,
}

struct Body<P: Process> {
    process: P,
    context: Context<P>,
    /// Events taken from the mailbox in one go.
    batch: VecDeque<Event<P>>,
    initialized: bool,
}

impl<P: Process> Cell<P> {
    pub(crate) fn new(upid: Upid, system: Arc<Inner>, worker: Arc<Worker>, process: P) -> Arc<Cell<P>> {
        let cell = Arc::new(Cell {
            upid,
            system,
            worker,
            routes: RwLock::default(),
            // Scheduled from birth, so that nobody else queues it before it is started.
            mailbox: Mutex::new(Mailbox {
                queue: VecDeque::new(),
                scheduled: true,
                closed: false,
            }),
            body: Mutex::new(None),
            purge: AtomicBool::new(false),
        });
        let context = Context::new(cell.clone());
        *cell.body.lock() = Some(Body {
            process,
            context,
            batch: VecDeque::new(),
            initialized: false,
        });
        cell
    }

    /// Gives the process its first turn, in which it initializes.
    pub(crate) fn start(self: &Arc<Self>) {
        self.worker.schedule(self.clone());
    }

    /// Frees a process that could not be registered.
    pub(crate) fn discard(&self) {
        let body = self.body.lock().take();
        drop(body);
    }

    /// Appends an event, or gives it back when the process has ended.
    pub(crate) fn enqueue(self: &Arc<Self>, event: Event<P>) -> Result<(), Event<P>> {
        let mut mailbox = self.mailbox.lock();
        if mailbox.closed {
            return Err(event);
        }
        mailbox.queue.push_back(event);
        let idle = !std::mem::replace(&mut mailbox.scheduled, true);
        drop(mailbox);
        if idle {
            self.worker.schedule(self.clone());
        }
        Ok(())
    }

    /// Appends a closure; drops it, and thereby abandons its promise, when the process has ended.
    pub(crate) fn call(self: &Arc<Self>, call: impl FnOnce(&mut P, &mut Context<P>) + Send + 'static) {
        drop(self.enqueue(Event::Call(Box::new(call))));
    }

    pub(crate) fn end(self: &Arc<Self>, inject: bool) {
        let mut mailbox = self.mailbox.lock();
        if mailbox.closed && !inject {
            return;
        }
        let purged = if inject {
            std::mem::take(&mut mailbox.queue)
        } else {
            VecDeque::new()
        };
        if inject {
            self.purge.store(true, Ordering::Release);
        }
        let terminating = purged.iter().any(|event| matches!(event, Event::Terminate));
        if !mailbox.closed || terminating {
            mailbox.queue.push_back(Event::Terminate);
        }
        mailbox.closed = true;
        let idle = !mailbox.queue.is_empty() && !std::mem::replace(&mut mailbox.scheduled, true);
        drop(mailbox);
        drop(purged);
        if idle {
            self.worker.schedule(self.clone());
        }
    }

    /// Takes all waiting events into the batch; false when there are none, and then the process sleeps.
    fn refill(&self, batch: &mut VecDeque<Event<P>>) -> bool {
        if batch.capacity() > KEPT_CAPACITY {
            *batch = VecDeque::new();
        }
        let mut mailbox = self.mailbox.lock();
        if mailbox.queue.is_empty() {
            mailbox.scheduled = false;
            return false;
        }
        std::mem::swap(&mut mailbox.queue, batch);
        true
    }

    fn handle(&self, body: &mut Body<P>, event: Event<P>) {
        let (process, context) = (&mut body.process, &mut body.context);
        match event {
            Event::Call(call) => call(process, context),
            Event::Message(message) => context.handle_message(process, *message),
            Event::Http(event) => context.handle_http(process, *event),
            Event::Exited(who) => process.exited(context, *who),
            Event::Terminate => {}
        }
    }

    /// Runs the end of a process: its last words, then its links and waiters learn of it.
    fn finish(self: &Arc<Self>, mut body: Body<P>) {
        body.process.finalize(&mut body.context);
        drop(body);
        self.routes.write().clear();
        let left = std::mem::take(&mut self.mailbox.lock().queue);
        drop(left);
        self.system.ended(&self.upid);
    }
}

/// Names the process and ends the OS process when a handler panics, as libprocess does on an exception.
struct AbortOnPanic<'a>(&'a Upid);

impl Drop for AbortOnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            tracing::error!(pid = %self.0, "process panicked, aborting");
            std::process::abort();
        }
    }
}

impl<P: Process> Runnable for Cell<P> {
    fn run(self: Arc<Self>, budget: usize) -> bool {
        let _guard = AbortOnPanic(&self.upid);
        let mut slot = self.body.lock();
        let Some(body) = slot.as_mut() else { return false };
        worker::set_running(Some(self.upid.id_arc()));
        if !body.initialized {
            body.initialized = true;
            body.process.initialize(&mut body.context);
        }
        let mut handled = 0;
        let more = loop {
            let Some(event) = body.batch.pop_front() else {
                if self.refill(&mut body.batch) {
                    continue;
                }
                break false;
            };
            if matches!(event, Event::Terminate) {
                if let Some(body) = slot.take() {
                    drop(slot);
                    self.finish(body);
                }
                break false;
            }
            if self.purge.load(Ordering::Acquire) {
                drop(event);
                continue;
            }
            self.handle(body, event);
            handled += 1;
            if handled >= budget {
                break true;
            }
        };
        worker::set_running(None);
        more
    }
}

impl<P: Process> AnyProcess for Cell<P> {
    fn upid(&self) -> &Upid {
        &self.upid
    }

    fn message(self: Arc<Self>, message: Message) -> bool {
        self.enqueue(Event::Message(Box::new(message))).is_ok()
    }

    fn http(self: Arc<Self>, event: Box<HttpEvent>) -> Result<(), Box<HttpEvent>> {
        match self.enqueue(Event::Http(event)) {
            Err(Event::Http(event)) => Err(event),
            _ => Ok(()),
        }
    }

    fn exited(self: Arc<Self>, who: Upid) {
        drop(self.enqueue(Event::Exited(Box::new(who))));
    }

    fn terminate(self: Arc<Self>, inject: bool) {
        self.end(inject);
    }

    fn worker(&self) -> &Arc<Worker> {
        &self.worker
    }

    fn counts(&self) -> EventCounts {
        let mut counts = EventCounts::default();
        for event in &self.mailbox.lock().queue {
            match event {
                Event::Message(_) => counts.messages += 1,
                Event::Call(_) => counts.dispatches += 1,
                Event::Http(_) => counts.http_requests += 1,
                Event::Exited(_) => counts.exited += 1,
                Event::Terminate => {}
            }
        }
        counts
    }

    fn wants_stream(&self, path: &str) -> bool {
        self.routes.read().find(path).is_some_and(|route| route.streaming)
    }

    fn routes(&self) -> Vec<String> {
        self.routes.read().paths()
    }
}
