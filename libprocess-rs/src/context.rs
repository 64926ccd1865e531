use crate::cell::{Calls, Cell, EventCounts, HttpEvent};
use crate::http::auth::{Authentication, Authorization};
use crate::http::{Request, Responder, Response, Route, RouteOptions};
use crate::sync::Sequence;
use crate::{Future, FutureError, LinkMode, Pid, Process, System, Time, Timer, Upid};
use bytes::Bytes;
use rustc_hash::FxHashMap;
use std::sync::Arc;
use std::time::Duration;

type Handler<P> = Box<dyn Fn(&mut P, &mut Context<P>, Upid, Bytes) + Send>;

/// What a running process can do: send, link, wait, answer, end.
///
/// Every handler is given the context of its own process. It is of no use elsewhere.
pub struct Context<P: Process> {
    cell: Arc<Cell<P>>,
    /// Absent until it is needed, since most processes of a large system are small.
    more: Option<Box<More<P>>>,
}

/// What handles messages, by their names.
struct Handlers<P: Process> {
    places: FxHashMap<String, usize>,
    handlers: Vec<Installed<P>>,
    /// The place of the last message, which is likely to be that of the next.
    last: usize,
}

struct Installed<P: Process> {
    name: Box<str>,
    /// Absent while it runs with the context it is kept in.
    handler: Option<Handler<P>>,
}

impl<P: Process> Default for Handlers<P> {
    fn default() -> Handlers<P> {
        Handlers {
            places: FxHashMap::default(),
            handlers: Vec::new(),
            last: 0,
        }
    }
}

impl<P: Process> Handlers<P> {
    fn insert(&mut self, name: &str, handler: Handler<P>) {
        match self.places.get(name) {
            Some(place) => self.handlers[*place].handler = Some(handler),
            None => {
                self.places.insert(name.to_owned(), self.handlers.len());
                self.handlers.push(Installed {
                    name: name.into(),
                    handler: Some(handler),
                });
            }
        }
    }

    /// Takes a handler out, to be put back.
    fn take(&mut self, name: &str) -> Option<(usize, Handler<P>)> {
        match self.handlers.get(self.last) {
            Some(last) if *last.name == *name => {}
            _ => self.last = *self.places.get(name)?,
        }
        Some((self.last, self.handlers[self.last].handler.take()?))
    }

    /// Puts a handler back, unless another was installed meanwhile.
    fn put_back(&mut self, place: usize, handler: Handler<P>) {
        self.handlers[place].handler.get_or_insert(handler);
    }
}

/// What not every process has.
struct More<P: Process> {
    handlers: Handlers<P>,
    delegates: FxHashMap<String, Upid>,
    tasks: Tasks,
    /// Requests whose senders are being checked, and the line they stand in.
    checking: usize,
    checks: Sequence,
}

impl<P: Process> Default for More<P> {
    fn default() -> More<P> {
        More {
            handlers: Handlers::default(),
            delegates: FxHashMap::default(),
            tasks: Tasks::default(),
            checking: 0,
            checks: Sequence::new(),
        }
    }
}

/// The deferred work of a process, which ends with it.
#[derive(Default)]
struct Tasks {
    next: u64,
    running: FxHashMap<u64, tokio::task::AbortHandle>,
}

impl Drop for Tasks {
    fn drop(&mut self) {
        self.running.values().for_each(tokio::task::AbortHandle::abort);
    }
}

impl<P: Process> Context<P> {
    pub(crate) fn new(cell: &Arc<Cell<P>>) -> Context<P> {
        Context {
            cell: cell.clone(),
            more: None,
        }
    }

    fn more(&mut self) -> &mut More<P> {
        self.more.get_or_insert_default()
    }

    /// The process itself.
    pub fn pid(&self) -> Pid<P> {
        Pid(self.cell.clone())
    }

    /// Its address.
    pub fn upid(&self) -> &Upid {
        &self.cell.upid
    }

    /// The runtime it lives in.
    pub fn system(&self) -> System {
        System(self.cell.system.clone())
    }

    /// The present, by the clock of the system.
    pub fn now(&self) -> Time {
        self.cell.system.clock.now()
    }

    /// Handles messages called `name`, from here or another machine; replaces an earlier handler.
    pub fn install(
        &mut self,
        name: &str,
        handler: impl Fn(&mut P, &mut Context<P>, Upid, Bytes) + Send + Sync + 'static,
    ) {
        self.more().handlers.insert(name, Box::new(handler));
    }

