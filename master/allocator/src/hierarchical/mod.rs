//! Mesos' own allocator: hierarchical dominant resource fairness with quota.
//!
//! | file | |
//! |---|---|
//! | `allocator` | the interface, handed on to the operations |
//! | `agents`, `frameworks` | who comes, changes, goes |
//! | `books`, `recovered` | what is held, in all sums at once; what comes back |
//! | `quota` | quota and weights |
//! | `filters`, `suppress` | what is not wanted |
//! | `convert` | operations on reservations and volumes |
//! | `maintenance` | inverse offers |
//! | `trigger`, `recovery` | when to decide |
//! | `run`, `stages`, `visit`, `order` | who is offered what |
//! | `tree`, `standing`, `walk` | roles, shares, the order of clients |
//! | `agent`, `framework`, `parts`, `amounts`, `bits`, `chance` | what the others are made of |
//! | `metrics`, `exclusions`, `check` | what others may see |
//!
//! Ids and names are numbers inside. What a run learns that cannot change by itself is kept: agents at which there is
//! nothing to do are not looked at again, pairs of framework and role to which an agent has nothing to give are marked
//! there. So a run costs what has changed since the last one.
//!
//! Mesos: `src/master/allocator/mesos/hierarchical.cpp`.

mod agent;
mod agents;
mod allocator;
mod amounts;
mod bits;
mod books;
pub(crate) mod chance;
mod check;
mod convert;
mod exclusions;
mod filters;
mod framework;
mod frameworks;
mod maintenance;
mod metrics;
mod order;
mod parts;
mod quota;
mod recovered;
mod recovery;
mod run;
mod stages;
mod standing;
mod suppress;
mod tree;
mod trigger;
mod visit;
mod walk;

use std::collections::{BTreeMap, BTreeSet};

use libprocess_core::time::Time;
use mesos::ids::{AgentId, FrameworkId};

use crate::Options;
use agent::Agent;
use amounts::{Amounts, Names};
use bits::Bits;
use framework::{Framework, Pair};
use standing::Pool;
use tree::Tree;

/// Mesos' own allocator: dominant resource fairness over a tree of roles and their frameworks, with weights, quota,
/// reservations, filters and maintenance.
///
/// Roles are ordered by dominant share, and so are the frameworks in each. Agents are walked in random order; the first
/// framework in order that wants what an agent has is offered all of it, but for what quota keeps it from.
#[derive(Debug, Clone)]
pub struct Hierarchical {
    options: Options,
    seed: u64,
    names: Names,
    /// `--min_allocatable_resources` by number.
    minima: Vec<Amounts>,

    agents: Vec<Option<Agent>>,
    vacant_agents: Vec<u32>,
    agent_numbers: BTreeMap<AgentId, u32>,
    frameworks: Vec<Framework>,
    vacant_frameworks: Vec<u32>,
    framework_numbers: BTreeMap<FrameworkId, u32>,
    pairs: Vec<Pair>,
    vacant_pairs: Vec<u32>,
    /// The pairs that want offers.
    active_pairs: Bits,
    /// How many pairs have minima of their own.
    own_minima: u32,
    tree: Tree,
    pool: Pool,
    /// What is available on agents and revocable.
    revocable: Amounts,
    whitelist: Option<BTreeSet<String>>,
    maintained: BTreeSet<u32>,

    /// Roles with quota.
    quota_roles: BTreeSet<u32>,
    /// Something changed that quota is reckoned from.
    quota_dirty: bool,
    /// How much there was to give under quota at the end of the last run.
    quota_room: run::Room,
    /// Agents at which something was held back for quota.
    quota_held: Vec<u32>,
    /// Agents to be looked at.
    pending: Vec<u32>,
    /// Some agents' next ends of filters.
    expiries: BTreeSet<(Time, u32)>,
    /// Agents at which pairs rest until the next regular run.
    rests: Vec<u32>,

    trigger: trigger::Trigger,
    recovery: Option<recovery::Recovery>,
    runs: u64,
}

impl Hierarchical {
    /// An allocator that knows nobody yet. `seed` decides whatever is left to chance.
    pub fn new(options: Options, seed: u64) -> Self {
        let mut names = Names::default();
        // These come first, so that they have their places in the values themselves.
        for name in ["cpus", "mem", "disk", "gpus"] {
            names.id(name);
        }
        let excluded = options.excluded_from_fairness.iter();
        let pool = Pool {
            excluded: excluded.map(|name| names.id(name)).collect(),
            epoch: 1,
            ..Pool::default()
        };
        Self {
            minima: options
                .min_allocatable
                .iter()
                .map(|least| names.amounts(least))
                .collect(),
            options,
            seed,
            names,
            agents: Vec::new(),
            vacant_agents: Vec::new(),
            agent_numbers: BTreeMap::new(),
            frameworks: Vec::new(),
            vacant_frameworks: Vec::new(),
            framework_numbers: BTreeMap::new(),
            pairs: Vec::new(),
            vacant_pairs: Vec::new(),
            active_pairs: Bits::default(),
            own_minima: 0,
            tree: Tree::default(),
            pool,
            revocable: Amounts::default(),
            whitelist: None,
            maintained: BTreeSet::new(),
            quota_roles: BTreeSet::new(),
            quota_dirty: false,
            quota_room: run::Room::default(),
            quota_held: Vec::new(),
            pending: Vec::new(),
            expiries: BTreeSet::new(),
            rests: Vec::new(),
            trigger: trigger::Trigger::default(),
            recovery: None,
            runs: 0,
        }
    }

    fn agent_number(&self, id: &AgentId) -> Option<u32> {
        self.agent_numbers.get(id).copied()
    }

    fn framework_number(&self, id: &FrameworkId) -> Option<u32> {
        let number = self.framework_numbers.get(id).copied()?;
        self.framework(number).known.then_some(number)
    }

    fn agent(&self, number: u32) -> &Agent {
        self.agents[number as usize]
            .as_ref()
            .expect("numbers of agents are those of agents")
    }

    fn agent_mut(&mut self, number: u32) -> &mut Agent {
        self.agents[number as usize]
            .as_mut()
            .expect("numbers of agents are those of agents")
    }

    fn framework(&self, number: u32) -> &Framework {
        &self.frameworks[number as usize]
    }

    fn framework_mut(&mut self, number: u32) -> &mut Framework {
        &mut self.frameworks[number as usize]
    }

    fn pair(&self, number: u32) -> &Pair {
        &self.pairs[number as usize]
    }

    fn pair_mut(&mut self, number: u32) -> &mut Pair {
        &mut self.pairs[number as usize]
    }
}
