//! Messages to other runtimes: one direction a connection, found by the address of the peer.
//!
//! A link makes the connection to its address persistent; sends to an address without one open a temporary
//! connection that is half-closed as soon as its queue has drained.
//!
//! Mesos: 3rdparty/libprocess/src/process.cpp, `SocketManager`.

mod outbound;

use crate::system::Inner;
use crate::{LinkMode, Upid};
use libprocess_core::message;
use outbound::{Outbound, Push};
use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use std::net::SocketAddrV4;
use std::sync::Arc;

/// The outgoing connections of one system.
#[derive(Default)]
pub(crate) struct Sockets {
    peers: Mutex<FxHashMap<SocketAddrV4, Peer>>,
}

#[derive(Default)]
struct Peer {
    persistent: Option<Arc<Outbound>>,
    temporary: Option<Arc<Outbound>>,
}

impl Sockets {
    /// Queues a message for another runtime; it is lost if the connection is.
    pub(crate) fn send(&self, system: &Arc<Inner>, from: &Upid, to: &Upid, name: &str, body: &[u8]) {
        loop {
            let (socket, fresh) = self.for_sending(to.address());
            let limit = system.settings.max_outbound;
            let pushed = socket.push(limit, |buffer| message::encode(from, to, name, body, buffer));
            if fresh {
                // Started with its first message in place, or it would find nothing to do and close.
                socket.start(system);
            }
            match pushed {
                Push::Queued => return,
                Push::Full => {
                    tracing::warn!(%to, name, "dropping a message and its connection, too much is queued");
                    return;
                }
                // It drained and was closed just now; the next look finds or makes another.
                Push::Closed => {}
            }
        }
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
        drop(peers);
        socket.start(system);
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
        let socket = Arc::new(Outbound::new(address, false, Vec::new()));
        peer.temporary = Some(socket.clone());
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
            then();
        }
        if peer.persistent.is_none() && peer.temporary.is_none() {
            peers.remove(&socket.address);
        }
        current
    }
}
