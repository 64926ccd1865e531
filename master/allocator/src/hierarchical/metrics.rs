//! What `/metrics/snapshot` shows of the allocator.

use mesos::Scalar;

use super::Hierarchical;
use super::tree::{Node, ROOT};

/// The resources that have metrics of their own. Mesos: `src/master/allocator/mesos/metrics.cpp`.
const SHOWN: [&str; 3] = ["cpus", "mem", "disk"];

impl Hierarchical {
    /// Mesos: `src/master/allocator/mesos/metrics.cpp`; the times of runs are the shell's to measure.
    pub(super) fn write_metrics(&self, out: &mut Vec<(String, f64)>) {
        let mut push = |name: String, value: f64| out.push((format!("allocator/mesos/{name}"), value));
        push("allocation_runs".to_owned(), whole(self.runs));
        for name in SHOWN {
            let id = self.names.get(name);
            let total = id.map_or(0, |id| self.pool.total.get(id));
            let held = self
                .agents
                .iter()
                .flatten()
                .map(|agent| agent.taken().scalar(name).unwrap_or_default().thousandths())
                .sum();
            push(format!("resources/{name}/total"), amount(total));
            push(format!("resources/{name}/offered_or_allocated"), amount(held));
        }
        self.write_consumed(self.tree.node(ROOT), &mut push);
        for (_, node) in self.tree.iter() {
            let role = &node.path;
            // Of the role itself, without the roles below it, which has no weight beside them.
            let (own, weight) = match &node.leaf {
                Some(leaf) => (leaf, 1.0),
                None => (&node.sort, node.weight),
            };
            if !node.members.is_empty() {
                let share = self.pool.share(&own.tally.amounts, weight);
                push(format!("roles/{role}/shares/dominant"), share);
            }
            let filters: u32 = node.members.values().map(|pair| self.pair(*pair).filters).sum();
            push(format!("offer_filters/roles/{role}/active"), f64::from(filters));
            self.write_consumed(node, &mut push);
            if node.quota.is_default() {
                continue;
            }
            for (name, guarantee) in node.quota.guarantees.iter() {
                push(
                    format!("quota/roles/{role}/resources/{name}/guarantee"),
                    guarantee.to_f64(),
                );
            }
            for (name, limit) in node.quota.limits.iter() {
                push(
                    format!("quota/roles/{role}/resources/{name}/limit"),
                    limit.to_f64(),
                );
            }
            let guaranteed = node.quota.guarantees.iter().map(|(name, _)| name);
            let limited = node.quota.limits.iter().map(|(name, _)| name);
            let mut names: Vec<&str> = guaranteed.chain(limited).collect();
            names.sort_unstable();
            names.dedup();
            for name in names {
                let id = self.names.get(name).filter(|_| !node.members.is_empty());
                let held = id.map_or(0, |id| own.tally.amounts.get(id));
                push(
                    format!("quota/roles/{role}/resources/{name}/offered_or_allocated"),
                    amount(held),
                );
            }
        }
    }

    /// What counts against a role's quota as the master sees it: what is reserved, and what is used beyond that.
    fn write_consumed(&self, node: &Node, push: &mut impl FnMut(String, f64)) {
        let mut consumed = node.used_free.clone();
        consumed.add(&node.reservations);
        let role = &node.path;
        for (name, value) in self.names.quantities(&consumed).iter() {
            push(
                format!("quota/roles/{role}/resources/{name}/consumed"),
                value.to_f64(),
            );
        }
    }

    /// The dominant share of a role with the roles below it, by weight, in 0..=1 for a weight of 1.
    pub fn role_share(&self, role: &str) -> f64 {
        let node = self.tree.find(role).filter(|node| *node != ROOT);
        node.map_or(0.0, |node| {
            let node = self.tree.node(node);
            self.pool.share(&node.sort.tally.amounts, node.weight)
        })
    }
}

fn amount(thousandths: i64) -> f64 {
    Scalar::from_thousandths(thousandths).to_f64()
}

fn whole(count: u64) -> f64 {
    #[allow(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
    let count = count as f64;
    count
}
