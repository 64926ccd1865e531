use crate::environment::MAX_WORKERS;
use crate::system::{Inner, Stop};
use crate::watchdog::{self, SlowHandler};
use crate::worker::Worker;
use crate::{System, Tls, builtin, http, transport};
use libprocess_core::http::Limits;
use libprocess_engine::Turns;
use parking_lot::Mutex;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, ToSocketAddrs};
use std::num::NonZero;
use std::sync::{Arc, Once, mpsc};
use std::time::Duration;
use tokio::net::TcpSocket;

/// The largest body accepted unless told otherwise: room for any message of a big cluster, not for an attack.
const DEFAULT_MAX_BODY: usize = 256 * 1024 * 1024;

/// What may wait for one peer before the connection is given up.
const DEFAULT_MAX_OUTBOUND: usize = 256 * 1024 * 1024;

/// How long a request may take to arrive once it has begun.
const DEFAULT_HEADER_TIMEOUT: Duration = Duration::from_secs(60);

pub(crate) type LogToggle = Arc<dyn Fn(u32) + Send + Sync>;

/// Describes a [`System`] to be started.
///
/// ```
/// use libprocess::System;
/// let system = System::builder().workers(1).delegate("master").start()?;
/// assert_ne!(system.address().port(), 0);
/// system.shutdown();
/// # Ok::<(), std::io::Error>(())
/// ```
#[must_use = "nothing runs before `start`"]
#[derive(Clone)]
pub struct Builder {
    ip: Ipv4Addr,
    port: u16,
    advertise_ip: Option<Ipv4Addr>,
    advertise_port: Option<u16>,
    workers: usize,
    listen: bool,
    tls: Option<Tls>,
    settings: Settings,
}

/// What a running system needs to know of its description.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) delegate: Option<String>,
    pub(crate) paused_clock: bool,
    pub(crate) check_peer_ip: bool,
    pub(crate) limits: Limits,
    pub(crate) header_timeout: Duration,
    pub(crate) max_outbound: usize,
    pub(crate) framing: bool,
    pub(crate) log_toggle: Option<LogToggle>,
    pub(crate) metrics_limit: Option<(u32, Duration)>,
    pub(crate) readwrite_realm: Option<String>,
    pub(crate) readonly_realm: Option<String>,
    pub(crate) watchdog: Option<watchdog::Settings>,
}

impl Builder {
    pub(crate) fn new() -> Builder {
        let cores = std::thread::available_parallelism().map_or(2, NonZero::get);
        Builder {
            ip: Ipv4Addr::LOCALHOST,
            port: 0,
            advertise_ip: None,
            advertise_port: None,
            workers: cores.max(2),
            listen: true,
            tls: None,
            settings: Settings {
                delegate: None,
                paused_clock: false,
                check_peer_ip: false,
                limits: Limits {
                    max_body: to_u64(DEFAULT_MAX_BODY),
                    ..Limits::default()
                },
                header_timeout: DEFAULT_HEADER_TIMEOUT,
                max_outbound: DEFAULT_MAX_OUTBOUND,
                framing: true,
                log_toggle: None,
                metrics_limit: None,
                readwrite_realm: None,
                readonly_realm: None,
                watchdog: Some(watchdog::Settings::default()),
            },
        }
    }

    /// Listens on this address. The default is the loopback interface. With `0.0.0.0`, PIDs carry what is to be advertised, else the
    /// address that the name of this machine stands for.
    pub fn ip(mut self, ip: Ipv4Addr) -> Builder {
        self.ip = ip;
        self
    }

    /// Listens on this port; 0, the default, takes any free one.
    pub fn port(mut self, port: u16) -> Builder {
        self.port = port;
        self
    }

    /// Puts this address into PIDs, for runtimes behind address translation.
    pub fn advertise(self, address: SocketAddrV4) -> Builder {
        self.advertise_ip(*address.ip()).advertise_port(address.port())
    }

    /// The IP part of [`Builder::advertise`].
    pub fn advertise_ip(mut self, ip: Ipv4Addr) -> Builder {
        self.advertise_ip = Some(ip);
        self
    }

    /// The port part of [`Builder::advertise`].
    pub fn advertise_port(mut self, port: u16) -> Builder {
        self.advertise_port = Some(port);
        self
    }

    /// Uses this many workers, 1 to 1024. The default is one a core, at least two.
    pub fn workers(mut self, workers: usize) -> Builder {
        self.workers = workers.clamp(1, MAX_WORKERS);
        self
    }

    /// Names the process that serves requests whose path begins with no process' id.
    pub fn delegate(mut self, id: &str) -> Builder {
        self.settings.delegate = Some(id.to_owned());
        self
    }

