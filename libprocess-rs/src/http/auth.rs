//! Who may ask: authentication by realms, authorization by endpoint, endpoints that are closed.
//!
//! A route can belong to a *realm* ([`RouteOptions`]). When the system has an [`Authenticator`] for it, a request reaches the
//! handler only with a [`Principal`], in [`Request::principal`]; without one the route is open to all. Whoever is authenticated may
//! still be refused by a callback for the endpoint ([`System::set_authorization`]). Handlers of one process run in the order in which
//! their requests arrived, however long each check takes.
//!
//! ```
//! use libprocess::http::auth::Basic;
//! use libprocess::http::{self, RouteOptions};
//! use libprocess::{Context, Process, System};
//!
//! struct Safe;
//!
//! impl Process for Safe {
//!     fn initialize(&mut self, ctx: &mut Context<Self>) {
//!         ctx.route_with("/open", RouteOptions::realm("vault"), |_, _, request, responder| {
//!             let who = request.principal.and_then(|principal| principal.value).unwrap_or_default();
//!             responder.respond(http::Response::text(200, format!("hello {who}")));
//!         });
//!     }
//! }
//!
//! let system = System::builder().start()?;
//! system.set_authenticator("vault", Basic::new("vault", [("ada", "lovelace")]));
//! system.spawn("safe", Safe).expect("the name is free");
//! let client = http::Client::new(&system);
//! let url = format!("http://{}/safe/open", system.address());
//! assert_eq!(client.get(&url).wait().expect("it answers").status, 401);
//! system.shutdown();
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! Mesos: 3rdparty/libprocess/include/process/authenticator.hpp; 3rdparty/libprocess/src/process.cpp, `ProcessBase::_consume`.

mod basic;
mod combined;
mod jwt;

pub use basic::Basic;
pub use combined::Combined;
pub use jwt::Jwt;

use super::{Request, Response};
use crate::{Future, System};
use parking_lot::RwLock;
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Who sent a request, as far as an [`Authenticator`] could tell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Principal {
    /// The name.
    pub value: Option<String>,
    /// What a token claims, each value as text.
    pub claims: BTreeMap<String, String>,
}

impl Principal {
    /// Somebody with a name and no claims.
    pub fn new(value: impl Into<String>) -> Principal {
        Principal {
            value: Some(value.into()),
            claims: BTreeMap::new(),
        }
    }
}

/// What an [`Authenticator`] found.
#[derive(Debug)]
pub enum Authentication {
    /// The request is by this principal.
    Principal(Principal),
    /// The request shows nobody: an answer with 401 and challenges.
    Unauthorized(Response),
    /// The request shows somebody who is not wanted: an answer with 403.
    Forbidden(Response),
}

/// Tells by a request who sent it.
pub trait Authenticator: Send + Sync + 'static {
    /// The scheme of its challenges, e.g. `Basic`.
    fn scheme(&self) -> &str;

    /// Looks at a request. A failed future becomes 500.
    fn authenticate(&self, request: &Request) -> Future<Authentication>;
}

/// Decides whether a request may reach an endpoint. The principal is `None` when nobody had to authenticate.
pub type Authorization = Arc<dyn Fn(&Request, Option<&Principal>) -> Future<bool> + Send + Sync>;

/// How a route is served.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RouteOptions {
    /// The handler runs once the head has arrived and reads the body from [`Request::reader`].
    pub streaming: bool,
    /// Who asks must be known to the authenticator of this realm, if there is one.
    pub realm: Option<String>,
    /// What `/help` says about it, in Markdown: see [`Help`](super::Help).
    pub help: Option<String>,
    /// `/help` says nothing about it.
    pub unlisted: bool,
    /// The route `/` serves all that no other route does. Without this it serves the process' own path alone, as in Mesos.
    pub rest: bool,
}

impl RouteOptions {
    /// A route in a realm.
    pub fn realm(realm: impl Into<String>) -> RouteOptions {
        RouteOptions {
            realm: Some(realm.into()),
            ..RouteOptions::default()
        }
    }

    /// A route with a page of help.
    pub fn help(help: impl ToString) -> RouteOptions {
        RouteOptions::default().with_help(help)
    }

