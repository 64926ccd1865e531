mod task;

use super::url::{Scheme, Url};
use super::{Method, Query, Request, Response};
use crate::system::Inner;
use crate::tls;
use crate::{Bytes, Future, Promise, System};
use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::sync::Arc;
use std::task::Waker;
use tokio::net::UnixStream;

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

    /// Gets a [`Url`]; one with `https` wants a system with [`Tls`](crate::Tls).
    pub fn get(&self, url: &str) -> Future<Response> {
        self.request_to(url, Request::new(Method::Get, ""))
    }

    /// Posts a body to a [`Url`].
    pub fn post(&self, url: &str, content_type: &str, body: impl Into<Bytes>) -> Future<Response> {
        self.request_to(url, Request::post("", content_type, body))
    }

    /// Deletes what a [`Url`] stands for.
    pub fn delete(&self, url: &str) -> Future<Response> {
        self.request_to(url, Request::new(Method::Delete, ""))
    }

    /// Sends a request to a [`Url`], whose path and query take the place of those of the request.
    pub fn request_to(&self, url: &str, request: Request) -> Future<Response> {
        self.to_url(url, request, Connection::send)
    }

    /// As [`Client::request_to`], ready once the head has arrived.
    pub fn request_to_streaming(&self, url: &str, request: Request) -> Future<Response> {
        self.to_url(url, request, Connection::send_streaming)
    }

    fn to_url(
        &self,
        url: &str,
        request: Request,
        send: fn(&Connection, Request) -> Future<Response>,
    ) -> Future<Response> {
        let url: Url = match url.parse() {
            Ok(url) => url,
            Err(error) => return Future::failed(format!("Failed to parse URL '{url}': {error}")),
        };
        let mut request = request.header("Connection", "close");
        (request.path, request.query) = (url.path().to_owned(), Query::parse(url.query()));
        if !request.headers.contains("Host") {
            request.headers.set("Host", url.host_field());
        }
        Connection::to_url(&self.0, &url).then(move |connection| send_alone(&connection, request, send))
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
        let connected = Connection::connect_inner(&self.0, Peer::Tcp(address), manner);
        connected.then(move |connection| send_alone(&connection, request, send))
    }
}

/// Sends the only request of a connection, which a discard closes.
fn send_alone(
    connection: &Connection,
    request: Request,
    send: fn(&Connection, Request) -> Future<Response>,
) -> Future<Response> {
    let response = send(connection, request);
    let used = connection.clone();
    response.on_discard(move || used.disconnect());
    response
}

/// The other end of a connection.
#[derive(Debug, Clone)]
enum Peer {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

impl Peer {
    /// What `Host` says when the request does not say it.
    fn host(&self) -> String {
        match self {
            Peer::Tcp(address) if address.port() == 80 => address.ip().to_string(),
            Peer::Tcp(address) => address.to_string(),
            Peer::Unix(_) => "localhost".to_owned(),
        }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Peer::Tcp(address) => address.fmt(f),
            Peer::Unix(path) => path.display().fmt(f),
        }
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

/// A connection that stays open: requests are pipelined, responses come in their order.
///
/// It closes when the last handle is dropped and nothing is outstanding, when the server says so, or on
/// [`Connection::disconnect`].
#[derive(Clone)]
pub struct Connection(Arc<Handle>);

/// Dropped with the last clone.
struct Handle(Arc<Shared>);

struct Shared {
    peer: Peer,
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
        Connection::connect_inner(&system.0, Peer::Tcp(address), Manner::own(&system.0))
    }

    /// Connects to the server of a [`Url`], whose path and query say nothing here.
    pub fn connect_to(system: &System, url: &str) -> Future<Connection> {
        match url.parse::<Url>() {
            Ok(url) => Connection::to_url(&system.0, &url),
            Err(error) => Future::failed(format!("Failed to parse URL '{url}': {error}")),
        }
    }

    fn to_url(system: &Arc<Inner>, url: &Url) -> Future<Connection> {
        let manner = match url.scheme() {
            Scheme::HttpUnix => {
                return Connection::connect_inner(system, Peer::Unix(url.host().into()), Manner::Plain);
            }
            Scheme::Https if system.tls.is_none() => {
                return Future::failed(format!(
                    "Failed to connect to '{url}': this system does not speak TLS"
                ));
            }
            Scheme::Https => Manner::Tls(Some(url.host().to_owned())),
            Scheme::Http => Manner::Plain,
        };
        let (host, port) = (url.host().to_owned(), url.port().unwrap_or(0));
        let system = system.clone();
        if let Ok(ip) = host.parse() {
            return Connection::connect_inner(&system, Peer::Tcp(SocketAddr::new(ip, port)), manner);
        }
        let name = host.clone();
        let resolved =
            system.blocking(move || (name.as_str(), port).to_socket_addrs().map(|mut all| all.next()));
        resolved.then(move |address| match address {
            Ok(Some(address)) => Connection::connect_inner(&system, Peer::Tcp(address), manner),
            Ok(None) => Future::failed(format!("Failed to resolve '{host}'")),
            Err(error) => Future::failed(format!("Failed to resolve '{host}': {error}")),
        })
    }

    fn connect_inner(system: &Arc<Inner>, peer: Peer, manner: Manner) -> Future<Connection> {
        let (promise, future) = Promise::new();
        let inner = system.clone();
        system.spawn_io(async move {
            let stream = match open(&inner, &peer, manner).await {
                Ok(stream) => stream,
                Err(error) => {
                    promise.fail(format!("Failed to connect to {peer}: {error}"));
                    return;
                }
            };
            let shared = Arc::new(Shared {
                peer,
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

    /// The other end, unless it is a Unix socket.
    pub fn address(&self) -> Option<SocketAddr> {
        match self.0.0.peer {
            Peer::Tcp(address) => Some(address),
            Peer::Unix(_) => None,
        }
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

async fn open(system: &Inner, peer: &Peer, manner: Manner) -> io::Result<tls::Stream> {
    let address = match peer {
        Peer::Unix(path) => return Ok(tls::Stream::Unix(UnixStream::connect(path).await?)),
        Peer::Tcp(address) => *address,
    };
    let (tls, host) = match manner {
        Manner::Plain => (None, None),
        Manner::Tls(host) => (system.tls.as_ref(), host),
    };
    tls::connect(tls, address, host).await
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
        f.debug_tuple("Connection").field(&self.0.0.peer).finish()
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Client")
    }
}