    /// Speaks TLS on every connection.
    pub fn tls(mut self, tls: Tls) -> Builder {
        self.tls = Some(tls);
        self
    }

    /// Starts with the clock paused, at the time of the machine.
    pub fn paused_clock(mut self, paused: bool) -> Builder {
        self.settings.paused_clock = paused;
        self
    }

    /// Refuses messages whose sender claims another IP address than the one they come from. Not for hosts behind address
    /// translation, nor for senders that advertise one address and use another.
    pub fn check_peer_ip(mut self, check: bool) -> Builder {
        self.settings.check_peer_ip = check;
        self
    }

    /// Refuses bodies above this many bytes with 413. The default is 256 MiB.
    pub fn max_body(mut self, bytes: usize) -> Builder {
        self.settings.limits.max_body = to_u64(bytes);
        self
    }

    /// Closes connections whose request stalls for this long in real time. The default is a minute.
    pub fn header_timeout(mut self, timeout: Duration) -> Builder {
        self.settings.header_timeout = timeout;
        self
    }

    /// Gives up a connection to another runtime when this many bytes wait for it. The default is 256 MiB.
    pub fn max_outbound(mut self, bytes: usize) -> Builder {
        self.settings.max_outbound = bytes;
        self
    }

    /// Whether messages may travel in frames of our own, which is the default, over persistent connections to peers that offer
    /// to read them, and whether we offer it. Peers that do not know frames never see one; see
    /// [`frame`](libprocess_core::frame).
    pub fn framing(mut self, framing: bool) -> Builder {
        self.settings.framing = framing;
        self
    }

    /// What `/logging/toggle` calls with the level wanted: 0 for normal, 1 for debug, 2 and above for trace.
    pub fn log_toggle(mut self, set_level: impl Fn(u32) + Send + Sync + 'static) -> Builder {
        self.settings.log_toggle = Some(Arc::new(set_level));
        self
    }

    /// Calls `report` when a handler has held its worker for `limit`, at its end; other processes of the worker wait for it
    /// meanwhile. One that has run for a hundred times the limit is reported while it runs. The default is 10 ms and a
    /// line in the log.
    pub fn slow_handlers(
        mut self,
        limit: Duration,
        report: impl Fn(&SlowHandler) + Send + Sync + 'static,
    ) -> Builder {
        self.settings.watchdog = Some(watchdog::Settings {
            limit,
            report: Arc::new(report),
        });
        self
    }

    /// Does without the thread that looks for slow handlers.
    pub fn without_watchdog(mut self) -> Builder {
        self.settings.watchdog = None;
        self
    }

    /// Makes a system with one worker and no listener, which can spawn processes and use HTTP as a client.
    ///
    /// It has no address, so nothing can be sent to it, and it should send nothing to other runtimes.
    pub fn client_only(mut self) -> Builder {
        self.listen = false;
        self.workers(1)
    }

    /// Lets `/metrics/snapshot` answer so many requests in so much time; others wait their turn. There is no limit by default, but
    /// [`Builder::from_env`] sets that of Mesos.
    /// No requests at all count as one.
    pub fn metrics_limit(mut self, limit: Option<(u32, Duration)>) -> Builder {
        self.settings.metrics_limit = limit.map(|(requests, per)| (requests.max(1), per));
        self
    }

    #[cfg(test)]
    pub(crate) fn metrics_limit_now(&self) -> Option<(u32, Duration)> {
        self.settings.metrics_limit
    }

    /// The realms of the endpoints every system has: those that change something, and those that show something. They are open to all
    /// by default.
    pub fn realms(mut self, readwrite: &str, readonly: &str) -> Builder {
        self.settings.readwrite_realm = Some(readwrite.to_owned());
        self.settings.readonly_realm = Some(readonly.to_owned());
        self
    }

