//! A process as the engine sees it: what everybody may know of it, what only its handlers touch, and its events.

use crate::http::{Request, Responder, RouteTable};
use crate::system::Inner;
use crate::{Context, Process, Upid, watchdog};
use bytes::Bytes;
use libprocess_engine::{Actor, Counts, Life};
use parking_lot::RwLock;
use std::any::Any;
use std::sync::Arc;

/// A process.
pub(crate) type Cell<P> = Actor<Head<P>>;

/// What everybody may know of a process.
pub(crate) struct Head<P: Process> {
    pub(crate) upid: Upid,
    pub(crate) system: Arc<Inner>,
    /// Absent until the first route.
    pub(crate) routes: RwLock<Option<Box<RouteTable<P>>>>,
    pub(crate) survives_panics: bool,
    /// Whether its worker may give it to another.
    pub(crate) may_move: bool,
}

/// What only the handlers of a process touch.
pub(crate) struct Body<P: Process> {
    process: P,
    context: Context<P>,
}

/// The tags of events.
const CALL: u8 = 0;
const MESSAGE: u8 = 1;
const HTTP: u8 = 2;
const EXITED: u8 = 3;

/// A message to a process, named and with a sender.
pub(crate) struct Message<'a> {
    pub(crate) from: &'a Upid,
    pub(crate) name: &'a str,
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

/// An event that waits in a mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Waiting {
    Message { name: String, from: Upid, body: Bytes },
    Http { method: String, url: String },
    Dispatch,
    Exited,
    Terminate,
}

impl Waiting {
    /// As the mailbox shows it.
    fn of(tag: u8, value: &dyn Any, text: &str) -> Waiting {
        if let Some((from, body)) = value.downcast_ref::<(Upid, Bytes)>() {
            return Waiting::Message {
                name: text.to_owned(),
                from: from.clone(),
                body: body.clone(),
            };
        }
        if let Some(event) = value.downcast_ref::<Box<HttpEvent>>() {
            return Waiting::Http {
                method: event.request.method.as_str().to_owned(),
                url: event.request.target(),
            };
        }
        match tag {
            EXITED => Waiting::Exited,
            CALL => Waiting::Dispatch,
            _ => Waiting::Terminate,
        }
    }
}

impl From<Counts> for EventCounts {
    fn from(counts: Counts) -> EventCounts {
        let count = |tag: u8| counts.get(usize::from(tag)).copied().unwrap_or_default();
        EventCounts {
            messages: count(MESSAGE),
            dispatches: count(CALL),
            http_requests: count(HTTP),
            exited: count(EXITED),
        }
    }
}

/// A process whose type is forgotten.
pub(crate) trait AnyProcess: Send + Sync {
    fn upid(&self) -> &Upid;
    fn system(&self) -> &Arc<Inner>;
    /// What the engine tells it by.
    fn engine_address(&self) -> usize;
    /// Gives the message back when the process has ended.
    fn message<'a>(&self, message: Message<'a>) -> Result<(), Message<'a>>;
    /// Gives the event back when the process has ended.
    fn http(&self, event: Box<HttpEvent>) -> Result<(), Box<HttpEvent>>;
    fn exited(&self, who: Upid);
    fn terminate(&self, inject: bool);
    /// Calls `f` with what waits, on the worker of the process.
    fn ask_counts(&self, f: Box<dyn FnOnce(EventCounts) + Send>);
    /// As [`AnyProcess::ask_counts`], with each event.
    fn ask_waiting(&self, f: Box<dyn FnOnce(Vec<Waiting>) + Send>);
    /// The number of the worker where it lives.
    fn worker(&self) -> usize;
    /// Whether the route that serves `path` wants the body as a stream.
    fn wants_stream(&self, path: &str) -> bool;
}

