mod task;

use super::{Method, Request, Response};
use crate::system::Inner;
use crate::tls;
use crate::{Bytes, Future, Promise, System};
use std::collections::VecDeque;
use std::fmt;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::task::Waker;

/// Sends single requests, each over a connection of its own.
///
/// Responses with any status are values; only trouble on the way fails a future. Discarding one closes its connection.
///
/// ```no_run
/// # fn example(system: &libprocess::System) {
/// use libprocess::http::Client;
/// let version = Client::new(system).get("http://127.0.0.1:5050/version").wait();
/// println!("{:?}", version.map(|response| response.status));
/// # }
/// ```
#[derive(Clone)]
pub struct Client(Arc<Inner>);

impl Client {
    /// Makes a client whose connections live on the workers of `system`.
    pub fn new(system: &System) -> Client {
        Client(system.0.clone())
    }

    /// Sends a request to an address and reads the whole response. It travels by TLS when the system speaks that.
    pub fn request(&self, address: SocketAddr, request: Request) -> Future<Response> {
        self.one_shot(address, self.own(), request, Connection::send)
    }

    /// As [`Client::request`], ready once the head has arrived; the body is a [`Body::Stream`](super::Body::Stream).
    pub fn request_streaming(&self, address: SocketAddr, request: Request) -> Future<Response> {
        self.one_shot(address, self.own(), request, Connection::send_streaming)
    }

    /// Gets `http://host[:port]/path?query`, or the same by `https://`, which wants a system with [`Tls`](crate::Tls).
    pub fn get(&self, url: &str) -> Future<Response> {
        self.to_url(url, Method::Get, |request| request)
    }

    /// Posts a body to `http://host[:port]/path?query`, or the same by `https://`.
    pub fn post(&self, url: &str, content_type: &str, body: impl Into<Bytes>) -> Future<Response> {
        let (content_type, body) = (content_type.to_owned(), body.into());
        self.to_url(url, Method::Post, move |mut request| {
            request.headers.set("Content-Type", content_type);
            request.body = body;
            request
        })
    }

    fn to_url(
        &self,
        url: &str,
        method: Method,
        complete: impl FnOnce(Request) -> Request + Send + 'static,
    ) -> Future<Response> {
        let Some(Url {
            secure,
            host,
            port,
            target,
        }) = Url::parse(url)
        else {
            return Future::failed(format!("Failed to parse URL '{url}'"));
        };
        if secure && self.0.tls.is_none() {
            return Future::failed(format!("Failed to get '{url}': this system does not speak TLS"));
        }
        let manner = if secure {
            Manner::Tls(Some(host.clone()))
        } else {
            Manner::Plain
        };
        let request = complete(Request::new(method, &target));
        let client = self.clone();
        if let Ok(ip) = host.parse() {
            return client.one_shot(SocketAddr::new(ip, port), manner, request, Connection::send);
        }
        let name = host.clone();
        let resolved = self
            .0
            .blocking(move || (name.as_str(), port).to_socket_addrs().map(|mut all| all.next()));
        resolved.then(move |address| match address {
            Ok(Some(address)) => client.one_shot(address, manner, request, Connection::send),
            Ok(None) => Future::failed(format!("Failed to resolve '{host}'")),
            Err(error) => Future::failed(format!("Failed to resolve '{host}': {error}")),
        })
    }

    /// How this system speaks to others.
    fn own(&self) -> Manner {
        Manner::own(&self.0)
    }

    fn one_shot(
        &self,
        address: SocketAddr,
        manner: Manner,
        request: Request,
        send: fn(&Connection, Request) -> Future<Response>,
    ) -> Future<Response> {
        let request = request.header("Connection", "close");
        Connection::connect_inner(&self.0, address, manner).then(move |connection| {
            let response = send(&connection, request);
            let used = connection.clone();
            response.on_discard(move || used.disconnect());
            response
        })
    }
}

/// How a connection is opened.
enum Manner {
    Plain,
    /// With a certificate for the address, or this name.
    Tls(Option<String>),
}

impl Manner {
    fn own(system: &Inner) -> Manner {
        match system.tls {
            Some(_) => Manner::Tls(None),
            None => Manner::Plain,
        }
    }
}

struct Url {
    secure: bool,
    host: String,
    port: u16,
    target: String,
}