    /// The same with a page of help.
    #[must_use]
    pub fn with_help(mut self, help: impl ToString) -> RouteOptions {
        self.help = Some(help.to_string());
        self
    }
}

/// Who guards the routes of a system.
#[derive(Default)]
pub(crate) struct Guards {
    authenticators: RwLock<FxHashMap<String, Arc<dyn Authenticator>>>,
    authorizations: RwLock<FxHashMap<String, Authorization>>,
    disabled: RwLock<FxHashSet<String>>,
    /// Whether there are any of the two above, so that the rest of the world need not look.
    any_authorization: AtomicBool,
    any_disabled: AtomicBool,
}

impl Guards {
    /// `None` when nobody guards the realm.
    pub(crate) fn authenticate(&self, realm: &str, request: &Request) -> Future<Option<Authentication>> {
        let authenticator = self.authenticators.read().get(realm).cloned();
        match authenticator {
            Some(authenticator) => authenticator.authenticate(request).map(Some),
            None => Future::ready(None),
        }
    }

    /// The callback for a route of a process.
    pub(crate) fn authorization(&self, id: &str, path: &str) -> Option<Authorization> {
        if !self.any_authorization.load(Ordering::Acquire) {
            return None;
        }
        self.authorizations.read().get(&format!("/{id}/{path}")).cloned()
    }

    /// The refusal of a path that is disabled.
    pub(crate) fn refusal(&self, path: &str) -> Option<Response> {
        let disabled = self.any_disabled.load(Ordering::Acquire) && self.disabled.read().contains(path);
        disabled.then(|| Response::forbidden(format!("Endpoint '{path}' is disabled")))
    }

    /// As [`Guards::refusal`] for a route of a process, however the request has spelled it.
    pub(crate) fn refusal_of(&self, id: &str, path: &str) -> Option<Response> {
        if !self.any_disabled.load(Ordering::Acquire) {
            return None;
        }
        self.refusal(format!("/{id}/{path}").trim_end_matches('/'))
    }
}

impl System {
    /// Guards a realm; replaces an earlier authenticator.
    pub fn set_authenticator(&self, realm: &str, authenticator: impl Authenticator) {
        let mut authenticators = self.0.guards.authenticators.write();
        authenticators.insert(realm.to_owned(), Arc::new(authenticator));
    }

    /// Opens a realm to all.
    pub fn unset_authenticator(&self, realm: &str) {
        self.0.guards.authenticators.write().remove(realm);
    }

    /// Asks these callbacks before requests reach the endpoints they are for, e.g. `/logging/toggle`; replaces all earlier ones.
    ///
    /// An endpoint is the id of a process and the path of its route; a route that ends in an id, as in `/files/x/y`, has one for all.
    pub fn set_authorization(&self, callbacks: impl IntoIterator<Item = (String, Authorization)>) {
        let callbacks: FxHashMap<String, Authorization> = callbacks.into_iter().collect();
        let guards = &self.0.guards;
        let any = !callbacks.is_empty();
        *guards.authorizations.write() = callbacks;
        guards.any_authorization.store(any, Ordering::Release);
    }

    /// Answers requests to exactly these paths, e.g. `/master/state`, with 403; replaces an earlier list. A path may leave out the
    /// id of the delegate, if there is one by now.
    ///
    /// Differs from Mesos: another spelling of the path (escapes, a slash behind it, more behind the route) opens nothing, and paths
    /// of processes that are spawned later are closed, too.
    ///
    /// Mesos: 3rdparty/libprocess/include/process/firewall.hpp, `DisabledEndpointsFirewallRule`.
    pub fn disable_endpoints<'p>(&self, paths: impl IntoIterator<Item = &'p str>) {
        let delegate = self.0.delegate.read().clone();
        let mut disabled = FxHashSet::default();
        for path in paths {
            let path = path.trim_matches('/');
            let below_delegate = delegate.as_ref().map(|delegate| format!("/{delegate}/{path}"));
            disabled.extend(below_delegate.map(|path| path.trim_end_matches('/').to_owned()));
            disabled.insert(format!("/{path}"));
        }
        let guards = &self.0.guards;
        let any = !disabled.is_empty();
        *guards.disabled.write() = disabled;
        guards.any_disabled.store(any, Ordering::Release);
    }
}
