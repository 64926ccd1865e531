//! Orders clients by dominant share.

use std::collections::BTreeMap;

use mesos::Resources;

type Quantities = BTreeMap<String, mesos::Scalar>;

/// Clients (roles, or the frameworks of one role), what each holds, and the pool they share.
///
/// Mesos: `src/master/allocator/mesos/sorter/drf/sorter.cpp`. The order is by dominant share, then by the number of
/// allocations received, then by name.
#[derive(Debug, Clone)]
pub(crate) struct Sorter<K: Ord> {
    clients: BTreeMap<K, Client>,
}

impl<K: Ord> Default for Sorter<K> {
    fn default() -> Self {
        Self {
            clients: BTreeMap::new(),
        }
    }
}

#[derive(Debug, Clone, Default)]
struct Client {
    held: Quantities,
    allocations: u64,
}

impl<K: Ord + Clone> Sorter<K> {
    /// Makes a client known; what it holds is kept when it is known already.
    pub fn add(&mut self, client: K) {
        self.clients.entry(client).or_default();
    }

    /// Forgets a client.
    pub fn remove(&mut self, client: &K) {
        self.clients.remove(client);
    }

    /// Books resources to a client, as one allocation.
    pub fn allocated(&mut self, client: &K, resources: &Resources) {
        let client = self.clients.entry(client.clone()).or_default();
        client.allocations += 1;
        for (name, amount) in resources.scalars() {
            let held = client.held.entry(name).or_default();
            *held += amount;
        }
    }

    /// Takes resources back from a client.
    pub fn unallocated(&mut self, client: &K, resources: &Resources) {
        let Some(client) = self.clients.get_mut(client) else {
            return;
        };
        for (name, amount) in resources.scalars() {
            if let Some(held) = client.held.get_mut(&name) {
                *held -= amount;
            }
        }
    }

    /// The dominant share of a client: the largest fraction it holds of any resource in the pool, in 0..=1.
    pub fn share(&self, client: &K, pool: &Quantities) -> f64 {
        let Some(client) = self.clients.get(client) else {
            return 0.0;
        };
        client
            .held
            .iter()
            .filter_map(|(name, held)| {
                let total = pool.get(name)?.to_f64();
                (total > 0.0).then(|| held.to_f64() / total)
            })
            .fold(0.0, f64::max)
    }

    /// All clients, the one with the smallest share first.
    pub fn sorted(&self, pool: &Quantities) -> Vec<K> {
        let mut order: Vec<(f64, u64, &K)> = self
            .clients
            .iter()
            .map(|(key, client)| (self.share(key, pool), client.allocations, key))
            .collect();
        order.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)).then(a.2.cmp(b.2)));
        order.into_iter().map(|(_, _, key)| key.clone()).collect()
    }

    /// True when no client is known.
    pub fn is_empty(&self) -> bool {
        self.clients.is_empty()
    }
}
