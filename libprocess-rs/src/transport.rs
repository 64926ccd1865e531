//! Messages to other runtimes: one direction a connection, found by the address of the peer.
//!
//! A link makes the connection to its address persistent; sends to an address without one open a temporary
//! connection that is half-closed as soon as its queue has drained.
//!
//! Mesos: 3rdparty/libprocess/src/process.cpp, `SocketManager`.

mod answers;
mod flush;
mod outbound;
mod queue;

pub(crate) use flush::flusher;

use crate::system::Inner;
use crate::{Bytes, Future, LinkMode, Upid};
use outbound::{Outbound, Push};
use parking_lot::Mutex;
use queue::Queue;
use rustc_hash::FxHashMap;
use std::cell::Cell;
use std::net::SocketAddrV4;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The outgoing connections of one system.
pub(crate) struct Sockets {
    peers: Mutex<FxHashMap<SocketAddrV4, Peer>>,
    /// Another number, which no other system has had, whenever some address has another connection.
    version: AtomicU64,
}

impl Default for Sockets {
    fn default() -> Sockets {
        Sockets {
            peers: Mutex::default(),
            version: AtomicU64::new(fresh_version()),
        }
    }
}

fn fresh_version() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    LAST.fetch_add(1, Ordering::Relaxed) + 1
}

/// The connection a thread used last, good as long as the version is that of its system.
struct Last {
    version: u64,
    socket: Arc<Outbound>,
}

thread_local! {
    static LAST: Cell<Option<Last>> = const { Cell::new(None) };
}

#[derive(Default)]
struct Peer {
    persistent: Option<Arc<Outbound>>,
    temporary: Option<Arc<Outbound>>,
}

impl Sockets {
    /// Queues a message for another runtime; it is lost if the connection is.
    pub(crate) fn send(&self, system: &Arc<Inner>, from: &Upid, to: &Upid, name: &str, body: &Bytes) {
        let limit = system.settings.max_outbound;
        let version = self.version.load(Ordering::Acquire);
        let known = LAST
            .take()
            .filter(|last| last.version == version && last.socket.address == to.address());
        let (mut socket, mut fresh) = match known {
            Some(last) => (last.socket, false),
            None => self.for_sending(to.address()),
        };
        loop {
            let pushed = socket.push(limit, from, to, name, body);
            if fresh {
                // Started with its first message in place, or it would find nothing to do and close.
                socket.start(system);
            }
            match pushed {
                Push::Queued => break,
                Push::Full => {
                    tracing::warn!(%to, name, "dropping a message and its connection, too much is queued");
                    break;
                }
                // It drained and was closed just now; the next look finds or makes another.
                Push::Closed => (socket, fresh) = self.for_sending(to.address()),
            }
        }
        // If there was a change since the version was read, the next send looks again.
        LAST.set(Some(Last { version, socket }));
    }

    /// Makes sure that a persistent connection to `address` exists.
    pub(crate) fn link(&self, system: &Arc<Inner>, address: SocketAddrV4, mode: LinkMode) {
        let mut peers = self.peers.lock();
        let peer = peers.entry(address).or_default();
        if peer.persistent.is_some() && mode == LinkMode::Reuse {
            return;
        }
        let old = peer.persistent.take();
        let queued = old.as_ref().map(|old| old.replace()).unwrap_or_default();
        let socket = Arc::new(Outbound::new(address, true, queued));
        peer.persistent = Some(socket.clone());
        self.version.store(fresh_version(), Ordering::Release);
        drop(peers);
        socket.start(system);
    }

    /// Ready when there is room in the queue of the connection to `address`, or no connection.
    pub(crate) fn room(&self, address: SocketAddrV4) -> Future<()> {
        let peers = self.peers.lock();
        let peer = peers.get(&address);
        let socket = peer.and_then(|peer| peer.persistent.as_ref().or(peer.temporary.as_ref()));
        let socket = socket.cloned();
        drop(peers);
        socket.map_or_else(|| Future::ready(()), |socket| socket.room())
    }

    /// Messages that peers have not answered yet.
    pub(crate) fn unanswered(&self) -> u64 {
        let peers = self.peers.lock();
        let sockets = peers
            .values()
            .flat_map(|peer| peer.persistent.iter().chain(&peer.temporary));
        sockets.map(|socket| socket.unanswered()).sum()
    }

    /// Closes every connection without telling anybody.
    pub(crate) fn close(&self) {
        let peers = std::mem::take(&mut *self.peers.lock());
        for socket in peers
            .into_values()
            .flat_map(|peer| peer.persistent.into_iter().chain(peer.temporary))
        {
            socket.replace();
        }
    }

    /// The connection to use, and whether it was made for this and has to be started.
    fn for_sending(&self, address: SocketAddrV4) -> (Arc<Outbound>, bool) {
        let mut peers = self.peers.lock();
        let peer = peers.entry(address).or_default();
        if let Some(socket) = peer.persistent.as_ref().or(peer.temporary.as_ref()) {
            return (socket.clone(), false);
        }
        let socket = Arc::new(Outbound::new(address, false, Queue::default()));
        peer.temporary = Some(socket.clone());
        self.version.store(fresh_version(), Ordering::Release);
        (socket, true)
    }

    /// Forgets a connection; true when it was the one in use, rather than one replaced before. `then` runs under the
    /// lock, so that no link can be made in between.
    fn forget(&self, socket: &Arc<Outbound>, then: impl FnOnce()) -> bool {
        let mut peers = self.peers.lock();
        let Some(peer) = peers.get_mut(&socket.address) else {
            return false;
        };
        let slot = if socket.persistent {
            &mut peer.persistent
        } else {
            &mut peer.temporary
        };
        let current = slot.as_ref().is_some_and(|current| Arc::ptr_eq(current, socket));
        if current {
            *slot = None;
            self.version.store(fresh_version(), Ordering::Release);
            then();
        }
        if peer.persistent.is_none() && peer.temporary.is_none() {
            peers.remove(&socket.address);
        }
        current
    }
}