impl Url {
    fn parse(url: &str) -> Option<Url> {
        let (scheme, rest) = url.split_once("://")?;
        let secure = match scheme {
            "http" => false,
            "https" => true,
            _ => return None,
        };
        let split = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, target) = rest.split_at(split);
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) => (host, port.parse().ok()?),
            None if secure => (authority, 443),
            None => (authority, 80),
        };
        let target = if target.starts_with('/') {
            target.to_owned()
        } else {
            format!("/{target}")
        };
        (!host.is_empty()).then(|| Url {
            secure,
            host: host.to_owned(),
            port,
            target,
        })
    }
}

/// A connection that stays open: requests are pipelined, responses come in their order.
///
/// It closes when the last handle is dropped and nothing is outstanding, when the server says so, or on
/// [`Connection::disconnect`].
#[derive(Clone)]
pub struct Connection(Arc<Handle>);

/// Dropped with the last clone.
struct Handle(Arc<Shared>);

struct Shared {
    address: SocketAddr,
    state: parking_lot::Mutex<State>,
}

#[derive(Default)]
struct State {
    commands: VecDeque<Command>,
    waker: Option<Waker>,
    /// Nobody can send any more.
    released: bool,
    disconnect: bool,
    /// Why nothing can be sent any more.
    dead: Option<String>,
    closed: Vec<Promise<()>>,
}

struct Command {
    request: Request,
    response: Promise<Response>,
    streaming: bool,
}

impl Connection {
    /// Connects, by TLS when the system speaks that; fails with a text that names the address.
    pub fn connect(system: &System, address: SocketAddr) -> Future<Connection> {
        Connection::connect_inner(&system.0, address, Manner::own(&system.0))
    }

    fn connect_inner(system: &Arc<Inner>, address: SocketAddr, manner: Manner) -> Future<Connection> {
        let (promise, future) = Promise::new();
        let inner = system.clone();
        system.spawn_io(async move {
            let (tls, host) = match manner {
                Manner::Plain => (None, None),
                Manner::Tls(host) => (inner.tls.as_ref(), host),
            };
            let stream = match tls::connect(tls, address, host).await {
                Ok(stream) => stream,
                Err(error) => {
                    promise.fail(format!("Failed to connect to {address}: {error}"));
                    return;
                }
            };
            let shared = Arc::new(Shared {
                address,
                state: parking_lot::Mutex::default(),
            });
            promise.set(Connection(Arc::new(Handle(shared.clone()))));
            task::run(&inner, shared, stream).await;
        });
        future
    }

    /// Sends a request; ready with the whole response.
    pub fn send(&self, request: Request) -> Future<Response> {
        self.command(request, false)
    }

    /// Sends a request; ready with the head of the response, whose body is a [`Body::Stream`](super::Body::Stream).
    ///
    /// Responses to later requests wait until the stream has ended. Closing its reader early closes the connection.
    pub fn send_streaming(&self, request: Request) -> Future<Response> {
        self.command(request, true)
    }

    /// Ready once the connection is closed, by either side.
    pub fn closed(&self) -> Future<()> {
        let (promise, future) = Promise::new();
        let mut state = self.0.0.state.lock();
        if state.dead.is_some() {
            drop(state);
            promise.set(());
        } else {
            state.closed.push(promise);
        }
        future
    }

    /// Closes the connection; outstanding requests fail.
    pub fn disconnect(&self) {
        self.0.0.update(|state| state.disconnect = true);
    }

    /// The other end.
    pub fn address(&self) -> SocketAddr {
        self.0.0.address
    }

    fn command(&self, request: Request, streaming: bool) -> Future<Response> {
        let (promise, future) = Promise::new();
        let mut refused = None;
        self.0.0.update(|state| match &state.dead {
            Some(reason) => refused = Some((promise, reason.clone())),
            None => state.commands.push_back(Command {
                request,
                response: promise,
                streaming,
            }),
        });
        if let Some((promise, reason)) = refused {
            promise.fail(reason);
        }
        future
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.0.update(|state| state.released = true);
    }
}

impl Shared {
    fn update(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state.lock();
        change(&mut state);
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Ends the connection for good: what was queued fails, and those who watch are told.
    fn die(&self, reason: &str) {
        let mut state = self.state.lock();
        state.dead = Some(reason.to_owned());
        let commands = std::mem::take(&mut state.commands);
        let closed = std::mem::take(&mut state.closed);
        drop(state);
        for command in commands {
            command.response.fail(reason);
        }
        for promise in closed {
            promise.set(());
        }
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Connection").field(&self.0.0.address).finish()
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Client")
    }
}