    /// Starts the system.
    ///
    /// # Errors
    ///
    /// When it cannot listen, with a text that names the address, or cannot start threads.
    pub fn start(self) -> io::Result<System> {
        name_process_in_panics();
        let bind = SocketAddrV4::new(self.ip, self.port);
        let socket = if self.listen {
            Some(bind_socket(bind)?)
        } else {
            None
        };
        let bound = socket.as_ref().map(TcpSocket::local_addr).transpose()?;
        let bound_port = bound.map_or(0, |address| address.port());
        let ip = match self.advertise_ip {
            _ if !self.listen => Ipv4Addr::UNSPECIFIED,
            Some(advertised) => advertised,
            None if self.ip.is_unspecified() => own_address()?,
            None => self.ip,
        };
        let address = SocketAddrV4::new(
            ip,
            self.advertise_port.filter(|_| self.listen).unwrap_or(bound_port),
        );
        let tls = self.tls.as_ref().map(Tls::load).transpose()?;
        let inner = Arc::new(Inner::new(self.settings, tls, address));
        inner.clock.attach(Arc::downgrade(&inner));
        start_workers(&inner, self.workers)?;
        let system = System(inner.clone());
        for worker in inner.workers() {
            worker.arbiter.spawn(transport::flusher());
        }
        inner.worker(0).arbiter.spawn(inner.clock.clone().drive());
        builtin::spawn(&system, socket.is_some());
        if let Some(socket) = socket {
            let listening = http::serve(&inner, socket);
            if let Err(error) = listening.map_err(|error| in_use(bind, error)) {
                system.shutdown();
                return Err(error);
            }
        }
        Ok(system)
    }
}

fn bind_socket(address: SocketAddrV4) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    // As libprocess: a restarted daemon must get its port back at once.
    socket.set_reuseaddr(true)?;
    socket
        .bind(SocketAddr::V4(address))
        .map_err(|error| in_use(address, error))?;
    Ok(socket)
}

/// The address others reach this machine by: the first IPv4 address of its name.
fn own_address() -> io::Result<Ipv4Addr> {
    let name = dns_lookup::get_hostname()?;
    let found = (name.as_str(), 0).to_socket_addrs();
    let found = found.ok().and_then(|mut all| {
        all.find_map(|address| match address {
            SocketAddr::V4(address) => Some(*address.ip()),
            SocketAddr::V6(_) => None,
        })
    });
    found.ok_or_else(|| {
        io::Error::other(format!(
            "Failed to obtain the IP address for '{name}'; the DNS service may not be able to resolve it: set LIBPROCESS_IP or \
             LIBPROCESS_ADVERTISE_IP"
        ))
    })
}

fn in_use(address: SocketAddrV4, error: io::Error) -> io::Error {
    io::Error::new(
        error.kind(),
        format!("failed to initialize, bind to {address}: {error}"),
    )
}

/// Starts the first worker as an actix system of its own, and the others as its arbiters.
fn start_workers(inner: &Arc<Inner>, count: usize) -> io::Result<()> {
    let (started, ready) = mpsc::sync_channel(1);
    let thread = std::thread::Builder::new()
        .name("libprocess-0".to_owned())
        .spawn(move || {
            let runner = actix_rt::System::new();
            let system = actix_rt::System::current();
            let others: io::Result<Vec<_>> = (1..count).map(|_| actix_rt::Arbiter::try_new()).collect();
            let handles = others.as_ref().map(|others| {
                let others = others.iter().map(actix_rt::Arbiter::handle);
                std::iter::once(system.arbiter().clone())
                    .chain(others)
                    .collect::<Vec<_>>()
            });
            let handles = handles.map_err(|error| io::Error::new(error.kind(), error.to_string()));
            let failed = handles.is_err();
            let _ = started.send(handles.map(|handles| (system, handles)));
            if failed {
                return;
            }
            let _ = runner.run();
            for arbiter in others.into_iter().flatten() {
                arbiter.stop();
                drop(arbiter.join());
            }
        })?;
    let (system, handles) = ready
        .recv()
        .map_err(|_| io::Error::other("the first worker ended before it had started"))??;
    // On a paused clock the same program is to have the same history.
    let turns = if inner.settings.paused_clock {
        Turns::Counted
    } else {
        Turns::Timed
    };
    let workers = handles.into_iter().map(|handle| Worker::new(handle, turns));
    inner.set_workers(workers.collect());
    let engines = inner.workers().iter().map(|worker| &worker.engine);
    for worker in engines.clone() {
        let peers = engines.clone().filter(|peer| !Arc::ptr_eq(peer, worker));
        worker.set_peers(peers.map(Arc::downgrade).collect());
    }
    let watched = inner.settings.watchdog.clone();
    let watchdog = watched
        .map(|settings| watchdog::start(inner, settings))
        .transpose()?;
    inner.stop.get_or_init(|| Stop {
        system,
        thread: Mutex::new(Some(thread)),
        watchdog: Mutex::new(watchdog),
    });
    let start = |worker: &Worker| worker.start(Arc::downgrade(inner));
    inner.workers().iter().for_each(start);
    Ok(())
}

/// Adds the id of the process to the report of a panic, which then ends the OS process.
fn name_process_in_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let previous = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if let Some(process) = crate::worker::running_process() {
                tracing::error!(pid = %process, "process panicked");
                eprintln!("process `{process}` panicked");
            }
            previous(info);
        }));
    });
}

fn to_u64(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}
