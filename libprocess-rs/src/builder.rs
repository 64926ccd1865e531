use crate::system::{Inner, Stop};
use crate::worker::Worker;
use crate::{System, Tls, builtin, http, transport};
use libprocess_core::http::Limits;
use parking_lot::Mutex;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::num::NonZero;
use std::sync::{Arc, Once, mpsc};
use std::time::Duration;
use tokio::net::TcpSocket;

/// As many workers as libprocess allows.
const MAX_WORKERS: usize = 1024;

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
            },
        }
    }

    /// Listens on this address. The default is the loopback interface; with `0.0.0.0` say what to advertise.
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

    /// Makes a system with one worker and no listener, which can spawn processes and use HTTP as a client.
    ///
    /// It has no address, so nothing can be sent to it, and it should send nothing to other runtimes.
    pub fn client_only(mut self) -> Builder {
        self.listen = false;
        self.workers(1)
    }

    /// Takes what the environment says: `LIBPROCESS_IP`, `LIBPROCESS_PORT`, `LIBPROCESS_ADVERTISE_IP`,
    /// `LIBPROCESS_ADVERTISE_PORT`, `LIBPROCESS_NUM_WORKER_THREADS`,
    /// `LIBPROCESS_REQUIRE_PEER_ADDRESS_IP_MATCH`, `LIBPROCESS_FRAMING` (`true` or `false`, which Mesos does not know) and those of [`Tls::from_variables`]. No other code of
    /// this crate reads it.
    ///
    /// # Errors
    ///
    /// When a variable cannot be parsed; the text names it.
    pub fn from_env(mut self) -> io::Result<Builder> {
        if let Some(ip) = variable("LIBPROCESS_IP")? {
            self.ip = ip;
        }
        if let Some(port) = variable("LIBPROCESS_PORT")? {
            self.port = port;
        }
        if let Some(ip) = variable("LIBPROCESS_ADVERTISE_IP")? {
            self.advertise_ip = Some(ip);
        }
        if let Some(port) = variable("LIBPROCESS_ADVERTISE_PORT")? {
            self.advertise_port = Some(port);
        }
        if let Some(workers) = variable("LIBPROCESS_NUM_WORKER_THREADS")? {
            self = self.workers(workers);
        }
        if let Some(check) = variable("LIBPROCESS_REQUIRE_PEER_ADDRESS_IP_MATCH")? {
            self.settings.check_peer_ip = check;
        }
        if let Some(framing) = variable("LIBPROCESS_FRAMING")? {
            self.settings.framing = framing;
        }
        if let Some(tls) = Tls::from_variables(|name| std::env::var(name).ok())? {
            self.tls = Some(tls);
        }
        Ok(self)
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
        let ip = if self.listen {
            self.advertise_ip.unwrap_or(self.ip)
        } else {
            Ipv4Addr::UNSPECIFIED
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

fn variable<T: std::str::FromStr>(name: &str) -> io::Result<Option<T>> {
    let Ok(text) = std::env::var(name) else {
        return Ok(None);
    };
    match text.parse() {
        Ok(value) => Ok(Some(value)),
        Err(_) => Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("failed to parse {name}='{text}'"),
        )),
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
    let new_worker = |handle| Worker::new(handle, inner.activity.clone());
    inner.set_workers(handles.into_iter().map(new_worker).collect());
    inner.stop.get_or_init(|| Stop {
        system,
        thread: Mutex::new(Some(thread)),
    });
    inner.workers().iter().for_each(Worker::start);
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
