use super::connection;
use crate::cell::AnyProcess;
use crate::system::Inner;
use libprocess_core::http::percent_decode;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpSocket};

/// As many connections may wait to be accepted; the kernel caps it by `net.core.somaxconn`.
const BACKLOG: u32 = 65_535;

/// How long to wait after a failed accept, e.g. when file descriptors have run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);

/// Starts to listen and accept on the first worker. Connections go to all workers in turn.
pub(crate) fn serve(system: &Arc<Inner>, socket: TcpSocket) -> io::Result<()> {
    let (listening, ready) = std::sync::mpsc::sync_channel(1);
    let inner = system.clone();
    system.worker(0).arbiter.spawn(async move {
        match socket.listen(BACKLOG) {
            Ok(listener) => {
                let _ = listening.send(Ok(()));
                accept(inner, listener).await;
            }
            Err(error) => drop(listening.send(Err(error))),
        }
    });
    ready
        .recv()
        .unwrap_or_else(|_| Err(io::Error::other("the listener ended before it had started")))
}

async fn accept(system: Arc<Inner>, listener: TcpListener) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                // The socket must be registered with the reactor of the worker that serves it.
                let Ok(stream) = stream.into_std() else { continue };
                let inner = system.clone();
                system.spawn_io(async move { connection::run(inner, stream, peer).await });
            }
            Err(error) => {
                tracing::warn!(%error, "failed to accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Where a request goes.
pub(super) struct Destination {
    pub(super) process: Arc<dyn AnyProcess>,
    /// The path with the id of the process.
    pub(super) path: String,
    /// The path behind the id.
    pub(super) route: String,
}

/// Finds the process for a path: by its first segment, else the delegate.
///
/// Mesos: 3rdparty/libprocess/src/process.cpp, `ProcessManager::handle`.
pub(super) fn resolve(system: &Inner, path: &str) -> Option<Destination> {
    if !path.starts_with('/') || path.contains("/..") {
        return None;
    }
    let trimmed = path.trim_start_matches('/');
    let (first, rest) = trimmed.split_once('/').unwrap_or((trimmed, ""));
    let named = if first.is_empty() {
        None
    } else {
        system.find_id(&percent_decode(first)?)
    };
    if let Some(process) = named {
        return Some(Destination {
            process,
            path: path.to_owned(),
            route: rest.to_owned(),
        });
    }
    let delegate = system.delegate.read().clone()?;
    let process = system.find_id(&delegate)?;
    Some(Destination {
        process,
        path: format!("/{delegate}{path}"),
        route: trimmed.to_owned(),
    })
}