    /// Passes messages called `name`, which no handler is installed for, on to another process, with their sender.
    pub fn delegate(&mut self, name: &str, to: Upid) {
        self.more().delegates.insert(name.to_owned(), to);
    }

    /// Serves HTTP requests to `/<id>/<path>` and below it, unless a longer route matches; replaces an earlier one.
    ///
    /// The body of the request is complete when the handler runs.
    pub fn route(
        &mut self,
        path: &str,
        handler: impl Fn(&mut P, &mut Context<P>, Request, Responder) + Send + Sync + 'static,
    ) {
        self.route_with(path, RouteOptions::default(), handler);
    }

    /// As [`Context::route`], but the handler runs once the head has arrived, and reads the body from
    /// [`Request::reader`](crate::http::Request).
    pub fn route_streaming(
        &mut self,
        path: &str,
        handler: impl Fn(&mut P, &mut Context<P>, Request, Responder) + Send + Sync + 'static,
    ) {
        let options = RouteOptions {
            streaming: true,
            ..RouteOptions::default()
        };
        self.route_with(path, options, handler);
    }

    /// As [`Context::route`], with a choice about bodies and about who may ask: see [`http::auth`](crate::http::auth).
    pub fn route_with(
        &mut self,
        path: &str,
        options: RouteOptions,
        handler: impl Fn(&mut P, &mut Context<P>, Request, Responder) + Send + Sync + 'static,
    ) {
        if !options.unlisted {
            let helps = &self.cell.system.helps;
            helps.add(self.cell.upid.shared_id(), path, options.help.clone());
        }
        let mut routes = self.cell.routes.write();
        routes.get_or_insert_default().insert(path, options, handler);
    }

    /// Sends a named message: at most once, in order with others over the same connection, without an answer.
    pub fn send(&self, to: &Upid, name: &str, body: impl Into<Bytes>) {
        self.forward(self.upid(), to, name, body);
    }

    /// As [`Context::send`] in the name of another sender.
    pub fn forward(&self, from: &Upid, to: &Upid, name: &str, body: impl Into<Bytes>) {
        self.cell.system.send(from, to, name, body.into());
    }

    /// Asks to be told through [`Process::exited`] when `to` ends or the connection to its runtime breaks.
    ///
    /// The end of a remote process alone, while its runtime lives on, goes unnoticed.
    pub fn link(&self, to: &Upid) {
        self.link_with(to, LinkMode::Reuse);
    }

    /// As [`Context::link`], with a choice about an existing connection.
    pub fn link_with(&self, to: &Upid, mode: LinkMode) {
        self.cell.system.link(self.cell.clone(), to, mode);
    }

    /// Runs `f` on this process after `after`.
    pub fn delay(&self, after: Duration, f: impl FnOnce(&mut P, &mut Context<P>) + Send + 'static) -> Timer {
        let cell = self.cell.clone();
        self.cell
            .system
            .clock
            .insert(after, Box::new(move || cell.call(f)))
    }

    /// Takes a delay back; false when its closure has been queued already.
    pub fn cancel(&self, timer: Timer) -> bool {
        self.cell.system.clock.cancel(timer)
    }