/// The closures of a process, as its handles push them.
pub(crate) trait Calls<P: Process> {
    /// Appends a closure; drops it, and thereby abandons its promise, when the process has ended.
    fn call(&self, f: impl FnOnce(&mut P, &mut Context<P>) + Send + 'static);
}

impl<P: Process> Calls<P> for Arc<Cell<P>> {
    #[inline]
    fn call(&self, f: impl FnOnce(&mut P, &mut Context<P>) + Send + 'static) {
        drop(self.push::<_, CALL>(move |body: &mut Body<P>| f(&mut body.process, &mut body.context)));
    }
}

impl<P: Process> Body<P> {
    pub(crate) fn new(process: P, cell: &Arc<Cell<P>>) -> Body<P> {
        Body {
            process,
            context: Context::new(cell),
        }
    }
}

impl<P: Process> Life for Head<P> {
    type State = Body<P>;

    fn start(_: &Arc<Cell<P>>, body: &mut Body<P>) {
        body.process.initialize(&mut body.context);
    }

    fn finalize(_: &Arc<Cell<P>>, mut body: Body<P>) {
        body.process.finalize(&mut body.context);
    }

    fn ended(cell: &Arc<Cell<P>>) {
        let routes = cell.routes.write().take();
        drop(routes);
        cell.system.ended(&cell.upid);
    }

    fn may_move(&self) -> bool {
        self.may_move
    }

    fn survives_panics(&self) -> bool {
        self.survives_panics
    }

    fn was_slow(cell: &Arc<Cell<P>>) {
        watchdog::slow_handler_ended(&cell.system, &cell.upid);
    }

    fn panicked(cell: &Arc<Cell<P>>, _: &(dyn Any + Send)) {
        let fate = if cell.survives_panics {
            "ending it"
        } else {
            "aborting"
        };
        tracing::error!(pid = %cell.upid, fate, "process panicked");
    }
}

impl<P: Process> AnyProcess for Cell<P> {
    fn upid(&self) -> &Upid {
        &self.upid
    }

    fn system(&self) -> &Arc<Inner> {
        &self.system
    }

    fn engine_address(&self) -> usize {
        self.address()
    }

    fn message<'a>(&self, message: Message<'a>) -> Result<(), Message<'a>> {
        let Message { from, name, body } = message;
        let handle = |state: &mut Body<P>, name: &str, (from, body): (Upid, Bytes)| {
            state.context.handle_message(&mut state.process, from, name, body);
        };
        let left = self.push_text::<_, _, MESSAGE>(name, (from.clone(), body), handle);
        left.map_err(|(_, body)| Message { from, name, body })
    }

    fn http(&self, event: Box<HttpEvent>) -> Result<(), Box<HttpEvent>> {
        self.push_value::<_, _, HTTP>(event, |body, event| {
            body.context.handle_http(&mut body.process, *event);
        })
    }

    fn exited(&self, who: Upid) {
        drop(self.push_value::<_, _, EXITED>(who, |body, who| {
            body.process.exited(&mut body.context, who);
        }));
    }

    fn terminate(&self, inject: bool) {
        self.end(inject);
    }

    fn worker(&self) -> usize {
        let mine = Actor::worker(self);
        let workers = self.system.workers().iter();
        let mut numbered = workers.enumerate();
        let found = numbered.find(|(_, worker)| Arc::ptr_eq(&worker.engine, &mine));
        found.map_or(0, |(number, _)| number)
    }

    fn ask_counts(&self, f: Box<dyn FnOnce(EventCounts) + Send>) {
        self.ask(move |actor| f(actor.counts().unwrap_or_default().into()));
    }

    fn ask_waiting(&self, f: Box<dyn FnOnce(Vec<Waiting>) + Send>) {
        self.ask(move |actor| {
            let mut waiting = Vec::new();
            actor.show(|tag, value, text| waiting.push(Waiting::of(tag, value, text)));
            f(waiting);
        });
    }

    fn wants_stream(&self, path: &str) -> bool {
        let routes = self.routes.read();
        let route = routes.as_ref().and_then(|routes| routes.find(path));
        route.is_some_and(|route| route.streaming)
    }
}
