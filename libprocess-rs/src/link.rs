//! Who wants to know when whom has gone.

use crate::Upid;
use crate::cell::AnyProcess;
use parking_lot::Mutex;
use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;
use std::net::SocketAddrV4;
use std::sync::Arc;

/// What to do about an existing connection when linking to a process of another runtime.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LinkMode {
    /// Shares it.
    #[default]
    Reuse,
    /// Replaces it under everybody who is linked through it, without telling them; for a connection suspected dead.
    Reconnect,
}

/// Links to local and remote processes. A process linked twice is told once.
#[derive(Default)]
pub(crate) struct Links(Mutex<State>);

#[derive(Default)]
struct State {
    linkers: FxHashMap<Upid, FxHashMap<SmolStr, Arc<dyn AnyProcess>>>,
    linkees: FxHashMap<SmolStr, FxHashSet<Upid>>,
    remote: FxHashMap<SocketAddrV4, FxHashSet<Upid>>,
}

impl Links {
    /// Records the link if `alive` still holds under the lock, so that an end cannot slip in between; false if not.
    pub(crate) fn add(
        &self,
        linker: Arc<dyn AnyProcess>,
        linkee: &Upid,
        remote: bool,
        alive: impl FnOnce() -> bool,
    ) -> bool {
        let mut state = self.0.lock();
        if !alive() {
            return false;
        }
        if remote {
            state
                .remote
                .entry(linkee.address())
                .or_default()
                .insert(linkee.clone());
        }
        let id = linker.upid().shared_id();
        state
            .linkees
            .entry(id.clone())
            .or_default()
            .insert(linkee.clone());
        state
            .linkers
            .entry(linkee.clone())
            .or_default()
            .insert(id, linker);
        true
    }

    /// A local process has ended: forgets its own links, tells those linked to it and then, still under the lock, frees
    /// its name.
    pub(crate) fn ended(&self, upid: &Upid, free: impl FnOnce()) {
        let mut state = self.0.lock();
        for linkee in state.linkees.remove(upid.id()).unwrap_or_default() {
            state.remove_linker(&linkee, upid.id());
        }
        tell(state.take_linkers(upid), upid);
        free();
    }

    /// The connection to a runtime has broken: tells everybody linked to any process there.
    pub(crate) fn broken(&self, address: SocketAddrV4) {
        let mut state = self.0.lock();
        let linkees = state.remote.remove(&address).unwrap_or_default();
        let told: Vec<_> = linkees
            .into_iter()
            .map(|upid| (state.take_linkers(&upid), upid))
            .collect();
        drop(state);
        for (linkers, upid) in told {
            tell(linkers, &upid);
        }
    }
}

fn tell(linkers: Vec<Arc<dyn AnyProcess>>, who: &Upid) {
    for linker in linkers {
        linker.exited(who.clone());
    }
}

impl State {
    fn remove_linker(&mut self, linkee: &Upid, linker: &str) {
        let Some(linkers) = self.linkers.get_mut(linkee) else {
            return;
        };
        linkers.remove(linker);
        if linkers.is_empty() {
            self.linkers.remove(linkee);
            if let Some(linkees) = self.remote.get_mut(&linkee.address()) {
                linkees.remove(linkee);
                if linkees.is_empty() {
                    self.remote.remove(&linkee.address());
                }
            }
        }
    }

    fn take_linkers(&mut self, linkee: &Upid) -> Vec<Arc<dyn AnyProcess>> {
        let linkers = self.linkers.remove(linkee).unwrap_or_default();
        for id in linkers.keys() {
            if let Some(linkees) = self.linkees.get_mut(id) {
                linkees.remove(linkee);
            }
        }
        linkers.into_values().collect()
    }
}
