use super::{Request, Responder, RouteOptions};
use crate::cell::HttpEvent;
use crate::{Context, Process};
use rustc_hash::FxHashMap;
use std::sync::Arc;

type Handler<P> = dyn Fn(&mut P, &mut Context<P>, Request, Responder) + Send + Sync;

/// What serves one path of a process.
pub(crate) struct Route<P: Process> {
    /// Without slashes at either end.
    pub(crate) path: String,
    pub(crate) streaming: bool,
    /// The route `/` serves all that no other does.
    rest: bool,
    pub(crate) realm: Option<String>,
    pub(crate) handler: Box<Handler<P>>,
}

impl<P: Process> Route<P> {
    pub(crate) fn serve(&self, process: &mut P, ctx: &mut Context<P>, event: HttpEvent) {
        let request = event.request.for_route(self.streaming);
        (self.handler)(process, ctx, request, event.responder);
    }
}

/// The routes of one process, by path without slashes at either end.
pub(crate) struct RouteTable<P: Process>(FxHashMap<String, Arc<Route<P>>>);

impl<P: Process> Default for RouteTable<P> {
    fn default() -> RouteTable<P> {
        RouteTable(FxHashMap::default())
    }
}

impl<P: Process> RouteTable<P> {
    pub(crate) fn insert(
        &mut self,
        path: &str,
        options: RouteOptions,
        handler: impl Fn(&mut P, &mut Context<P>, Request, Responder) + Send + Sync + 'static,
    ) {
        let path = path.trim_matches('/').to_owned();
        let route = Route {
            path: path.clone(),
            streaming: options.streaming,
            rest: options.rest,
            realm: options.realm,
            handler: Box::new(handler),
        };
        self.0.insert(path, Arc::new(route));
    }

    /// The route with the longest path that leads to `path`. The route `/` serves nothing below it.
    ///
    /// Mesos: 3rdparty/libprocess/src/process.cpp, `ProcessBase::consume(HttpEvent&&)`.
    pub(crate) fn find(&self, path: &str) -> Option<Arc<Route<P>>> {
        let mut prefix = path.trim_matches('/');
        loop {
            if let Some(route) = self.0.get(prefix) {
                return Some(route.clone());
            }
            let Some((shorter, _)) = prefix.rsplit_once('/') else {
                return self.0.get("").filter(|route| route.rest).cloned();
            };
            prefix = shorter;
        }
    }
}