    /// Runs `then` on this process with the output of `future`, which makes progress on this worker meanwhile.
    ///
    /// The world has moved on when `then` runs. If the process ends before, the future is dropped.
    pub fn defer<T: Send + 'static>(
        &mut self,
        future: impl std::future::Future<Output = T> + Send + 'static,
        then: impl FnOnce(&mut P, &mut Context<P>, T) + Send + 'static,
    ) {
        let cell = self.cell.clone();
        let tasks = &mut self.more().tasks;
        let id = tasks.next;
        tasks.next += 1;
        let task = tokio::task::spawn_local(async move {
            let output = future.await;
            cell.call(move |process, ctx| {
                ctx.more().tasks.running.remove(&id);
                then(process, ctx, output);
            });
        });
        self.more().tasks.running.insert(id, task.abort_handle());
    }

    /// As [`Context::defer`] for a future of libprocess, which needs no task; abandonment is an outcome too.
    pub fn then<T: Send + 'static>(
        &self,
        future: Future<T>,
        then: impl FnOnce(&mut P, &mut Context<P>, Result<T, FutureError>) + Send + 'static,
    ) {
        let cell = self.cell.clone();
        future.finish(move |outcome| cell.call(move |process, ctx| then(process, ctx, outcome)));
    }

    /// Runs `work` on a thread that may block, then `then` on this process with its result.
    ///
    /// Work that has begun is not interrupted when the process ends; its result is dropped.
    pub fn blocking<T: Send + 'static>(
        &mut self,
        work: impl FnOnce() -> T + Send + 'static,
        then: impl FnOnce(&mut P, &mut Context<P>, T) + Send + 'static,
    ) {
        self.then(self.cell.system.blocking(work), move |process, ctx, outcome| {
            if let Ok(output) = outcome {
                then(process, ctx, output);
            }
        });
    }

    /// Ends this process after the running handler, skipping what waits in its mailbox.
    pub fn terminate_self(&self) {
        self.cell.end(true);
    }

    /// Runs `f` as an event of its own, behind those already waiting.
    pub fn tell_self(&self, f: impl FnOnce(&mut P, &mut Context<P>) + Send + 'static) {
        self.cell.call(f);
    }

    /// How many events wait behind the one being handled.
    pub fn queued_events(&self) -> EventCounts {
        self.cell.counts().map(EventCounts::from).unwrap_or_default()
    }

    pub(crate) fn handle_message(&mut self, process: &mut P, from: Upid, name: &str, body: Bytes) {
        let Some(more) = &mut self.more else {
            return process.message(self, from, name, body);
        };
        if let Some((place, handler)) = more.handlers.take(name) {
            handler(process, self, from, body);
            return self.more().handlers.put_back(place, handler);
        }
        if let Some(to) = more.delegates.get(name) {
            let to = to.clone();
            self.cell.system.send(&from, &to, name, body);
        } else {
            process.message(self, from, name, body);
        }
    }

    pub(crate) fn handle_http(&mut self, process: &mut P, event: HttpEvent) {
        let routes = self.cell.routes.read();
        let route = routes.as_ref().and_then(|routes| routes.find(&event.route));
        drop(routes);
        let Some(route) = route else {
            return event.responder.respond(Response::not_found());
        };
        if let Some(refusal) = self.cell.system.guards.refusal_of(self.upid().id(), &route.path) {
            return event.responder.respond(refusal);
        }
        if route.realm.is_none() && self.checking() == 0 && self.authorization(&route).is_none() {
            return route.serve(process, self, event);
        }
        self.authenticate(route, event);
    }

    fn checking(&self) -> usize {
        self.more.as_ref().map_or(0, |more| more.checking)
    }

    fn authorization(&self, route: &Route<P>) -> Option<Authorization> {
        let guards = &self.cell.system.guards;
        guards.authorization(self.upid().id(), &route.path)
    }

    /// Finds out who asks. The sequence keeps requests in the order in which they came.
    fn authenticate(&mut self, route: Arc<Route<P>>, mut event: HttpEvent) {
        let found = match &route.realm {
            Some(realm) => self.cell.system.guards.authenticate(realm, &event.request),
            None => Future::ready(None),
        };
        self.more().checking += 1;
        let in_turn = self.more().checks.add(move || found);
        self.then(in_turn, move |_, ctx, found| match found {
            Ok(None) => ctx.authorize(route, event),
            Ok(Some(Authentication::Principal(principal))) => {
                event.request.principal = Some(principal);
                ctx.authorize(route, event);
            }
            Ok(Some(Authentication::Unauthorized(refusal) | Authentication::Forbidden(refusal))) => {
                ctx.more().checking -= 1;
                event.responder.respond(refusal);
            }
            Err(error) => {
                ctx.more().checking -= 1;
                event
                    .responder
                    .respond(Response::internal_error(error.to_string()));
            }
        });
    }

    /// Finds out whether this is allowed, then serves the request.
    fn authorize(&mut self, route: Arc<Route<P>>, event: HttpEvent) {
        let allowed = match self.authorization(&route) {
            Some(authorization) => authorization(&event.request, event.request.principal.as_ref()),
            None => Future::ready(true),
        };
        let in_turn = self.more().checks.add(move || allowed);
        self.then(in_turn, move |process, ctx, allowed| {
            ctx.more().checking -= 1;
            match allowed {
                Ok(true) => route.serve(process, ctx, event),
                Ok(false) => event.responder.respond(Response::forbidden("403 Forbidden.")),
                Err(error) => event
                    .responder
                    .respond(Response::internal_error(error.to_string())),
            }
        });
    }
}
